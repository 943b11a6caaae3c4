"""The weights on the page: those in use, by what they were accepted, those before them, and the way back."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hybridsearch.clients.async_client import AsyncHybridSearch
from hybridsearch.errors import ConfigError, EngineError, QueryError
from hybridsearch.learning import history
from hybridsearch.learning.versions import versions
from hybridsearch.web import view
from hybridsearch.web.answers import at
from hybridsearch.web.operating import shown
from hybridsearch.web.operating.commands import Commands
from hybridsearch.web.operating.part import Given, Part
from hybridsearch.web.pages import Pages


class Learned(Part):
    """Its routes; the other arguments are those of `Index`."""

    def __init__(self, shop: AsyncHybridSearch, pages: Pages, *, edit: bool, commands: Commands) -> None:
        super().__init__(shop, pages, edit=edit)
        self.commands = commands
        self.reading = {"/weights": self.weights, "/weights/revert": self.ask_revert}
        self.changing = {"/weights/tune": self.tune, "/weights/revert": self.revert}

    async def weights(self, request: Request, _: Given) -> Response:
        """Show the weights in use, by what they were accepted, and those before them."""
        path = self.shop.settings.weights.path
        found = await asyncio.to_thread(versions, self.shop.settings.resolve(path)) if path else []
        in_use, why = self.shop.weights
        with suppress(EngineError):  # without an index they are as the file has them
            in_use, why = self.shop.weights_for(await self.shop.engine.schema_async())
        return self.rendered(
            request,
            "weights.html",
            here="/weights",
            path=path,
            why=why,
            bars=shown.bars(in_use),
            current=next((each for each in found if not each.number), None),
            earlier=[each for each in found if each.number],
            accepted=shown.accepted,
            dated=shown.dated,
            judgments=self.shop.settings.judgments.path,
            tuning=await asyncio.to_thread(self.commands.is_under_way, "tune"),
        )

    async def tune(self, request: Request, _: Given) -> Response:
        """Start learning from the judgments that the configuration names."""
        section = self.shop.settings.judgments
        if section.path is None:
            raise ConfigError('There is nothing to learn from. Name a file: [judgments] path = "judgments.jsonl".')
        topics = ["--topics", str(self.shop.settings.resolve(section.topics))] if section.topics else []
        more = [str(self.shop.settings.resolve(section.path)), "--irrelevant", str(section.irrelevant), *topics]
        await asyncio.to_thread(self.commands.start, "tune", more)
        return RedirectResponse(at(request, "/index"), 303)

    async def ask_revert(self, request: Request, given: Given) -> Response:
        """Ask whether earlier weights are to be used."""
        found = next((each for each in versions(self.weights_file()) if each.number == number_in(given)), None)
        if found is None or not found.number:
            raise QueryError("There are no earlier weights of this number. The page of the weights lists them.")
        facts = [
            f"Weights {found.number}, {shown.dated(found) or 'not learned'}. {shown.accepted(found)}",
            "Those in use become the last entry of the history. Every process uses the others from its next search on.",
        ]
        to = {"to": str(found.number)}
        return self.confirm(request, "Use earlier weights", facts, "/weights/revert", "/weights", to)

    async def revert(self, request: Request, given: Given) -> Response:
        """Use earlier weights again."""
        path, number = self.weights_file(), number_in(given)

        def work() -> None:
            with history.exclusive(self.shop.settings):
                history.restore(path, number)

        await asyncio.to_thread(work)
        return RedirectResponse(at(request, "/weights"), 303)

    def weights_file(self) -> Path:
        """Return the file of the weights.

        Raises:
            ConfigError: The configuration names none.
        """
        path = self.shop.settings.weights.path
        if path is None:
            raise ConfigError('There is no file of weights. Name one: [weights] path = "weights.json".')
        return self.shop.settings.resolve(path)


def number_in(given: Given) -> int:
    """Return the number of the weights that are meant.

    Raises:
        QueryError: It is none.
    """
    wanted = view.first(given, "to")
    if not (wanted.isascii() and wanted.isdecimal() and len(wanted) < 10):
        raise QueryError(f"'{wanted[:20]}' is no number of earlier weights. The page of the weights lists them.")
    return int(wanted)
