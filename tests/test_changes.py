"""Which of two changes of one product wins; the logs of both engines are tested with their engines."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.changes import Change, precedence, restored

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


def test_single_fields_go_on_top_of_what_is_known() -> None:
    price = Change("1", {"price": 5}, 7, partial=True)
    assert price.onto(None) == price
    assert price.onto(Change("1", {"title": "hat", "price": 9}, 3)) == Change("1", {"title": "hat", "price": 5}, 7)
    stock = Change("1", {"stock": 2, "price": 9}, 3, partial=True)
    assert price.onto(stock) == Change("1", {"stock": 2, "price": 5}, 7, partial=True)
    assert price.onto(Change("1", None, 3)) is None
    removal = Change("1", None, 8)
    assert removal.onto(price) == removal


@given(st.dictionaries(st.text(), st.integers()) | st.none(), st.integers(0, 9) | st.none(), st.booleans())
def test_a_change_is_restored_as_it_was_stored(row: dict[str, Any] | None, version: int | None, partial: bool) -> None:
    change = Change("1", row, version, partial and row is not None)
    assert restored("1", change.stored, version) == change
