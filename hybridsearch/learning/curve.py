"""The learning curve: what weights gain that are learned from some of the judged queries, measured on others."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch.learning.cross_validation import chosen
from hybridsearch.learning.features import Features
from hybridsearch.learning.fit import Weighting
from hybridsearch.learning.folds import OUTER, folds
from hybridsearch.learning.significance import compare
from hybridsearch.runtime.progress import Progress, silent

SHARES = (0.125, 0.25, 0.5)
"""Of the queries that there are to learn from."""
FEWEST = 8
"""Queries below which nothing is learned."""


@dataclass(frozen=True, slots=True)
class Gain:
    """What weights gain that are learned from some queries.

    Attributes:
        queries: How many they were, the mean over the folds.
        gain: In nDCG@10 over the current weights, on queries that they were learned without.
        low: Of its 95 % interval over those queries.
        high: Of that.
    """

    queries: int
    gain: float
    low: float
    high: float

    def to_json(self) -> dict[str, Any]:
        """Return the object that `tune --json` prints."""
        return asdict(self)


def learning_curve(
    features: Features,
    start: Weighting,
    before: NDArray[np.float64],
    held_out: NDArray[np.float64],
    *,
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[Gain, ...]:
    """Learn from growing shares of the queries, as `tune` learns from all, on one deal of the same folds.

    Args:
        features: All judged queries.
        start: The current weights, (signals,).
        before: nDCG@10 of each query under them.
        held_out: The same under weights that were learned from all other folds.
        seed: Of the folds.
        progress: Is told how many of the rounds are done.
    """
    parts = list(folds(features.groups, OUTER, seed))
    most = round(float(np.mean([len(train) for train, _ in parts]))) if len(parts) > 1 else 0
    shares = [share for share in SHARES if share * most >= FEWEST]
    found = []
    for number, share in enumerate(shares):
        after, sizes = np.zeros(len(features)), []
        for place, (train, test) in enumerate(parts, 1):
            some = drawn(train, features.groups, share, seed)
            after[test] = chosen(features.take(some), start, seed + 1).ndcg(features.take(test))
            sizes.append(len(some))
            progress("learning curve", number * len(parts) + place, len(shares) * len(parts))
        found.append(measured(round(float(np.mean(sizes))), after, before))
    return (*found, measured(most, held_out, before)) if most else ()


def drawn(train: NDArray[np.intp], groups: NDArray[np.int64], share: float, seed: int) -> NDArray[np.intp]:
    """Return a share of some queries; whole groups, the same ones in each larger share."""
    names = np.random.default_rng(seed).permutation(np.unique(groups[train]))
    kept = names[: max(2, round(share * len(names)))]
    return train[np.isin(groups[train], kept)]


def measured(queries: int, after: NDArray[np.float64], before: NDArray[np.float64]) -> Gain:
    """Return the gain of some weights with its interval."""
    gain = compare(after, before)
    return Gain(queries, gain.difference, gain.low, gain.high)
