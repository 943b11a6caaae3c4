"""Waiting for a server that is busy or briefly away. What to do is decided in `retry.py`."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from elastic_transport import ConnectionError, ConnectionTimeout, SerializationError, TransportError
from elasticsearch import ApiError, UnsupportedProductError

from hybridsearch.engines.elasticsearch.retry import Patience, Spread, repeatable, retry_after
from hybridsearch.errors import EngineError

T = TypeVar("T")

UNKNOWN_OUTCOME = (ConnectionError, ConnectionTimeout, SerializationError, UnsupportedProductError)
"""No answer, half of one, or a proxy's page in its place."""

Pause = Callable[[float], bool | None]
"""Waits for so many seconds; True says that nobody waits for the outcome any more."""


@dataclass(slots=True)
class Waiting:
    """How a run waits before it asks again.

    Attributes:
        sleep: How it waits.
        spread: How it draws at random.
        retried: Requests that were asked again so far.
    """

    sleep: Pause = time.sleep
    spread: Spread = random.uniform
    retried: int = 0

    def repeat(self, ask: Callable[[], T]) -> T:
        """Ask for something until the server can answer; only for what may be done twice.

        Raises:
            ApiError, TransportError: The server refuses, or does not come back within the budget.
            EngineError: Nobody waits for the outcome any more.
        """
        patience = Patience()
        while True:
            try:
                return ask()
            except (ApiError, TransportError) as error:
                left = self.wait(patience, error) if may_pass(error) else None
                if left is None:
                    raise
                patience = left

    def wait(self, patience: Patience, error: Exception | None) -> Patience | None:
        """Wait as long as is due after an error; return the patience that is left, or None, at once, at its end.

        Raises:
            EngineError: Nobody waits for the outcome any more.
        """
        seconds = patience.pause(wished(error), self.spread)
        if seconds is None:
            return None
        if self.sleep(seconds):
            raise EngineError("What was under way is given up. Continue with the same command.") from error
        self.retried += 1
        return patience.after(seconds)


def wished(error: Exception | None) -> float | None:
    """Return the pause that a server asked for."""
    return retry_after(error.meta.headers.get("retry-after")) if isinstance(error, ApiError) else None


def may_pass(error: ApiError | TransportError) -> bool:
    """Return whether the same request may succeed later."""
    if isinstance(error, ApiError) and not isinstance(error, UNKNOWN_OUTCOME):
        return repeatable(error.meta.status, error.message)
    return isinstance(error, UNKNOWN_OUTCOME)
