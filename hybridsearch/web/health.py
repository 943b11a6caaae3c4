"""Says whether searches work now, at most every few seconds anew: whoever asks often costs nothing."""

from __future__ import annotations

import asyncio
import time

from hybridsearch.clients.async_client import AsyncHybridSearch
from hybridsearch.doctor import ready
from hybridsearch.engines.base import Check
from hybridsearch.errors import HybridSearchError

SECONDS = 5.0
"""For which an answer holds."""


class Health:
    """What `doctor --ready` would say of a shop."""

    def __init__(self, shop: AsyncHybridSearch) -> None:
        self._shop = shop
        self._lock = asyncio.Lock()
        self._known: tuple[float, Check] | None = None

    async def check(self) -> Check:
        """Return the line of a first search."""
        async with self._lock:
            if self._known and time.monotonic() - self._known[0] < SECONDS:
                return self._known[1]
            try:
                await self._shop.warm_up(suggestions=False)
                found = ready()
            except HybridSearchError as error:
                found = ready(error)
            self._known = time.monotonic(), found
            return found
