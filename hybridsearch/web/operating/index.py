"""The index on the page: what is checked, its generations, the runs of this shop, and the way back."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hybridsearch import doctor, running
from hybridsearch.clients.async_client import AsyncHybridSearch
from hybridsearch.disk.home import Home
from hybridsearch.engines.base import Check
from hybridsearch.errors import EngineError
from hybridsearch.indexing.journal import Journal
from hybridsearch.indexing.rollback import target
from hybridsearch.web import view
from hybridsearch.web.answers import at
from hybridsearch.web.operating import shown
from hybridsearch.web.operating.commands import Commands
from hybridsearch.web.operating.part import Given, Part
from hybridsearch.web.operating.stream import Streams
from hybridsearch.web.pages import Pages

SECONDS = 5.0
"""For which the checks hold."""


class Index(Part):
    """Its routes.

    Args:
        shop: Whose index it is.
        pages: Renders.
        edit: Whether something may be changed.
        commands: That are started here.
        streams: That follow what runs.
    """

    def __init__(
        self, shop: AsyncHybridSearch, pages: Pages, *, edit: bool, commands: Commands, streams: Streams
    ) -> None:
        super().__init__(shop, pages, edit=edit)
        self.commands, self.streams = commands, streams
        self._checking = asyncio.Lock()
        self._checked: tuple[float, list[Check]] | None = None
        self.reading = {
            "/index": self.index,
            "/index/progress": self.progress,
            "/index/rollback": self.ask_rollback,
        }
        self.changing = {"/index/reindex": self.reindex, "/index/rollback": self.rollback}

    async def index(self, request: Request, _: Given) -> Response:
        """Show what is checked, the generations, and the runs."""
        checks = await self.checks()
        try:
            generations = [shown.build(each) for each in await asyncio.to_thread(self.shop.engine.generations)]
        except EngineError:
            generations = []  # the checks say why
        shown_runs = await asyncio.to_thread(self.runs)
        return self.rendered(
            request, "index.html", checks=checks, generations=generations[::-1], here="/index", **shown_runs
        )

    async def checks(self) -> list[Check]:
        """Return what `doctor` checks, which may read the whole index: whoever asks often costs nothing more."""
        async with self._checking:
            if self._checked is None or time.monotonic() - self._checked[0] > SECONDS:
                found = await asyncio.to_thread(doctor.checks, self.shop)
                self._checked = time.monotonic(), found
            return self._checked[1]

    async def progress(self, request: Request, _: Given) -> Response:
        """Send how far the runs are, whenever that has changed."""
        return self.streams.of(lambda: bytes(self.rendered(request, "runs.html", **self.runs()).body).decode())

    def runs(self) -> dict[str, Any]:
        """Return what is shown of the runs of this shop, whichever process they are in."""
        found = []
        for name, file in self.commands.files.items():
            under_way = self.commands.is_under_way(name)
            if run := shown.run(name, running.last(file), under_way=under_way):
                found.append(run)
        interrupted = Journal(Home(self.shop.settings.home).journal(self.shop.settings.engine.index)).load()
        output = {name: (self.commands.output(name), self.commands.code(name)) for name in self.commands.files}
        rebuilding = self.commands.is_under_way("reindex")
        return {
            "runs": found,
            "output": output,
            "can_rebuild": not rebuilding,
            "interrupted": interrupted[1].counts.read if interrupted and not rebuilding else 0,
        }

    async def reindex(self, request: Request, given: Given) -> Response:
        """Start a rebuild."""
        more = ["--restart"] if view.first(given, "restart") else []
        await asyncio.to_thread(self.commands.start, "reindex", more)
        return RedirectResponse(at(request, "/index"), 303)

    async def ask_rollback(self, request: Request, given: Given) -> Response:
        """Ask whether the index is to go back."""
        wanted = view.first(given, "to")
        generations = await asyncio.to_thread(self.shop.engine.generations)
        live, goal = target(generations, "", wanted)
        known = {each.name: shown.build(each) for each in generations}
        facts = [
            f"Now live: {live}, made {known[live].made}, {known[live].documents:,} products.",
            f"Live then: {goal}, made {known[goal].made}, {known[goal].documents:,} products.",
            "Changes of single products that came in since are brought into it. Searches go on meanwhile.",
        ]
        return self.confirm(request, "Roll back", facts, "/index/rollback", "/index", {"to": goal})

    async def rollback(self, request: Request, given: Given) -> Response:
        """Go back to an earlier generation."""
        done = await self.shop.rollback(view.first(given, "to") or None)
        facts = [f"'{done.now}' is live, '{done.before}' is kept. {done.changes:,} changes were brought into it."]
        return self.told(request, "Rolled back", [*facts, *filter(None, [done.missing])], "/index")
