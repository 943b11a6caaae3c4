"""An existing Elasticsearch index as a catalogue: every document, at one point in time."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from elasticsearch import AuthorizationException, NotFoundError

from hybridsearch.catalog import analysis
from hybridsearch.catalog.base import Mark
from hybridsearch.document import RESERVED
from hybridsearch.engines.elasticsearch import paging
from hybridsearch.engines.elasticsearch.mapping import VECTORS_LEFT_OUT
from hybridsearch.engines.elasticsearch.transport.answers import read
from hybridsearch.engines.elasticsearch.transport.client import Client
from hybridsearch.engines.elasticsearch.transport.connection import explained, version_of
from hybridsearch.engines.elasticsearch.transport.shapes import (
    COUNTED,
    INDICES,
    MAPPINGS,
    SHARD_STATS,
    Copy,
    MappedField,
    Shard,
    SortedHit,
)
from hybridsearch.engines.elasticsearch.transport.waiting import Waiting
from hybridsearch.errors import CatalogError
from hybridsearch.inputs.rows import tidy
from hybridsearch.values import Product, Reject

PAGE = 500
"""Documents of one request: a few MB with long texts, far from the limits of client and server."""


@dataclass(frozen=True, slots=True)
class ElasticsearchIndex:
    """A source that reads an index or alias, which may be written to at the same time.

    A product's id is the document's `_id` and its row the `_source`; `_routing` is carried over. Its place is its
    sequence number, which every write in a shard raises: the order is that of the last writes, and what is written
    again comes last.
    """

    client: Client
    index: str
    unwanted: threading.Event = field(default_factory=threading.Event, compare=False)

    def patient(self) -> ElasticsearchIndex:
        """Return one that waits for a busy server."""
        return replace(self, client=self.client.patient(Waiting(self.unwanted.wait)))

    def abandon(self) -> None:
        """Stop waiting."""
        self.unwanted.set()

    @property
    def name(self) -> str:
        """Name of the index or alias."""
        return self.index

    def count(self) -> int | None:
        """Return the number of documents."""
        with reading(self.client, self.index):
            return read(COUNTED, self.client.count(index=self.index))["count"]

    def types(self) -> dict[str, str]:
        """Return the type of every mapped field by dotted name.

        Raises:
            CatalogError: Documents cannot be read back, because `_source` is not stored.
        """
        with reading(self.client, self.index):
            mappings = read(MAPPINGS, self.client.indices.get_mapping(index=self.index))
        types: dict[str, str] = {}
        for name, entry in mappings.items():
            if not entry["mappings"].get("_source", {}).get("enabled", True):
                raise CatalogError(
                    f"Index '{name}' does not store '_source', so its documents cannot be read back. "
                    "Set 'catalog.path' to the file that it was filled from."
                )
            types |= flat(entry["mappings"].get("properties", {}))
        return types

    def remarks(self) -> Iterator[str]:
        """Yield what is to be known of the index's own analyzers and synonyms."""
        return (remark for own in self._analyses() for remark in analysis.remarks(own))

    def synonyms(self) -> list[str]:
        """Return the rules of synonyms in the index's settings."""
        return list(dict.fromkeys(rule for own in self._analyses() for rule in analysis.synonyms(own)))

    def _analyses(self) -> list[Mapping[str, Any]]:
        with reading(self.client, self.index):
            indices = read(INDICES, self.client.indices.get(index=self.index)).values()
            return [index["settings"]["index"].get("analysis", {}) for index in indices]

    def snapshot_id(self) -> dict[str, Any]:
        """Return the UUIDs of the indices: in each, a document that is written again gets a new sequence number."""
        return {"indices": sorted(entry["uuid"] for entry in self._shards().values())}

    def mark(self) -> Mark | None:
        """Return up to which write each shard is complete, and make all of that visible."""
        with reading(self.client, self.index):
            marks = {
                name: {number: complete(copies) for number, copies in entry["shards"].items()}
                for name, entry in self._shards().items()
            }
        with reading(self.client, self.index):
            try:
                self.client.indices.refresh(index=self.index)
            except AuthorizationException:
                return None
        return marks

    def _shards(self) -> dict[str, Shard]:
        """Return what the server says about the shards of each index."""
        with reading(self.client, self.index):
            return read(SHARD_STATS, self.client.indices.stats(index=self.index, level="shards"))["indices"]

    def read(self) -> Iterator[Product | Reject]:
        """Yield every document."""
        with reading(self.client, self.index):
            sort = ["_seq_no", "_shard_doc"]
            for hits in paging.pages(self.client, self.index, size=PAGE, sort=sort, source=self._source()):
                yield from map(read_hit, hits)

    def ids(self) -> Iterator[str]:
        """Yield the id of every document."""
        with reading(self.client, self.index):
            yield from paging.ids(self.client, self.index)

    def since(self, mark: Mark) -> Iterator[Product | Reject]:
        """Yield the documents that were written after a mark, shard by shard: sequence numbers compare only there.

        The indices are those of the mark: after a swap of the alias that is read, it names the index that was built.
        """
        source, current = self._source(), self._shards()
        with reading(self.client, self.index):
            self.client.indices.refresh(index=list(mark), ignore_unavailable=True)
        for name, shards in mark.items():
            for number, last in shards.items():
                after: list[Any] = [last]
                with reading(self.client, self.index):
                    while hits := paging.search_all_shards(
                        self.client,
                        index=self.index if name in current else name,  # an alias may have a filter
                        ignore_unavailable=True,
                        preference=f"_shards:{number}",
                        query={"term": {"_index": name}},  # one of the indices of an alias
                        sort=["_seq_no"],
                        search_after=after,
                        size=PAGE,
                        source=source,
                    )["hits"]["hits"]:
                        after = hits[-1]["sort"]
                        yield from map(read_hit, hits)

    def _source(self) -> dict[str, Any]:
        """Return the source filter: all that the shop wrote, its vectors too, and nothing of ours."""
        ours = any(name.startswith(f"{RESERVED}.") for name in self.types())
        rule: dict[str, Any] = {"excludes": [RESERVED] if ours else []}
        with reading(self.client, self.index):
            if version_of(self.client.info()) >= VECTORS_LEFT_OUT:
                rule["exclude_vectors"] = False
        return rule


def read_hit(hit: SortedHit) -> Product | Reject:
    """Return a document as a product; its place is 1 + its sequence number, since 0 means none."""
    place, row = hit["sort"][0] + 1, hit.get("_source", {})
    try:
        return Product(hit["_id"], tidy(row), hit["_index"], hit.get("_routing"), place)
    except ValueError as error:
        return Reject(hit["_index"], hit["_id"], "read", str(error), row, place)


def complete(copies: Sequence[Copy]) -> int:
    """Return the sequence number up to which a shard's primary has every write."""
    primary = next((copy for copy in copies if copy.get("routing", {}).get("primary")), copies[0])
    return primary["seq_no"]["local_checkpoint"]


def flat(properties: Mapping[str, MappedField], prefix: str = "") -> dict[str, str]:
    """Return the types of a mapping's properties by dotted name."""
    types: dict[str, str] = {}
    for name, entry in properties.items():
        if "properties" in entry:
            types |= flat(entry["properties"], f"{prefix}{name}.")
        else:
            types[prefix + name] = entry.get("type", "object")
    return types


@contextmanager
def reading(client: Client, index: str) -> Iterator[None]:
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
