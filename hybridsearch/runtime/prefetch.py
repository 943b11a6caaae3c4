"""Work that other threads do in advance, and how the thread that needs the result waits for it."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from typing import TypeVar

THREADS = min(8, os.cpu_count() or 1)
"""One for each core: Pillow releases Python's lock while it decodes and resizes. More than 8 outrun any model."""
PULSE = 0.5
"""Seconds after which a wait is restarted."""

T = TypeVar("T")
Item = TypeVar("Item")
Result = TypeVar("Result")


def prefetch(items: Iterator[T], executor: Executor) -> Iterator[T]:
    """Yield items, fetching the next one while the caller works on this one."""
    end = object()
    upcoming = executor.submit(next, items, end)
    while (item := result_of(upcoming)) is not end:
        upcoming = executor.submit(next, items, end)
        yield item  # type: ignore[misc]


def prefetch_map(work: Callable[[Item], Result], items: Iterable[Item], *, most: int) -> Generator[Result, None, None]:
    """Yield the result of each item, in order, while threads work on those that follow.

    Args:
        work: Any thread may call it; what it raises is raised here, in the item's turn.
        items: Taken one by one, as soon as there is room.
        most: Results that are finished, or being computed, at any time.
    """
    with ThreadPoolExecutor(THREADS, thread_name_prefix="hybridsearch-prefetch") as pool:
        upcoming: deque[Future[Result]] = deque()
        try:
            for item in items:
                if len(upcoming) == most:
                    yield upcoming.popleft().result()
                upcoming.append(pool.submit(work, item))
            while upcoming:
                yield upcoming.popleft().result()
        finally:
            for future in upcoming:  # the caller stopped early
                future.cancel()


def result_of(future: Future[T]) -> T:
    """Return what a thread computed, once it is done.

    A Ctrl-C at the very start of a wait does not end it, so every wait needs a limit.
    """
    while not wait([future], timeout=PULSE).done:
        pass
    return future.result()
