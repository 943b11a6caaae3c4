"""Texts in layers: their scores are those that one layer of all documents would give, to the bit.

What a score follows from besides the document, how many have the word and how long texts are on average, is added up
over the layers. How often the word occurs follows from what a layer keeps: it is an integer, and so found exactly.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.embedded.arrays.arrays import Arrays
from hybridsearch.engines.embedded.arrays.cells import Mask
from hybridsearch.engines.embedded.arrays.postings import Ordinals, Postings
from hybridsearch.engines.embedded.compiled.bm25 import LENGTHS, Scores, TextField, inverse, weight

MOST_KEPT = 8_000_000
"""Postings of words that are kept for the next search, 64 MB."""


class Posting(NamedTuple):
    """The documents that have a term, ascending; see `spread` in bm25.py."""

    docs: Ordinals
    spread: Scores


class TextLayer(Postings):
    """A text field of one layer."""

    def __init__(self, arrays: Arrays, name: str, documents: int) -> None:
        super().__init__(arrays, name)
        self._spread: Scores = arrays.get(f"{name}:spread", np.zeros(0, np.float32))
        self.lengths: NDArray[np.int32] = arrays.get(f"{name}:lengths", np.zeros(documents, np.int32))
        """Number of terms of each document."""

    @cached_property
    def holding(self) -> int:
        """How many documents have the field."""
        return int(np.count_nonzero(self.lengths))

    @cached_property
    def total(self) -> int:
        """How many terms they have."""
        return int(self.lengths.sum(dtype=np.int64))

    @cached_property
    def _norms(self) -> NDArray[np.uint8]:
        return (np.searchsorted(LENGTHS, self.lengths, side="right") - 1).astype(np.uint8)

    @cached_property
    def _own(self) -> Scores:
        return inverse(LENGTHS, self.total / max(1, self.holding))

    def counts(self, span: slice) -> NDArray[np.int32]:
        """Return how often a term occurs in a document, for some of all postings."""
        return self._counted(self._spread[span], self._norms[self.docs[span]]).astype(np.int32)

    def posting(self, term: str, average: float, alive: Mask) -> Posting:
        """Return the documents that have a term and are alive, scored with another average length."""
        number = self.find(term)
        span = slice(0) if number is None else self.span(number)
        docs = self.docs[span]
        kept = alive[docs]
        docs, spread = docs[kept], self._spread[span][kept]
        if not len(docs):
            return Posting(docs, spread)
        norms = self._norms[docs]
        return Posting(docs, np.float32(1) + self._counted(spread, norms) * inverse(LENGTHS, average)[norms])

    def _counted(self, spread: Scores, norms: NDArray[np.uint8]) -> Scores:
        """Return the counts that some postings were scored with, given the norms of their documents."""
        counts: Scores = np.rint((spread - 1) / self._own[norms])
        return counts


class LayeredText(TextField):
    """A text field of all layers. Its terms are numbered as they are first asked for.

    Args:
        layers: The field in each layer, and which of its documents are alive.
    """

    def __init__(self, layers: Sequence[tuple[TextLayer, Mask]]) -> None:
        super().__init__({}, "", sum(len(alive) for _, alive in layers))
        self._layers = layers
        gone = [layer.lengths[~alive] for layer, alive in layers]
        total = sum(layer.total for layer, _ in layers) - sum(int(each.sum(dtype=np.int64)) for each in gone)
        self._holding = sum(layer.holding for layer, _ in layers) - sum(map(np.count_nonzero, gone))
        self._average = total / max(1, self._holding)
        self._next = itertools.count()
        self._asked: dict[str, int] = {}
        self._names: dict[int, tuple[str, int]] = {}
        """Each term by its number, and how many documents have it."""
        self._postings: dict[int, Posting] = {}

    def find(self, term: str) -> int | None:
        """Return the number of a term, or None when no document contains it."""
        number = self._asked.get(term)
        if number is None and len((posting := self._joined(term)).docs):
            number = next(self._next)
            self._names[number] = term, len(posting.docs)
            self._keep(number, posting)
            self._asked[term] = number
        return number

    def having_one(self, number: int) -> int:
        """Return how many documents contain a term."""
        return self._names[number][1]

    def docs_of(self, number: int) -> Ordinals:
        """Return the documents that contain a term, ascending."""
        return self._posting(number).docs

    def _kept_of(self, number: int) -> tuple[np.float32, Scores]:
        (weighed,) = weight(self._holding, np.array([self._names[number][1]]))
        return weighed, self._posting(number).spread

    def _posting(self, number: int) -> Posting:
        return self._postings.get(number) or self._keep(number, self._joined(self._names[number][0]))

    def _keep(self, number: int, posting: Posting) -> Posting:
        postings = self._postings
        if sum(len(each.docs) for each in list(postings.values())) + len(posting.docs) > MOST_KEPT:
            postings = self._postings = {}  # and not emptied: other threads read it
        postings[number] = posting
        return posting

    def _joined(self, term: str) -> Posting:
        parts, start = [], 0
        for layer, alive in self._layers:
            docs, spread = layer.posting(term, self._average, alive)
            parts.append(Posting(docs + np.int32(start), spread))
            start += len(alive)
        return Posting(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
