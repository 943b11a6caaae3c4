"""The clients for coroutines: one for each event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from elasticsearch import AsyncElasticsearch

from hybridsearch.engines.elasticsearch.transport.exchange import Exchange, run_async

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LoopClient:
    """The client of one loop, and the generator whose end closes it."""

    client: AsyncElasticsearch
    closing: AsyncGenerator[AsyncElasticsearch, None]


class LoopClients:
    """Keeps a client for each event loop that asks: a connection works only in the loop that opened it.

    Each client lives in an asynchronous generator, because a loop closes those before it ends, as in `asyncio.run`:
    connections are closed by their own loop. Loops may run one after another, and several at once in threads.

    Args:
        connect: Makes a client.
    """

    def __init__(self, connect: Callable[[], AsyncElasticsearch]) -> None:
        self._connect = connect
        self._clients: dict[asyncio.AbstractEventLoop, LoopClient] = {}

    async def run(self, exchange: Exchange[T], adapted: Callable[[AsyncElasticsearch], AsyncElasticsearch]) -> T:
        """Run an exchange by the client of the running loop, adapted to this exchange."""
        held = await self._of_this_loop()  # referenced until the answer has come: an unreferenced client is closed
        return await run_async(exchange, adapted(held.client))

    async def close(self) -> None:
        """Close the connections of this loop, and of loops that have ended; other loops close their own."""
        current = self._clients.pop(asyncio.get_running_loop(), None)
        if current is not None:
            await current.closing.aclose()
        await self._release_ended()
        self._clients.clear()  # a generator that nobody references is closed by its loop

    async def _of_this_loop(self) -> LoopClient:
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            await self._release_ended()
        if loop not in self._clients:
            closing = opened(self._connect)
            self._clients[loop] = LoopClient(await anext(closing), closing)
        return self._clients[loop]

    async def _release_ended(self) -> None:
        """Forget closed loops, also those that did not close their generators (a bare `loop.close()`)."""
        for loop in list(self._clients):  # each step on the dictionary is atomic: loops of other threads may add theirs
            if loop.is_closed() and (held := self._clients.pop(loop, None)):
                with suppress(RuntimeError):  # a client may still need its closed loop
                    await held.closing.aclose()


async def opened(connect: Callable[[], AsyncElasticsearch]) -> AsyncGenerator[AsyncElasticsearch, None]:
    """Yield a client once; it is closed when this generator is."""
    client = connect()
    try:
        yield client
    finally:
        await client.close()
