"""Order: the largest first, ties in their given order."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

COLUMNS = 16
"""Times as many groups as are wanted: then few of the largest ones share one."""


def best(scores: NDArray[Any], k: int) -> NDArray[np.intp]:
    """Return the positions of the `k` largest scores, the largest first; of tied ones the earlier first."""
    if k > 0 and 2 * COLUMNS * k < len(scores):
        likely = np.flatnonzero(scores >= least_of(scores, k))
        return likely[first(scores[likely], k)]
    return first(scores, k)


def first(scores: NDArray[Any], k: int) -> NDArray[np.intp]:
    """Return the same of not many more than `k`."""
    if 0 < k < len(scores):
        least = largest(scores, k)
        above = np.flatnonzero(scores > least)
        tied = np.flatnonzero(scores == least)[: k - len(above)]
        selected = np.concatenate([above, tied])
    else:
        selected = np.arange(len(scores) if k > 0 else 0)
    return selected[np.argsort(-scores[selected], kind="stable")]


def least_of(scores: NDArray[Any], k: int) -> Any:
    """Return a number that at least `k` of some scores reach, hardly more where there are many."""
    rows = len(scores) // (COLUMNS * k)
    if rows > 1:  # the highest of each column in place of all: as many reach what these do
        scores = scores[: len(scores) // rows * rows].reshape(rows, -1).max(axis=0)
    return largest(scores, k)


def largest(scores: NDArray[Any], k: int) -> Any:
    """Return the `k`-th largest of some scores."""
    return np.partition(scores, len(scores) - k)[len(scores) - k]
