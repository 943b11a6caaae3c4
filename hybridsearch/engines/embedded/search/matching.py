"""Matching: which documents have what is needed of some words, and which of these score highest.

Every document that matches has one of the rarest words, those without which the others are not enough. Where they are
rare, only the documents that have one are looked at. Where they are not, each frequent word has a byte for every
document, which bounds what the word gives it: the sum of the bounds tells which few documents may be among the first,
and only these are scored.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.embedded.arrays.cells import Mask
from hybridsearch.engines.embedded.arrays.chosen import FEW, Chosen, united
from hybridsearch.engines.embedded.arrays.postings import EMPTY, Ordinals
from hybridsearch.engines.embedded.arrays.ranks import best, largest, least_of
from hybridsearch.engines.embedded.compiled.bm25 import Scores, TextField, summed
from hybridsearch.search.clauses import Words

STEPS = 254
"""Steps of a bound, from the lowest to the highest score of a word."""
UNITS = 257
"""Units that all words of a query give together at most: times 255 they fill 16 bits."""
MOST_BOUNDED = UNITS // 4
"""Words whose bounds are added: of more of them, rounding would leave no difference."""
SLACK = 1e-4
"""Share by which rounding may bring a bound below what it bounds, with room to spare."""
MOST_KEPT = 64
"""Frequent words of a field whose bounds are remembered: 64 MB of a million documents."""


class Bound(NamedTuple):
    """What a word gives the documents that have it.

    Attributes:
        docs: Which these are; of a frequent word all that there are.
        steps: 1 to 255 for each, 0 for one without it. The score is at most `steps / STEPS` of `most`.
        most: The highest score.
    """

    docs: Ordinals | slice
    steps: NDArray[np.uint8]
    most: float


def bound(field: TextField, tokens: Sequence[str], factors: Mapping[str, float]) -> Bound:
    """Return what a word gives the documents that have one of its tokens; that of a frequent one is remembered."""
    key = (tokens, tuple(factors.get(form) for form in tokens))
    known: Bound | None = field.kept.get(key)
    if known is not None:
        return known
    docs, scores = field.scored(tokens, factors)
    most = float(scores.max(initial=0))
    steps = (scores * (STEPS / most) if most else scores).astype(np.uint8) + np.uint8(1)
    if FEW * len(docs) <= field.documents:
        return Bound(docs, steps, most)
    everywhere = np.zeros(field.documents, np.uint8)
    everywhere[docs] = steps
    if len(field.kept) >= MOST_KEPT:
        field.kept.pop(next(iter(list(field.kept))), None)
    field.kept[key] = Bound(slice(None), everywhere, most)
    return Bound(slice(None), everywhere, most)


class Matching:
    """The documents that match words in a text field."""

    def __init__(self, field: TextField, words: Words) -> None:
        self._field, self._words = field, words

    @cached_property
    def found(self) -> Chosen:
        """All of them."""
        documents, words = self._field.documents, self._words
        sizes = list(map(self._field.size, words.tokens))
        rare, rest = [], sum(words.tells)
        for place in sorted(range(len(sizes)), key=sizes.__getitem__):
            if rest < words.needed:
                break
            rare.append(place)
            rest -= words.tells[place]
        if not rare:
            return Chosen(documents, EMPTY["docs"])
        if FEW * sum(sizes[place] for place in rare) > documents:
            return Chosen(documents, marks=self._marked())
        return Chosen(documents, self._listed(rare))

    def leaders(self, allowed: Mask | None, k: int) -> Ordinals:
        """Return the `k` allowed ones with the highest scores, ascending; of tied ones the earlier."""
        found = self.found.within(allowed)
        if found.count <= k:
            return found.docs
        if not k:
            return EMPTY["docs"]
        exact = found.listed or len(self._words.tokens) > MOST_BOUNDED
        docs, scores = self._scored(found.docs) if exact else self._reaching(found.mask, k)
        return docs[np.sort(best(scores, k))]

    def _listed(self, rare: Sequence[int]) -> Ordinals:
        """Return what matches, of the documents that have one of the rare words."""
        words, has = self._words, self._field.has
        docs = united(self._field.documents, (self._field.holders(words.tokens[place]) for place in rare))
        if min(words.tells[place] for place in rare) >= words.needed:
            return docs
        counts = np.zeros(len(docs), np.int64)
        for place, (tokens, tells) in enumerate(zip(words.tokens, words.tells, strict=True)):
            counts += tells if rare == [place] else has(tokens, docs) * np.int64(tells)
        return docs[counts >= words.needed]

    def _marked(self) -> Mask:
        """Return what matches, of all documents."""
        count = np.min_scalar_type(sum(self._words.tells)).type
        counts = np.zeros(self._field.documents, count)
        for each, tells in zip(self._bounds, self._words.tells, strict=True):
            counts[each.docs] += np.multiply(each.steps > 0, count(tells), dtype=count)
        return np.asarray(counts >= self._words.needed)

    def _reaching(self, mask: Mask, k: int) -> tuple[Ordinals, Scores]:
        """Return those of many documents that may be among the `k` first, with their scores."""
        unit, sums = self._bound
        sums = sums * mask
        likely = max(int(least_of(sums, k)), 1)
        docs, scores = self._scored(np.flatnonzero(sums >= likely).astype(np.int32))
        least = largest(scores, k)
        possible = max(math.floor(least / unit * (1 - SLACK)), 1)
        if possible >= likely:
            return docs, scores
        return self._scored(np.flatnonzero(sums >= possible).astype(np.int32))

    def _scored(self, docs: Ordinals) -> tuple[Ordinals, Scores]:
        return docs, summed(self._field.table(self._words, docs))

    @cached_property
    def _bounds(self) -> list[Bound]:
        factors = dict(self._words.factors)
        return [bound(self._field, tokens, factors) for tokens in self._words.tokens]

    @cached_property
    def _bound(self) -> tuple[float, NDArray[np.uint16]]:
        """What one unit is worth, and how many of them each document has at most."""
        unit = sum(each.most for each in self._bounds) / (UNITS - len(self._bounds))
        sums = np.zeros(self._field.documents, np.uint16)
        for each in self._bounds:
            weight = np.uint16(math.ceil(each.most / unit))
            sums[each.docs] += np.multiply(each.steps, weight, dtype=np.uint16)
        return unit / STEPS, sums
