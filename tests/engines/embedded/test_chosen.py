"""Chosen documents: the same ones, listed or marked."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.engines.embedded.arrays.chosen import Chosen, united

SOME = st.frozensets(st.integers(0, 39), max_size=40)


def listed(some: frozenset[int]) -> Chosen:
    return Chosen(40, np.array(sorted(some), np.int32))


def marked(some: frozenset[int]) -> Chosen:
    return Chosen(40, marks=np.isin(np.arange(40), list(some)))


def held(chosen: Chosen) -> frozenset[int]:
    """Return the documents, after a check that all that is said of them agrees."""
    docs = chosen.docs.tolist()
    assert docs == np.flatnonzero(chosen.mask).tolist()
    assert chosen.count == len(docs)
    return frozenset(docs)


@given(SOME, SOME)
def test_what_is_allowed_and_what_is_added_is_the_same_listed_or_marked(
    one: frozenset[int], other: frozenset[int]
) -> None:
    for first in (listed(one), marked(one)):
        assert held(first.within(None)) == one
        assert held(first.within(marked(other).mask)) == one & other
        for second in (listed(other), marked(other)):
            assert held(first.and_also(second)) == one | other
        assert held(first) == one


@given(st.lists(SOME, max_size=3))
def test_lists_are_united_in_order_each_document_once(lists: list[frozenset[int]]) -> None:
    found = united(40, [np.array(sorted(each), np.int32) for each in lists])
    assert found.dtype == np.int32
    assert found.tolist() == sorted(frozenset().union(*lists))
