"""Waiting for a server that is busy or briefly away. What to do is decided in `retry.py`."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from elastic_transport import ConnectionError, ConnectionTimeout, SerializationError, TransportError
from elasticsearch import ApiError, UnsupportedProductError

from hybridsearch.engines.elasticsearch.transport.retry import Backoff, Jitter, repeatable, retry_after
from hybridsearch.errors import EngineError

T = TypeVar("T")

UNKNOWN_OUTCOME = (ConnectionError, ConnectionTimeout, SerializationError, UnsupportedProductError)
"""No answer, half of one, or a page of a proxy instead."""

Pause = Callable[[float], bool | None]
"""Waits for this many seconds; True means that nobody waits for the outcome any more."""


@dataclass(slots=True)
class Waiting:
    """How a run waits before it repeats a request.

    Attributes:
        sleep: How it waits.
        jitter: How it draws at random.
        retried: Requests that were repeated so far.
    """

    sleep: Pause = time.sleep
    jitter: Jitter = random.uniform
    retried: int = 0

    def repeat(self, send: Callable[[], T]) -> T:
        """Send a request until the server can answer it; only for requests that may be executed twice.

        Raises:
            ApiError, TransportError: The server refuses, or does not come back within the budget.
            EngineError: Nobody waits for the outcome any more.
        """
        backoff = Backoff()
        while True:
            try:
                return send()
            except (ApiError, TransportError) as error:
                waited = self.wait(backoff, error) if is_transient(error) else None
                if waited is None:
                    raise
                backoff = waited

    def wait(self, backoff: Backoff, error: Exception | None) -> Backoff | None:
        """Wait as long as is due after an error and return the new state; None, at once, when it is time to stop.

        Raises:
            EngineError: Nobody waits for the outcome any more.
        """
        seconds = backoff.pause(requested_pause(error), self.jitter)
        if seconds is None:
            return None
        if self.sleep(seconds):
            raise EngineError("The run was stopped while it waited. Continue with the same command.") from error
        self.retried += 1
        return backoff.after(seconds)


def requested_pause(error: Exception | None) -> float | None:
    """Return the pause that a server asked for."""
    return retry_after(error.meta.headers.get("retry-after")) if isinstance(error, ApiError) else None


def is_transient(error: ApiError | TransportError) -> bool:
    """Return whether the same request may succeed later."""
    if isinstance(error, ApiError) and not isinstance(error, UNKNOWN_OUTCOME):
        return repeatable(error.meta.status, error.message)
    return isinstance(error, UNKNOWN_OUTCOME)
