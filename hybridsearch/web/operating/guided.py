"""What people write for a shop, on the page: the report with its proposals, and the files of rules and synonyms."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hybridsearch.clients.async_client import AsyncHybridSearch
from hybridsearch.errors import ConfigError, GateError, HybridSearchError, QueryError
from hybridsearch.search.rules import misplaced
from hybridsearch.web import view
from hybridsearch.web.answers import at, status_of
from hybridsearch.web.operating import shown, texts
from hybridsearch.web.operating.logged import Logged
from hybridsearch.web.operating.part import Given, Part
from hybridsearch.web.operating.preview import Preview, preview, proposed
from hybridsearch.web.pages import Pages

PREVIEWED = 8
"""Queries of the log whose pages are compared where none is given."""


class Guided(Part):
    """Its routes; the arguments are those of `Index`."""

    def __init__(self, shop: AsyncHybridSearch, pages: Pages, *, edit: bool) -> None:
        super().__init__(shop, pages, edit=edit)
        self.logged = Logged(shop.settings)
        self.reading = {"/report": self.report, "/texts/{name}": self.text}
        self.changing = {"/report/accept": self.accept, "/texts/{name}": self.edited}

    async def report(self, request: Request, _: Given) -> Response:
        """Show what the log says, and what it proposes."""
        found = await self.logged.report() if self.logged.is_there else None
        return self.rendered(request, "report.html", here="/report", report=found, typed=shown.typed)

    async def accept(self, request: Request, given: Given) -> Response:
        """Put what the log proposes into the file of rules or of synonyms."""
        kind, wanted = view.first(given, "kind"), view.first(given, "text")
        found = await self.logged.report()
        offered = {"rules": found.rules, "synonyms": found.synonyms}.get(kind, ())
        proposal = next((each for each in offered if each.text.strip() == wanted.replace("\r\n", "\n")), None)
        if proposal is None:
            raise GateError("The log does not propose this any more. Load the report again.")
        text = self.named(kind)
        await asyncio.to_thread(texts.add, self.shop.settings, text, str(proposal))
        return RedirectResponse(at(request, f"/texts/{text.name}"), 303)

    async def text(self, request: Request, _: Given) -> Response:
        """Show a file of rules or synonyms, to be edited where that is allowed."""
        text = self.named(request.path_params["name"])
        found = await asyncio.to_thread(texts.opened, text)
        return await self._editor(request, text, found.written, found.mark)

    async def edited(self, request: Request, given: Given) -> Response:
        """Show what a text would change, save it, or take the last save back."""
        text, mark = self.named(request.path_params["name"]), view.first(given, "mark")
        wanted, query = view.first(given, "do"), view.first(given, "q")
        written = str(next(iter(given.get("text", ())), "")).replace("\r\n", "\n")
        if wanted == "preview":
            return await self._editor(
                request, text, written, mark, previews=await self._previews(text, written, query), q=query
            )
        settings = self.shop.settings
        try:
            if wanted == "undo":
                await asyncio.to_thread(texts.undo, settings, text, mark)
            elif wanted == "save":
                await asyncio.to_thread(texts.save, settings, text, written, mark)
            else:
                raise QueryError(f"'{wanted[:20]}' is nothing to do here, expected preview, save or undo.")
        except HybridSearchError as error:  # what somebody wrote is not lost by it
            return await self._editor(request, text, written, mark, status_of(error), said=str(error), q=query)
        return RedirectResponse(at(request, f"/texts/{text.name}"), 303)

    def named(self, name: str) -> texts.Text:
        """Return a file of the shop.

        Raises:
            ConfigError: The configuration names none.
        """
        found = texts.texts_of(self.shop.settings).get(name)
        if found is None:
            kind = "rules" if name == "rules" else "synonyms"
            file = "rules.toml" if kind == "rules" else "synonyms.txt"
            raise ConfigError(f'The configuration names no such file. Name one: [{kind}] path = "{file}".')
        return found

    async def _previews(self, text: texts.Text, written: str, query: str) -> list[Preview]:
        """Return what a text changes for a query, else for those of the log, of which only changed ones are kept."""
        if texts.checked(text, texts.tidied(written)):
            return []
        guidance = proposed(self.shop.settings, text, written)
        if query:
            return [await preview(self.shop, guidance, query)]
        found = [await preview(self.shop, guidance, each) for each in await self.logged.queries(PREVIEWED)]
        return [each for each in found if each.changed]

    async def _editor(
        self,
        request: Request,
        text: texts.Text,
        written: str,
        mark: str,
        status: int = 200,
        *,
        said: str = "",
        q: str = "",
        previews: list[Preview] | None = None,
    ) -> Response:
        """Return the page of a text, with what is wrong with it beside it."""
        problems = texts.checked(text, written)
        title = self.shop.settings.fields.title
        return self.rendered(
            request,
            "text.html",
            status,
            here=f"/texts/{text.name.partition('.')[0]}",
            text=text,
            written=written,
            mark=mark,
            problems=problems,
            flaws=await asyncio.to_thread(self._flaws, text, written) if not problems else [],
            said=said,
            q=q,
            previews=previews,
            title_of=lambda row: view.text_of(row, title)[: view.LONGEST_TITLE],
            undoable=text.backup.exists(),
        )

    def _flaws(self, text: texts.Text, written: str) -> list[str]:
        """Return why rules that are right do nothing on this index."""
        if text.name != "rules":
            return []
        try:
            return list(misplaced(proposed(self.shop.settings, text, written).rules[0], self.shop.engine.schema()))
        except HybridSearchError:
            return []  # without an index, or without a file that can be read, nothing more is known
