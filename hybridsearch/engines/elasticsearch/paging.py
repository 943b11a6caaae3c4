"""Reading all of an index, at one point in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from elastic_transport import TransportError
from elasticsearch import ApiError

from hybridsearch.engines.elasticsearch.client import Client
from hybridsearch.errors import EngineError

KEEP_ALIVE = "10m"
"""How long the server keeps the point in time between two pages; the products of both may be encoded in between."""
TIMEOUT = 60.0
"""Seconds for one page."""

Hits = list[dict[str, Any]]


def pages(client: Client, index: str, *, size: int, sort: Sequence[str], source: Any) -> Iterator[Hits]:
    """Yield all documents of an index or alias, `size` at a time, the next page fetched while one is worked on.

    `sort` must give every document a place of its own, as `_shard_doc` does; `source` says what of it is wanted.
    """
    point = client.open_point_in_time(index=index, keep_alive=KEEP_ALIVE)["id"]
    pool = ThreadPoolExecutor(1)

    def page(after: list[Any] | None = None) -> Future[Any]:
        pit = {"id": point, "keep_alive": KEEP_ALIVE}
        return pool.submit(whole, client, pit=pit, sort=sort, search_after=after, size=size, source=source)

    try:
        coming: Future[Any] | None = page()
        while coming:
            answer = coming.result()
            point, hits = answer["pit_id"], answer["hits"]["hits"]
            coming = page(hits[-1]["sort"]) if len(hits) == size else None
            yield hits
    finally:
        pool.shutdown(cancel_futures=True)
        with suppress(ApiError, TransportError, EngineError):  # it ends by itself; its error must not hide the first
            client.close_point_in_time(id=point)


def whole(client: Client, **request: Any) -> Any:
    """Return the answer to a search that may take its time, and must not leave out a shard."""
    patient = client.options(request_timeout=TIMEOUT, max_retries=3, retry_on_timeout=True)
    return patient.search(track_total_hits=False, allow_partial_search_results=False, **request)


def ids(client: Client, index: str) -> Iterator[str]:
    """Yield the id of every document."""
    for hits in pages(client, index, size=10_000, sort=["_shard_doc"], source=False):
        yield from (hit["_id"] for hit in hits)
