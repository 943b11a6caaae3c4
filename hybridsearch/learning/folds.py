"""Folds: queries split so that what is learned or chosen on some is measured on others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.intp]


def folds(groups: Sequence[int] | NDArray[np.int64], count: int, seed: int) -> Iterator[tuple[Places, Places]]:
    """Yield (train, test) places; whole groups are dealt out, the largest first, to the smallest fold.

    Args:
        groups: Number of the group of each query, from `queries.groups`.
        count: Folds; fewer where there are fewer groups.
        seed: Decides who is with whom.
    """
    names, sizes = np.unique(groups, return_counts=True)
    shuffled = np.random.default_rng(seed).permutation(len(names))
    order = shuffled[np.argsort(-sizes[shuffled], kind="stable")]
    filled = np.zeros(min(count, len(names)), np.int64)
    home = np.zeros(len(names), np.int64)
    for place in order:
        home[place] = filled.argmin()
        filled[home[place]] += sizes[place]
    fold = home[np.searchsorted(names, groups)]
    for number in range(len(filled)):
        yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)
