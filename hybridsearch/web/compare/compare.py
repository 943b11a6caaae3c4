"""The page on which two set-ups answer the same query side by side, and the table of both over all judged queries."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hybridsearch.errors import HybridSearchError, QueryError
from hybridsearch.learning.measures import ndcg
from hybridsearch.learning.sources.judgments import JudgedQuery
from hybridsearch.runtime.threads import Threads
from hybridsearch.search.filters.written_filters import read_filters
from hybridsearch.values import Page
from hybridsearch.web import uploads, view
from hybridsearch.web.answers import at
from hybridsearch.web.compare.contest import CUT, Contests
from hybridsearch.web.compare.judged import Judged
from hybridsearch.web.compare.moved import Move, moves
from hybridsearch.web.compare.sides import NOW, Side, Sides, chosen
from hybridsearch.web.pages import Pages, is_part

SHOWN = 20
"""Hits of each side that are shown."""
DEPTH = 50
"""Hits in which the others are looked for."""
LINES = 100
"""Queries on a page of the table."""
AT_ONCE = 4
"""Searches of these pages that are under way at once; the search page does not wait behind them."""


@dataclass(frozen=True, slots=True)
class Line:
    """A hit of one side: where it is on both, and its grade, empty where nobody judged it."""

    card: view.Card
    move: Move
    grade: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """What one side answers.

    Attributes:
        page: None where it fails.
        failed: Why.
        value: nDCG@10; None where the query is not judged.
    """

    side: Side
    page: Page | None
    failed: str = ""
    lines: tuple[Line, ...] = ()
    value: float | None = None


class Compare:
    """The routes of these pages.

    Args:
        pages: Of the shop; they give what all pages have in common.
        sides: The set-ups that there are.
        judged: The queries that are judged.
    """

    def __init__(self, pages: Pages, sides: Sides, judged: Judged) -> None:
        self.pages, self.sides, self.judged = pages, sides, judged
        self.contests = Contests(sides, judged)
        self._threads = Threads(AT_ONCE, "hybridsearch-compare")

    def routes(self, wrap: Callable[[Callable[[Request], Awaitable[Response]]], Any]) -> list[Route]:
        """Return the routes, each wrapped so that its errors become answers."""
        return [
            Route("/compare", wrap(self.compare), methods=["GET"]),
            Route("/compare/queries", wrap(self.queries), methods=["GET"]),
            Route("/compare/queries", wrap(self.start), methods=["POST"]),
        ]

    def close(self) -> None:
        """Let the threads end."""
        self.contests.close()
        self._threads.close()

    async def compare(self, request: Request) -> Response:
        """Show what two set-ups find for one query."""
        given, _ = await uploads.given(request)
        asked = view.asked_of(given, self.pages.shop.settings.fields)
        left, right, common = await self._common(given)
        query, arguments, note = await self._threads.run(partial(self._query, given, asked))
        columns: Sequence[Column] = ()
        if arguments:
            sides = [self._threads.run(partial(self._page, side, arguments)) for side in (left, right)]
            columns = beside(left, right, await asyncio.gather(*sides), query)
        shown: dict[str, Any] = {"asked": asked, "query": query and described(query), "columns": columns, "note": note}
        return self.pages.rendered(request, "compare.html", **common, **shown, depth=DEPTH)

    async def queries(self, request: Request) -> Response:
        """Show what two set-ups reach over all judged queries, or how far that is."""
        given, _ = await uploads.given(request)
        asked = view.asked_of(given, self.pages.shop.settings.fields)
        left, right, common = await self._common(given)
        contest = self.contests.of(left.name, right.name)
        shown: dict[str, Any] = {"contest": contest, "found": None, "rows": (), "asked": asked, "last": 1}
        if contest and (found := contest.found):
            start = (asked.page - 1) * LINES
            listed = found.pairs[start : start + LINES]
            shown |= {
                "found": found,
                "rows": [(pair, described(contest.queries[pair.number])) for pair in listed],
                "last": max(1, -(-len(found.pairs) // LINES)),
                "notes": await self._threads.run(lambda: self.judged.notes),
                "stale": contest.queries is not await self._threads.run(self.judged.queries),
            }
        name = "compare_state.html" if is_part(request) else "compare_queries.html"
        return self.pages.rendered(request, name, **common, **shown)

    async def start(self, request: Request) -> Response:
        """Begin to ask both set-ups the judged queries, or stop that, and lead to where it is told of."""
        given, _ = await uploads.given(request)
        self.pages.require_form(request, given)
        await self._threads.run(self.judged.queries)
        left, right, common = await self._common(given)
        if view.first(given, "stop"):
            self.contests.stop(left.name, right.name)
        else:
            self.contests.start(left, right)
        return RedirectResponse(at(request, f"/compare/queries{common['pair']}"), 303)

    async def _common(self, given: Mapping[str, Sequence[Any]]) -> tuple[Side, Side, dict[str, Any]]:
        """Return both set-ups, and what each of these pages shows of them."""
        sides = await self._threads.run(self.sides.all)
        left = chosen(sides, view.first(given, "left") or NOW)
        right = chosen(sides, view.first(given, "right") or next(name for name in sides if name != NOW))
        return (
            left,
            right,
            {
                "left": left,
                "right": right,
                "groups": [(name, list(listed)) for name, listed in groupby(sides.values(), lambda side: side.group)],
                "pair": view.query_of([("left", left.name), ("right", right.name)]),
                "judged": self.judged.path is not None,
            },
        )

    def _query(
        self, given: Mapping[str, Sequence[Any]], asked: view.Asked
    ) -> tuple[JudgedQuery | None, dict[str, Any], str]:
        """Return the judged query that is asked for, the arguments of its search, and why it has no judgments, if so.

        Raises:
            QueryError: The number is that of no judged query, or a filter is written in no known way.
        """
        number = view.first(given, "judged")
        if number:
            queries = self.judged.queries()
            if not (number.isdecimal() and len(number) < 6 and int(number) < len(queries)):
                raise QueryError(f"There is no judged query {number[:20]!r}, expected a number below {len(queries)}.")
            query = queries[int(number)]
            return query, self.judged.arguments(query), ""
        filters = read_filters(asked.written)
        if not (asked.q or filters):
            return None, {}, ""
        arguments = {"text": asked.q, "filters": filters}
        if self.judged.path is None:
            return None, arguments, ""
        try:
            return self.judged.of(asked.q, filters), arguments, ""
        except HybridSearchError as error:
            return None, arguments, str(error)

    def _page(self, side: Side, arguments: Mapping[str, Any]) -> Page | str:
        """Return what a set-up finds, or why it finds nothing."""
        try:
            shop = self.sides.shop_of(side)
            return shop.search(**arguments, size=DEPTH, weights=side.weights, regions=False)
        except HybridSearchError as error:
            return str(error)


def beside(left: Side, right: Side, pages: Sequence[Page | str], query: JudgedQuery | None) -> tuple[Column, Column]:
    """Return both columns: their hits with the place on the other side, and nDCG@10 where the query is judged."""
    ids = [[] if isinstance(page, str) else [hit.id for hit in page] for page in pages]
    moved = moves(ids[0], ids[1])
    grades = query.grades if query else {}

    def column(side: Side, page: Page | str, own: Sequence[str]) -> Column:
        if isinstance(page, str):
            return Column(side, None, page)
        lines = (
            Line(
                view.card(hit, side.settings.fields),
                moved[hit.id],
                f"{grades[hit.id]:g}" if hit.id in grades else "",
            )
            for hit in page[:SHOWN]
        )
        return Column(side, page, "", tuple(lines), ndcg(own[:CUT], grades) if query else None)

    return column(left, pages[0], ids[0]), column(right, pages[1], ids[1])


def described(query: JudgedQuery) -> str:
    """Return a judged query for people."""
    kinds = [kind for kind in ("image", "audio", "video") if getattr(query, kind)]
    parts = [query.text] if query.text else []
    parts += [{"image": "a photo", "audio": "a recording", "video": "a video"}[kind] for kind in kinds]
    return ", ".join([*parts, *(f"{name}: {value}" for name, value in query.filters.items())])
