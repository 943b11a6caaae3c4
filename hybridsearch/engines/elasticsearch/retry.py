"""What to do about an answer that is none, or only a part of one: pure decisions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

ITEMS = 500
BYTES = 5_000_000
LEAST_ITEMS = 16
"""Below this a busy server is not helped any more; only what is too large for it goes on to be halved."""
LEAST_BYTES = 50_000
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
BUDGET = 300.0
"""Seconds of waiting without any progress before a run stops; the same command continues it."""

Spread = Callable[[float, float], float]
"""Returns a number between two, at random."""


class Verdict(Enum):
    """What becomes of one item."""

    DONE = "done"
    OLDER = "older than what is there"
    AGAIN = "worth another try"
    REFUSED = "refused for good"
    STOP = "no item can be written at all"


def of_item(status: int, kind: str | None) -> Verdict:
    """Return what an item's status, and the type of its error if it has one, mean.

    Only what lies in the product itself refuses it. A server that is busy or away says nothing about a product, and
    an index that is gone or blocked refuses them all.
    """
    if kind in ("index_not_found_exception", "cluster_block_exception", "index_closed_exception"):
        return Verdict.STOP
    if status == 429 or status >= 500:
        return Verdict.AGAIN
    if kind is None:
        return Verdict.DONE  # also 404 for the removal of what is not there
    if status == 409:
        return Verdict.OLDER
    return Verdict.STOP if status in (401, 403) else Verdict.REFUSED


def repeatable(status: int, kind: str | None) -> bool:
    """Return whether a whole request with this status, and this type of error, is worth another try.

    A block for want of disk space is a 429 too, and does not pass by itself.
    """
    return status in (429, 502, 503, 504) and kind != "cluster_block_exception"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much goes into one request. Trouble halves it, and every request that went well adds an eighth."""

    items: int = ITEMS
    bytes: int = BYTES

    def eased(self, items: int, size: int) -> Limits:
        """Return the limits after a server was too busy for a request of so many items and bytes."""
        return Limits(max(min(LEAST_ITEMS, self.items), items // 2), max(min(LEAST_BYTES, self.bytes), size // 2))

    def halved(self, items: int) -> Limits:
        """Return the limits after a request of so many items was too large."""
        return Limits(max(1, items // 2), self.bytes)

    def grown(self) -> Limits:
        """Return the limits after a request that went well."""
        return Limits(min(ITEMS, self.items + self.items // 8 + 1), min(BYTES, self.bytes + self.bytes // 8))


@dataclass(frozen=True, slots=True)
class Patience:
    """How long has been waited since anything moved."""

    tries: int = 0
    waited: float = 0.0

    def pause(self, wished: float | None, spread: Spread) -> float | None:
        """Return the seconds to wait before the next try, or None when it is time to stop.

        Pauses double and are spread at random, so that many clients do not come back at once.

        Args:
            wished: What the server asked for (`Retry-After`); less is never waited.
            spread: Draws at random.
        """
        if self.waited >= BUDGET or (wished or 0) > BUDGET:
            return None
        longest = min(FIRST_PAUSE * 2**self.tries, LONGEST_PAUSE)
        return max(spread(longest / 2, longest), wished or 0)

    def after(self, seconds: float) -> Patience:
        """Return the patience that is left after a pause."""
        return Patience(self.tries + 1, self.waited + seconds)


def retry_after(header: str | None) -> float | None:
    """Return the seconds of a `Retry-After` header; the form that is a date depends on clocks and is passed over."""
    try:
        seconds = float(header or "")
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None
