"""Order: the largest first, ties in their given order."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def best(scores: NDArray[Any], k: int) -> NDArray[np.intp]:
    """Return the positions of the `k` largest scores, the largest first; of tied ones the earlier first."""
    if 0 < k < len(scores):
        least = np.partition(scores, len(scores) - k)[len(scores) - k]
        above = np.flatnonzero(scores > least)
        tied = np.flatnonzero(scores == least)[: k - len(above)]
        selected = np.concatenate([above, tied])
    else:
        selected = np.arange(len(scores) if k > 0 else 0)
    return selected[np.argsort(-scores[selected], kind="stable")]
