"""What to do about a missing or partial answer: pure decisions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

ITEMS = 500
BYTES = 5_000_000
LEAST_ITEMS = 16
"""Smaller requests do not help a busy server; only requests that are too large for it are halved further."""
LEAST_BYTES = 50_000
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
BUDGET = 300.0
"""Seconds of waiting without progress after which a run stops; the same command continues it."""

FIRST_SHORT_PAUSE = 0.05
LONGEST_SHORT_PAUSE = 1.0
"""For a search, which somebody waits for."""
LEAST_TIME = 0.1
"""Seconds that a search needs after a pause."""
MOST_REPEATS = 200.0

BLOCKED = "cluster_block_exception"

Jitter = Callable[[float, float], float]
"""Returns a random number between two numbers."""


class Verdict(Enum):
    """What happens to one item."""

    DONE = "done"
    OLDER = "older than what is stored"
    AGAIN = "worth another try"
    REFUSED = "refused for good"
    STOP = "no item can be written at all"


def item_verdict(status: int, kind: str | None) -> Verdict:
    """Return what the status of an item means, with the type of its error if it has one.

    A product is refused only for what lies in the product itself. A server that is busy or away says nothing about a
    product, and an index that is missing or blocked refuses them all.
    """
    if is_leaderless(status, kind):
        return Verdict.AGAIN
    if kind in ("index_not_found_exception", BLOCKED, "index_closed_exception"):
        return Verdict.STOP
    if status == 429 or status >= 500:
        return Verdict.AGAIN
    if kind is None:
        return Verdict.DONE  # also 404 for the removal of a product that is not stored
    if status == 409:
        return Verdict.OLDER
    return Verdict.STOP if status in (401, 403) else Verdict.REFUSED


def repeatable(status: int, kind: str | None) -> bool:
    """Return whether a whole request with this status, and this type of error, is worth another try.

    A block because of a full disk is a 429 too, and does not end by itself.
    """
    return status in (429, 502, 503, 504) and (kind != BLOCKED or is_leaderless(status, kind))


def is_leaderless(status: int, kind: str | None) -> bool:
    """Return whether a cluster has no master at the moment: its nodes elect another one."""
    return kind == BLOCKED and status == 503


@dataclass(frozen=True, slots=True)
class Limits:
    """How much goes into one request. A failure halves it, every successful request adds an eighth."""

    items: int = ITEMS
    bytes: int = BYTES

    def eased(self, items: int, size: int) -> Limits:
        """Return the limits after a server was too busy for a request with this many items and bytes."""
        return Limits(max(min(LEAST_ITEMS, self.items), items // 2), max(min(LEAST_BYTES, self.bytes), size // 2))

    def halved(self, items: int) -> Limits:
        """Return the limits after a request with this many items was too large."""
        return Limits(max(1, items // 2), self.bytes)

    def grown(self) -> Limits:
        """Return the limits after a successful request."""
        return Limits(min(ITEMS, self.items + self.items // 8 + 1), min(BYTES, self.bytes + self.bytes // 8))


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often, and for how many seconds, a run has waited since the last progress."""

    tries: int = 0
    waited: float = 0.0

    def pause(self, requested: float | None, jitter: Jitter) -> float | None:
        """Return the seconds to wait before the next try, or None when it is time to stop.

        Pauses double, with random jitter, so that many clients do not return at the same time.

        Args:
            requested: What the server asked for (`Retry-After`); the pause is never shorter.
            jitter: Draws at random.
        """
        if self.waited >= BUDGET or (requested or 0) > BUDGET:
            return None
        longest = min(FIRST_PAUSE * 2**self.tries, LONGEST_PAUSE)
        return max(jitter(longest / 2, longest), requested or 0)

    def after(self, seconds: float) -> Backoff:
        """Return the state after a pause."""
        return Backoff(self.tries + 1, self.waited + seconds)


def retry_after(header: str | None) -> float | None:
    """Return the seconds of a `Retry-After` header; None for a date, which depends on clocks, and for anything else."""
    try:
        seconds = float(header or "")
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None


def short_pause(tries: int, requested: float | None, left: float, jitter: Jitter) -> float | None:
    """Return the seconds before a search asks again, or None when there is no time for that.

    Args:
        tries: How often it has been asked again.
        requested: What the server asked for (`Retry-After`); the pause is never shorter.
        left: Seconds until the search has to end.
        jitter: Draws at random.
    """
    longest = min(FIRST_SHORT_PAUSE * 2 ** min(tries, 10), LONGEST_SHORT_PAUSE)
    seconds = max(jitter(longest / 2, longest), requested or 0)
    return seconds if seconds + LEAST_TIME <= left else None


@dataclass(slots=True)
class Allowance:
    """How many requests searches may still repeat: each answer earns one, each repeat costs one.

    A server that refuses fewer than half of them never uses it up. One that refuses all of them gets MOST_REPEATS more,
    and then one of each search, so that it is not kept down and nobody waits in vain.
    """

    repeats: float = MOST_REPEATS

    def spend(self) -> bool:
        """Take one, if there is one."""
        if self.repeats < 1:
            return False
        self.repeats -= 1
        return True

    def earn(self) -> None:
        """Add one."""
        self.repeats = min(self.repeats + 1, MOST_REPEATS)
