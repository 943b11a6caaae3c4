"""Packed: one number for each product, whose bits are its variants; products are counted as their lists are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.engines.embedded.arrays.cells import Mask
from hybridsearch.engines.embedded.arrays.postings import Postings, PostingsBuilder
from hybridsearch.engines.embedded.compiled import packed
from hybridsearch.engines.embedded.compiled.packed import (
    MOST_VARIANTS,
    Packing,
    Values,
    holding,
    of_numbers,
    of_ranges,
    of_terms,
)

products = st.lists(st.integers(1, MOST_VARIANTS), min_size=1, max_size=12)


def packing(held: list[int]) -> Packing:
    return Packing(np.append(0, np.cumsum(held)).astype(np.int64))


def some(seed: int, rows: int) -> Mask:
    return np.asarray(np.random.default_rng(seed).random(rows) < 0.3)


@given(products, st.integers(0, 99))
def test_the_bits_of_a_product_are_its_variants_that_are_marked(held: list[int], seed: int) -> None:
    mask = some(seed, sum(held))
    of_each = np.split(mask, np.cumsum(held)[:-1])
    expected = [sum(1 << place for place in np.flatnonzero(own).tolist()) for own in of_each]
    assert packing(held).words(mask).tolist() == expected


@given(products, st.integers(0, 99))
def test_a_product_counts_once_for_a_value_that_several_of_its_variants_have(held: list[int], seed: int) -> None:
    one = packing(held)
    passing, red, blue = (some(seed + place, sum(held)) for place in range(3))
    owners = np.repeat(np.arange(len(held)), held)
    expected = [len(set(owners[passing & own].tolist())) for own in (red, blue)]
    assert holding(one.words(passing), [one.words(red), one.words(blue)]).tolist() == expected


def test_a_product_with_more_variants_than_fit_is_not_packed() -> None:
    assert packing([1, MOST_VARIANTS]).possible
    assert not packing([1, MOST_VARIANTS + 1]).possible
    assert packing([]).possible


def two(rows: int) -> Values:
    return np.arange(2), [np.ones(rows, np.bool_)] * 2


@pytest.mark.parametrize(("limit", "value"), [("MOST_VALUES", 1), ("MOST_BYTES", 3)])
def test_values_that_would_take_too_much_are_not_packed(
    limit: str, value: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert packing([1, 1]).of_values("size", lambda: two(2)) is not None
    monkeypatch.setattr(packed, limit, value)
    assert packing([1, 1]).of_values("size", lambda: two(2)) is None


def test_the_words_of_some_facets_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "MOST_KEPT", 2)
    one, made = packing([1, 1]), []

    def make(key: str) -> Values:
        made.append(key)
        return two(2)

    for key in ("size", "size", "color", "color", "price", "size"):
        one.of_values(key, lambda key=key: make(key))  # type: ignore[misc]
    assert made == ["size", "color", "price", "size"]


def test_terms_ranges_and_numbers_are_values() -> None:
    builder = PostingsBuilder()
    for row, terms in enumerate((["red"], [], ["blue", "red"])):
        builder.add(row, terms)
    arrays = {f":{part}": each for part, each in builder.finish(3).arrays.items()}
    numbers, masks = of_terms(Postings(arrays, ""), 3)
    assert (numbers.tolist(), [mask.tolist() for mask in masks]) == (
        [0, 1],
        [[False, False, True], [True, False, True]],
    )
    prices = np.array([20.0, np.nan, 19.9])
    lows, masks = of_ranges(prices, [20])
    assert (lows.tolist(), [mask.tolist() for mask in masks]) == (
        [-np.inf, 20],
        [[False, False, True], [True, False, False]],
    )
    tens, masks = of_numbers(prices, lambda numbers: numbers // 10)
    assert (tens.tolist(), [mask.tolist() for mask in masks]) == ([1, 2], [[False, False, True], [True, False, False]])


@given(products, st.integers(0, 99))
def test_words_mark_the_variants_that_they_were_made_of(held: list[int], seed: int) -> None:
    mask, one = some(seed, sum(held)), packing(held)
    words = one.words(mask)
    assert sorted(one.rows(words).tolist()) == np.flatnonzero(mask).tolist()
    assert one.rows(one.full).size == sum(held)
    rows = np.arange(sum(held))
    assert one.marked(words, rows, np.repeat(np.arange(len(held)), held)).tolist() == mask.tolist()
