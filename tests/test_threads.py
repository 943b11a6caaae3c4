"""Threads of coroutines' blocking work: few, made when needed, ended by `close`, and not those of a parent process."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hybridsearch.runtime.threads import Threads

ROOT = Path(__file__).parents[1]
FORKS = """
import asyncio, os, signal
from hybridsearch.runtime.threads import Threads

threads = Threads(2, "work")
assert asyncio.run(threads.run(lambda: 7)) == 7
child = os.fork()
if not child:
    signal.alarm(20)
    os._exit(asyncio.run(threads.run(lambda: 8)))
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 8
assert asyncio.run(threads.run(lambda: 9)) == 9
"""


def named(name: str) -> list[threading.Thread]:
    """Return the threads of a name that are there."""
    return [thread for thread in threading.enumerate() if thread.name.startswith(name)]


def test_threads_are_made_when_needed_and_end_when_closed() -> None:
    threads = Threads(2, "few")
    assert not named("few")

    async def work() -> list[str]:
        return await asyncio.gather(*[threads.run(lambda: threading.current_thread().name) for _ in range(20)])

    for _ in range(2):
        assert all(name.startswith("few") for name in asyncio.run(work()))
        ending = named("few")
        assert 1 <= len(ending) <= 2
        threads.close()
        for thread in ending:
            thread.join(10)
        assert not named("few")
    threads.close()


def test_a_cancelled_call_ends_when_its_work_has_ended() -> None:
    threads, told, ended = Threads(1, "told"), threading.Event(), threading.Event()
    begun = threading.Event()

    def work() -> None:
        begun.set()
        told.wait(10)
        time.sleep(0.05)
        ended.set()

    async def cancel() -> None:
        task = asyncio.create_task(threads.run(work, told.set))
        await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended.is_set()

    asyncio.run(cancel())
    threads.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_makes_threads_of_its_own() -> None:
    assert subprocess.run([sys.executable, "-c", FORKS], cwd=ROOT, timeout=60).returncode == 0
