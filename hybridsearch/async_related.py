"""The methods of `Related` as coroutines."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from hybridsearch.calls import while_open_async
from hybridsearch.deadline import within
from hybridsearch.errors import EngineError
from hybridsearch.given import flag
from hybridsearch.related import plan_for_product, single
from hybridsearch.schema import Schema
from hybridsearch.search.asked import asked, own_weights
from hybridsearch.search.facets import FacetNames
from hybridsearch.search.plan import Plan
from hybridsearch.search.weights import Weights
from hybridsearch.shop import KnownWords, Shop, known_words, presented, tell, unknown_words
from hybridsearch.text import must_load
from hybridsearch.tracing import span
from hybridsearch.values import Page

if TYPE_CHECKING:
    from hybridsearch.indexing.arguments import Id


class AsyncRelated(Shop):
    """The part of the client for asyncio that finds products by other products."""

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
        wanted_whole = flag("strict", strict)
        with within(self._seconds(timeout)), span("similar") as opened:
            plan = await self.plan_similar(id, filters=filters, facets=facets, page=page, size=size, weights=weights)
            with span("engine"):
                answer = await self.engine.search_async(plan)
            tell(plan, answer, opened)
        return presented(plan, answer, self.settings.fields, marked=False, whole=wanted_whole)

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

        query, key, own = asked("", filters, facets, None, page, size, None), arguments.one(id), own_weights(weights)
        with span("plan"):
            schema = await self.engine.schema_async()
            lexicon = await self._lexicon(schema)
            found = await self.engine.indexed_async(arguments.possible_ids(key))
            product = single(found, key, self.settings.fields)
            planned = partial(plan_for_product, self, schema, product, query, lexicon=lexicon, weights=own)
            return await asyncio.to_thread(planned) if must_load(schema.fields.languages) else planned()

    async def _lexicon(self, schema: Schema) -> KnownWords:
        try:
            return known_words(await self.engine.lexicon_async(), schema)
        except EngineError as error:
            return unknown_words(error)
