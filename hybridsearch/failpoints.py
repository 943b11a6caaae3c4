"""Named points at which a test kills the process: what a real kill does there is seen, not guessed.

HYBRIDSEARCH_TEST_KILL=chunk.sent:3 kills with SIGKILL when the point is reached for the third time.
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
    "follow.read",
    "follow.written",
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
"""Every point. `chunk.sent` is reached on a server alone, `follow` with a catalogue that is an index."""

_armed = ["", 1]
_reached = Counter[str]()


def arm(wanted: str) -> None:
    """Choose the point, and the turn after a colon, at which the process is killed; empty for none."""
    point, _, turn = wanted.partition(":")
    _armed[:] = [point, int(turn or 1)]
    _reached.clear()


def reach(point: str) -> None:
    """Say that a point is reached; outside of tests this does nothing."""
    if _armed[0] == point:
        _reached[point] += 1
        if _reached[point] == _armed[1]:
            os.kill(os.getpid(), signal.SIGKILL)


arm(os.environ.get("HYBRIDSEARCH_TEST_KILL", ""))
