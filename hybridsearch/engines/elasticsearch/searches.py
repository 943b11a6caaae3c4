"""Searches on a server: plans become requests, answers become pages. The engine chooses the client that sends them."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from elasticsearch import ApiError

from hybridsearch.document import RESERVED
from hybridsearch.engines.base import Request
from hybridsearch.engines.elasticsearch.aliases import chosen, several, writes_to
from hybridsearch.engines.elasticsearch.copies import lost_midway
from hybridsearch.engines.elasticsearch.mapping import read_schema, shards_of, to_indexed, vector_path
from hybridsearch.engines.elasticsearch.request.fallback import fallback_plans
from hybridsearch.engines.elasticsearch.request.page import spelled, to_page
from hybridsearch.engines.elasticsearch.request.request import to_elasticsearch, to_request
from hybridsearch.engines.elasticsearch.request.words import to_lexicon, words_request
from hybridsearch.engines.elasticsearch.spellings import Spellings
from hybridsearch.engines.elasticsearch.transport.answers import UnexpectedAnswer, read
from hybridsearch.engines.elasticsearch.transport.connection import explained, version_of
from hybridsearch.engines.elasticsearch.transport.exchange import Exchange
from hybridsearch.engines.elasticsearch.transport.shapes import COMPLETENESS, DOCS, FOUND, INDICES, WITH_FIELDS
from hybridsearch.errors import IndexMissing
from hybridsearch.runtime import deadline
from hybridsearch.runtime.batches import batches
from hybridsearch.schema import Schema
from hybridsearch.search import bars
from hybridsearch.search.loosened import by_words_alone, fuller, loosened_plan
from hybridsearch.search.plan import Plan
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.sections import EngineSection
from hybridsearch.values import Indexed, Page, Row

FRESH = 5.0
"""Seconds for which the schema of the live index is cached: a swap may have happened since."""
IDS_PER_SEARCH = 1_000
"""Products that one request looks up."""
LEXICON_FRESH = 600.0
"""Seconds for which the words of an index are cached: a word that it does not have yet is looked for anyway."""
KNN_HAS_K = (8, 15)
WHOLE = {"allow_partial_search_results": "false"}
"""Of a search whose answer decides what is written: the server fails rather than leave out a shard."""
SERVERS_SHARE = 0.8
"""Of the time for a search: what the server has found by then still arrives in time."""


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """What a search needs to know about an index."""

    schema: Schema
    shards: int
    read_at: float
    name: str
    """What requests name: the alias, where it leads to one index."""
    generation: str
    """The index itself."""
    spare: tuple[str, ...] = ()
    """Indices to which the alias leads too."""
    writable: bool = True


def asked(request: Request) -> Exchange[Mapping[str, Any]]:
    """Return the answer to a search; where a node died in the middle of it, that of the nodes which hold its copies."""
    answer = yield request
    return (yield request) if lost_midway(read(COMPLETENESS, answer)) else answer


class Searches:
    """Everything that reads products; caches the server's version, and for a moment how the live index is built.

    Where a generation may be None, the live one is meant.
    """

    def __init__(self, section: EngineSection) -> None:
        self.alias = section.index
        self.url = " or ".join(section.urls)
        self._timeout = section.timeout
        self._version: tuple[int, ...] = ()
        self._live: IndexInfo | None = None
        self._lexicons: dict[str, tuple[float, Lexicon]] = {}
        self._spellings = Spellings()

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
        index = yield from self.index_info(generation)
        return (yield from self._request((yield from self._settled(plan, index)), index))

    def get(self, ids: Sequence[str], generation: str | None = None) -> Exchange[Mapping[str, Row]]:
        """Return the rows of products by id; unknown ids are absent."""
        if not ids:
            return {}
        index = (yield from self.index_info(generation)).name
        routing = yield from self.routing(ids, generation)
        rows: dict[str, Row] = {}
        wanted = [{"_id": key, "routing": routing[key]} if key in routing else {"_id": key} for key in ids]
        with explained(self.url, index):
            for page in batches(wanted, IDS_PER_SEARCH):
                answer = yield Request("POST", f"/{index}/_mget", {"_source_excludes": RESERVED}, {"docs": page})
                docs = read(DOCS, answer)["docs"]
                rows |= {doc["_id"]: doc.get("_source", {}) for doc in docs if doc.get("found")}
        return rows

    def indexed(self, ids: Sequence[str]) -> Exchange[Mapping[str, Indexed]]:
        """Return products by id with their vectors; unknown ids are absent.

        A search, because to get a document by id takes its routing. The vectors come by `fields`: `_source` has them on
        some servers and not on others.
        """
        if not ids:
            return {}
        index = yield from self.index_info()
        paths = {vector_path(leg.name): leg.name for leg in index.schema.legs}
        wanted = {"_source": {"excludes": [RESERVED]}, **({"fields": list(paths)} if paths else {})}
        found: dict[str, Indexed] = {}
        with explained(self.url, index.name):
            for page in batches(ids, IDS_PER_SEARCH):
                body = {"query": {"ids": {"values": page}}, "size": IDS_PER_SEARCH, **wanted}
                answer = read(WITH_FIELDS, (yield from asked(Request("POST", f"/{index.name}/_search", {}, body))))
                found |= {hit["_id"]: to_indexed(hit, paths) for hit in answer["hits"]["hits"]}
        return found

    def routing(self, ids: Sequence[str], generation: str | None = None) -> Exchange[Mapping[str, str]]:
        """Return the routing value of those products that are not on the shard that their id selects; mostly none."""
        index_info = yield from self.index_info(generation)
        if index_info.shards == 1:
            return {}
        index = index_info.name
        values: dict[str, str] = {}
        with explained(self.url, index):
            if generation is not None:  # what was just written to it cannot be searched yet
                yield Request("POST", f"/{index}/_refresh")
            for page in batches(ids, IDS_PER_SEARCH):
                query = {"query": {"ids": {"values": page}}, "_source": False, "size": IDS_PER_SEARCH}
                answer = yield Request("POST", f"/{index}/_search", WHOLE, query)
                hits = read(FOUND, answer)["hits"]["hits"]
                values |= {hit["_id"]: hit["_routing"] for hit in hits if "_routing" in hit}
        return values

    def version(self) -> Exchange[tuple[int, ...]]:
        """Return the server's version."""
        if not self._version:
            with explained(self.url, self.alias):
                self._version = version_of((yield Request("GET", "/")))
        return self._version

    def index_info(self, generation: str | None = None) -> Exchange[IndexInfo]:
        """Return schema and shards of an index.

        Raises:
            IndexMissing: There is none, or it is not ours.
        """
        yield from self.version()  # so that a server that is too old or unavailable is not reported as a missing index
        if generation is not None:
            return (yield from self._read(generation))
        if (live := self.known_index()) is None:
            live = self._live = yield from self._read(self.alias)
        return live

    def known_index(self) -> IndexInfo | None:
        """Return the live index if it was read a moment ago."""
        live = self._live
        return live if live and time.monotonic() - live.read_at <= FRESH else None

    def lexicon(self, generation: str | None = None) -> Exchange[Lexicon]:
        """Return the words of an index as they were some minutes ago at the earliest.

        They are read again by one search; until it has them the others go on with what there is.
        """
        index = yield from self.index_info(generation)
        if (fresh := self.known_lexicon(index)) is not None:
            return fresh
        if index.generation in self._lexicons:
            self._lexicons[index.generation] = time.monotonic(), self._lexicons[index.generation][1]
        with explained(self.url, index.name):
            lexicon = to_lexicon((yield from asked(words_request(index.name, self._seconds() / 2))))
        self._lexicons = {index.generation: (time.monotonic(), lexicon)}
        return lexicon

    def known_lexicon(self, index: IndexInfo) -> Lexicon | None:
        """Return the words of an index if they were read some minutes ago."""
        read_at, lexicon = self._lexicons.get(index.generation, (-math.inf, None))
        return lexicon if time.monotonic() - read_at < LEXICON_FRESH else None

    def forget(self) -> None:
        """Forget the live index: another one replaced it."""
        self._live = None

    def _seconds(self) -> float:
        """Return how long the server may search."""
        return deadline.allowed(self._timeout) * SERVERS_SHARE

    def _ask(self, plan: Plan, generation: str | None) -> Exchange[Page]:
        index = yield from self.index_info(generation)
        page = yield from self._answer(plan, index)
        if loosened := loosened_plan(plan, page):
            alone = by_words_alone(plan)
            if not (alone and (yield from self._page(alone, index)).total):
                page = fuller(page, (yield from self._answer(loosened, index)))
        if not index.spare:
            return page
        reason = (
            f"{several(self.alias, (index.name, *index.spare), index.name)}; the way out is in: hybridsearch doctor"
        )
        return replace(page, degraded=(*page.degraded, reason))

    def _answer(self, plan: Plan, index: IndexInfo) -> Exchange[Page]:
        """Return what a plan finds as it is."""
        return (yield from self._page((yield from self._settled(plan, index)), index))

    def _settled(self, plan: Plan, index: IndexInfo) -> Exchange[Plan]:
        """Return a plan that says what depends on the best product, and on how the numbers of its facets lie."""
        if plan.needs_best:
            best = yield from self._page(plan.best(), index)
            plan = plan.near(best.hits[0].score, best.total) if best.hits else plan
        if bars.wanting(plan):
            measured = yield from self._page(bars.measuring(plan), index)
            plan = bars.fitted(plan, measured.facets, measured.details)
        return plan

    def _page(self, plan: Plan, index: IndexInfo) -> Exchange[Page]:
        compared = self._spellings.unknown(index.generation, plan.compared)
        unknown = replace(plan, compared=compared) if compared != plan.compared else plan
        answer = yield from asked((yield from self._request(unknown, index)))
        self._spellings.remember(unknown.compared, spelled(unknown, answer))
        return to_page(plan, answer, list(map(self._spellings.written, plan.compared)))

    def _request(self, plan: Plan, index: IndexInfo) -> Exchange[Request]:
        version = yield from self.version()
        body = to_elasticsearch(plan, shards=index.shards, knn_has_k=version >= KNN_HAS_K, seconds=self._seconds())
        return to_request(plan, index.name, body)

    def _read(self, index: str) -> Exchange[IndexInfo]:
        with explained(self.url, index):
            indices = read(INDICES, (yield Request("GET", f"/{index}")))
            if not indices:
                raise UnexpectedAnswer("no index")
            name = chosen(indices, index)
            shards = shards_of(indices[name])
            schema = read_schema(indices[name]["mappings"], name)
        if schema is None:
            raise IndexMissing(
                f"Index '{index}' at {self.url} was not built by hybridsearch. "
                "Build one beside it with another 'engine.index' and: hybridsearch reindex"
            )
        if len(indices) == 1:
            return IndexInfo(schema, shards, time.monotonic(), index, name)
        spare = tuple(sorted(set(indices) - {name}))
        return IndexInfo(schema, shards, time.monotonic(), name, name, spare, writes_to(indices[name], index))
