"""Exchanges with a server: requests and the result of their answers, apart from the client that sends them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from elasticsearch import AsyncElasticsearch

from hybridsearch.engines.base import Request
from hybridsearch.engines.elasticsearch.transport.client import Client
from hybridsearch.engines.elasticsearch.transport.connection import JSON, json_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pause:
    """Seconds to wait."""

    seconds: float


Exchange = Generator[Request | Pause, Mapping[str, Any], T]
"""Yields each request, receives the body of its answer or the client's error, and returns the result.

After a pause it receives nothing.
"""


def run(exchange: Exchange[T], client: Client, sleep: Callable[[float], object] = time.sleep) -> T:
    """Send the requests of an exchange, and return its result."""
    advance: Callable[[], Request | Pause] = partial(next, exchange)
    while True:
        try:
            request = advance()
        except StopIteration as end:
            result: T = end.value
            return result
        if isinstance(request, Pause):
            sleep(request.seconds)
            advance = partial(next, exchange)
            continue
        try:
            advance = partial(exchange.send, json_of(client.perform_request(**sendable(request))))
        except Exception as error:
            advance = partial(exchange.throw, error)


async def run_async(exchange: Exchange[T], client: AsyncElasticsearch) -> T:
    """Send the requests of an exchange without blocking the event loop, and return its result."""
    advance: Callable[[], Request | Pause] = partial(next, exchange)
    while True:
        try:
            request = advance()
        except StopIteration as end:
            result: T = end.value
            return result
        if isinstance(request, Pause):
            await asyncio.sleep(request.seconds)
            advance = partial(next, exchange)
            continue
        try:
            advance = partial(exchange.send, json_of(await client.perform_request(**sendable(request))))
        except Exception as error:
            advance = partial(exchange.throw, error)


def sendable(request: Request) -> dict[str, Any]:
    """Return the arguments with which a client sends a request."""
    return {
        "method": request.method,
        "path": request.path,
        "params": request.parameters,
        "headers": JSON,
        "body": request.body or None,
    }
