"""A log in an index: a document for each line, under a mapping of our own."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from elasticsearch import BadRequestError

from hybridsearch.catalog.base import product
from hybridsearch.catalog.elasticsearch import ElasticsearchIndex
from hybridsearch.engines.elasticsearch.transport.answers import read
from hybridsearch.engines.elasticsearch.transport.connection import connect, explained
from hybridsearch.engines.elasticsearch.transport.shapes import FOUND
from hybridsearch.errors import CatalogError, EngineError
from hybridsearch.settings import Settings
from hybridsearch.values import Product, Reject

NAME = {"type": "keyword", "ignore_above": 1024}
KEPT = {"type": "keyword", "index": False, "doc_values": False}
"""Of what is only read back."""
MADE = 10.0
"""Seconds for which an index is taken to be there."""
LAST = 10_000
"""Documents that are read for suggestions: the most that a server gives at once, some 5 MB."""
MAPPING: dict[str, Any] = {
    "dynamic": False,
    "properties": {
        "timestamp": {"type": "date"},
        "action_name": NAME,
        "query_id": NAME,
        "session_id": NAME,
        "user_query": NAME,
        "query_response_object_ids": KEPT,
        "event_attributes": {
            "properties": {
                "object": {"properties": {"object_id": NAME}},
                "position": {"properties": {"ordinal": {"type": "integer"}}},
            }
        },
        "query_attributes": {"properties": {"total": {"type": "long"}, "arm": NAME}},
    },
}


class IndexOfEvents:
    """The index that a configuration names under `[log]`; made when something is first written to it."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.log.index or ""
        self._section = settings.engine
        self._client = connect(settings.engine, settings.folder)
        self._made_at = -math.inf

    def append(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """Write lines, in one request.

        Raises:
            EngineError: The server cannot be reached, or refuses one.
        """
        with explained(", ".join(self._section.urls), self.name):
            self._make()
            operations: list[Mapping[str, Any]] = []
            for line in lines:
                operations += [{"create": {}}, line]
            answer = self._client.bulk(index=self.name, operations=operations).body
        if answer.get("errors"):
            why = next(item["create"]["error"] for item in answer["items"] if "error" in item["create"])
            raise EngineError(f"'{self.name}' refused a line of the log: {str(why)[:300]}. Look at its mapping.")

    def _make(self) -> None:
        """Make the index if it is not there: one that was deleted would come back under a mapping of the server's."""
        if time.monotonic() - self._made_at < MADE:
            return
        try:
            shards = {"number_of_shards": 1, "number_of_replicas": self._section.replicas}
            self._client.indices.create(index=self.name, mappings=MAPPING, settings=shards)
        except BadRequestError as error:
            if error.error != "resource_already_exists_exception" and error.error != "invalid_index_name_exception":
                raise
        self._made_at = time.monotonic()

    def read(self) -> Iterator[Product | Reject]:
        """Yield all documents in the order in which they were written.

        Raises:
            CatalogError: There is no such index.
            EngineError: It cannot be read.
        """
        with explained(", ".join(self._section.urls), self.name):
            if not self._client.indices.exists(index=self.name):
                raise CatalogError(f"The index '{self.name}' of the log is missing. Log a page first: shop.log(page).")
            self._client.indices.refresh(index=self.name)
        yield from ElasticsearchIndex(self._client, self.name).read()

    def last(self) -> list[Product | Reject]:
        """Return the last LAST documents in the order of their times; none where nothing was logged so far.

        Raises:
            EngineError: It cannot be read.
        """
        order = {"timestamp": {"order": "desc", "unmapped_type": "date"}}
        with explained(", ".join(self._section.urls), self.name):
            found = self._client.search(index=self.name, sort=[order], size=LAST, ignore_unavailable=True)
            hits = read(FOUND, found)["hits"]["hits"]
        rows = (hit.get("_source", {}) for hit in reversed(hits))
        return [product(row, None, f"{self.name}:{number}", number) for number, row in enumerate(rows, 1)]

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
