"""The part of both clients that answers questions about products: what they state, and why one is where it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from hybridsearch.asking.answers import Answers, answered
from hybridsearch.asking.comparison import Comparison, comparison
from hybridsearch.asking.concepts import read
from hybridsearch.clients.related import single
from hybridsearch.errors import QueryError
from hybridsearch.inputs import given
from hybridsearch.runtime.calls import while_open, while_open_async
from hybridsearch.search import explain
from hybridsearch.search.plan import Plan
from hybridsearch.search.weights import Weights
from hybridsearch.search.why import Why, alone, hides, placed, whole_window
from hybridsearch.shop.meaning import Meaning
from hybridsearch.shop.shop import Shop
from hybridsearch.texts import text
from hybridsearch.values import Indexed, Page, Row

if TYPE_CHECKING:
    from hybridsearch.images import Photo
    from hybridsearch.indexing.arguments import Id
    from hybridsearch.shop.listening import Audio
    from hybridsearch.video.upload import Video

LOOKED_AT = 5
"""Hits that a question is asked of where it names no product."""
MOST_COMPARED = 20


class Asked(Shop):
    """What both have."""

    @cached_property
    def meaning(self) -> Meaning:
        """What tells by vectors which field a question means."""
        return Meaning(self.settings)

    def _answered(self, question: str, products: Iterable[tuple[str, Row]]) -> Answers:
        """Return what products state, found as the configuration says and phrased if it says so."""
        near, notes = self.meaning.of(question)
        found = answered(question, products, self.settings.fields, near)
        return self.phrasing.of(replace(found, notes=notes))


class Answering(Asked):
    """The part of the client for threads that answers questions."""

    if TYPE_CHECKING:
        search: Callable[..., Page]
        plan: Callable[..., Plan]

    @while_open
    def ask(
        self,
        question: str,
        *,
        product: Id | None = None,
        filters: Mapping[str, object] | None = None,
        size: int = LOOKED_AT,
        timeout: float | None = None,
    ) -> Answers:
        """Return what products state about a question, in the words of the catalogue; see `answered`.

        Where the configuration names a model that phrases answers, it gets the question and the quotations.

        Args:
            question: In any of the six languages.
            product: Id of the one that is asked about; left out: what a search for the question finds.
            filters: As in `search`; beside a `product` there is nothing to filter.
            size: How many products of that search are looked at.
            timeout: As in `search`.

        Raises:
            QueryError: There is no such product, a filter is wrong, or both are given.
            EngineError: The engine cannot be reached.
        """
        words = question_of(question)
        if product is None:
            wanted = {"filters": filters, "size": size, "timeout": timeout}
            page = self.search(telling(words), **wanted)
            if not page.total and page.suggestion:
                page = self.search(page.suggestion, **wanted)
            return self._answered(words, rows_of(page))
        key = asked_alone(product, filters)
        found = single(self.engine.indexed([key]), key, self.settings.fields)
        return self._answered(words, [(key, found.row)])

    @while_open
    def compare(self, products: Iterable[Id]) -> Comparison:
        """Return what some products state, side by side.

        Raises:
            QueryError: There is no such product, or more than `MOST_COMPARED`.
            EngineError: The engine cannot be reached.
        """
        ids = several(products)
        return beside(ids, self.engine.indexed(ids), self)

    @while_open
    def why_not(
        self,
        id: Id,  # noqa: A002 - as in Hit
        text: str = "",
        *,
        image: Photo | None = None,
        region: object = None,
        audio: Audio | None = None,
        video: Video | None = None,
        filters: Mapping[str, object] | None = None,
        sort: str | Sequence[str] | None = None,
        history: object = None,
        weights: Weights | None = None,
        variant: str | None = None,
    ) -> Why:
        """Return why a product is where it is among what a search finds, or why it is nowhere; see `Why.verdict`.

        Beside the id of the product, arguments are those of `search`. It takes three to five requests, and one more for
        each filter.

        Raises:
            HybridSearchError: As of `search`.
        """
        from hybridsearch.indexing import arguments

        key = arguments.one_id(id)
        row = self.engine.get([key]).get(key)
        plan = self.plan(
            text,
            image=image,
            region=region,
            audio=audio,
            video=video,
            filters=filters,
            sort=sort,
            history=history,
            weights=weights,
            variant=variant,
        )
        known = Why(key, row, plan=str(plan), request=str(self.engine.request(plan)))
        if row is None:
            return known
        words = explain.words(plan.spelled or plan.query, row, self.settings.fields, self.guidance.synonyms[0])
        known = replace(known, matched=words.matched, missing=words.missing)
        failed = tuple(name for name, value in (filters or {}).items() if not self._passes(key, {name: value}))
        if failed:
            return replace(known, failed=failed)
        own = self.engine.search(alone(plan, key)).hits
        if not own:
            return replace(known, hidden=hides(plan, key) or not self._passes(key, filters))
        return placed(known, plan, own[0], self.engine.search(whole_window(plan)))

    def _passes(self, key: str, filters: Mapping[str, object] | None) -> bool:
        """Tell whether a product passes filters, and the rules of a page of all products."""
        return self.engine.search(alone(self.plan(filters=filters), key)).total > 0


class AsyncAnswering(Asked):
    """The same for asyncio."""

    if TYPE_CHECKING:
        search: Callable[..., Coroutine[Any, Any, Page]]

        @property
        def _blocking(self) -> Answering: ...

    @while_open_async
    async def ask(
        self,
        question: str,
        *,
        product: Id | None = None,
        filters: Mapping[str, object] | None = None,
        size: int = LOOKED_AT,
        timeout: float | None = None,
    ) -> Answers:
        """Return what products state about a question, see `HybridSearch.ask`."""
        words = question_of(question)
        if product is None:
            wanted = {"filters": filters, "size": size, "timeout": timeout}
            page = await self.search(telling(words), **wanted)
            if not page.total and page.suggestion:
                page = await self.search(page.suggestion, **wanted)
            rows = rows_of(page)
        else:
            key = asked_alone(product, filters)
            found = single(await self.engine.indexed_async([key]), key, self.settings.fields)
            rows = [(key, found.row)]
        slow = self.settings.questions.phraser or self.settings.questions.encoder
        return await asyncio.to_thread(self._answered, words, rows) if slow else self._answered(words, rows)

    @while_open_async
    async def compare(self, products: Iterable[Id]) -> Comparison:
        """Return what some products state, side by side, see `HybridSearch.compare`."""
        ids = several(products)
        return beside(ids, await self.engine.indexed_async(ids), self)

    @while_open_async
    async def why_not(
        self,
        id: Id,  # noqa: A002 - as in Hit
        text: str = "",
        *,
        image: Photo | None = None,
        region: object = None,
        audio: Audio | None = None,
        video: Video | None = None,
        filters: Mapping[str, object] | None = None,
        sort: str | Sequence[str] | None = None,
        history: object = None,
        weights: Weights | None = None,
        variant: str | None = None,
    ) -> Why:
        """Return why a product is where it is, see `HybridSearch.why_not`; runs in a worker thread."""
        asked = partial(
            self._blocking.why_not,
            id,
            text,
            image=image,
            region=region,
            audio=audio,
            video=video,
            filters=filters,
            sort=sort,
            history=history,
            weights=weights,
            variant=variant,
        )
        return await asyncio.to_thread(asked)


def question_of(question: object) -> str:
    """Return a question as text.

    Raises:
        QueryError: It is none, or says nothing.
    """
    words = given.read("question", question, given.text, "text such as 'does it have Bluetooth?'")
    if not words.strip():
        raise QueryError("The question is empty, expected text such as 'does it have Bluetooth?'.")
    return words


def telling(question: str) -> str:
    """Return the words of a question that say what is asked: most of the others are in no product."""
    found = read(text.clean(question, text.QUERY_LIMIT))
    return " ".join(dict.fromkeys(element.word for element in found)) or question


def asked_alone(product: object, filters: Mapping[str, object] | None) -> str:
    """Return the id of the one product that is asked about.

    Raises:
        QueryError: It is none, or there are filters beside it, which would be passed over.
    """
    from hybridsearch.indexing import arguments

    key = arguments.one_id(product)
    if filters:
        raise QueryError(
            f"Found filters beside the product '{key[:100]}', which is looked at whatever it has. Leave one out."
        )
    return key


def several(products: Any) -> list[str]:
    """Return the ids of products, each once.

    Raises:
        QueryError: They are too many, or none.
    """
    from hybridsearch.indexing import arguments

    ids = list(dict.fromkeys(arguments.ids(products)))
    if not 1 <= len(ids) <= MOST_COMPARED:
        raise QueryError(f"Found {len(ids)} products to compare, expected 1 to {MOST_COMPARED}.")
    return ids


def rows_of(page: Page) -> list[tuple[str, Row]]:
    """Return the rows of a page by the ids of their products."""
    return [(hit.id, hit.product) for hit in page]


def beside(ids: Sequence[str], found: Mapping[str, Indexed], shop: Shop) -> Comparison:
    """Return products of an index side by side."""
    fields = shop.settings.fields
    return comparison({key: single(found, key, fields).row for key in ids}, fields)
