"""The deadline of a search: one for all its requests to a server, and another one for its encoders.

It belongs to the current thread or coroutine, and to what that starts (`contextvars`): nobody has to hand it on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_end: ContextVar[float] = ContextVar("end", default=float("inf"))


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let all that waits inside end after so many seconds; one inside another only ever shortens it."""
    before = _end.set(min(_end.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _end.reset(before)


@contextmanager
def aside(seconds: float) -> Iterator[None]:
    """Give what happens inside so many seconds of its own, and put the deadline off by what it took.

    Without a deadline there is none inside either.
    """
    end, started = _end.get(), time.monotonic()
    if end == float("inf"):
        yield
        return
    _end.set(started + seconds)
    try:
        yield
    finally:
        _end.set(end + time.monotonic() - started)


def left() -> float:
    """Return the seconds until the deadline, 0 or less when it has passed; infinitely many when there is none."""
    return _end.get() - time.monotonic()
