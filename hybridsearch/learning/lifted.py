"""Lifted: what words beside a photo, as in "like this, but black", add to a score, as more of each of its signals.

What a search adds for it are parts of the weights of the other signals, see `search/alike/wishes.py`. So the score is
a sum of weights times numbers here too, and weights can be learned from it as from any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from hybridsearch.query_sources import PHOTO
from hybridsearch.search.alike.wishes import ALIKE_FIELD, NAMED_FIELD
from hybridsearch.search.plan import Plan
from hybridsearch.search.signals import LEADS
from hybridsearch.values import Hit


def is_lifted(plan: Plan) -> bool:
    """Tell whether words of the query name a value beside a photo."""
    return any(signal.name.startswith(NAMED_FIELD) for signal in plan.signals)


def lifts(plan: Plan, hits: Iterable[Hit], names: Sequence[str], alike: float) -> NDArray[np.float32]:
    """Return what the values of signals are to grow by so that their weighted sum is the score, (hits, signals).

    Args:
        plan: As `granted` returned it.
        hits: What it found.
        names: The signals.
        alike: Of the weights of the plan, what is added for what looks like the photo has.
    """
    weights = {signal.name: signal.weight for signal in plan.signals}
    own = {name: weight for name, weight in weights.items() if not name.startswith((NAMED_FIELD, ALIKE_FIELD))}
    seen = {name: weight for name, weight in own.items() if name.startswith(f"{PHOTO.name}.")}
    bound = alike * sum(seen.values())
    every = np.array([name in own and name not in LEADS for name in names], np.float32)
    photos = np.array([name in seen for name in names], np.float32)
    rows = []
    for hit in hits:
        named, like = (
            sum(value for name, value in hit.signals.items() if name.startswith(start))
            for start in (NAMED_FIELD, ALIKE_FIELD)
        )
        times = named / (sum(own.values()) + bound)
        rows.append(times * every + (alike * times + like / sum(seen.values())) * photos)
    return np.array(rows, np.float32).reshape(len(rows), len(names))
