"""Threads that work ahead of whoever needs the result."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

THREADS = min(8, os.cpu_count() or 1)
"""One for each core: Pillow lets go of Python's lock while it decodes and resizes. More than 8 outrun any model."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def ahead(work: Callable[[Item], Result], items: Iterable[Item], *, most: int) -> Generator[Result, None, None]:
    """Yield the result of each item, in order, while threads work on those that follow.

    Args:
        work: Any thread may call it; what it raises is raised here, in the item's turn.
        items: Taken one by one, as there is room.
        most: Results that are finished, or being worked on, at a time.
    """
    with ThreadPoolExecutor(THREADS, thread_name_prefix="hybridsearch-ahead") as pool:
        coming: deque[Future[Result]] = deque()
        try:
            for item in items:
                if len(coming) == most:
                    yield coming.popleft().result()
                coming.append(pool.submit(work, item))
            while coming:
                yield coming.popleft().result()
        finally:
            for each in coming:  # the reader gave up
                each.cancel()
