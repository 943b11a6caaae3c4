"""A few products, drawn from all that go by."""

from __future__ import annotations

import hashlib
import heapq
import os
from typing import Generic, TypeVar

T = TypeVar("T")


class Drawn(Generic[T]):
    """What is kept of a few products, each product as likely as any other, however the catalogue is sorted.

    The products with the lowest ranks are kept. A rank belongs to the id, so that a product that was left out stays
    out: an older document of it, which the engine ignores, cannot come in later.

    Args:
        size: How many products are kept.
        salt: With the same one, of at most 16 bytes, the same products are drawn; left out: with each object others.
    """

    def __init__(self, size: int, salt: bytes | None = None) -> None:
        self.size, self.salt = size, os.urandom(16) if salt is None else salt
        self._kept: dict[str, T] = {}
        self._ranks: list[tuple[int, str]] = []  # a heap of negative ranks: the first is the next to leave

    def wants(self, name: str) -> bool:
        """Tell whether a product is one of the drawn, among all that were added until now."""
        return name in self._kept or len(self._kept) < self.size or self._rank(name) > self._ranks[0]

    def get(self, name: str) -> T | None:
        """Return what is kept of a product."""
        return self._kept.get(name)

    def add(self, name: str, item: T) -> None:
        """Keep an item of a product, in the place of an earlier one, if the product is wanted."""
        if not self.wants(name):
            return
        if name not in self._kept:
            if len(self._kept) < self.size:
                heapq.heappush(self._ranks, self._rank(name))
            else:
                _, leaving = heapq.heapreplace(self._ranks, self._rank(name))
                del self._kept[leaving]
        self._kept[name] = item

    def items(self) -> list[T]:
        """Return what is kept, in an order that depends on the salt alone."""
        return [self._kept[name] for _, name in sorted(self._ranks)]

    def _rank(self, name: str) -> tuple[int, str]:
        content = name.encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(content, digest_size=8, salt=self.salt).digest()
        return -int.from_bytes(digest), name
