"""Batches: every item once, in order, none longer than asked for."""

from __future__ import annotations

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.runtime.batches import batches


@given(st.lists(st.integers()), st.integers(1, 9))
def test_batches_are_full_but_the_last_and_hold_every_item_in_order(items: list[int], size: int) -> None:
    lists = list(batches(iter(items), size))
    assert list(chain.from_iterable(lists)) == items
    assert all(len(batch) == size for batch in lists[:-1])
    assert all(0 < len(batch) <= size for batch in lists)


def test_no_more_items_are_taken_than_the_batch_needs() -> None:
    source = iter(range(10))
    assert next(batches(source, 3)) == [0, 1, 2]
    assert next(source) == 3
