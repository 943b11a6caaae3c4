"""Chosen: some of all documents, as their numbers or as a mask; the one follows from the other once it is asked for.

A mask of all documents takes a byte for each, and two are joined in 25 µs a million: where there are many, it is far
faster than their numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np

from hybridsearch.engines.embedded.arrays.cells import Mask
from hybridsearch.engines.embedded.arrays.postings import Ordinals

FEW = 16
"""Of so many documents one is chosen: fewer are listed, more are marked."""


class Chosen:
    """Some documents of `documents`: listed, ascending, or marked."""

    def __init__(self, documents: int, listed: Ordinals | None = None, marks: Mask | None = None) -> None:
        self.documents, self._listed, self._marks = documents, listed, marks

    @cached_property
    def docs(self) -> Ordinals:
        """Their numbers, ascending."""
        return np.flatnonzero(self.mask).astype(np.int32) if self._listed is None else self._listed

    @cached_property
    def mask(self) -> Mask:
        """For each document, whether it is one of them."""
        return marked(self.documents, self.docs) if self._marks is None else self._marks

    @cached_property
    def count(self) -> int:
        """How many there are."""
        return int(np.count_nonzero(self.mask)) if self._listed is None else len(self._listed)

    @property
    def listed(self) -> bool:
        """Whether their numbers are at hand."""
        return self._listed is not None

    def within(self, allowed: Mask | None) -> Chosen:
        """Return those of them that are allowed; None allows all."""
        if allowed is None:
            return self
        if self.listed:
            return Chosen(self.documents, self.docs[allowed[self.docs]])
        return Chosen(self.documents, marks=self.mask & allowed)

    def and_also(self, other: Chosen) -> Chosen:
        """Return what is one of them or one of others."""
        if self.listed and other.listed and FEW * (self.count + other.count) <= self.documents:
            return Chosen(self.documents, united(self.documents, [self.docs, other.docs]))
        if not other.listed:
            return Chosen(self.documents, marks=self.mask | other.mask)
        mask = self.mask.copy()
        mask[other.docs] = True
        return Chosen(self.documents, marks=mask)


def marked(documents: int, docs: Ordinals) -> Mask:
    """Return the mask of some documents."""
    mask = np.zeros(documents, np.bool_)
    mask[docs] = True
    return mask


def united(documents: int, some: Iterable[Ordinals]) -> Ordinals:
    """Return the documents that are in one of several lists, ascending, each once."""
    lists = list(some)
    if len(lists) == 1:
        return lists[0]
    if FEW * sum(map(len, lists)) > documents:
        mask = np.zeros(documents, np.bool_)
        for docs in lists:
            mask[docs] = True
        return np.flatnonzero(mask).astype(np.int32)
    return distinct(np.sort(np.concatenate([np.zeros(0, np.int32), *lists])))


def distinct(docs: Ordinals) -> Ordinals:
    """Return each of some documents, which ascend, once."""
    first = np.ones(len(docs), np.bool_)
    np.not_equal(docs[1:], docs[:-1], out=first[1:])
    return docs[first]
