"""The part of both clients that answers questions about products, and sets products beside each other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hybridsearch import given, text
from hybridsearch.asking.answers import Answers, answered
from hybridsearch.asking.comparison import Comparison, comparison
from hybridsearch.asking.concepts import read
from hybridsearch.calls import while_open, while_open_async
from hybridsearch.errors import QueryError
from hybridsearch.related import single
from hybridsearch.shop import Shop
from hybridsearch.values import Indexed, Page, Row

if TYPE_CHECKING:
    from hybridsearch.indexing.arguments import Id

LOOKED_AT = 5
"""Hits that a question is asked of where it names no product."""
MOST_COMPARED = 20


class Answering(Shop):
    """The part of the client for threads that answers questions."""

    if TYPE_CHECKING:
        search: Callable[..., Page]

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
            return self.phrasing.of(answered(words, rows_of(page), self.settings.fields))
        key = asked_alone(product, filters)
        found = single(self.engine.indexed([key]), key, self.settings.fields)
        return self.phrasing.of(answered(words, [(key, found.row)], self.settings.fields))

    @while_open
    def compare(self, products: Iterable[Id]) -> Comparison:
        """Return what some products state, side by side.

        Raises:
            QueryError: There is no such product, or more than `MOST_COMPARED`.
            EngineError: The engine cannot be reached.
        """
        ids = several(products)
        return beside(ids, self.engine.indexed(ids), self)


class AsyncAnswering(Shop):
    """The same for asyncio."""

    if TYPE_CHECKING:
        search: Callable[..., Coroutine[Any, Any, Page]]

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
            answers = answered(words, rows_of(page), self.settings.fields)
        else:
            key = asked_alone(product, filters)
            found = single(await self.engine.indexed_async([key]), key, self.settings.fields)
            answers = answered(words, [(key, found.row)], self.settings.fields)
        return await asyncio.to_thread(self.phrasing.of, answers) if self.settings.questions.phraser else answers

    @while_open_async
    async def compare(self, products: Iterable[Id]) -> Comparison:
        """Return what some products state, side by side, see `HybridSearch.compare`."""
        ids = several(products)
        return beside(ids, await self.engine.indexed_async(ids), self)


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
