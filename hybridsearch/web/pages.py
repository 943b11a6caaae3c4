"""The pages for people: search, similar products, why a product is where it is, and the form for the token."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from hybridsearch.clients.async_client import AsyncHybridSearch
from hybridsearch.errors import QueryError
from hybridsearch.search.filters.written_filters import read_filters
from hybridsearch.values import Page
from hybridsearch.web import parameters, proofs, uploads, view
from hybridsearch.web.answers import at
from hybridsearch.web.api import Api
from hybridsearch.web.door import Rules
from hybridsearch.web.pictures import NONE, Pictures

HERE = Path(__file__).parent
SUGGESTIONS = 8


class Pages:
    """The routes of the page of a shop."""

    def __init__(self, shop: AsyncHybridSearch, api: Api, rules: Rules, pictures: Pictures, *, edit: bool) -> None:
        self.shop, self.api, self.rules, self.pictures, self.edit = shop, api, rules, pictures, edit
        self.places: list[tuple[str, str]] = []
        loader = FileSystemLoader(HERE / "templates")
        self.templates = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
        self.templates.lstrip_blocks = True

    def routes(self, wrap: Callable[[Callable[[Request], Awaitable[Response]]], Any]) -> list[Route]:
        """Return the routes, each wrapped so that its errors become answers."""
        return [
            Route("/", wrap(self.search), methods=["GET"]),
            Route("/photo", wrap(self.photo), methods=["POST"]),
            Route("/suggest", wrap(self.suggest), methods=["GET"]),
            Route("/similar", wrap(self.similar), methods=["GET"]),
            Route("/why", wrap(self.why), methods=["GET"]),
            Route("/login", wrap(self.login), methods=["GET", "POST"]),
            Route("/picture/{key:path}", wrap(self.picture), methods=["GET"]),
        ]

    async def search(self, request: Request) -> Response:
        """Show what a search finds."""
        asked = view.asked_of((await uploads.given(request))[0], self.shop.settings.fields)
        page = await self.found(asked)
        return self.results(request, page, asked)

    async def photo(self, request: Request) -> Response:
        """Show what a photo or a recording finds, with words beside it or without."""
        given, files = await uploads.given(request)
        self.require_form(request, given)
        asked = view.asked_of(given, self.shop.settings.fields)
        if not files:
            raise QueryError("No photo was chosen. Choose one, or search with words.")
        region = next((str(each) for each in reversed(given.get("region", ()))), "")  # that of the button comes last
        page = await self.found(asked, files, region)
        return self.results(request, page, asked, from_file=True, region=region)

    async def found(self, asked: view.Asked, files: Mapping[str, bytes] | None = None, region: str = "") -> Page:
        """Return the page of a search, by a part of a photo where one is named."""
        fields = self.shop.settings.fields
        arguments: dict[str, Any] = {**searching(asked), "facets": view.facets_of(fields, asked), **(files or {})}
        arguments |= {"page": asked.page, "size": view.SIZE, "highlight": True}
        arguments |= {"region": parameters.region_of([region])}
        found: Page = await self.api.counted("search", lambda: self.shop.search(asked.q, **arguments))
        return found

    async def similar(self, request: Request) -> Response:
        """Show what is like a product."""
        given, _ = await uploads.given(request)
        key, asked = view.first(given, "id"), view.asked_of(given, self.shop.settings.fields)
        page = await self.api.counted("similar", lambda: self.shop.similar(key, page=asked.page, size=view.SIZE))
        row = (await self.shop.get([key])).get(key, {})
        return self.results(request, page, asked, like=key, named=view.text_of(row, self.shop.settings.fields.title))

    def results(
        self,
        request: Request,
        page: Page,
        asked: view.Asked,
        *,
        from_file: bool = False,
        region: str = "",
        like: str = "",
        named: str = "",
    ) -> Response:
        """Return the whole page of an answer, or the part that changes where a script asks.

        Args:
            request: Who asks.
            page: What was found.
            asked: What was asked for.
            from_file: Whether by a photo or a recording.
            region: By which part of the photo; empty: by all of it.
            like: The id of the product that they are like.
            named: Its title.
        """
        fields = self.shop.settings.fields
        last = max(1, -(-page.total // view.SIZE))
        facets = [] if like else list(view.facets_shown(page, asked, fields))
        shown: dict[str, Any] = {
            "page": page,
            "asked": asked,
            "like": like,
            "named": named or like,
            "from_file": from_file,
            "region": region,
            "parts": list(map(partial(view.part, fields=fields), page.regions)),
            "cards": [view.card(hit, fields, signals=from_file or bool(like)) for hit in page],
            "facets": facets,
            "shown_filters": {choice.filter for facet in facets for choice in facet.choices},
            "sorts": view.sorts(fields),
            "last": last,
        }
        return self.rendered(request, "results.html" if is_part(request) else "search.html", **shown)

    async def suggest(self, request: Request) -> Response:
        """Return what completes what is typed, as the lines of a list."""
        given, _ = await uploads.given(request)
        text = str(next(iter(given.get("q", ())), ""))
        asked = view.asked_of(given, self.shop.settings.fields)
        filters = read_filters(asked.written)
        found = await self.api.counted("suggest", lambda: self.shop.suggest(text, size=SUGGESTIONS, filters=filters))
        lines = []
        for each in found:
            own = [f"{name}={value}" for name, value in each.filters.items()]
            to = view.Asked(each.query, tuple(dict.fromkeys((*asked.written, *own))))
            lines.append((each, view.query_of(to.pairs())))
        products = [view.card(hit, self.shop.settings.fields) for hit in found.products]
        return self.rendered(request, "suggestions.html", lines=lines, products=products)

    async def why(self, request: Request) -> Response:
        """Show why a product is where it is, or why it is nowhere."""
        given, _ = await uploads.given(request)
        key, asked = view.first(given, "id"), view.asked_of(given, self.shop.settings.fields)
        if not key:
            raise QueryError("No product is named. Give its id.")
        why = await self.shop.why_not(key, asked.q, **searching(asked))
        title = view.text_of(why.row, self.shop.settings.fields.title) if why.row else ""
        name = "why.html" if is_part(request) else "why_page.html"
        return self.rendered(request, name, why=why, title=title, asked=asked)

    async def picture(self, request: Request) -> Response:
        """Return the picture of a product, small; a drawing where there is none."""
        raw = (request.scope.get("raw_path") or b"").decode("ascii", "replace").partition("/picture/")[2]
        key = unquote(raw.partition("?")[0]) if raw else request.path_params["key"]
        place = request.query_params.get("variant", "")
        variant = int(place) if place.isdecimal() and len(place) < 5 else None
        picture = await self.pictures.of(key, variant) or NONE
        headers = {"ETag": picture.tag, "Cache-Control": f"private, max-age={3600 if picture.found else 60}"}
        if request.headers.get("if-none-match") == picture.tag and picture.found:
            return Response(status_code=304, headers=headers)
        return Response(picture.content, 200 if picture.found else 404, headers, picture.kind)

    async def login(self, request: Request) -> Response:
        """Show the form for the token, or take the token and give a cookie for it."""
        if request.method == "GET":
            return self.rendered(request, "login.html", wrong=False)
        given, _ = await uploads.given(request)
        self.require_form(request, given)
        if not (self.rules.token and proofs.same(view.first(given, "token"), self.rules.token)):
            return self.rendered(request, "login.html", 401, wrong=True)
        found = RedirectResponse(at(request, "/"), 303)
        value = proofs.login(self.rules.key, time.time())
        found.set_cookie(proofs.LOGIN, value, max_age=proofs.SECONDS, **self.cookie(request))
        return found

    def require_form(self, request: Request, given: Mapping[str, Sequence[Any]]) -> None:
        """Require that a form is one that this browser got from us.

        Raises:
            QueryError: It is not.
        """
        cookie = request.cookies.get(proofs.FORM, "")
        if not proofs.is_form(self.rules.key, cookie, view.first(given, "csrf")):
            raise QueryError("The form is not one of this page, or too old. Load the page again, and send it again.")

    def rendered(self, request: Request, template: str, status: int = 200, **values: Any) -> Response:
        """Return a template as an answer, with a cookie that its forms belong to."""
        cookie = request.cookies.get(proofs.FORM) or secrets.token_urlsafe(16)
        common = {
            "root": request.scope.get("root_path", ""),
            "csrf": proofs.signed(self.rules.key, "form", cookie),
            "voice": self.shop.settings.voice.recogniser is not None,
            "photos": any(leg.reads == "image" for leg in self.shop.settings.vectors),
            "query_of": view.query_of,
            "html": Markup,
            "token": bool(self.rules.token),
            "places": self.places,
        }
        found = HTMLResponse(self.templates.get_template(template).render(**common, **values), status)
        found.headers["Cache-Control"] = "no-store"
        found.headers["Vary"] = "HX-Request"
        if proofs.FORM not in request.cookies:
            found.set_cookie(proofs.FORM, cookie, **self.cookie(request))
        return found

    @staticmethod
    def cookie(request: Request) -> dict[str, Any]:
        """Return what all cookies have in common."""
        secure = request.scope.get("scheme") == "https"
        return {"path": at(request, "/"), "httponly": True, "samesite": "strict", "secure": secure}


def searching(asked: view.Asked) -> dict[str, Any]:
    """Return the arguments of a search that decide what it finds and in which order, but for its words."""
    return {"filters": read_filters(asked.written), "sort": asked.sort or None}


def is_part(request: Request) -> bool:
    """Tell whether a script asks for the part of the page that changes."""
    return "hx-request" in request.headers
