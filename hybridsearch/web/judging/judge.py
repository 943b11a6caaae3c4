"""The pages on which people judge: who they are, the products of a query, and whether they agree."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hybridsearch.errors import QueryError
from hybridsearch.learning.judging import pool
from hybridsearch.web import uploads
from hybridsearch.web.answers import answer, at
from hybridsearch.web.judging import judge_view
from hybridsearch.web.judging.judging import Judging
from hybridsearch.web.pages import Pages, is_part
from hybridsearch.web.view import first

RATER = "hybridsearch_rater"
"""The cookie with the name of the rater."""
A_YEAR = 365 * 24 * 3600


class Judge:
    """The routes of judging.

    Args:
        pages: The other pages, which know how to render, and whose forms are ours.
        judging: What is judged.
    """

    def __init__(self, pages: Pages, judging: Judging) -> None:
        self.pages, self.judging = pages, judging
        pages.places.append(("/judge", "Judge"))

    def routes(self, wrap: Callable[[Callable[[Request], Awaitable[Response]]], Any]) -> list[Route]:
        """Return the routes, each wrapped so that its errors become answers."""
        return [
            Route("/judge", wrap(self.show), methods=["GET"]),
            Route("/judge", wrap(self.mark), methods=["POST"]),
            Route("/judge/undo", wrap(self.undo), methods=["POST"]),
            Route("/judge/rater", wrap(self.rater), methods=["GET", "POST"]),
            Route("/judge/agreement", wrap(self.agreement), methods=["GET"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show the products of a query: the one that is asked for, else the first that is not judged in full."""
        rater = judge_view.of_cookie(request.cookies.get(RATER, ""))
        if not rater:
            return self.redirect(request, "/judge/rater")
        given, _ = await uploads.given(request)
        name = first(given, "query") or await self.judging.first_open(rater, first(given, "after"))
        if name is None:
            return self.redirect(request, "/judge/agreement")
        order = await self.order(rater, name)
        rows = await self.judging.rows(name)
        marks = await self.judging.marks(rater, name)
        standing = await self.judging.standing(rater)
        fields, chosen = self.pages.shop.settings.fields, self.judging.options.fields
        items = [judge_view.item(key, rows[key], fields, chosen, marks.get(key)) for key in order if key in rows]
        return self.pages.rendered(
            request,
            "judge.html",
            query=self.judging.query(name),
            name=name,
            rater=rater,
            items=items,
            complete=judge_view.is_complete(marks, rows),
            lacking=self.judging.lacking[name],
            standing=standing,
            progress=standing.said(name),
            grades=judge_view.GRADES,
        )

    async def mark(self, request: Request) -> Response:
        """Write what a rater says of a product, or that all that is left cannot be judged."""
        given, rater = await self.form(request)
        name, key, said = first(given, "query"), str(next(iter(given.get("id", ())), "")), first(given, "grade")
        named = None if said == judge_view.REST else [key]
        products = await self.judging.mark(rater, name, named, judge_view.mark_of(said))
        return await self.marked(request, rater, name, products, key)

    async def undo(self, request: Request) -> Response:
        """Take back what a rater said last."""
        _, rater = await self.form(request)
        undone = await self.judging.undo(rater)
        if undone is None:
            return answer({"marks": {}}) if is_part(request) else self.redirect(request, "/judge")
        name, product = undone
        return await self.marked(request, rater, name, [product], product, undone=True)

    async def marked(
        self, request: Request, rater: str, name: str, products: Sequence[str], key: str, *, undone: bool = False
    ) -> Response:
        """Answer how products are marked now: a script with their marks, a form with the next product."""
        order, marks = await self.order(rater, name), await self.judging.marks(rater, name)
        if is_part(request):
            standing = await self.judging.standing(rater)
            return answer(
                {
                    "query": name,
                    "marks": {quote(each, safe=""): str(marks.get(each, "")) for each in products},
                    "progress": standing.said(name),
                    "complete": judge_view.is_complete(marks, order),
                }
            )
        following = key if undone else judge_view.after(order, marks, key)
        place = "end" if following is None else f"p-{quote(following, safe='')}"
        return self.redirect(request, f"/judge?query={name}#{place}")

    async def rater(self, request: Request) -> Response:
        """Ask who judges, or take the name and give a cookie for it."""
        if request.method == "GET":
            known = judge_view.of_cookie(request.cookies.get(RATER, ""))
            longest = judge_view.LONGEST_NAME
            return self.pages.rendered(
                request, "judge_rater.html", rater=known, longest=longest, grades=judge_view.GRADES
            )
        given, _ = await uploads.given(request)
        self.pages.require_form(request, given)
        name = judge_view.rater_of(first(given, "rater"))
        found = self.redirect(request, "/judge")
        found.set_cookie(RATER, judge_view.as_cookie(name), max_age=A_YEAR, **self.pages.cookie(request))
        return found

    async def agreement(self, request: Request) -> Response:
        """Show what was judged, whether raters agree, and what to do next."""
        summary = await self.judging.summary()
        rater = judge_view.of_cookie(request.cookies.get(RATER, ""))
        products = [each.product for each in summary.disagreements]
        rows = await self.pages.shop.get(products) if products else {}
        named = {query.text: name for name, query in self.judging.queries.items()}
        fields = self.pages.shop.settings.fields
        cards = {key: judge_view.item(key, row, fields, (), None).card for key, row in rows.items()}
        left = rater and await self.judging.first_open(rater)
        return self.pages.rendered(
            request,
            "judge_agreement.html",
            found=summary,
            agreed=summary.agreement,
            rater=rater,
            left=bool(left),
            cards=cards,
            named=named,
            path=(path := str(self.judging.path.absolute())),
            quoted=shlex.quote(path),
        )

    async def order(self, rater: str, name: str) -> tuple[str, ...]:
        """Return the products of a query in the order of a rater."""
        return pool.blind(await self.judging.pool(name), name, rater)

    async def form(self, request: Request) -> tuple[Mapping[str, Sequence[Any]], str]:
        """Return what a form says, and who sends it.

        Raises:
            QueryError: It is not one of ours, or somebody else has begun to judge in this browser.
        """
        given, _ = await uploads.given(request)
        self.pages.require_form(request, given)
        rater = judge_view.of_cookie(request.cookies.get(RATER, ""))
        if not rater or first(given, "rater") != rater:
            raise QueryError("Another name was given in this browser meanwhile. Load the page again to go on.")
        return given, rater

    @staticmethod
    def redirect(request: Request, to: str) -> RedirectResponse:
        """Lead a browser to another page of ours."""
        return RedirectResponse(at(request, to), 303)
