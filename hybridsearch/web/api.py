"""The JSON API: each route reads its parameters, asks the client, and answers as the command of its name does."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from hybridsearch.clients.async_client import AsyncHybridSearch
from hybridsearch.clients.presenting import as_json
from hybridsearch.engines.base import Check
from hybridsearch.search.filters.written_filters import read_filters
from hybridsearch.values import Page
from hybridsearch.web import openapi, parameters, uploads
from hybridsearch.web.answers import answer
from hybridsearch.web.health import Health
from hybridsearch.web.metrics import Metrics
from hybridsearch.web.operations import OPERATIONS


class Api:
    """The routes of the API of a shop."""

    def __init__(self, shop: AsyncHybridSearch, metrics: Metrics) -> None:
        self.shop, self.metrics = shop, metrics
        self._health = Health(shop)

    def routes(self, wrap: Callable[[Callable[[Request], Awaitable[Response]]], Any]) -> list[Route]:
        """Return the routes, each wrapped so that its errors become answers."""
        return [Route(each.path, wrap(getattr(self, each.name)), methods=list(each.methods)) for each in OPERATIONS]

    async def search(self, request: Request) -> Response:
        """Answer a search."""
        given, files = await uploads.given(request)
        values = parameters.read(given, parameters.SEARCH)
        asked = {**parameters.searching(values), **files}
        page = await self.counted("search", lambda: self.shop.search(values.get("q", ""), **asked))
        return self.page(page, explained=values.get("explain", False))

    async def similar(self, request: Request) -> Response:
        """Answer with what is like a product."""
        values = parameters.read((await uploads.given(request))[0], parameters.SIMILAR)
        asked = parameters.listing(values)
        return self.page(await self.counted("similar", lambda: self.shop.similar(values["id"], **asked)))

    async def suggest(self, request: Request) -> Response:
        """Answer what is typed so far."""
        values = parameters.read((await uploads.given(request))[0], parameters.SUGGEST)
        asked = {"filters": read_filters(values.get("filter", ())), "size": values.get("size", 8)}
        found = await self.counted("suggest", lambda: self.shop.suggest(values.get("q", ""), **asked))
        return answer(found.to_json())

    async def events(self, request: Request) -> Response:
        """Write what a browser posted to the log of the shop."""
        event = uploads.json_body(await request.body())
        written = await self.counted("events", lambda: self.shop.log_event(event))
        return answer({"written": written}, 200 if written else 503)

    async def health(self, request: Request) -> Response:
        """Say whether searches work now, as `doctor --ready --json`; without the token no more than that."""
        check = await self._health.check()
        shown = check if request.scope["hybridsearch.known"] else Check(check.name, check.state, "", "")
        return answer([asdict(shown)], 200 if check.state == "ok" else 503)

    async def counts(self, _: Request) -> Response:
        """Say what was counted."""
        return PlainTextResponse(self.metrics.text(), media_type="text/plain; version=0.0.4")

    async def described(self, _: Request) -> Response:
        """Describe this API."""
        return answer(openapi.document(OPERATIONS))

    def page(self, page: Page, *, explained: bool = False) -> Response:
        """Return a page as an answer."""
        return answer(as_json(page, self.shop.settings.fields, self.shop.guidance.synonyms[0], explained=explained))

    async def counted(self, call: str, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Return what a call of the client gives, and count it."""
        started = time.perf_counter()
        try:
            found = await ask()
        except Exception as error:
            self.metrics.failed(call, error)
            raise
        degraded: Sequence[str] = getattr(found, "degraded", ())
        self.metrics.done(call, time.perf_counter() - started, degraded=bool(degraded))
        return found
