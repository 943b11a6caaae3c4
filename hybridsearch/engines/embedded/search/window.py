"""The window: the documents that get the full score, and what each signal gives them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.embedded.arrays.cells import Mask
from hybridsearch.engines.embedded.arrays.postings import Ordinals
from hybridsearch.engines.embedded.compiled.bm25 import Scores, places_in, summed
from hybridsearch.engines.embedded.compiled.view import View
from hybridsearch.engines.embedded.search.filters import among
from hybridsearch.fields.dates import DAY
from hybridsearch.search.clauses import (
    Codes,
    Condition,
    Cosine,
    Match,
    Number,
    Passing,
    Rating,
    Recency,
    Saturated,
    Signal,
    Words,
)
from hybridsearch.search.plan import Plan
from hybridsearch.values import Vector


class Compared(NamedTuple):
    """Documents, ascending, of which the cosines to a vector are known; those of others are not needed."""

    leg: str
    vector: Vector
    docs: Ordinals
    cosines: Scores

    def of(self, docs: Ordinals) -> Scores:
        """Return the cosine of each of some documents; NaN for one without a vector."""
        if not len(self.docs):
            return np.full(len(docs), np.nan, np.float32)
        places = places_in(self.docs, docs)
        return np.where(self.docs[places] == docs, self.cosines[places], np.float32(np.nan))


class Window:
    """Documents of a view, ascending. Every signal is exact for each of them, whichever clause matched the document.

    Args:
        view: Theirs.
        docs: Which these are.
        compared: What is known already.
    """

    def __init__(self, view: View, docs: Ordinals, compared: Sequence[Compared] = ()) -> None:
        self.view, self.docs = view, docs
        self._compared = compared
        self._tables: dict[tuple[object, ...], Scores] = {}
        self._cosines: dict[tuple[str, int], Scores] = {}

    def at(self, places: NDArray[np.intp]) -> Window:
        """Return the window of some of its documents, whose places ascend, with the scores that are known of them."""
        some = Window(self.view, self.docs[places], self._compared)
        some._cosines = {key: cosines[places] for key, cosines in self._cosines.items()}
        some._tables = {key: table.take(places, axis=1) for key, table in self._tables.items()}
        return some

    def places(self, ids: Sequence[str]) -> dict[str, int]:
        """Return the place of each document that has one of some ids; those that are not here are absent."""
        found = self.view.places_of(ids)
        ordinals = np.array(list(found.values()), np.int32)
        places = self.docs.searchsorted(ordinals)
        here = self.docs.take(places, mode="clip") == ordinals if len(self.docs) else places < 0
        return dict(itertools.compress(zip(found, places.tolist(), strict=True), here.tolist()))

    def contribution(self, signal: Signal) -> NDArray[np.float64]:
        """Return weight times value of a signal for each document; 0 where the document has no such evidence."""
        return np.asarray(signal.weight * self._value(signal), np.float64)

    def bm25(self, clause: Match) -> NDArray[np.float64]:
        """Return the score of each document in its best language; 0 where it does not match."""
        best = np.zeros(len(self.docs), np.float64)
        for words in clause.everywhere:
            table = self._table(clause.field, words)
            if min(words.tells, default=0) >= words.needed:  # any of them is enough
                np.maximum(best, summed(table), out=best)
            else:
                np.maximum(best, summed(table), out=best, where=enough(table, words))
        return best

    def counted(self, clause: Match) -> NDArray[np.int64]:
        """Return what those of the words count that each document has, in its best language."""
        best = np.zeros(len(self.docs), np.int64)
        for words in clause.everywhere:
            np.maximum(best, told(self._table(clause.field, words), words), out=best)
        return best

    def nearest(self, cosines: Iterable[Cosine]) -> NDArray[np.float64]:
        """Return the highest contribution of several cosines to each document."""
        values = [self.contribution(cosine) for cosine in cosines]
        return np.max(values, axis=0) if values else np.zeros(len(self.docs))

    def _value(self, signal: Signal) -> NDArray[np.float64] | Mask:
        match signal:
            case Saturated():
                scores = self.bm25(signal.match)
                return scores / (scores + signal.half)
            case Passing():
                passed = among(signal.filters, self.view.products, self.docs)
                return passed if signal.holds else ~passed
            case Condition():
                return self._holds(signal.clause)
            case Cosine():
                stretched = (self._cosines_to(signal.leg, signal.vector).astype(np.float64) - signal.low) / (
                    signal.high - signal.low
                )
                return np.fmax(stretched, 0)
            case Number():
                numbers = np.fmax(self._column("numbers", signal.field), 0)
                return numbers / (numbers + signal.half)
            case Rating():
                ratings = self._column("numbers", signal.field)
                counts = np.where(np.isnan(ratings), 0.0, self._column("numbers", signal.count))
                share = np.fmax(counts, 0)
                share /= share + signal.half
                shrunk = signal.mean + (np.nan_to_num(ratings) - signal.mean) * share
                return np.asarray(np.clip((shrunk - signal.low) / (signal.high - signal.low), 0, 1))
            case Recency():
                age = np.maximum(signal.today - self._column("dates", signal.field), 0)
                return np.asarray(np.nan_to_num(np.exp2(-age / (signal.half * DAY))))

    def _cosines_to(self, leg: str, vector: Vector) -> Scores:
        """Return the cosine of each document to a vector of the plan; proof and signal ask for the same."""
        key = (leg, id(vector))
        if key not in self._cosines:
            known = (each.of(self.docs) for each in self._compared if each.leg == leg and each.vector is vector)
            found = next(known, None)
            self._cosines[key] = self.view.leg(leg, vector).cosines(self.docs, vector) if found is None else found
        return self._cosines[key]

    def _column(self, role: str, field: str) -> NDArray[np.float64]:
        """Return a field of which every document has one number; NaN where there is none."""
        return self.view.products.column(role, field)[self.docs]

    def _holds(self, clause: Match | Codes) -> Mask:
        if isinstance(clause, Codes):
            return np.isin(self.docs, self.view.carrying(clause))
        return self.bm25(clause) > 0

    def _table(self, field: str, words: Words) -> Scores:
        """Return the scores of words; signals that read the same words of the same field share them."""
        key = (field, words.language, words.tokens, words.factors)
        if key not in self._tables:
            self._tables[key] = self.view.text(field, words.language).table(words, self.docs)
        return self._tables[key]


def enough(table: Scores, words: Words) -> Mask:
    """Tell which documents have what is needed of some words, given the scores of these in each."""
    if words.needed == sum(words.tells):
        return np.asarray((table > 0).all(axis=0))
    return told(table, words) >= words.needed


def told(table: Scores, words: Words) -> NDArray[np.integer]:
    """Return what those of some words count together that each document has, given their scores."""
    count = np.min_scalar_type(sum(words.tells)).type
    counts = np.zeros(table.shape[1], count)
    for scores, tells in zip(table, words.tells, strict=True):
        counts += np.multiply(scores > 0, count(tells), dtype=count)
    return counts


def contributions(plan: Plan, window: Window) -> Scores:
    """Return the contribution of each signal (row) to the score of each document (column)."""
    parts = np.zeros((len(plan.signals), len(window.docs)), np.float32)
    pins = {number: signal.pinned for number, signal in enumerate(plan.signals) if isinstance(signal, Passing)}
    places = window.places([key for key in pins.values() if key]) if any(pins.values()) else {}
    for number, signal in enumerate(plan.signals):
        if key := pins.get(number):
            parts[number, places.get(key, slice(0))] = signal.weight  # one cell, or none
        else:
            parts[number] = window.contribution(signal)
    return parts


def total(parts: Scores) -> Scores:
    """Return the sum of the contributions to each document, as exact as a score is."""
    scores: Scores = parts.sum(axis=0, dtype=np.float64).astype(np.float32)
    return scores
