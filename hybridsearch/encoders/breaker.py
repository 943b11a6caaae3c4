"""An encoder that fails is left out for a while, so that not every search waits for it before its words answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from hybridsearch.errors import EncoderError, EncoderUnavailable
from hybridsearch.runtime import deadline

SLOW = 1.0
"""Seconds after which a single failure is enough."""
FAILURES = 3
"""In a row, if they are quick."""
PAUSE = 10.0
"""Seconds for which the encoder is left out; then one search tries it."""


class Breaker:
    """Knows whether an encoder is left out; any thread may ask."""

    def __init__(self) -> None:
        self._failures = 0
        self._until = 0.0
        self._why = ""

    @contextmanager
    def guarding(self, name: str) -> Iterator[None]:
        """Run what needs the encoder, and learn from how that ends; only where somebody waits, who has a deadline.

        Raises:
            EncoderUnavailable: It is left out, or fails.
        """
        if deadline.left() == float("inf"):
            yield
            return
        started = monotonic()
        self._require(name, started)
        try:
            yield
        except EncoderUnavailable as error:
            self._failed(str(error), monotonic() - started)
            raise
        except EncoderError:  # it is there, and refuses this one
            self._failures = 0
            raise
        self._failures = 0

    def _require(self, name: str, now: float) -> None:
        if self._failures < FAILURES:
            return
        if now < self._until:
            raise EncoderUnavailable(
                f"Encoder '{name}' is left out for {max(1, round(self._until - now))} s, because it failed: {self._why}"
            )
        self._until = now + PAUSE  # the others go on without it while this one tries

    def _failed(self, why: str, seconds: float) -> None:
        self._failures = FAILURES if seconds >= SLOW else self._failures + 1
        self._until, self._why = monotonic() + PAUSE, why
