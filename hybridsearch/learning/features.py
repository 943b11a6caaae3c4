"""Features: what weights are learned from. For each query its candidates, their signal values, and their grades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hybridsearch.learning.result_lists import ResultList, codes_first
from hybridsearch.learning.sources.queries import JudgedQuery, groups

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Positions = NDArray[np.intp]

CUT = 10
"""Ranks that count: weights are judged by nDCG@10."""
LARGEST = 1_000.0
"""Multiple of a saturation constant up to which four digits of a number can be told from its signal in float32."""


@dataclass(frozen=True, slots=True)
class Features:
    """Signal values and gains of the candidates of queries; shorter lists are padded with absent candidates.

    It takes 4 bytes x queries x candidates (at most the window, 400) x signals: 16 MB for 1,000 queries and 10 signals.

    Attributes:
        names: The signals.
        values: (queries, candidates, signals), in the order of the engine.
        present: (queries, candidates), which hold a product.
        judged: (queries, candidates), which of them have a grade.
        gains: (queries, candidates), 2**grade - 1; 0 without a grade.
        ideal: (queries,), the discounted gain of the best order of all judged products, candidates or not.
        trust: (queries,), how much each counts in learning, in [0, 1].
        kinds: (queries,), what sort of query each is.
        groups: (queries,), queries of one group are kept on one side of every split.
        written: Signals whose weights a person wrote: they stay.
        lifts: What words beside a photo add to the values, where it is part of them; None where there are none.
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
    written: frozenset[str] = frozenset()
    lifts: Floats | None = None

    def __len__(self) -> int:
        return len(self.ideal)

    def take(self, rows: Positions) -> Features:
        """Return the features of some queries."""
        parts = ("values", "present", "judged", "gains", "ideal", "trust", "kinds", "groups")
        lifts = None if self.lifts is None else self.lifts[rows]
        return replace(self, **{name: getattr(self, name)[rows] for name in parts}, lifts=lifts)

    def ndcg(self, weights: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return nDCG@10 of each query under weights, (signals,) or (queries, signals).

        Tied candidates share their gains, as the mean over all their orders: the order in which the engine gave them
        comes from other weights, and weights must not profit from an order that they do not give themselves.
        """
        spread = np.broadcast_to(np.asarray(weights, np.float32), (len(self), len(self.names)))
        sums: Floats = np.einsum("qcs,qs->qc", self.values, spread)
        scores = np.where(self.present, codes_first(sums, self.values, self.names), -np.inf)
        order = np.argsort(-scores, axis=1)
        ranked, gains = (np.take_along_axis(part, order, axis=1) for part in (scores, self.gains))
        shared = share_ties(ranked, gains)[:, :CUT]
        return np.asarray(shared @ discounts(shared.shape[1]) / self.ideal)

    def among_judged(self) -> Features:
        """Return the features without ungraded candidates: their nDCG is the condensed one (Sakai, 2007)."""
        return replace(self, present=self.present & self.judged)

    def varying(self) -> Mask:
        """Return which signals differ between candidates of any query: about the others nothing can be learned."""
        highest = np.where(self.present[..., None], self.values, -np.inf).max(axis=1)
        lowest = np.where(self.present[..., None], self.values, np.inf).min(axis=1)
        return np.asarray((highest > lowest).any(axis=0))

    def saturated(self, changes: Mapping[str, float]) -> Features:
        """Return the features under other saturation constants; s follows from s / (s + half).

        Args:
            changes: What the constant is multiplied by, for each signal where it changes.
        """
        if all(change == 1 for change in changes.values()):
            return self
        values = self.values.copy()
        for column, name in enumerate(self.names):
            if name in changes:
                lift = np.float32(0) if self.lifts is None else self.lifts[..., column]
                own = values[..., column] - lift
                ratio = own / np.maximum(1 - own, 1e-7)
                values[..., column] = ratio / (ratio + changes[name]) + lift
        return replace(self, values=values)

    def middle(self, signal: str) -> float:
        """Return the median of a saturated signal where it is not 0, as a multiple of its constant; 1 if it is all 0.

        It is at most LARGEST: above that, `saturated` could not restore the number to four digits.
        """
        column = self.names.index(signal)
        values = self.values[..., column].astype(np.float64)
        values = values if self.lifts is None else values - self.lifts[..., column]
        values = values[values > 0]
        return float(min(np.median(values / np.maximum(1 - values, 1e-7)), LARGEST)) if len(values) else 1.0


def build(
    names: Sequence[str], result_lists: Sequence[ResultList], queries: Sequence[JudgedQuery], kinds: Sequence[str]
) -> Features:
    """Return the features of candidates with their grades.

    Args:
        names: The signals.
        result_lists: What the engine returned for each query.
        queries: What was judged of each; at least one product is relevant.
        kinds: What sort of query each is.
    """
    longest = max(1, *(len(results.ids) for results in result_lists)) if result_lists else 1
    shape = (len(result_lists), longest)
    values = np.zeros((*shape, len(names)), np.float32)
    present, judged, gains = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_), np.zeros(shape, np.float32)
    grades = [query.grades for query in queries]
    lifts = np.zeros_like(values) if any(each.lifts is not None for each in result_lists) else None
    for row, (results, by_product) in enumerate(zip(result_lists, grades, strict=True)):
        values[row, : len(results.ids)] = results.whole
        if lifts is not None and results.lifts is not None:
            lifts[row, : len(results.ids)] = results.lifts
        present[row, : len(results.ids)] = True
        judged[row, : len(results.ids)] = [product in by_product for product in results.ids]
        gains[row, : len(results.ids)] = [2 ** by_product.get(product, 0.0) - 1 for product in results.ids]
    ideal = np.array([ideal_gain(by_product) for by_product in grades], np.float32)
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
        lifts=lifts,
    )


def share_ties(scores: NDArray[np.floating], gains: Floats) -> NDArray[np.float64]:
    """Return the gains, (queries, candidates), with those of tied candidates replaced by their mean.

    Args:
        scores: (queries, candidates), falling in each row.
        gains: In the same order.
    """
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
