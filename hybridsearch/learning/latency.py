"""How long the engine takes for a first page of each judged query, one after the other."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from hybridsearch.engines.base import Engine
from hybridsearch.learning.prepared import PreparedQuery
from hybridsearch.runtime.progress import Progress
from hybridsearch.search.weights import Weights

MOST = 200
"""Queries that are asked."""
SIZE = 10
"""Hits of a page."""
WARM = 3
"""Searches before the first that counts."""


def latencies(engine: Engine, asked: Sequence[PreparedQuery], weights: Weights, progress: Progress) -> list[float]:
    """Return the milliseconds of each query, of the first MOST; what encoding takes is left out.

    Args:
        engine: Is asked.
        asked: At least one, with their vectors.
        weights: Those in use.
        progress: Called after every answer.

    Raises:
        EngineError: The engine cannot be reached.
    """
    schema = engine.schema()
    plans = [replace(query.searched(engine, schema, weights), size=SIZE) for query in asked[:MOST]]
    for plan in plans[:WARM]:
        engine.search(plan)
    found = []
    for number, plan in enumerate(plans, 1):
        started = time.perf_counter()
        engine.search(plan)
        found.append((time.perf_counter() - started) * 1000)
        progress("measuring", number, len(plans))
    return found
