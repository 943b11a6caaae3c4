"""Searches on a server: plans become requests, answers become pages. The engine chooses the client that sends them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from elasticsearch import ApiError

from hybridsearch.batches import batches
from hybridsearch.document import RESERVED
from hybridsearch.engines.base import Request
from hybridsearch.engines.elasticsearch.connection import explained, version_of
from hybridsearch.engines.elasticsearch.exchange import Exchange
from hybridsearch.engines.elasticsearch.fallback import fallback_plans
from hybridsearch.engines.elasticsearch.mapping import read_schema
from hybridsearch.engines.elasticsearch.request import to_elasticsearch, to_page, to_request
from hybridsearch.errors import IndexMissing
from hybridsearch.schema import Schema
from hybridsearch.search.plan import Plan
from hybridsearch.settings import EngineSection
from hybridsearch.values import Page, Row

FRESH = 5.0
"""Seconds for which the schema of the live index is believed before it is read again: a swap may have happened."""
FOUND = 1_000
"""Products that are looked for at a time."""
KNN_HAS_K = (8, 15)


@dataclass(frozen=True, slots=True)
class Described:
    """What a search has to know about an index."""

    schema: Schema
    shards: int
    read_at: float


class Searches:
    """Everything that reads products; remembers the server's version, and for a moment how the live index is built.

    Where a generation may be None, the live one is meant.
    """

    def __init__(self, section: EngineSection) -> None:
        self.alias = section.index
        self.url = " or ".join(section.urls)
        self._version: tuple[int, ...] = ()
        self._live: Described | None = None

    def search(self, plan: Plan, generation: str | None = None) -> Exchange[Page]:
        """Run a plan; where the server fails on one half of it, the other half answers."""
        started = time.perf_counter()
        with explained(self.url, self.alias):
            try:
                page = yield from self._ask(plan, generation)
            except ApiError as error:
                for fallback in fallback_plans(plan, error):
                    with suppress(ApiError):
                        page = yield from self._ask(fallback, generation)
                        break
                else:
                    raise
        return replace(page, took_ms=(time.perf_counter() - started) * 1000)

    def request(self, plan: Plan, generation: str | None = None) -> Exchange[Request]:
        """Return the request that runs a plan on this server."""
        index = yield from self.described(generation)
        version = yield from self.version()
        body = to_elasticsearch(plan, shards=index.shards, knn_has_k=version >= KNN_HAS_K)
        return to_request(plan, generation or self.alias, body)

    def get(self, ids: Sequence[str], generation: str | None = None) -> Exchange[Mapping[str, Row]]:
        """Return the rows of products by id; unknown ids are absent."""
        if not ids:
            return {}
        index = generation or self.alias
        routing = yield from self.routing(ids, generation)
        docs = [{"_id": key, "routing": routing[key]} if key in routing else {"_id": key} for key in ids]
        with explained(self.url, index):
            answer = yield Request("POST", f"/{index}/_mget", {"_source_excludes": RESERVED}, {"docs": docs})
        return {doc["_id"]: doc["_source"] for doc in answer["docs"] if doc.get("found")}

    def routing(self, ids: Sequence[str], generation: str | None = None) -> Exchange[Mapping[str, str]]:
        """Return the routing value of those products that lie elsewhere than their id says; mostly none does."""
        described = yield from self.described(generation)
        if described.shards == 1:
            return {}
        index = generation or self.alias
        found: dict[str, str] = {}
        with explained(self.url, index):
            if generation is not None:  # what was just written to it is not findable yet
                yield Request("POST", f"/{index}/_refresh")
            for some in batches(ids, FOUND):
                query = {"query": {"ids": {"values": some}}, "_source": False, "size": FOUND}
                answer = yield Request("POST", f"/{index}/_search", {}, query)
                found |= {hit["_id"]: hit["_routing"] for hit in answer["hits"]["hits"] if "_routing" in hit}
        return found

    def version(self) -> Exchange[tuple[int, ...]]:
        """Return the server's version."""
        if not self._version:
            with explained(self.url, self.alias):
                self._version = version_of((yield Request("GET", "/")))
        return self._version

    def described(self, generation: str | None = None) -> Exchange[Described]:
        """Return how an index is built.

        Raises:
            IndexMissing: There is none, or it is not ours.
        """
        yield from self.version()  # a server that is too old, or none at all, is told apart from a missing index
        if generation is not None:
            return (yield from self._read(generation))
        live = self._live
        if live is None or time.monotonic() - live.read_at > FRESH:
            live = self._live = yield from self._read(self.alias)
        return live

    def forget(self) -> None:
        """Forget the live index: another one took its place."""
        self._live = None

    def _ask(self, plan: Plan, generation: str | None) -> Exchange[Page]:
        request = yield from self.request(plan, generation)
        return to_page(plan, (yield request))

    def _read(self, index: str) -> Exchange[Described]:
        with explained(self.url, index):
            answer = yield Request("GET", f"/{index}")
        name, found = next(iter(answer.items()))
        schema = read_schema(found["mappings"], name)
        if schema is None:
            raise IndexMissing(
                f"Index '{index}' at {self.url} was not built by hybridsearch. "
                "Build one beside it with another 'engine.index' and: hybridsearch reindex"
            )
        return Described(schema, int(found["settings"]["index"]["number_of_shards"]), time.monotonic())
