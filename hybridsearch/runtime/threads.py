"""Threads of its own for the blocking work of coroutines that may take long: no other work waits behind it."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from hybridsearch.runtime import forks

T = TypeVar("T")


class Threads:
    """A few threads, made when they are first needed; a forked process, which has none of them, makes others.

    Args:
        count: Work that is under way at once; further work waits for its turn.
        name: What the threads are called.
    """

    def __init__(self, count: int, name: str) -> None:
        self.count, self.name = count, name
        self._lock = forks.Lock()
        self._pool: ThreadPoolExecutor | None = None
        forks.register(self)

    async def run(self, work: Callable[[], T], stop: Callable[[], None] = lambda: None) -> T:
        """Do blocking work in one of the threads.

        Args:
            work: A cancelled call waits until it has ended, so that no work continues unnoticed.
            stop: Tells the work, from another thread, that it is cancelled.
        """
        loop = asyncio.get_running_loop()
        outcome = loop.run_in_executor(self._made(), contextvars.copy_context().run, work)
        try:
            return await asyncio.shield(outcome)
        except asyncio.CancelledError:
            if not outcome.done():
                stop()
            while not outcome.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([outcome])
            outcome.exception()  # nobody waits for it any more
            raise

    def close(self) -> None:
        """Let the threads end, each when its work has ended."""
        with self._lock.held:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False)

    def after_fork(self) -> None:
        """Forget threads that are not in this process."""
        self._pool = None

    def _made(self) -> ThreadPoolExecutor:
        with self._lock.held:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self.count, self.name)
            return self._pool
