"""What other threads do beside the main one, and how that waits for them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, Future, wait
from typing import TypeVar

T = TypeVar("T")

PULSE = 0.5
"""Seconds after which a wait begins anew."""


def ahead(items: Iterator[T], executor: Executor) -> Iterator[T]:
    """Yield items, fetching the next one while this one is worked on."""
    end = object()
    coming = executor.submit(next, items, end)
    while (item := outcome(coming)) is not end:
        coming = executor.submit(next, items, end)
        yield item  # type: ignore[misc]


def outcome(work: Future[T]) -> T:
    """Return what a thread did, once it is done.

    A Ctrl-C that comes at the very beginning of a wait does not end it, so that none may last.
    """
    while not wait([work], timeout=PULSE).done:
        pass
    return work.result()
