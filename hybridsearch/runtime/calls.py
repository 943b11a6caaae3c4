"""Calls under way on something that can be closed: what they use is released when the last of them has ended."""

from __future__ import annotations

import asyncio
import functools
import threading
import time
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from hybridsearch.errors import ShopClosed
from hybridsearch.runtime import forks

PAUSE = 0.01
"""Seconds between two looks whether the last call has ended."""

P = ParamSpec("P")
R = TypeVar("R")


class Call:
    """A call of a thread, or of a coroutine in an event loop."""

    __slots__ = ("_loop", "_thread")

    def __init__(self, loop: asyncio.AbstractEventLoop | None) -> None:
        self._loop, self._thread = loop, threading.get_ident()

    @property
    def elsewhere(self) -> bool:
        """Whether this is worked on in another thread or coroutine; in a loop that does not run nobody works."""
        return self._loop.is_running() if self._loop else self._thread != threading.get_ident()


_within: ContextVar[tuple[Call, ...]] = ContextVar("hybridsearch_calls", default=())
"""The calls, of anything, that this thread or coroutine is within."""


class Calls:
    """Knows the calls under way. Each step on their set is atomic, so that a call takes no lock.

    Attributes:
        closed: What a call is told that comes too late.
        under_way: From `begin` on, until whoever made a call takes it out: in the first step of a `finally`, so that no
            exception of a signal's handler comes between.
    """

    def __init__(self, closed: str) -> None:
        self.closed = closed
        self.under_way = set[Call]()
        self._refused = False
        self._release: Callable[[], None] | None = None
        self._releasing = threading.RLock()
        forks.register(self)

    def begin(self, call: Call) -> None:
        """Count a call. What is called within one under way is never too late.

        Raises:
            ShopClosed: This comes too late.
        """
        outer = _within.get()
        self.under_way.add(call)  # before the look: either this sees that calls are refused, or `close` sees this
        if self._refused and self.under_way.isdisjoint(outer):
            raise ShopClosed(self.closed)
        _within.set((*outer, call))

    def ended(self, call: Call) -> None:
        """Note that a call is not under way any more."""
        within = _within.get()
        if call in within:  # a coroutine that nobody ran to its end is closed in another context
            _within.set(within[: within.index(call)])
        if self._release:
            self._settle()

    def close(self, release: Callable[[], None]) -> None:
        """Refuse further calls, wait for those under way, and release what they used, once.

        A call of this very thread, which the handler of a signal interrupted, is not waited for: what it uses is
        released when it ends.
        """
        with self._releasing:
            if not self._refused:
                self._refused, self._release = True, release
        while self._others():
            time.sleep(PAUSE)
        self._settle()

    async def refuse(self) -> None:
        """Refuse further calls, and wait for those under way without blocking the event loop; nothing is released."""
        self._refused = True
        while self._others():
            await asyncio.sleep(PAUSE)

    def after_fork(self) -> None:
        """Forget the calls of threads that a forked process does not have."""
        self._releasing = threading.RLock()
        self.under_way = {call for call in self.under_way if not call.elsewhere}

    def _others(self) -> bool:
        return any(call.elsewhere for call in list(self.under_way))

    def _settle(self) -> None:
        with self._releasing:
            if self._release and not self.under_way:
                release, self._release = self._release, None
                release()


class Closable(Protocol):
    """Has methods that use what is released in the end."""

    _calls: Calls


S = TypeVar("S", bound=Closable)


def while_open(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Return a method whose calls `close` waits for, and that raises ShopClosed afterwards."""

    @functools.wraps(method)
    def counted(self: S, /, *arguments: P.args, **options: P.kwargs) -> R:
        calls, call = self._calls, Call(None)
        try:
            calls.begin(call)
            return method(self, *arguments, **options)
        finally:
            calls.under_way.discard(call)
            calls.ended(call)

    return counted


def while_open_async(
    method: Callable[Concatenate[S, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, R]]:
    """Return the same of a coroutine."""

    @functools.wraps(method)
    async def counted(self: S, /, *arguments: P.args, **options: P.kwargs) -> R:
        calls, call = self._calls, Call(asyncio.get_running_loop())
        try:
            calls.begin(call)
            return await method(self, *arguments, **options)
        finally:
            calls.under_way.discard(call)
            calls.ended(call)

    return counted
