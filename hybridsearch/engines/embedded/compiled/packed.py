"""Packed: which of the variants of each product are marked, as the bits of one number for each product.

Those that pass a filter and have a value are then found by one `and` of such numbers, of all products at once, and the
products that have one are those of which it leaves something: each is counted once, without a list of anything.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.embedded.arrays.cells import Mask
from hybridsearch.engines.embedded.arrays.chosen import marked
from hybridsearch.engines.embedded.arrays.postings import Ordinals, Postings

Words = NDArray[np.unsignedinteger[Any]]
"""One number for each product: a bit for each of its variants, the first one the lowest."""

WORDS = (np.uint8, np.uint16, np.uint32, np.uint64)
"""What a word may be, the smallest that holds the variants of any product."""
MOST_VARIANTS = 57
"""Of a product: so many bits lie within eight bytes, wherever they begin in the first."""
MOST_VALUES = 64
"""Of a facet: with more, to look at the variants that pass is faster than to look at every product for each value."""
MOST_BYTES = 64 << 20
"""Of the words of a facet's values."""
MOST_KEPT = 8
"""Facets of which they are kept."""
Values = tuple[NDArray[Any], Iterable[Mask]]
"""Values, and for each value which of all variants have it; a mask is made when it is needed."""


class Packing:
    """How the variants of each product, which lie beside each other, are packed.

    Args:
        starts: Of the variants of each product, and the end of the last.

    Attributes:
        possible: Whether a word has a bit for each variant of every product.
        full: The words of all variants.
    """

    def __init__(self, starts: NDArray[np.int64]) -> None:
        held = np.diff(starts)
        most = int(held.max(initial=0))
        self.possible = most <= MOST_VARIANTS
        bits = np.minimum(held, MOST_VARIANTS).astype(np.uint64)
        self._word = next(each for each in WORDS if most <= np.iinfo(each).bits or each is WORDS[-1])
        # A product's bits begin anywhere in a byte: they lie within so many bits from its beginning.
        window = next(each for each in WORDS if most + 7 <= np.iinfo(each).bits or each is WORDS[-1])
        self._window = window
        self._starts = starts[:-1]
        self._bytes = starts[:-1] >> 3
        self._shift = (starts[:-1] & 7).astype(window)
        self._full = ((np.uint64(1) << bits) - np.uint64(1)).astype(window)
        self.full: Words = self._full.astype(self._word)
        self._kept: dict[Hashable, tuple[NDArray[Any], list[Words]] | None] = {}

    def words(self, mask: Mask) -> Words:
        """Return the words of the variants that a mask marks."""
        packed = np.append(np.packbits(mask, bitorder="little"), np.zeros(8, np.uint8))
        windows = np.ndarray(len(packed) - 7, self._window, packed, strides=(1,))
        return np.asarray(((windows.take(self._bytes) >> self._shift) & self._full).astype(self._word))

    def marked(self, words: Words, rows: Ordinals, owners: Ordinals) -> Mask:
        """Return which of some variants, each of a product, words mark."""
        places: Words = (rows - self._starts[owners]).astype(self._word)
        return np.asarray((words[owners] >> places) & self._word(1), np.bool_)

    def rows(self, words: Words) -> Ordinals:
        """Return the variants that words mark, the first of all products before the second of any."""
        found, place, one = [self._starts[:0]], 0, self._word(1)
        starts = self._starts
        while len(words):
            found.append(starts.take(np.flatnonzero((words & one) != 0)) + place)
            words, place = words >> one, place + 1
            if 2 * np.count_nonzero(words) <= len(words):  # a product with many variants costs the others nothing
                left = np.flatnonzero(words != 0)  # of truth values far faster than of numbers
                words, starts = words.take(left), starts.take(left)
        return np.concatenate(found)

    def known(self, key: Hashable) -> list[Words] | None:
        """Return the words of the values of a field, if they are remembered."""
        found = self._kept.get(key)
        return found[1] if found else None

    def of_values(self, key: Hashable, make: Callable[[], Values]) -> tuple[NDArray[Any], list[Words]] | None:
        """Return some values, with the words of the variants that have each; None where those would take too much.

        Args:
            key: Says which values of which field.
            make: Returns the values, with the mask of each.
        """
        if key not in self._kept:
            values, masks = make()
            size = len(values) * len(self._full) * np.dtype(self._word).itemsize
            few = len(values) <= MOST_VALUES and size <= MOST_BYTES
            if len(self._kept) >= MOST_KEPT:
                self._kept = {}  # and not emptied: other threads read it
            self._kept[key] = (values, list(map(self.words, masks))) if few else None
        return self._kept[key]


def holding(words: Words, values: Sequence[Words]) -> NDArray[np.int64]:
    """Return how many products have a variant among some that has each of some values."""
    return np.array([np.count_nonzero(words & own) for own in values], np.int64)


def of_terms(postings: Postings, rows: int) -> Values:
    """Return the numbers of the terms of a field, with which of so many rows have each."""
    spans = pairwise(postings.starts.tolist())
    return np.arange(len(postings)), (marked(rows, postings.docs[begin:end]) for begin, end in spans)


def of_ranges(numbers: NDArray[np.float64], cuts: Sequence[float]) -> Values:
    """Return the lower ends of the ranges before, between and after some cuts, with which numbers lie in each."""
    ends = np.array([-np.inf, *cuts, np.inf])
    return ends[:-1], ((numbers >= low) & (numbers < high) for low, high in pairwise(ends.tolist()))


def of_numbers(numbers: NDArray[np.float64], begin: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Values:
    """Return the different values that some numbers begin with, and which numbers begin with each; NaN has none."""
    there = ~np.isnan(numbers)
    begun = np.where(there, numbers, np.nan)
    begun[there] = begin(numbers[there])
    values = np.unique(begun[there])
    return values, (begun == value for value in values)
