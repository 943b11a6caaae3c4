"""The deadline of a search: one for all its requests to a server, and another one for its encoders.

It belongs to the current thread or coroutine, and to what that starts (`contextvars`): nobody has to hand it on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar

NEVER = float("inf")

_end: ContextVar[float] = ContextVar("end", default=NEVER)
_allowed: ContextVar[float] = ContextVar("allowed", default=NEVER)
"""The seconds that there were, of which `_end` says what is left."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let all that waits inside end after so many seconds; one inside another only ever shortens it."""
    end = _end.set(min(_end.get(), time.monotonic() + seconds))
    before = _allowed.set(min(_allowed.get(), seconds))
    try:
        yield
    finally:
        _allowed.reset(before)
        _end.reset(end)


def by_default(seconds: float) -> AbstractContextManager[None]:
    """Let all that waits inside end after so many seconds, unless it has a deadline already."""
    return within(seconds) if _allowed.get() == NEVER else nullcontext()


def allowed(default: float) -> float:
    """Return how many seconds there were in all when the deadline was set, a default where there is none."""
    return default if _allowed.get() == NEVER else _allowed.get()


@contextmanager
def aside(seconds: float) -> Iterator[None]:
    """Give what happens inside so many seconds of its own, and put the deadline off by what it took.

    Without a deadline there is none inside either.
    """
    end, started = _end.get(), time.monotonic()
    if end == NEVER:
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


class Allowance:
    """Seconds that some work may take in all its parts; what happens between them does not count.

    Args:
        seconds: Of all parts together.
    """

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    @contextmanager
    def spent(self) -> Iterator[float]:
        """Give a part the seconds that are left, 0 where there are none, and take off what it needs."""
        started = time.monotonic()
        try:
            yield max(0.0, self._left)
        finally:
            self._left -= time.monotonic() - started
