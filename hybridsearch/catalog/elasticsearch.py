"""An existing Elasticsearch index as a catalogue: every document, at one point in time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from hybridsearch.catalog.rows import tidy
from hybridsearch.document import RESERVED
from hybridsearch.engines.elasticsearch.connection import explained
from hybridsearch.errors import CatalogError
from hybridsearch.values import Product, Reject

PAGE = 500
"""Documents of one request: a few MB with long texts, far from the limits of client and server."""
SLICES = 2
"""Requests under way at a time: the next page is fetched while this one is worked on."""
KEEP_ALIVE = "10m"
"""How long the server keeps the point in time between two pages; the products of both may be encoded in between."""
TIMEOUT = 60.0
"""Seconds for one page."""


@dataclass(frozen=True, slots=True)
class ElasticsearchIndex:
    """A source that reads an index or alias.

    A product's id is the document's `_id` and its row the `_source`; `_routing` is carried over. The order is that of
    the last writes, so that it stays the same for as long as nothing is written.
    """

    client: Elasticsearch
    index: str

    @property
    def name(self) -> str:
        """Name of the index or alias."""
        return self.index

    def count(self) -> int | None:
        """Return the number of documents."""
        with reading(self.client, self.index):
            return int(self.client.count(index=self.index)["count"])

    def types(self) -> dict[str, str]:
        """Return the type of every mapped field by dotted name.

        Raises:
            CatalogError: Documents cannot be read back, because `_source` is not stored.
        """
        with reading(self.client, self.index):
            mappings = self.client.indices.get_mapping(index=self.index)
        found: dict[str, str] = {}
        for name, entry in mappings.items():
            if entry["mappings"].get("_source", {}).get("enabled", True) in (False, "false"):
                raise CatalogError(
                    f"Index '{name}' does not store '_source', so its documents cannot be read back. "
                    "Set 'catalog.path' to the file that it was filled from."
                )
            found |= flat(entry["mappings"].get("properties", {}))
        return found

    def identity(self) -> dict[str, Any]:
        """Return the number of the last write in each shard, by the identity of the index."""
        with reading(self.client, self.index):
            stats = self.client.indices.stats(index=self.index, level="shards")["indices"].values()
        return {
            entry["uuid"]: {
                number: copies[0]["seq_no"]["max_seq_no"] for number, copies in sorted(entry["shards"].items())
            }
            for entry in stats
        }

    def read(self) -> Iterator[Product | Reject]:
        """Yield every document: a page of each slice in turn, so that the order does not depend on which is faster."""
        with reading(self.client, self.index):
            source = self._source()
            point = self.client.open_point_in_time(index=self.index, keep_alive=KEEP_ALIVE)["id"]
            pool = ThreadPoolExecutor(SLICES)
            try:
                under_way = deque((part, pool.submit(self._page, source, point, part)) for part in range(SLICES))
                while under_way:
                    part, page = under_way.popleft()
                    point, hits = page.result()
                    if len(hits) == PAGE:
                        after = hits[-1]["sort"]
                        under_way.append((part, pool.submit(self._page, source, point, part, after)))
                    yield from map(read_hit, hits)
            finally:
                pool.shutdown(cancel_futures=True)
                # One that has expired is closed already; its error must not hide the first.
                self.client.options(ignore_status=404).close_point_in_time(id=point)

    def _page(
        self, source: Mapping[str, Any], point: str, part: int, after: list[Any] | None = None
    ) -> tuple[str, list[dict[str, Any]]]:
        """Return the point in time under its newest name, and the documents of a slice that follow `after`."""
        client = self.client.options(request_timeout=TIMEOUT, max_retries=3, retry_on_timeout=True)
        answer = client.search(
            pit={"id": point, "keep_alive": KEEP_ALIVE},
            slice={"field": "_seq_no", "id": part, "max": SLICES},
            sort=["_seq_no", "_shard_doc"],
            search_after=after,
            size=PAGE,
            source=source,
            track_total_hits=False,
            allow_partial_search_results=False,
        )
        return answer["pit_id"], answer["hits"]["hits"]

    def _source(self) -> dict[str, Any]:
        """Return the rule of what to fetch: all that the shop wrote, its vectors too, and nothing of ours."""
        ours = any(name.startswith(f"{RESERVED}.") for name in self.types())
        rule: dict[str, Any] = {"excludes": [RESERVED] if ours else []}
        # From 9.2 on the server leaves vectors out unless told; earlier ones refuse the word.
        if tuple(map(int, self.client.info()["version"]["number"].split(".")[:2])) >= (9, 2):
            rule["exclude_vectors"] = False
        return rule


def read_hit(hit: Mapping[str, Any]) -> Product | Reject:
    """Return a document as a product."""
    try:
        return Product(hit["_id"], tidy(hit["_source"]), hit["_index"], hit.get("_routing"))
    except ValueError as error:
        return Reject(hit["_index"], hit["_id"], "read", str(error), hit["_source"])


def flat(properties: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return the types of a mapping's properties by dotted name."""
    found: dict[str, str] = {}
    for name, entry in properties.items():
        if "properties" in entry:
            found |= flat(entry["properties"], f"{prefix}{name}.")
        else:
            found[prefix + name] = entry.get("type", "object")
    return found


@contextmanager
def reading(client: Elasticsearch, index: str) -> Iterator[None]:
    """Raise our errors in place of the client's."""
    with explained(" or ".join(node.base_url for node in client.transport.node_pool.all()), index):
        try:
            yield
        except NotFoundError as error:
            if error.error == "index_not_found_exception":
                raise CatalogError(
                    f"Index '{index}' is missing. Set 'catalog.index' to an index or alias of this server."
                ) from error
            raise
