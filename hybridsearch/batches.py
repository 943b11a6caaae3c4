"""Runs of items, for whatever is read, encoded, asked or written several at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield runs of at most `size` items."""
    iterator = iter(items)
    while some := list(islice(iterator, size)):
        yield some
