"""Visits: answers and what was clicked, whatever is wrong with a log. With them `lines` and `source`."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.errors import CatalogError, ConfigError
from hybridsearch.events.lines import Action, Answer, read_line, time_of
from hybridsearch.events.source import rows as log_rows
from hybridsearch.events.traffic import traffic_of
from hybridsearch.events.visits import Tally, Visit, visits
from hybridsearch.values import Product
from tests.events.builders import action, answer, read, rows, write
from tests.shops import settings

SHOP_QUERY = {
    "application": "shop",
    "client_id": "c-1",
    "query_id": "7f",
    "timestamp": 1_700_000_000_000,
    "user_query": "red  coat\n",
    "object_id_field": "sku",
    "query_response_id": "r",
    "query_response_hit_ids": ["3", 2],
    "query_attributes": {"index": "products"},
}


def clicked(found: list[Visit]) -> dict[str, tuple[str, ...]]:
    """Return what was clicked, by the id of the query."""
    return {visit.answer.query_id: visit.clicked for visit in found}


def test_a_click_belongs_to_its_answer_in_whatever_order_the_lines_are() -> None:
    lines = [
        action("b", "9"),
        answer("a", "coat", "3", "2"),
        answer("b", "hat", "9"),
        action("a", "2"),
        action("a", "3"),
    ]
    tally = Tally()
    found = list(visits(rows(lines), tally))
    assert clicked(found) == {"a": ("2", "3"), "b": ("9",)}
    assert [visit.ranked for visit in found] == [["3", "2"], ["9"]]
    assert (tally.lines, tally.answers, tally.notes) == (5, 2, [])


def test_all_that_is_wrong_with_a_log_is_counted_and_the_rest_is_used(tmp_path: Path) -> None:
    good = [answer("a", "coat", "3", "2"), action("a", "2")]
    log = write(
        tmp_path / "events.jsonl",
        [
            *good,
            '{"action_name": "click", "query_id": "a", "event_attr',
            "[1, 2]",
            {"query_id": "a", "note": "neither"},
            {"user_query": "no id", "query_response_object_ids": []},
            answer("a", "coat", "3", "2"),
            answer("a", "boots", "4"),
            action("nowhere", "3"),
            action("a", "3", "scroll"),
            {"action_name": "click", "query_id": "a"},
            action("a", "77"),
            action("a", "2", "view"),
            "",
        ],
    )
    found, tally = read(log)
    assert clicked(found) == {"a": ("2", "77")}
    assert (tally.lines, tally.refused, tally.repeated, tally.contradicting) == (13, 4, 1, 1)
    assert [reject.where for reject in tally.first_refused] == [f"events.jsonl:{number}" for number in (3, 4, 5, 6)]
    assert tally.notes == [
        "Lines that cannot be used: 4; the first, events.jsonl:3: not JSON: Unterminated string starting at at "
        "character 43.",
        "Answers that were logged again count once: 1.",
        "Answers with the id of another one, which counts: 1.",
        "Actions whose answer is not in the log, or not near: 1.",
        "Actions of other names are left out: 'scroll' (1).",
        "Clicks without a product are left out: 1.",
        "Clicks on what was not shown: 1.",
    ]


WHOLE = [answer(f"q{n}", f"Kleid {n}", "3", "2", who="w") for n in range(4)] + [action(f"q{n}", "2") for n in range(4)]


CONTENT = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in WHOLE).encode()


@given(cut=st.integers(0, len(CONTENT)))
def test_a_log_that_is_cut_off_anywhere_gives_all_its_whole_lines(
    cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "cut.jsonl"
    path.write_bytes(CONTENT[:cut])
    whole, rest = CONTENT[:cut].count(b"\n"), CONTENT[:cut].rpartition(b"\n")[2]
    complete = rest + b"\n" in CONTENT.splitlines(keepends=True)  # cut just before the end of a line
    found, tally = read(path)
    assert tally.lines - tally.refused == whole + complete
    assert tally.refused == (bool(rest) and not complete)
    assert len(found) == min(4, whole + complete)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_log_may_be_packed_and_have_another_encoding(tmp_path: Path, encoding: str, packed: bool) -> None:
    content = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in [answer("a", "Rüschen", "3")])
    path = tmp_path / "log"
    path.write_bytes(gzip.compress(content.encode(encoding)) if packed else content.encode(encoding))
    found, _ = read(path)
    assert found[0].answer.query == "Rüschen"


def test_bytes_that_are_no_text_cost_their_line_alone(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(json.dumps(answer("a", "caf_", "3")).encode().replace(b"caf_", b"caf\xe9") + b"\n")
    path.write_bytes(path.read_bytes() + json.dumps(answer("b", "coat", "3")).encode() + b"\n")
    found, tally = read(path)
    assert (len(found), tally.refused) == (1, 1)
    assert "is not UTF-8" in tally.first_refused[0].reason


def test_of_a_packed_log_that_is_cut_off_what_could_be_unpacked_is_used(tmp_path: Path) -> None:
    content = "".join(json.dumps(answer(f"q{n}", f"query {n}", str(n))) + "\n" for n in range(20_000)).encode()
    path = tmp_path / "events.jsonl.gz"
    path.write_bytes(gzip.compress(content)[:-1000])
    found, tally = read(path)
    assert len(found) > 1_000
    assert tally.refused in (1, 2)  # the damage, and perhaps half a line before it
    assert "the rest of the gzip file is damaged" in tally.first_refused[-1].reason


def test_a_log_that_cannot_be_read_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"Cannot read the log '.*none\.jsonl': No such file"):
        read(tmp_path / "none.jsonl")
    with pytest.raises(ConfigError, match=r"There is no log to read\. Name a log"):
        list(log_rows(settings(tmp_path), None))


def test_what_waits_is_limited_and_what_comes_too_late_is_counted() -> None:
    lines = [*(answer(f"q{n}", "coat", "1") for n in range(10)), *(action(f"q{n}", "1") for n in range(10))]
    tally = Tally()
    found = list(visits(rows(lines), tally, waiting=4))
    assert [visit.answer.query_id for visit in found if visit.clicked] == ["q6", "q7", "q8", "q9"]
    assert tally.homeless == 6
    tally = Tally()
    found = list(visits(rows([*lines[10:], *lines[:10]]), tally, early=4))
    assert [visit.answer.query_id for visit in found if visit.clicked] == ["q6", "q7", "q8", "q9"]
    assert tally.homeless == 6


def peak(answers: int) -> int:
    """Return the memory at most, in bytes, while a log of so many answers to twenty queries is read as it comes."""
    lines = (
        Product("", line, "")
        for number in range(answers)
        for line in (
            answer(f"q{number}", f"query {number % 20}", "1", "2", who=f"w{number % 50}"),
            action(f"q{number}", "2"),
        )
    )
    tracemalloc.start()
    try:
        traffic = traffic_of(visits(lines, Tally(), waiting=500))
        assert sum(asked.clicked for asked in traffic.queries.values()) == answers
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_log() -> None:
    assert peak(8_000) < 1.5 * peak(2_000)  # four times as many answers


def test_lines_of_ubi_and_of_opensearch_are_read() -> None:
    found = read_line(SHOP_QUERY)
    assert found == Answer("7f", "red  coat", ("3", "2"), "c-1", 1_700_000_000.0)
    event = {
        "action_name": "add_to_cart",
        "query_id": "7f",
        "session_id": "s",
        "client_id": "c-1",
        "timestamp": "2023-11-14T22:13:20Z",
        "message_type": "INFO",
        "event_attributes": {
            "object": {"object_id": "3", "object_id_field": "sku"},
            "position": {"ordinal": 1, "xy": {"x": 1, "y": 2}},
        },
    }
    assert read_line(event) == Action("7f", "add_to_cart", "3", "s", 1_700_000_000.0, 1)


def test_what_is_written_is_read_back() -> None:
    shown = Answer(
        "q", "Größe 38", ("3", "2"), "w", 1_700_000_000.25, 17, 10, {"price": {"lte": 5}}, ("price:asc",), "b", "ab"
    )
    assert read_line(shown.to_json()) == shown
    done = Action("q", "purchase", "3", "w", 1_700_000_000.25, 11)
    assert read_line(done.to_json()) == done


def test_impressions_say_which_products_were_seen() -> None:
    lines = [answer("a", "coat", "1", "2", "3"), *(action("a", key, "impression") for key in "21"), action("a", "2")]
    (found,) = visits(rows(lines), Tally())
    assert (found.ranked, found.clicked) == (["1", "2", ""], ("2",))
    listless = [answer("a", "coat"), action("a", "8", "impression", 2), action("a", "9", "impression", 1)]
    (found,) = visits(rows(listless), Tally())
    assert found.ranked == ["9", "8"]


def test_ranks_count_from_the_first_page_on() -> None:
    (found,) = visits(rows([answer("a", "coat", "8", "9", offset=2)]), Tally())
    assert found.ranked == ["", "", "8", "9"]


ODD_TIMES: list[Any] = [None, "", "soon", True, [], {}, -5, 1e40, float("nan"), "0001-01-01", "9" * 400]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2023-11-14T22:13:20.500Z", 1_700_000_000.5),
        ("2023-11-14T22:13:20", 1_700_000_000.0),
        (1_700_000_000, 1_700_000_000.0),
        (1_700_000_000_500, 1_700_000_000.5),
        ("1700000000500", 1_700_000_000.5),
        *((value, 0.0) for value in ODD_TIMES),
    ],
)
def test_a_time_is_seconds_since_1970_however_it_is_written(value: Any, seconds: float) -> None:
    assert time_of(value) == seconds
