"""Reading all of an index, at one point in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from elastic_transport import TransportError
from elasticsearch import ApiError

from hybridsearch.engines.elasticsearch.transport.answers import read
from hybridsearch.engines.elasticsearch.transport.client import Client
from hybridsearch.engines.elasticsearch.transport.shapes import PIT, SORTED, Sorted, SortedHit
from hybridsearch.errors import EngineError

KEEP_ALIVE = "10m"
"""How long the server keeps the point in time between two pages; the products of a page may be encoded in between."""
TIMEOUT = 60.0
"""Seconds for one page."""

Hits = list[SortedHit]


def pages(client: Client, index: str, *, size: int, sort: Sequence[str], source: Any) -> Iterator[Hits]:
    """Yield all documents of an index or alias, `size` at a time, fetching the next page while the caller works on one.

    `sort` must order the documents without ties, as `_shard_doc` does; `source` selects the fields that are returned.
    """
    point = read(PIT, client.open_point_in_time(index=index, keep_alive=KEEP_ALIVE))["id"]
    pool = ThreadPoolExecutor(1)

    def page(after: list[int] | None = None) -> Future[Sorted]:
        pit = {"id": point, "keep_alive": KEEP_ALIVE}
        return pool.submit(search_all_shards, client, pit=pit, sort=sort, search_after=after, size=size, source=source)

    try:
        upcoming: Future[Sorted] | None = page()
        while upcoming:
            answer = upcoming.result()
            point, hits = answer.get("pit_id", point), answer["hits"]["hits"]
            upcoming = page(hits[-1]["sort"]) if len(hits) == size else None
            yield hits
    finally:
        pool.shutdown(cancel_futures=True)
        with suppress(ApiError, TransportError, EngineError):  # it expires anyway; its error must not hide the first
            client.close_point_in_time(id=point)


def search_all_shards(client: Client, **request: Any) -> Sorted:
    """Return the answer to a search that may take long, and fails rather than leave out a shard."""
    patient = client.options(request_timeout=TIMEOUT, max_retries=3, retry_on_timeout=True)
    return read(SORTED, patient.search(track_total_hits=False, allow_partial_search_results=False, **request))


def ids(client: Client, index: str) -> Iterator[str]:
    """Yield the id of every document."""
    for hits in pages(client, index, size=10_000, sort=["_shard_doc"], source=False):
        yield from (hit["_id"] for hit in hits)
