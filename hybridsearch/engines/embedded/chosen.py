"""Chosen: some of all documents, as their numbers or as a mask; the one follows from the other once it is asked for.

A mask of all documents takes a byte for each, and two are joined in 25 µs a million: where there are many, it is far
faster than their numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np

from hybridsearch.engines.embedded.cells import Mask
from hybridsearch.engines.embedded.postings import Ordinals

FEW = 16
"""Of so many documents one is chosen: fewer are listed, more are marked."""


class Chosen:
    """Some documents of `documents`.

    Args:
        docs: Their numbers, ascending.
        mask: Where there are no numbers: for each document, whether it is one of them.
    """

    def __init__(self, documents: int, docs: Ordinals | None = None, mask: Mask | None = None) -> None:
        assert (docs is None) != (mask is None)
        self.documents, self._docs, self._mask = documents, docs, mask

    @cached_property
    def docs(self) -> Ordinals:
        """Their numbers, ascending."""
        return np.flatnonzero(self._mask).astype(np.int32) if self._docs is None else self._docs

    @cached_property
    def mask(self) -> Mask:
        """For each document, whether it is one of them."""
        return marked(self.documents, self._docs) if self._mask is None else self._mask

    @cached_property
    def count(self) -> int:
        """How many there are."""
        return int(np.count_nonzero(self._mask)) if self._docs is None else len(self._docs)

    @property
    def few(self) -> bool:
        """Whether they are listed and not marked."""
        return self._docs is not None

    def within(self, allowed: Mask | None) -> Chosen:
        """Return those of them that are allowed; None allows all."""
        if allowed is None:
            return self
        if self._docs is None:
            return Chosen(self.documents, mask=self.mask & allowed)
        return Chosen(self.documents, self._docs[allowed[self._docs]])

    def and_also(self, other: Chosen) -> Chosen:
        """Return what is one of them or one of others."""
        if self._docs is not None and other._docs is not None and not self._are_many(other):
            return Chosen(self.documents, united(self.documents, [self._docs, other._docs]))
        if other._docs is None:
            return Chosen(self.documents, mask=self.mask | other.mask)
        mask = self.mask.copy()
        mask[other._docs] = True
        return Chosen(self.documents, mask=mask)

    def _are_many(self, other: Chosen) -> bool:
        return FEW * (self.count + other.count) > self.documents


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
    docs = np.sort(np.concatenate([np.zeros(0, np.int32), *lists]))
    return docs[np.flatnonzero(np.diff(docs, prepend=-1))]
