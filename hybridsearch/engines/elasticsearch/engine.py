"""The engine on a stock Elasticsearch: thin calls around pure functions."""

from __future__ import annotations

import asyncio
import itertools
import re
import secrets
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from elasticsearch import AsyncElasticsearch, Elasticsearch, NotFoundError

from hybridsearch.document import RESERVED
from hybridsearch.engines.base import Check
from hybridsearch.engines.elasticsearch import health
from hybridsearch.engines.elasticsearch.bulk import Item, send, to_item
from hybridsearch.engines.elasticsearch.connection import (
    JSON,
    connect,
    connect_async,
    explained,
    json_of,
    version_of,
)
from hybridsearch.engines.elasticsearch.mapping import (
    META,
    carried_mapping,
    carried_settings,
    read_schema,
    to_mapping,
)
from hybridsearch.engines.elasticsearch.request import parameters, to_elasticsearch, to_page
from hybridsearch.errors import EngineError, GateError, IndexMissing
from hybridsearch.plan import Plan
from hybridsearch.schema import Schema
from hybridsearch.settings import EngineSection
from hybridsearch.values import Document, Page, Reject, Row

FRESH = 5.0
"""Seconds for which the schema of the live index is believed before it is read again: a swap may have happened."""
BULK_TIMEOUT = 6.0
"""How many times longer than a search a bulk request may take."""
KNN_HAS_K = (8, 15)
FILLING = {"refresh_interval": "-1", "number_of_replicas": "0"}
"""Settings while a generation is filled; promote restores what the shop wants."""


@dataclass(frozen=True, slots=True)
class Live:
    """What is known about the live index."""

    schema: Schema
    shards: int
    read_at: float


class ElasticsearchEngine:
    """Generations are indices called ALIAS-DATE-TIME-RANDOM; the alias names the live one.

    Args:
        section: Where the server is and what the alias is called.
        folder: Where relative paths of the configuration start.
        source: An existing index whose settings and mapping a new generation carries.
        replace_index: Whether an index, not an alias, of the configured name may be removed for a new generation.
    """

    def __init__(
        self, section: EngineSection, folder: Path, *, source: str | None = None, replace_index: bool = False
    ) -> None:
        assert section.url is not None
        self.section = section
        self.url, self.alias = section.url, section.index
        self.source, self.replace_index = source, replace_index
        self.client: Elasticsearch = connect(section, folder)
        self._folder = folder
        self._async_client: AsyncElasticsearch | None = None
        self._version: tuple[int, ...] = ()
        self._live: Live | None = None
        # One thread keeps the order of writes, so that the last of two products with one id wins.
        self._sender = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hybridsearch-bulk")
        self._sending: list[Future[list[Reject]]] = []
        self._unwanted = threading.Event()

    def version(self) -> tuple[int, ...]:
        """Return the server's version."""
        if not self._version:
            with explained(self.url, self.alias):
                self._version = version_of(json_of(self.client.info()))
        return self._version

    def create(self, schema: Schema) -> str:
        knn_has_k = self.version() >= KNN_HAS_K
        with explained(self.url, self.alias):
            self._must_replace()
            mapping, settings = self._carried()
            name = f"{self.alias}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"
            self.client.indices.create(
                index=name,
                mappings=to_mapping(schema, mapping, knn_has_k=knn_has_k),
                settings={"index": {**settings, **FILLING}},
            )
        return name

    def write(self, generation: str, documents: Sequence[Document]) -> list[Reject]:
        items = [to_item(document) for document in documents]
        refused = [item for item in items if isinstance(item, Reject)]
        ready = [item for item in items if isinstance(item, Item)]
        refused += self._collect(leave=1)
        self._sending.append(self._sender.submit(send, self._bulk_client(), generation, ready, self._unwanted.wait))
        return refused

    def refresh(self, generation: str) -> tuple[int, list[Reject]]:
        refused = self._collect(leave=0)
        with explained(self.url, generation):
            self.client.indices.refresh(index=generation)
            count = self.client.count(index=generation)["count"]
        return int(count), refused

    def promote(self, generation: str, schema: Schema) -> None:
        with explained(self.url, generation):
            _, settings = self._carried()
            wanted = {
                "number_of_replicas": settings.get("number_of_replicas"),
                "refresh_interval": settings.get("refresh_interval"),
            }
            self.client.indices.put_settings(index=generation, settings={"index": wanted})
            meta = self._index(generation)["mappings"].get("_meta", {})
            self.client.indices.put_mapping(index=generation, meta={**meta, META: schema.to_json()})
            self.client.indices.update_aliases(actions=list(self._swap(generation)))
            self._live = None
            self._prune(keep=1)

    def discard(self, generation: str) -> None:
        self._unwanted.set()
        for sending in self._sending:
            sending.cancel()
        wait(self._sending)  # what became of it no longer matters, but a late write would make the index anew
        self._sending.clear()
        self._unwanted.clear()
        with explained(self.url, generation):
            self.client.indices.delete(index=generation, ignore_unavailable=True)

    def schema(self) -> Schema:
        return self._current().schema

    def identity(self) -> str:
        with explained(self.url, self.alias):
            found = json_of(self.client.indices.stats(index=self.alias, metric="docs", level="shards"))
        shards = {
            f"{index['uuid']}/{number}": max(copy["seq_no"]["max_seq_no"] for copy in copies)
            for index in found["indices"].values()
            for number, copies in index["shards"].items()
        }
        return " ".join(f"{name}:{last}" for name, last in sorted(shards.items()))

    def search(self, plan: Plan) -> Page:
        started = time.perf_counter()
        request = self._request(plan)
        with explained(self.url, self.alias):
            answer = json_of(self.client.perform_request(**request))
        return self._page(plan, answer, started)

    async def search_async(self, plan: Plan) -> Page:
        started = time.perf_counter()
        request = await asyncio.to_thread(self._request, plan)
        if self._async_client is None:
            self._async_client = connect_async(self.section, self._folder)
        with explained(self.url, self.alias):
            answer = json_of(await self._async_client.perform_request(**request))
        return self._page(plan, answer, started)

    def get(self, ids: Sequence[str]) -> Mapping[str, Row]:
        if not ids:
            return {}
        with explained(self.url, self.alias):
            found = self.client.mget(index=self.alias, ids=list(ids), source_excludes=[RESERVED])
        return {doc["_id"]: doc["_source"] for doc in found["docs"] if doc.get("found")}

    def check(self) -> list[Check]:
        return health.checks(self.client, self.url, self.alias)

    def close(self) -> None:
        self._sender.shutdown()
        self.client.close()

    async def close_async(self) -> None:
        """Let go of the connections of both clients."""
        if self._async_client is not None:
            await self._async_client.close()
        self.close()

    def _request(self, plan: Plan) -> dict[str, Any]:
        body = to_elasticsearch(plan, shards=self._current().shards, knn_has_k=self.version() >= KNN_HAS_K)
        return {
            "method": "POST",
            "path": f"/{self.alias}/_search",
            "params": parameters(plan),
            "headers": JSON,
            "body": body,
        }

    def _page(self, plan: Plan, answer: Mapping[str, Any], started: float) -> Page:
        return replace(to_page(plan, answer), took_ms=(time.perf_counter() - started) * 1000)

    def _current(self) -> Live:
        self.version()  # a server that is too old, or none at all, is told apart from a missing index
        if self._live is None or time.monotonic() - self._live.read_at > FRESH:
            with explained(self.url, self.alias):
                name, index = next(iter(json_of(self.client.indices.get(index=self.alias)).items()))
            schema = read_schema(index["mappings"], name)
            if schema is None:
                raise IndexMissing(
                    f"Index '{self.alias}' at {self.url} was not built by hybridsearch. "
                    "Build one beside it with another 'engine.index' and: hybridsearch reindex"
                )
            self._live = Live(schema, int(index["settings"]["index"]["number_of_shards"]), time.monotonic())
        return self._live

    def _bulk_client(self) -> Elasticsearch:
        return self.client.options(request_timeout=self.section.timeout * BULK_TIMEOUT)

    def _collect(self, leave: int) -> list[Reject]:
        refused: list[Reject] = []
        while len(self._sending) > leave:
            with explained(self.url, self.alias):
                refused += self._sending[0].result()
            del self._sending[0]  # not before: discard waits for what is still on its way
        return refused

    def _carried(self) -> tuple[dict[str, Any] | None, dict[str, Any]]:
        """Return mapping and settings for a new generation: the shop's own, or the configuration's."""
        if self.source is None:
            return None, {
                "number_of_shards": self.section.shards,
                "number_of_replicas": self.section.replicas,
            }
        index = self._index(self.source)
        return carried_mapping(index["mappings"]), carried_settings(index)

    def _index(self, name: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.client.indices.get(index=name).body
        if len(found) != 1:
            raise EngineError(f"'{name}' names {len(found)} indices, expected one. Give a single index or alias.")
        (index,) = found.values()
        return index  # type: ignore[no-any-return]

    def _is_index(self) -> bool:
        return bool(self.client.indices.exists(index=self.alias)) and not self.client.indices.exists_alias(
            name=self.alias
        )

    def _must_replace(self) -> bool:
        """Tell whether an index stands where the alias goes; refuse to remove one that nobody allowed to be removed."""
        found = self._is_index()
        if found and not self.replace_index:
            raise GateError(
                f"'{self.alias}' is an index, not an alias, and would have to make room for an alias of that name. "
                "Choose another 'engine.index', or allow it: hybridsearch reindex --replace-index"
            )
        return found

    def _behind(self) -> dict[str, Any]:
        """Return the indices behind the alias, with how the alias is set on each."""
        try:
            found = self.client.indices.get_alias(name=self.alias)
        except NotFoundError:
            return {}
        return {index: entry["aliases"][self.alias] for index, entry in found.items()}

    def _swap(self, generation: str) -> Iterator[Any]:
        """Yield the actions of the one atomic request that makes a generation the live one."""
        behind = self._behind()
        if not behind and self._must_replace():
            yield {"remove_index": {"index": self.alias}}
        for index in behind:
            yield {"remove": {"index": index, "alias": self.alias}}
        options: dict[str, Any] = next(iter(behind.values()), {})
        yield {"add": {**options, "index": generation, "alias": self.alias}}

    def _prune(self, keep: int) -> None:
        """Remove generations of ours older than the `keep` before the live one; nothing that an alias names."""
        pattern = re.compile(re.escape(self.alias) + r"-\d{8}-\d{6}-[0-9a-f]{4}")
        found = self.client.indices.get(index=f"{self.alias}-*", ignore_unavailable=True)
        ours = sorted(
            name
            for name, index in found.items()
            if pattern.fullmatch(name) and META in index["mappings"].get("_meta", {}) and not index["aliases"]
        )
        for name in itertools.islice(ours, max(0, len(ours) - keep)):
            self.client.indices.delete(index=name)
