"""The clients for coroutines: one for each event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from elasticsearch import AsyncElasticsearch

from hybridsearch.engines.elasticsearch.exchange import Exchange, run_async

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kept:
    """A client, and what closes it: a generator that is waiting to be closed."""

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
        self._kept: dict[asyncio.AbstractEventLoop, Kept] = {}

    async def run(self, exchange: Exchange[T]) -> T:
        """Run an exchange by the client of the running loop."""
        kept = await self._of_this_loop()  # held until the answer is there: what nobody holds is closed
        return await run_async(exchange, kept.client)

    async def close(self) -> None:
        """Close the connections of this loop, and of loops that have ended; other loops close their own."""
        ours = self._kept.pop(asyncio.get_running_loop(), None)
        if ours is not None:
            await ours.closing.aclose()
        await self._release_ended()
        self._kept.clear()  # a generator that nobody holds is closed by its loop

    async def _of_this_loop(self) -> Kept:
        loop = asyncio.get_running_loop()
        if loop not in self._kept:
            await self._release_ended()
        if loop not in self._kept:
            closing = opened(self._connect)
            self._kept[loop] = Kept(await anext(closing), closing)
        return self._kept[loop]

    async def _release_ended(self) -> None:
        """Forget loops that were closed; those that did not close their generators, by a bare `loop.close()`, too."""
        for loop in list(self._kept):  # each step on the dictionary is atomic: loops of other threads may add theirs
            if loop.is_closed() and (kept := self._kept.pop(loop, None)):
                with suppress(RuntimeError):  # what a client still wants of its loop
                    await kept.closing.aclose()


async def opened(connect: Callable[[], AsyncElasticsearch]) -> AsyncGenerator[AsyncElasticsearch, None]:
    """Yield a client once; it is closed when this generator is."""
    client = connect()
    try:
        yield client
    finally:
        await client.close()
