"""What can be closed waits for the calls under way, and for no others; tests/stories/test_closing.py attacks shops."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import CodeType, FrameType
from typing import Any

import pytest

from hybridsearch.errors import ShopClosed
from hybridsearch.runtime.calls import Calls, while_open, while_open_async


class Thing:
    """Does what it is given while it is open, and notes when it was released."""

    def __init__(self) -> None:
        self._calls = Calls("This thing was closed.")
        self.released = 0

    def release(self) -> None:
        self.released += 1

    def close(self) -> None:
        self._calls.close(self.release)

    async def refuse(self) -> None:
        await self._calls.refuse()

    @while_open
    def do(self, work: Callable[[], None]) -> None:
        work()

    @while_open_async
    async def wait(self, event: asyncio.Event) -> None:
        await self.wait_within(event)

    @while_open_async
    async def wait_within(self, event: asyncio.Event) -> None:
        await event.wait()


def test_a_call_under_way_is_waited_for_and_may_call_on_and_a_later_one_is_refused() -> None:
    thing, begun, goes_on = Thing(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        assert goes_on.wait(10)
        thing.do(lambda: None)
        assert not thing.released

    with ThreadPoolExecutor(3) as pool:
        working = pool.submit(thing.do, work)
        assert begun.wait(10)
        closing = [pool.submit(thing.close) for _ in range(2)]
        while not thing._calls._refused:
            pass
        with pytest.raises(ShopClosed, match=r"^This thing was closed\.$"):
            thing.do(lambda: None)
        assert not any(closer.done() for closer in closing)
        goes_on.set()
        for closer in closing:
            closer.result()
            assert thing.released == 1
        working.result()
    thing.close()
    assert thing.released == 1


def test_a_call_that_fails_is_over() -> None:
    thing = Thing()
    with pytest.raises(ZeroDivisionError):
        thing.do(lambda: 1 / 0)  # type: ignore[arg-type]
    thing.close()
    assert thing.released == 1


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="Windows has no such signal")
def test_a_handler_that_closes_what_its_own_thread_is_using_ends_and_the_call_too() -> None:
    thing = Thing()
    before = signal.signal(signal.SIGUSR1, lambda *_: thing.close())

    def work() -> None:
        signal.raise_signal(signal.SIGUSR1)
        assert not thing.released

    try:
        thing.do(work)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert thing.released == 1


def test_coroutines_are_waited_for_by_a_coroutine() -> None:
    async def close() -> None:
        thing, event = Thing(), asyncio.Event()
        waiting = asyncio.create_task(thing.wait(event))
        await asyncio.sleep(0)
        refusing = asyncio.create_task(thing.refuse())
        await asyncio.sleep(0.05)
        with pytest.raises(ShopClosed):
            await thing.wait(event)
        assert not refusing.done()
        event.set()
        await refusing
        await waiting

    asyncio.run(close())


def test_a_coroutine_of_a_loop_that_does_not_run_is_not_waited_for() -> None:
    thing, loop = Thing(), asyncio.new_event_loop()
    event = asyncio.Event()
    waiting = loop.create_task(thing.wait(event))
    loop.run_until_complete(asyncio.sleep(0.01))
    asyncio.run(thing.refuse())
    event.set()
    loop.run_until_complete(waiting)
    loop.close()


class Interrupted(BaseException):
    """What a signal's handler raises."""


def interrupted(code: CodeType, line: int) -> Callable[[FrameType, str, object], Any]:
    """Return what to trace with so that an exception comes once, before a line of some code."""
    pending = [line]

    def trace(frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code is not code:
            return trace if event == "call" else None
        if event == "line" and pending and frame.f_lineno == pending[0]:
            pending.clear()
            raise Interrupted
        return trace

    return trace


@pytest.mark.parametrize("method", [Calls.begin, Calls.ended])
def test_a_call_that_a_signals_handler_ends_anywhere_is_over(method: Callable[..., Any]) -> None:
    """Attack: Ctrl-C, or an alarm that raises, while a call is counted."""
    for line in sorted({line for _, _, line in method.__code__.co_lines() if line is not None}):
        thing = Thing()
        sys.settrace(interrupted(method.__code__, line))
        with suppress(Interrupted):
            thing.do(lambda: None)
        sys.settrace(None)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(thing.close).result(10)
        assert thing.released == 1
