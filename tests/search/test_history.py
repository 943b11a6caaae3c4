"""What a program tells of a person becomes products with weights; what it tells badly costs nothing else."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.errors import QueryError
from hybridsearch.search.person.history import ACTIONS, EVENTS, HALF_LIFE, NOTHING, PRODUCTS, read_history

KEY = UUID("12345678-1234-5678-1234-567812345678")


def test_ids_count_less_the_older_they_are() -> None:
    weights = read_history(["17", 4, KEY]).weights
    assert list(weights) == [str(KEY), "4", "17"]
    assert list(weights.values()) == pytest.approx([1.0, 0.5**0.1, 0.5**0.2])
    assert read_history([str(number) for number in range(11)]).weights["0"] == pytest.approx(0.5 ** (10 / HALF_LIFE))


def test_a_product_counts_as_its_strongest_event_at_the_place_of_its_last() -> None:
    history = [{"id": "1", "action": "purchase"}, {"id": "2"}, {"product_id": "1", "action": "view"}]
    assert read_history(history).weights == {"1": ACTIONS["purchase"], "2": pytest.approx(0.5**0.1)}


@pytest.mark.parametrize(
    ("event", "weight"),
    [
        ({"id": "1"}, 1.0),
        ({"id": "1", "action": "click_through"}, 1.0),
        ({"object_id": "1", "action_name": "add_to_cart"}, 3.0),
        ({"id": "1", "action": "buy"}, 4.0),
        ("1", 1.0),
    ],
)
def test_actions_have_weights_under_any_of_their_names(event: Any, weight: float) -> None:
    history = read_history([event])
    assert (history.weights, history.notes) == ({"1": weight}, ())


def test_where_every_event_has_a_time_these_are_the_order() -> None:
    noon = datetime(2026, 11, 29, 12, tzinfo=UTC)
    events = [
        {"id": "new", "timestamp": noon},
        {"id": "old", "timestamp": "2026-11-28T12:00:00+00:00"},
        {"id": "older", "timestamp": noon.timestamp() - 100_000},
    ]
    assert read_history(events).ids == ["new", "old", "older"]
    assert read_history([*events, {"id": "untold"}]).ids == ["untold", "older", "old", "new"]


def test_nothing_is_no_history_and_a_single_id_is_one() -> None:
    assert read_history(None) == read_history([]) == read_history(iter(())) == NOTHING
    assert read_history("17").ids == read_history(17).ids == read_history({"id": "17"}).ids == ["17"]


def test_an_event_that_cannot_be_read_is_told_and_costs_no_other() -> None:
    bad: list[Any] = [{"action": "view"}, {"id": "2", "action": "impression"}, None, True, {"id": ["3"]}, object()]
    history = read_history([*bad, "4"])
    assert history.ids == ["4"]
    assert history.notes == (
        "left out of the history: 6 of 7 events; the first has None for an id, expected text or a number",
    )
    (note,) = read_history([{"id": "2", "action": "impression"}]).notes
    assert note.endswith("has the action 'impression', expected one of view, click, cart, purchase")


def test_of_a_million_events_the_last_are_read_and_the_last_products_count() -> None:
    history = read_history(str(number % 500_000) for number in range(1_000_000))
    assert history.ids == [str(499_999 - place) for place in range(PRODUCTS)]
    assert history.notes == (
        f"of 1,000,000 events of the history the last {EVENTS:,} were read",
        f"of {EVENTS:,} products of the history the last {PRODUCTS} count",
    )


@pytest.mark.parametrize("given", [b"17", 1.5, object()])
def test_what_is_no_history_is_refused(given: object) -> None:
    with pytest.raises(QueryError, match=r"'history' is .*, expected ids, or events such as"):
        read_history(given)


def test_a_history_that_fails_when_it_is_read_is_refused() -> None:
    def broken() -> Any:
        yield "1"
        raise OSError("the log is gone")

    with pytest.raises(QueryError, match="expected ids, or events"):
        read_history(broken())


@given(st.lists(st.one_of(st.text(max_size=5), st.integers(), st.none(), st.dictionaries(st.text(), st.text()))))
def test_any_list_is_a_history(events: list[Any]) -> None:
    history = read_history(events)
    assert len(history.weights) <= PRODUCTS
    assert all(0 < weight <= max(ACTIONS.values()) for weight in history.weights.values())
    assert list(history.weights.values()) == sorted(history.weights.values(), reverse=True) or len(events) > 1


def test_a_history_without_an_end_is_read_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hybridsearch.search.person.history.MOST", 20_000)
    found = read_history(itertools.repeat("3"))
    assert found.ids == ["3"]
    assert found.notes == ("of 20,000 events of the history the last 10,000 were read",)


def test_events_say_which_variants_of_a_product_they_are_about() -> None:
    events = [
        {"id": "1", "variant": "S-1"},
        {"id": "2"},
        {"id": "1", "variant": {"size": "M"}},
        {"id": 1, "variant": 7},
    ]
    history = read_history([*events, {"id": "1", "variant": "S-1"}, {"id": "3", "variant": {}}])
    assert history.variants == {"1": ["S-1", "7", {"size": "M"}]}
    assert len(read_history([{"id": "1", "variant": number} for number in range(99)]).variants["1"]) == 10
    odd = read_history([{"id": "1", "variant": [1]}, "2"])
    assert (odd.ids, odd.notes[0]) == (
        ["2"],
        "left out of the history: 1 of 2 events; the first has [1] for a variant, expected its code, or an object such "
        "as {'size': 'M'}",
    )


@given(st.lists(st.sampled_from([str(number) for number in range(70)]), max_size=120))
def test_ids_alone_are_read_as_the_events_that_they_stand_for(ids: list[str]) -> None:
    assert read_history(ids) == read_history([{"id": key, "action": "view"} for key in ids]) == read_history(iter(ids))
