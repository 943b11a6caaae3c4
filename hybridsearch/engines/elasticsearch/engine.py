"""The engine on a stock Elasticsearch: thin calls around pure functions."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TypeVar

from hybridsearch.engines.base import Check, Generation, Lease, MergeProgress, Request, Say, Written
from hybridsearch.engines.elasticsearch import health, merging, paging
from hybridsearch.engines.elasticsearch.aliases import filling_alias, several, way_out
from hybridsearch.engines.elasticsearch.bulk import Item, Sender, to_item, to_removal
from hybridsearch.engines.elasticsearch.changes import ServerChanges
from hybridsearch.engines.elasticsearch.generations import Generations
from hybridsearch.engines.elasticsearch.lease import ServerLease
from hybridsearch.engines.elasticsearch.mapping import VECTORS_LEFT_OUT, from_source, require_rounding, vector_path
from hybridsearch.engines.elasticsearch.repeating import repeating
from hybridsearch.engines.elasticsearch.searches import KNN_HAS_K, IndexInfo, Searches
from hybridsearch.engines.elasticsearch.transport.answers import read
from hybridsearch.engines.elasticsearch.transport.client import Client
from hybridsearch.engines.elasticsearch.transport.connection import connect, connect_async, explained, in_time, share
from hybridsearch.engines.elasticsearch.transport.exchange import Exchange, run
from hybridsearch.engines.elasticsearch.transport.loops import LoopClients
from hybridsearch.engines.elasticsearch.transport.retry import Allowance
from hybridsearch.engines.elasticsearch.transport.shapes import COUNTED, FOUND, SHARD_STATS
from hybridsearch.engines.elasticsearch.transport.waiting import Waiting
from hybridsearch.errors import EngineError
from hybridsearch.runtime.deadline import by_default
from hybridsearch.schema import Schema
from hybridsearch.search.plan import Plan
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.sections import EngineSection
from hybridsearch.values import Document, Indexed, Page, Reject, Row

T = TypeVar("T")

BULK_TIMEOUT = 6.0
"""How many times longer than a search a bulk request may take."""


class ElasticsearchEngine:
    """Generations are indices behind an alias, see `Generations`.

    Args:
        section: Where the server is and what the alias is called.
        folder: Where relative paths of the configuration start.
        source: An existing index whose settings and mapping a new generation carries.
        replace_index: Whether an index, not an alias, of the configured name may be removed for a new generation.

    Attributes:
        sleep: How a thread that searches waits before it asks again.
    """

    def __init__(
        self, section: EngineSection, folder: Path, *, source: str | None = None, replace_index: bool = False
    ) -> None:
        self.section = section
        self.alias = section.index
        self.source, self.replace_index = source, replace_index
        self.client = connect(section, folder)
        self._allowance = Allowance()
        self.sleep: Callable[[float], object] = time.sleep
        self._loops = LoopClients(partial(connect_async, section, folder))
        self._searches = Searches(section)
        self.url = self._searches.url
        self._runs = 0
        self._runs_lock = threading.Lock()
        self._unwanted = threading.Event()
        self.waiting = Waiting(self._unwanted.wait)
        self.sender = Sender(self.waiting)

    @property
    def changes(self) -> ServerChanges:
        self.version()  # a server that has never answered is not waited for
        return ServerChanges(self.client, self.url, self.alias, self.sender)

    @property
    def retried(self) -> int:
        return self.waiting.retried

    def version(self) -> tuple[int, ...]:
        """Return the server's version."""
        return self._ask(self._searches.version())

    @contextmanager
    def lease(self, owner: str) -> Iterator[Lease]:
        self.version()
        lease = ServerLease(self.client, self.alias, owner)
        with self._run_under_way():
            with explained(self.url, lease.index):
                self.waiting.repeat(lease.__enter__)  # a lease whose acknowledgement was lost is recognised as ours
            try:
                yield lease
            finally:
                lease.__exit__(None, None, None)

    @contextmanager
    def _run_under_way(self) -> Iterator[None]:
        """Let `abandon` take effect for as long as the context lasts."""
        with self._runs_lock:
            self._runs += 1
        try:
            yield
        finally:
            with self._runs_lock:
                self._runs -= 1
                if not self._runs:
                    self._unwanted.clear()

    def create(self, schema: Schema) -> str:
        knn_has_k = self.version() >= KNN_HAS_K
        require_rounding(schema, self.version())
        with explained(self.url, self.alias):
            return self._generations.create(schema, knn_has_k=knn_has_k)

    def write(self, generation: str | None, documents: Sequence[Document]) -> Written:
        items = [to_item(document) for document in documents]
        written = self._send(generation, [item for item in items if isinstance(item, Item)])
        written.refused += [item for item in items if isinstance(item, Reject)]
        return written

    def remove(self, generation: str | None, ids: Mapping[str, int | None]) -> Written:
        routing = self.routing(generation, list(ids))
        return self._send(generation, [to_removal(key, version, routing.get(key)) for key, version in ids.items()])

    def routing(self, generation: str | None, ids: Sequence[str]) -> Mapping[str, str]:
        return self._ask(self._searches.routing(ids, generation), generation)

    def refresh(self, generation: str) -> int:
        with explained(self.url, generation):
            self._patient.indices.refresh(index=generation)
            return read(COUNTED, self._patient.count(index=generation))["count"]

    def stored(self, generation: str | None, ids: Sequence[str]) -> Mapping[str, Document]:
        whole = {"exclude_vectors": False} if self.version() >= VECTORS_LEFT_OUT else True
        index = generation or self._ask(self._searches.index_info()).name
        with explained(self.url, index):
            # A search, because to get a document by id takes its routing.
            wanted = {"ids": {"values": list(ids)}}
            answer = self._patient.search(
                index=index, query=wanted, source=whole, size=len(ids), allow_partial_search_results=False
            )
            return {
                hit["_id"]: from_source(hit["_id"], hit.get("_source", {}), hit.get("_routing"))
                for hit in read(FOUND, answer)["hits"]["hits"]
            }

    def ids(self, generation: str) -> Iterator[str]:
        with explained(self.url, generation):
            yield from paging.ids(self._patient, generation)

    def merge(self, generation: str, most: int, say: Say, progress: MergeProgress) -> None:
        with explained(self.url, generation):
            merging.merge(self._patient, generation, most, say, progress, sleep=self.waiting.sleep)

    def promote(self, generation: str, schema: Schema) -> None:
        with explained(self.url, generation):
            self._generations.promote(generation, schema)
            self._searches.forget()

    def reopen(self, generation: str) -> None:
        with explained(self.url, generation):
            self._generations.reopen(generation)

    def switch(self, generation: str) -> None:
        with explained(self.url, generation):
            self._generations.switch(generation)
            self._searches.forget()

    def discard(self, generation: str) -> None:
        with explained(self.url, generation):
            self._generations.discard(generation)

    def generations(self) -> list[Generation]:
        with explained(self.url, self.alias):
            return self._generations.all()

    def content_version(self) -> str:
        with explained(self.url, self.alias):
            stats = read(SHARD_STATS, self.client.indices.stats(index=self.alias, metric="docs", level="shards"))
        shards = {
            f"{index['uuid']}/{number}": max(copy["seq_no"]["max_seq_no"] for copy in copies)
            for index in stats["indices"].values()
            for number, copies in index["shards"].items()
        }
        return " ".join(f"{name}:{last}" for name, last in sorted(shards.items()))

    def outlook(self) -> list[str]:
        self.version()
        with explained(self.url, self.alias):
            return self._generations.outlook()

    def warnings(self) -> list[str]:
        with explained(self.url, self.alias):
            check = health.server(self.client.info())
        return [f"{check.found}: {check.next_step}."] if check.state == "warning" else []

    def abandon(self) -> None:
        with self._runs_lock:
            if self._runs:
                self._unwanted.set()

    def schema(self, generation: str | None = None, *, fresh: bool = False) -> Schema:
        if fresh:
            self._searches.forget()
        return self._index(generation).schema

    async def schema_async(self) -> Schema:
        return (await self._index_async()).schema

    def lexicon(self, generation: str | None = None) -> Lexicon:
        known = self._searches.known_lexicon(self._index()) if generation is None else None
        return known or self._ask(self._searches.lexicon(generation), generation)

    async def lexicon_async(self) -> Lexicon:
        known = self._searches.known_lexicon(await self._index_async())
        if known is not None:
            return known
        return await asyncio.to_thread(self.lexicon)  # to read and sort megabytes of words would hold the event loop

    def vectors(self, leg: str) -> int:
        with explained(self.url, self.alias):
            having = {"exists": {"field": vector_path(leg)}}
            return read(COUNTED, self.client.count(index=self.alias, query=having))["count"]

    def request(self, plan: Plan) -> Request:
        return self._ask(self._searches.request(plan))

    def search(self, plan: Plan, generation: str | None = None) -> Page:
        return self._ask(self._searches.search(plan, generation), generation)

    async def search_async(self, plan: Plan) -> Page:
        return await self._ask_async(self._searches.search(plan))

    def get(self, ids: Sequence[str], generation: str | None = None) -> Mapping[str, Row]:
        return self._ask(self._searches.get(ids, generation), generation)

    async def get_async(self, ids: Sequence[str]) -> Mapping[str, Row]:
        return await self._ask_async(self._searches.get(ids))

    def indexed(self, ids: Sequence[str]) -> Mapping[str, Indexed]:
        return self._ask(self._searches.indexed(ids))

    async def indexed_async(self, ids: Sequence[str]) -> Mapping[str, Indexed]:
        return await self._ask_async(self._searches.indexed(ids))

    def check(self) -> list[Check]:
        return health.checks(self.client, self.url, self.alias)

    def repair(self) -> list[str]:
        return []  # what a server stores it guards by itself

    def close(self) -> None:
        self.client.close()

    async def close_async(self) -> None:
        await self._loops.close()
        self.close()

    def _index(self, generation: str | None = None) -> IndexInfo:
        """Return what is known of an index: of the live one without an exchange, if it was read a moment ago."""
        if generation is None and (known := self._searches.known_index()):
            return known
        return self._ask(self._searches.index_info(generation), generation)

    async def _index_async(self) -> IndexInfo:
        """Return the same of the live index."""
        if known := self._searches.known_index():
            return known
        return await self._ask_async(self._searches.index_info())

    @property
    def _patient(self) -> Client:
        """The client for a run, which waits for a busy server, but not for one that has never answered."""
        self.version()
        return self.client.patient(self.waiting)

    def _ask(self, exchange: Exchange[T], generation: str | None = None) -> T:
        """Return what an exchange asks for: in time for a shopper, or with patience: only a run names a generation."""
        if generation is not None:
            return run(exchange, self._patient)
        with by_default(self.section.timeout):
            return run(self._repeating(exchange), in_time(self._hurried, self.section), self.sleep)

    async def _ask_async(self, exchange: Exchange[T]) -> T:
        """Return what a shopper's exchange asks for."""
        with by_default(self.section.timeout):
            return await self._loops.run(self._repeating(exchange), partial(in_time, section=self.section))

    def _repeating(self, exchange: Exchange[T]) -> Exchange[T]:
        """Return a shopper's exchange, which asks a busy server again."""
        return repeating(exchange, self._allowance, most=self.section.retries)

    @cached_property
    def _hurried(self) -> Client:
        """The client for a shopper."""
        return self.client.options(request_timeout=share(self.section, self.section.timeout))

    @property
    def _generations(self) -> Generations:
        return Generations(self._patient, self.section, self.source, self.replace_index)

    def _send(self, generation: str | None, items: Sequence[Item]) -> Written:
        if generation is None:
            self._require_one_index()
        client = self.client.options(request_timeout=self.section.timeout * BULK_TIMEOUT)
        target = self.alias if generation is None else filling_alias(generation)
        with explained(self.url, target):
            return self.sender.send(client, target, items)

    def _require_one_index(self) -> None:
        """Refuse a change where the server would: the alias leads to several indices, and writes to none of them."""
        index = self._ask(self._searches.index_info())
        if not index.writable:
            names = (index.name, *index.spare)
            raise EngineError(
                f"{several(self.alias, names, index.name)}. Changes would go to none of them. "
                f"Run: {way_out(names, index.name)}"
            )
