"""Named points at which a test kills the process: what a real kill does there is seen, not guessed.

HYBRIDSEARCH_TEST_KILL=name:3 kills with SIGKILL when the point is reached for the third time.
"""

from __future__ import annotations

import os
import signal
from collections import Counter

POINTS = (
    "run.locked",
    "run.created",
    "run.begun",
    "chunk.read",
    "chunk.built",
    "chunk.sent",
    "chunk.written",
    "chunk.letters",
    "chunk.saved",
    "run.filled",
    "replay.read",
    "replay.applied",
    "run.replayed",
    "run.refreshed",
    "run.calibrated",
    "run.checked",
    "promote.settled",
    "promote.described",
    "promote.swapped",
    "promote.pruned",
    "run.swapped",
    "run.caught-up",
    "run.forgotten",
)
"""Every point, in the order in which a run reaches them."""

_wanted, _, _turn = os.environ.get("HYBRIDSEARCH_TEST_KILL", "").partition(":")
_reached = Counter[str]()


def reach(point: str) -> None:
    """Say that a point is reached; outside of tests this does nothing."""
    if _wanted == point:
        _reached[point] += 1
        if _reached[point] == int(_turn or 1):
            os.kill(os.getpid(), signal.SIGKILL)
