"""Named points at which a test kills the process, to see what a real kill does there.

HYBRIDSEARCH_TEST_KILL=chunk.sent:3 sends SIGKILL when the point is reached for the third time.
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
    "run.merged",
    "run.checked",
    "promote.settled",
    "promote.described",
    "promote.swapped",
    "promote.pruned",
    "run.swapped",
    "run.caught-up",
    "run.forgotten",
    "change.recorded",
    "change.written",
    "rollback.filled",
    "rollback.switched",
)
"""Every point. `chunk.sent` is reached only on a server, `follow` only with a catalogue that is an index."""

_armed = ["", 1]
_reached = Counter[str]()


def arm(text: str) -> None:
    """Choose the point at which the process is killed, and after a colon at which pass; empty for none."""
    point, _, count = text.partition(":")
    _armed[:] = [point, int(count or 1)]
    _reached.clear()


def reach(point: str) -> None:
    """Report that a point is reached; outside of tests this does nothing."""
    if _armed[0] == point:
        _reached[point] += 1
        if _reached[point] == _armed[1]:
            os.kill(os.getpid(), signal.SIGKILL)


arm(os.environ.get("HYBRIDSEARCH_TEST_KILL", ""))
