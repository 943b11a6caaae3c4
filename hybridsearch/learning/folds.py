"""Folds: queries split so that what is learned or chosen on some is measured on others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Positions = NDArray[np.intp]

OUTER = 5
"""Folds that measure."""
REPEATS, FEW = 3, 1_000
"""How often fewer queries than FEW are split into outer folds: with so few, the figure depends on the split."""


def folds(groups: Sequence[int] | NDArray[np.int64], count: int, seed: int) -> Iterator[tuple[Positions, Positions]]:
    """Yield positions (train, test); whole groups go to the smallest fold, the largest groups first.

    Args:
        groups: Number of the group of each query, from `queries.groups`.
        count: Folds; fewer where there are fewer groups.
        seed: Decides which groups share a fold.
    """
    names, sizes = np.unique(groups, return_counts=True)
    shuffled = np.random.default_rng(seed).permutation(len(names))
    order = shuffled[np.argsort(-sizes[shuffled], kind="stable")]
    fold_sizes = np.zeros(min(count, len(names)), np.int64)
    fold_of_group = np.zeros(len(names), np.int64)
    for group in order:
        fold_of_group[group] = fold_sizes.argmin()
        fold_sizes[fold_of_group[group]] += sizes[group]
    fold = fold_of_group[np.searchsorted(names, groups)]
    for number in range(len(fold_sizes)):
        yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)
