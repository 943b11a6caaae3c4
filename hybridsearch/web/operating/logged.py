"""What the log of a shop says, read again after a while: several who look at once wait for one reading."""

from __future__ import annotations

import asyncio
import time

from hybridsearch.errors import HybridSearchError
from hybridsearch.events import report as reporting
from hybridsearch.events import source
from hybridsearch.events.report import Report
from hybridsearch.settings import Settings

SECONDS = 30.0
"""For which a report holds."""
MOST = 20
"""Entries of each list."""


class Logged:
    """The report of a shop's log."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = asyncio.Lock()
        self._known: tuple[float, Report] | None = None

    @property
    def is_there(self) -> bool:
        """Whether the shop has a log."""
        return self._settings.log.path is not None or self._settings.log.index is not None

    async def report(self) -> Report:
        """Return the report, as `hybridsearch report` makes it.

        Raises:
            ConfigError: There is no log.
            CatalogError: It cannot be read.
            EngineError: The server cannot be reached.
        """
        async with self._lock:
            if self._known is None or time.monotonic() - self._known[0] > SECONDS:
                self._known = time.monotonic(), await asyncio.to_thread(self._read)
            return self._known[1]

    async def queries(self, most: int) -> list[str]:
        """Return what is asked most; nothing where no log says it."""
        try:
            found = await self.report() if self.is_there else None
        except HybridSearchError:
            return []
        return [each.query for each in found.top if each.query][:most] if found else []

    def _read(self) -> Report:
        return reporting.report(source.rows(self._settings, None), most=MOST)
