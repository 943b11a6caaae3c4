"""The engine on a stock Elasticsearch: thin calls around pure functions."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from elasticsearch import AsyncElasticsearch, Elasticsearch, NotFoundError

from hybridsearch.document import RESERVED
from hybridsearch.engines.base import Check, Generation, Lease, Written, new_name
from hybridsearch.engines.elasticsearch import health, paging
from hybridsearch.engines.elasticsearch.bulk import Item, Sender, to_item, to_removal
from hybridsearch.engines.elasticsearch.changes import ServerChanges
from hybridsearch.engines.elasticsearch.connection import (
    JSON,
    connect,
    connect_async,
    explained,
    json_of,
    version_of,
)
from hybridsearch.engines.elasticsearch.lease import ServerLease
from hybridsearch.engines.elasticsearch.mapping import (
    META,
    carried_mapping,
    carried_settings,
    from_source,
    read_schema,
    to_mapping,
)
from hybridsearch.engines.elasticsearch.request import parameters, to_elasticsearch, to_page
from hybridsearch.errors import EngineError, GateError, IndexMissing
from hybridsearch.failpoints import reach
from hybridsearch.plan import Plan
from hybridsearch.schema import Schema
from hybridsearch.settings import EngineSection
from hybridsearch.values import Document, Page, Reject, Row

FRESH = 5.0
"""Seconds for which the schema of the live index is believed before it is read again: a swap may have happened."""
BULK_TIMEOUT = 6.0
"""How many times longer than a search a bulk request may take."""
KNN_HAS_K = (8, 15)
VECTORS_LEFT_OUT = (9, 2)
"""From this version on `_source` comes without vectors unless they are asked for."""
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

    While a generation is filled, an alias of its own stands for it. It is what bulk requests name, so that the server
    never makes a generation anew that was removed; the request that makes the generation live takes it away.

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
        self._unwanted = threading.Event()
        self.sender = Sender(self._unwanted.wait)

    @property
    def changes(self) -> ServerChanges:
        return ServerChanges(self.client, self.url, self.alias, self.sender)

    def version(self) -> tuple[int, ...]:
        """Return the server's version."""
        if not self._version:
            with explained(self.url, self.alias):
                self._version = version_of(json_of(self.client.info()))
        return self._version

    @contextmanager
    def lease(self, owner: str) -> Iterator[Lease]:
        self.version()
        self._unwanted.clear()
        lease = ServerLease(self.client, self.alias, owner)
        with explained(self.url, lease.index):
            lease.__enter__()
        try:
            yield lease
        finally:
            self._unwanted.clear()
            lease.__exit__(None, None, None)

    def create(self, schema: Schema) -> str:
        knn_has_k = self.version() >= KNN_HAS_K
        with explained(self.url, self.alias):
            self._must_replace()
            mapping, settings = self._carried()
            name = f"{self.alias}-{new_name()}"
            self.client.indices.create(
                index=name,
                mappings=to_mapping(schema, mapping, knn_has_k=knn_has_k),
                settings={"index": {**settings, **FILLING}},
                aliases={filling(name): {}},
            )
        return name

    def write(self, generation: str | None, documents: Sequence[Document]) -> Written:
        items = [to_item(document) for document in documents]
        written = self._send(generation, [item for item in items if isinstance(item, Item)])
        written.refused += [item for item in items if isinstance(item, Reject)]
        return written

    def remove(self, generation: str | None, ids: Mapping[str, int | None]) -> Written:
        return self._send(generation, [to_removal(key, version) for key, version in ids.items()])

    def refresh(self, generation: str) -> int:
        with explained(self.url, generation):
            self.client.indices.refresh(index=generation)
            return int(self.client.count(index=generation)["count"])

    def stored(self, generation: str, ids: Sequence[str]) -> Mapping[str, Document]:
        whole = {"exclude_vectors": False} if self.version() >= VECTORS_LEFT_OUT else True
        with explained(self.url, generation):
            # A search, because to get a document by id takes its routing.
            answer = self.client.search(
                index=generation, query={"ids": {"values": list(ids)}}, source=whole, size=len(ids)
            )
        return {
            hit["_id"]: from_source(hit["_id"], hit["_source"], hit.get("_routing"))
            for hit in json_of(answer)["hits"]["hits"]
        }

    def ids(self, generation: str) -> Iterator[str]:
        return paging.ids(self.client, generation)

    def promote(self, generation: str, schema: Schema) -> None:
        with explained(self.url, generation):
            before = self._behind()
            if generation not in before:
                self._settle(generation)
                reach("promote.settled")
                meta = self._index(generation)["mappings"].get("_meta", {})
                self.client.indices.put_mapping(index=generation, meta={**meta, META: schema.to_json()})
                reach("promote.described")
                self.switch(generation)
                reach("promote.swapped")
            self._prune(before)
            reach("promote.pruned")

    def switch(self, generation: str) -> None:
        with explained(self.url, generation):
            self.client.indices.update_aliases(actions=list(self._swap(generation)))
            self._live = None

    def discard(self, generation: str) -> None:
        with explained(self.url, generation):
            self.client.indices.delete(index=generation, ignore_unavailable=True)

    def generations(self) -> list[Generation]:
        with explained(self.url, self.alias):
            found = self._ours()
            stats = self.client.indices.stats(index=f"{self.alias}-*", metric="docs,store").get("indices", {})
        totals = {name: entry["primaries"] for name, entry in stats.items()}
        return [
            Generation(
                name,
                state(index["aliases"], self.alias, name),
                totals.get(name, {}).get("docs", {}).get("count", 0),
                totals.get(name, {}).get("store", {}).get("size_in_bytes", 0),
            )
            for name, index in sorted(found.items())
        ]

    def identity(self) -> str:
        with explained(self.url, self.alias):
            found = json_of(self.client.indices.stats(index=self.alias, metric="docs", level="shards"))
        shards = {
            f"{index['uuid']}/{number}": max(copy["seq_no"]["max_seq_no"] for copy in copies)
            for index in found["indices"].values()
            for number, copies in index["shards"].items()
        }
        return " ".join(f"{name}:{last}" for name, last in sorted(shards.items()))

    def outlook(self) -> list[str]:
        self.version()
        with explained(self.url, self.alias):
            if self._is_index():
                return [f"'{self.alias}' is an index, not an alias: --replace-index would remove it"]
            behind = self._behind()
            lines = [f"alias '{self.alias}' moves away from '{index}', which is kept" for index in behind]
            for index in behind:
                others = set(self._index(index)["aliases"]) - {self.alias}
                lines += [f"alias '{name}' stays on '{index}'" for name in sorted(others)]
        return lines

    def abandon(self) -> None:
        self._unwanted.set()

    def schema(self, generation: str | None = None) -> Schema:
        return self._current().schema if generation is None else self._described(generation).schema

    def search(self, plan: Plan, generation: str | None = None) -> Page:
        started = time.perf_counter()
        request = self._request(plan, generation)
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

    def get(self, ids: Sequence[str], generation: str | None = None) -> Mapping[str, Row]:
        if not ids:
            return {}
        index = generation or self.alias
        with explained(self.url, index):
            found = self.client.mget(index=index, ids=list(ids), source_excludes=[RESERVED])
        return {doc["_id"]: doc["_source"] for doc in found["docs"] if doc.get("found")}

    def check(self) -> list[Check]:
        return health.checks(self.client, self.url, self.alias)

    def close(self) -> None:
        self.client.close()

    async def close_async(self) -> None:
        """Let go of the connections of both clients."""
        if self._async_client is not None:
            await self._async_client.close()
        self.close()

    def _request(self, plan: Plan, generation: str | None = None) -> dict[str, Any]:
        index = self._current() if generation is None else self._described(generation)
        return {
            "method": "POST",
            "path": f"/{generation or self.alias}/_search",
            "params": parameters(plan),
            "headers": JSON,
            "body": to_elasticsearch(plan, shards=index.shards, knn_has_k=self.version() >= KNN_HAS_K),
        }

    def _page(self, plan: Plan, answer: Mapping[str, Any], started: float) -> Page:
        return replace(to_page(plan, answer), took_ms=(time.perf_counter() - started) * 1000)

    def _current(self) -> Live:
        self.version()  # a server that is too old, or none at all, is told apart from a missing index
        if self._live is None or time.monotonic() - self._live.read_at > FRESH:
            self._live = self._described(self.alias)
        return self._live

    def _described(self, index: str) -> Live:
        with explained(self.url, index):
            name, found = next(iter(json_of(self.client.indices.get(index=index)).items()))
        schema = read_schema(found["mappings"], name)
        if schema is None:
            raise IndexMissing(
                f"Index '{index}' at {self.url} was not built by hybridsearch. "
                "Build one beside it with another 'engine.index' and: hybridsearch reindex"
            )
        return Live(schema, int(found["settings"]["index"]["number_of_shards"]), time.monotonic())

    def _send(self, generation: str | None, items: Sequence[Item]) -> Written:
        client = self.client.options(request_timeout=self.section.timeout * BULK_TIMEOUT)
        target = self.alias if generation is None else filling(generation)
        with explained(self.url, target):
            return self.sender.send(client, target, items)

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

    def _settle(self, generation: str) -> None:
        """Give a generation the settings that the shop wants in place of those for filling, and check them."""
        _, settings = self._carried()
        wanted = {name: settings.get(name) for name in FILLING}
        self.client.indices.put_settings(index=generation, settings={"index": wanted})
        found = self._index(generation)["settings"]["index"]
        for name, value in wanted.items():
            if value is not None and str(found.get(name)) != str(value):
                raise GateError(
                    f"'{name}' of '{generation}' is {found.get(name)}, expected {value}. The old index stays; "
                    "look at the privileges of the key, then continue with: hybridsearch reindex"
                )

    def _swap(self, generation: str) -> Iterator[Any]:
        """Yield the actions of the one atomic request that makes a generation the live one.

        It fails as a whole when the alias was moved by somebody else in the meantime.
        """
        behind = self._behind()
        if not behind and self._must_replace():
            yield {"remove_index": {"index": self.alias}}
        for index in behind:
            yield {"remove": {"index": index, "alias": self.alias, "must_exist": True}}
        options: dict[str, Any] = next(iter(behind.values()), {})
        yield {"add": {**options, "index": generation, "alias": self.alias}}
        yield {"remove": {"index": generation, "alias": filling(generation), "must_exist": False}}

    def _ours(self) -> dict[str, Any]:
        """Return the generations of this alias by name."""
        pattern = re.compile(re.escape(self.alias) + r"-\d{8}-\d{6}-[0-9a-f]{4,6}")
        found = self.client.indices.get(index=f"{self.alias}-*", ignore_unavailable=True)
        return {
            name: index
            for name, index in found.items()
            if pattern.fullmatch(name) and META in index["mappings"].get("_meta", {})
        }

    def _prune(self, before: Mapping[str, Any]) -> None:
        """Remove finished generations beyond those to keep, first of all the one that was live before.

        What any alias names stays: another one is still queried, and an unfinished one may be continued.
        """
        free = sorted((name for name, index in self._ours().items() if not index["aliases"]), reverse=True)
        for name in sorted(free, key=lambda name: name not in before)[self.section.keep :]:
            self.client.indices.delete(index=name, ignore_unavailable=True)


def filling(generation: str) -> str:
    """Return the alias that stands for a generation while it is filled."""
    return f"{generation}-filling"


def state(aliases: Mapping[str, Any], alias: str, generation: str) -> Literal["live", "kept", "unfinished"]:
    """Return the state of a generation that has these aliases."""
    if alias in aliases:
        return "live"
    return "unfinished" if filling(generation) in aliases else "kept"
