"""Which of two changes of one product wins."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.changes import order

VERSIONS = st.integers(0, 2**61)


@given(VERSIONS, st.integers(1, 1_000), st.booleans(), st.booleans())
def test_the_newer_version_wins_whether_it_writes_or_removes(
    version: int, newer_by: int, removed: bool, removed_before: bool
) -> None:
    """Faults 24 and 26."""
    assert order(version + newer_by, removed=removed) > order(version, removed=removed_before)


@given(VERSIONS)
def test_of_one_version_the_removal_wins(version: int) -> None:
    """Fault 26."""
    assert order(version, removed=True) > order(version)


def test_without_versions_all_changes_are_equal_and_older_than_any_with_one() -> None:
    """Fault 27."""
    assert order(None) == order(None, removed=True) <= order(0)
