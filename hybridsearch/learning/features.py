"""The table that weights are learned from: for each query its candidates, their signal values, and their grades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hybridsearch.learning.queries import JudgedQuery, groups
from hybridsearch.learning.result_lists import ResultList

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Places = NDArray[np.intp]

CUT = 10
"""Ranks that count: what is learned is nDCG@10."""
LARGEST = 1_000.0
"""Multiple of a saturation constant up to which four digits of a number can be told from its signal in float32."""


@dataclass(frozen=True, slots=True)
class Features:
    """Queries in a rectangle; rows with fewer candidates than the longest are filled up with absent ones.

    It takes 4 bytes x queries x candidates (at most the window, 400) x signals: 16 MB for 1,000 queries and 10 signals.

    Attributes:
        names: The signals.
        values: (queries, candidates, signals), in the order of the engine.
        present: (queries, candidates), which places hold a product.
        judged: (queries, candidates), which of them have a grade.
        gains: (queries, candidates), 2**grade - 1; 0 without a grade.
        ideal: (queries,), the discounted gain of the best order of all judged products, found or not.
        trust: (queries,), how much each counts in learning, in [0, 1].
        kinds: (queries,), what sort of query each is.
        groups: (queries,), queries of one group are kept on one side of every split.
    """

    names: tuple[str, ...]
    values: Floats
    present: Mask
    judged: Mask
    gains: Floats
    ideal: Floats
    trust: Floats
    kinds: NDArray[np.str_]
    groups: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ideal)

    def take(self, rows: Places) -> Features:
        """Return the table of some queries."""
        parts = ("values", "present", "judged", "gains", "ideal", "trust", "kinds", "groups")
        return replace(self, **{name: getattr(self, name)[rows] for name in parts})

    def ndcg(self, weights: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return nDCG@10 of each query under weights, (signals,) or (queries, signals).

        Level candidates share their gains, as the mean over all their orders: the order in which the engine gave them
        comes from other weights, and a weighting must not gain by what it does not say itself.
        """
        spread = np.broadcast_to(np.asarray(weights, np.float32), (len(self), len(self.names)))
        scores = np.where(self.present, np.einsum("qcs,qs->qc", self.values, spread), -np.inf)
        order = np.argsort(-scores, axis=1)
        ranked, gains = (np.take_along_axis(part, order, axis=1) for part in (scores, self.gains))
        found = level(ranked, gains)[:, :CUT]
        return np.asarray(found @ discounts(found.shape[1]) / self.ideal)

    def among_judged(self) -> Features:
        """Return the table without the candidates that have no grade: its nDCG is the condensed one (Sakai, 2007)."""
        return replace(self, present=self.present & self.judged)

    def seen(self) -> Mask:
        """Return which signals ever differ between the candidates of a query: of the others nothing can be learned."""
        most = np.where(self.present[..., None], self.values, -np.inf).max(axis=1)
        least = np.where(self.present[..., None], self.values, np.inf).min(axis=1)
        return np.asarray((most > least).any(axis=0))

    def saturated(self, changes: Mapping[str, float]) -> Features:
        """Return the table with other saturation constants: s / (s + half) tells what s was.

        Args:
            changes: What the constant is multiplied by, for each signal that has another one.
        """
        if all(change == 1 for change in changes.values()):
            return self
        values = self.values.copy()
        for place, name in enumerate(self.names):
            if name in changes:
                ratio = values[..., place] / np.maximum(1 - values[..., place], 1e-7)
                values[..., place] = ratio / (ratio + changes[name])
        return replace(self, values=values)

    def middle(self, signal: str) -> float:
        """Return the median of a saturated signal where it is not 0, as a multiple of its constant; or 1.

        It is at most LARGEST: from larger ones `saturated` could not tell the number to four digits.
        """
        found = self.values[..., self.names.index(signal)].astype(np.float64)
        found = found[found > 0]
        return float(min(np.median(found / np.maximum(1 - found, 1e-7)), LARGEST)) if len(found) else 1.0


def build(
    names: Sequence[str], candidates: Sequence[ResultList], queries: Sequence[JudgedQuery], kinds: Sequence[str]
) -> Features:
    """Lay candidates and grades out in a table.

    Args:
        names: The signals.
        candidates: What the engine returned for each query.
        queries: What was judged of each; at least one product is relevant.
        kinds: What sort of query each is.
    """
    deepest = max(1, *(len(each.ids) for each in candidates)) if candidates else 1
    shape = (len(candidates), deepest)
    values = np.zeros((*shape, len(names)), np.float32)
    present, judged, gains = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_), np.zeros(shape, np.float32)
    grades = [query.grades for query in queries]
    for row, (each, graded) in enumerate(zip(candidates, grades, strict=True)):
        values[row, : len(each.ids)] = each.values
        present[row, : len(each.ids)] = True
        judged[row, : len(each.ids)] = [name in graded for name in each.ids]
        gains[row, : len(each.ids)] = [2 ** graded.get(name, 0.0) - 1 for name in each.ids]
    ideal = np.array([ideal_gain(graded) for graded in grades], np.float32)
    return Features(
        tuple(names),
        values,
        present,
        judged,
        gains,
        ideal,
        np.array([query.weight for query in queries], np.float32),
        np.array(kinds, dtype=np.str_),
        np.array(groups(queries), np.int64),
    )


def level(scores: Floats, gains: Floats) -> NDArray[np.float64]:
    """Return the gains, (queries, candidates), in order of falling scores, level ones with the mean of their gains."""
    first = np.ones(scores.shape, np.bool_)
    first[:, 1:] = scores[:, 1:] != scores[:, :-1]
    starts = np.flatnonzero(first)
    sizes = np.diff(starts, append=first.size)
    means = np.add.reduceat(gains.ravel(), starts, dtype=np.float64) / sizes if len(starts) else np.zeros(0)
    return np.repeat(means, sizes).reshape(gains.shape)


def ideal_gain(grades: Mapping[str, float]) -> float:
    """Return the discounted gain of the best order of the judged products, down to CUT."""
    best = np.array(sorted(grades.values(), reverse=True)[:CUT])
    return float((2**best - 1) @ discounts(len(best)))


def discounts(count: int) -> NDArray[np.float64]:
    """Return 1 / log2(rank + 1) for the first ranks, (count,)."""
    return np.asarray(1 / np.log2(np.arange(count) + 2))
