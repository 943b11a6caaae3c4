"""The methods of `Related` as coroutines."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from hybridsearch.clients.presenting import presented, tell
from hybridsearch.clients.related import plan_for_product, plan_for_taste, possible, single, unlike
from hybridsearch.errors import EngineError
from hybridsearch.inputs.given import flag
from hybridsearch.runtime.calls import while_open_async
from hybridsearch.runtime.deadline import within
from hybridsearch.runtime.tracing import span
from hybridsearch.schema import Schema
from hybridsearch.search.asked import asked, own_weights
from hybridsearch.search.facets.facets import FacetNames
from hybridsearch.search.person.history import History, read_history
from hybridsearch.search.person.taste import Taste, taste_of
from hybridsearch.search.plan import Plan
from hybridsearch.search.weights import Weights
from hybridsearch.shop.shop import KnownWords, Shop, known_words, unknown_words
from hybridsearch.texts.cutting import must_load
from hybridsearch.values import TASTE, Indexed, Page

if TYPE_CHECKING:
    from hybridsearch.indexing.arguments import Id


class AsyncRelated(Shop):
    """The part of the client for asyncio that finds products by other products, and by what a person looked at."""

    @while_open_async
    async def similar(
        self,
        id: Id,  # noqa: A002 - as in Hit
        *,
        filters: Mapping[str, object] | None = None,
        facets: FacetNames = (),
        page: int = 1,
        size: int = 10,
        weights: Weights | None = None,
        strict: bool = False,
        timeout: float | None = None,
    ) -> Page:
        """Return a page of products like one of the index, see `HybridSearch.similar`."""
        asked_for: dict[str, Any] = {"filters": filters, "facets": facets, "page": page, "size": size}
        planned = partial(self.plan_similar, id, **asked_for, weights=weights)
        return await self._page("similar", planned, strict=strict, timeout=timeout)

    @while_open_async
    async def plan_similar(
        self,
        id: Id,  # noqa: A002 - as in Hit
        *,
        filters: Mapping[str, object] | None = None,
        facets: FacetNames = (),
        page: int = 1,
        size: int = 10,
        weights: Weights | None = None,
    ) -> Plan:
        """Return what finds products like one, see `HybridSearch.plan_similar`."""
        from hybridsearch.indexing import arguments

        query, key, own = asked("", filters, facets, None, page, size, None), arguments.one_id(id), own_weights(weights)
        with span("plan"):
            schema = await self.engine.schema_async()
            lexicon = await self._lexicon(schema)
            found = await self.engine.indexed_async([key])
            product = single(found, key, self.settings.fields)
            planned = partial(plan_for_product, self, schema, product, query, lexicon=lexicon, weights=own)
            return await asyncio.to_thread(planned) if must_load(schema.fields.languages) else planned()

    @while_open_async
    async def recommend(
        self,
        history: object = None,
        *,
        again: bool = False,
        filters: Mapping[str, object] | None = None,
        facets: FacetNames = (),
        page: int = 1,
        size: int = 10,
        weights: Weights | None = None,
        strict: bool = False,
        timeout: float | None = None,
    ) -> Page:
        """Return a page for a person who did not search, see `HybridSearch.recommend`."""
        asked_for: dict[str, Any] = {"filters": filters, "facets": facets, "page": page, "size": size}
        planned = partial(self.plan_recommended, history, again=again, **asked_for, weights=weights)
        instead = partial(self.plan_recommended, **asked_for, weights=weights)
        return await self._page("recommend", planned, instead=instead, strict=strict, timeout=timeout)

    @while_open_async
    async def plan_recommended(
        self,
        history: object = None,
        *,
        again: bool = False,
        filters: Mapping[str, object] | None = None,
        facets: FacetNames = (),
        page: int = 1,
        size: int = 10,
        weights: Weights | None = None,
    ) -> Plan:
        """Return what finds products for a person, see `HybridSearch.plan_recommended`."""
        query, own = asked("", filters, facets, None, page, size, None), own_weights(weights)
        looked_at, shown = read_history(history), flag("again", again)
        with span("plan"):
            schema = await self.engine.schema_async()
            lexicon = await self._lexicon(schema)
            taste = await self._taste(looked_at, schema, lexicon)
            planned = partial(plan_for_taste, self, schema, taste, query, again=shown, lexicon=lexicon, weights=own)
            return await asyncio.to_thread(planned) if must_load(schema.fields.languages) else planned()

    @while_open_async
    async def also_bought(
        self,
        product: Id,
        *,
        filters: Mapping[str, object] | None = None,
        facets: FacetNames = (),
        page: int = 1,
        size: int = 10,
        timeout: float | None = None,
    ) -> Page:
        """Return what was bought together with a product, see `HybridSearch.also_bought`."""
        from hybridsearch.indexing import arguments
        from hybridsearch.learning.sources import baskets

        async def planned() -> Plan:
            query, key = asked("", filters, facets, None, page, size, None), arguments.one_id(product)
            with span("plan"):
                everything = self.plan_query(await self.engine.schema_async(), query)
                return await asyncio.to_thread(baskets.planned, self.settings, everything, key)

        return await self._page("also_bought", planned, timeout=timeout)

    async def _page(
        self,
        name: str,
        planned: Callable[[], Awaitable[Plan]],
        *,
        instead: Callable[[], Awaitable[Plan]] | None = None,
        strict: object = False,
        timeout: object = None,
    ) -> Page:
        """Return the page of a plan, see `Related`."""
        wanted_whole = flag("strict", strict)
        with within(self._seconds(timeout)), span(name) as opened:
            plan = await planned()
            with span("engine"):
                answer = await self.engine.search_async(plan)
            if instead and plan.kind == TASTE and not answer.total:
                plan = unlike(await instead(), plan)
                answer = await self.engine.search_async(plan)
            tell(plan, answer, opened)
        return presented(plan, answer, self.settings.fields, marked=False, whole=wanted_whole)

    async def _taste(self, history: History, schema: Schema, lexicon: KnownWords) -> Taste:
        """Return the taste of a history, whose products are read from the index."""
        if not history.weights:
            return Taste(notes=history.notes)
        found: Mapping[str, Indexed] = self.recent.known(ids := possible(history))
        if unknown := [key for key in ids if key not in found]:
            found = self.recent.joined(found, await self.engine.indexed_async(unknown))
        return taste_of(history, found, schema, lexicon[0])

    async def _lexicon(self, schema: Schema) -> KnownWords:
        try:
            return known_words(await self.engine.lexicon_async(), schema)
        except EngineError as error:
            return unknown_words(error)
