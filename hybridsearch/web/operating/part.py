"""What all pages for operating have in common: what reads is open to whoever comes in, what changes needs `--edit`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hybridsearch.clients.async_client import AsyncHybridSearch
from hybridsearch.errors import HybridSearchError, QueryError
from hybridsearch.web import uploads
from hybridsearch.web.answers import sentence, status_of
from hybridsearch.web.operating import shown, texts
from hybridsearch.web.pages import Pages

Given = Mapping[str, Sequence[Any]]
Handle = Callable[[Request], Awaitable[Response]]
HandleGiven = Callable[[Request, Given], Awaitable[Response]]
READ_ONLY = "This page only reads. Start it with: hybridsearch serve --edit"
NO_FORM = "The form is not one of this page, or too old. Load the page again, and send it again."


class Part:
    """Some of the routes; a subclass fills the two tables.

    Attributes:
        reading: By path what answers a GET.
        changing: By path what answers a POST, which changes something.
    """

    def __init__(self, shop: AsyncHybridSearch, pages: Pages, *, edit: bool) -> None:
        self.shop, self.pages, self.edit = shop, pages, edit
        self.reading: Mapping[str, HandleGiven] = {}
        self.changing: Mapping[str, HandleGiven] = {}

    def routes(self, wrap: Callable[[Handle], Any]) -> list[Route]:
        """Return the routes, each wrapped so that its errors become answers."""
        got = [Route(path, wrap(self._read(handle)), methods=["GET"]) for path, handle in self.reading.items()]
        posted = [Route(path, wrap(self._change(handle)), methods=["POST"]) for path, handle in self.changing.items()]
        return [*got, *posted]

    def _read(self, handle: HandleGiven) -> Handle:
        async def answer(request: Request) -> Response:
            return await self._said(request, handle, (await uploads.given(request))[0])

        return answer

    def _change(self, handle: HandleGiven) -> Handle:
        async def answer(request: Request) -> Response:
            if not self.edit:
                return sentence(request, READ_ONLY, 403)
            given, _ = await uploads.given(request)
            try:
                self.pages.require_form(request, given)
            except QueryError:
                return sentence(request, NO_FORM, 403)
            return await self._said(request, handle, given)

        return answer

    async def _said(self, request: Request, handle: HandleGiven, given: Given) -> Response:
        """Return an answer; what an error says names no folder of this machine."""
        try:
            return await handle(request, given)
        except HybridSearchError as error:
            return sentence(request, self.local(str(error)), status_of(error))

    def local(self, said: str) -> str:
        """Return a text whose paths begin in the folder of the shop."""
        return shown.local(said, self.shop.settings.folder)

    def rendered(self, request: Request, template: str, status: int = 200, **values: Any) -> Response:
        """Return a template as an answer."""
        common = {"edit": self.edit, "local": self.local, "texts": texts.texts_of(self.shop.settings)}
        return self.pages.rendered(request, template, status, **common, **values)

    def confirm(
        self, request: Request, title: str, facts: Sequence[str], action: str, back: str, hidden: Mapping[str, str]
    ) -> Response:
        """Return a page that asks before something is done."""
        return self.rendered(
            request, "confirm.html", here=back, title=title, facts=facts, action=action, back=back, hidden=hidden
        )

    def told(self, request: Request, title: str, facts: Sequence[str], back: str) -> Response:
        """Return a page that says what was done."""
        return self.confirm(request, title, facts, "", back, {})
