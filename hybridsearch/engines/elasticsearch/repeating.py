"""A search that meets a busy server asks again, within the time that it has. What to do is decided in `retry.py`."""

from __future__ import annotations

import random
from typing import TypeVar

from elastic_transport import ConnectionError, TlsError, TransportError
from elasticsearch import ApiError

from hybridsearch.engines.elasticsearch.request.fallback import caused_by_search
from hybridsearch.engines.elasticsearch.transport.exchange import Exchange, Pause
from hybridsearch.engines.elasticsearch.transport.node import Unreachable
from hybridsearch.engines.elasticsearch.transport.retry import Allowance, Jitter, repeatable, short_pause
from hybridsearch.engines.elasticsearch.transport.waiting import requested_pause
from hybridsearch.runtime.deadline import left

T = TypeVar("T")

MOST_LOST = 2
"""A connection that is lost once more is not lost by chance: it is another server's, or one that dies of the search."""


def repeating(
    exchange: Exchange[T], allowance: Allowance, jitter: Jitter = random.uniform, most: int | None = None
) -> Exchange[T]:
    """Return an exchange that asks again where a server was busy, or lost the connection, as long as there is time.

    Args:
        exchange: Requests that change nothing.
        allowance: Of all searches together.
        jitter: Draws at random.
        most: How often each request is repeated at most; None: as often as there is time.
    """
    try:
        request = next(exchange)
        tries = 0
        while True:
            try:
                answer = yield request
            except Exception as error:  # also what only the exchange itself can make an error of ours
                seconds = None
                allowed = most is None or tries < most
                if allowed and isinstance(error, ApiError | TransportError) and may_pass(error, tries):
                    seconds = short_pause(tries, requested_pause(error), left(), jitter)
                if seconds is None or not allowance.spend():
                    request, tries = exchange.throw(error), 0
                else:
                    yield Pause(seconds)
                    tries += 1
            else:
                allowance.earn()
                request, tries = exchange.send(answer), 0
    except StopIteration as end:
        result: T = end.value
        return result


def may_pass(error: ApiError | TransportError, tries: int) -> bool:
    """Return whether the same request, which has been repeated some times, may succeed in a moment.

    Not where nobody listens, nor where an answer took too long, nor where a part of the search is the cause: then the
    other part is asked for.
    """
    if isinstance(error, ApiError):
        return repeatable(error.meta.status, error.message) and not caused_by_search(error.meta.status, error.body)
    lost = isinstance(error, ConnectionError) and not isinstance(error, TlsError | Unreachable)
    return lost and tries < MOST_LOST
