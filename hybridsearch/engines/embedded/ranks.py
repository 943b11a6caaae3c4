"""Order: the largest first, and among equals the one that comes first."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def best(scores: NDArray[Any], k: int) -> NDArray[np.intp]:
    """Return the positions of the `k` largest scores, the largest first; of equal ones the earlier first."""
    if 0 < k < len(scores):
        least = np.partition(scores, len(scores) - k)[len(scores) - k]
        above = np.flatnonzero(scores > least)
        level = np.flatnonzero(scores == least)[: k - len(above)]
        chosen = np.concatenate([above, level])
    else:
        chosen = np.arange(len(scores) if k > 0 else 0)
    return chosen[np.argsort(-scores[chosen], kind="stable")]
