"""Which of two changes of one product wins; the logs of both engines are tested with their engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.changes import Change, precedence, restored
from hybridsearch.values import Row

VERSIONS = st.integers(0, 2**61)


def test_a_removal_lies_between_the_update_of_its_version_and_that_of_the_next() -> None:
    assert precedence(7) < precedence(7, removed=True) < precedence(8)
    assert Change("1", None, 7).precedence == precedence(7, removed=True)
    assert Change("1", {}, 7).precedence == precedence(7)


@given(VERSIONS, st.integers(1, 1_000), st.booleans(), st.booleans())
def test_the_newer_version_wins_whether_it_writes_or_removes(
    version: int, newer_by: int, removed: bool, removed_before: bool
) -> None:
    """Faults 24 and 26."""
    assert precedence(version + newer_by, removed=removed) > precedence(version, removed=removed_before)


@given(VERSIONS)
def test_of_one_version_the_removal_wins(version: int) -> None:
    """Fault 26."""
    assert precedence(version, removed=True) > precedence(version)


def test_without_versions_all_changes_are_equal_and_older_than_any_with_one() -> None:
    """Fault 27."""
    assert precedence(None) == precedence(None, removed=True) <= precedence(0)


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), min_size=1, max_size=8), st.randoms())
def test_changes_in_any_order_end_alike(changes: list[tuple[int, bool]], luck: Any) -> None:
    """Faults 24, 25 and 26, for the rule that both engines and the log follow: the higher precedence wins."""
    precedences = [precedence(version, removed=removed) for version, removed in changes]
    shuffled = list(precedences)
    luck.shuffle(shuffled)

    def last_kept(arrived: list[int]) -> int:
        kept = -1
        for number in arrived:
            kept = number if number >= kept else kept
        return kept

    assert last_kept(shuffled) == last_kept(precedences) == max(precedences)


PRICE = Change("1", {"price": 5}, 7, partial=True)
STOCK = Change("1", {"stock": 2, "price": 9}, 5, partial=True)
WHOLE = Change("1", {"title": "hat", "price": 9, "stock": 1}, 3)


def newer_than(version: int) -> Callable[[Change], bool]:
    return lambda layer: (layer.version or 0) > version


def test_single_fields_lie_on_top_of_what_is_known_but_for_what_they_change() -> None:
    assert PRICE.onto(None) == PRICE
    assert PRICE.onto(WHOLE) == replace(PRICE, below=WHOLE)
    below = Change("1", {"stock": 2}, 5, partial=True, below=WHOLE)
    assert PRICE.onto(STOCK.onto(WHOLE)) == replace(PRICE, below=below)
    assert replace(PRICE, row={"price": 5, "stock": 4}).onto(STOCK.onto(WHOLE)).below == WHOLE
    removal = Change("1", None, 8)
    assert removal.onto(PRICE) == removal
    assert PRICE.onto(removal) == replace(PRICE, below=removal)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (PRICE, {"title": "new", "price": 5, "stock": 8}),
        (PRICE.onto(WHOLE), {"title": "new", "price": 5, "stock": 8}),
        (PRICE.onto(STOCK), {"title": "new", "price": 5, "stock": 2}),
        (PRICE.onto(STOCK.onto(WHOLE)), {"title": "new", "price": 5, "stock": 2}),
        (PRICE.onto(replace(WHOLE, version=6)), {"title": "hat", "price": 5, "stock": 1}),
        (PRICE.onto(STOCK.onto(Change("1", None, 3))), {"title": "new", "price": 5, "stock": 2}),
        (PRICE.onto(Change("1", None, 6)), None),
    ],
)
def test_of_what_was_known_before_only_what_is_newer_than_the_product_counts(
    change: Change, expected: Row | None
) -> None:
    """The product is of version 4."""
    applied = change.applied({"title": "new", "price": 8, "stock": 8}, newer_than(4))
    assert applied is not None
    assert applied.row == expected
    assert not applied.partial


def test_fields_of_a_product_that_is_not_there_are_no_change_unless_the_whole_is_known() -> None:
    assert PRICE.applied(None, newer_than(0)) is None
    assert PRICE.onto(STOCK).applied(None, newer_than(0)) is None
    found = PRICE.onto(WHOLE).applied(None, newer_than(0))
    assert found == Change("1", {"title": "hat", "price": 5, "stock": 1}, 7)
    removal = Change("1", None, 3)
    assert PRICE.onto(removal).applied(None, newer_than(0)) == removal


ROWS = st.dictionaries(st.text(), st.integers(0, 2**53) | st.text(), max_size=3)
POSITIONS = st.integers(0, 9)
BELOW = st.none() | st.builds(Change, st.just("1"), ROWS | st.none(), POSITIONS | st.none(), at=POSITIONS)


@given(ROWS | st.none(), POSITIONS | st.none(), st.booleans(), st.lists(ROWS, max_size=3), BELOW)
def test_a_change_is_restored_as_it_was_stored(
    row: Row | None, version: int | None, partial: bool, fields: list[Row], below: Change | None
) -> None:
    """Through JSON, and with the positions of what lies below."""
    change = Change("1", row, version, partial and row is not None)
    if change.partial:
        for at, each in enumerate(fields):
            below = Change("1", each, version, True, below, at)
        change = replace(change, below=below)
    found = restored("1", orjson.loads(orjson.dumps(change.stored)), version, 7)
    assert found == change
    assert [layer.at for layer in found.layers] == [7, *[layer.at for layer in change.layers][1:]]
