"""Bulk writes that lose nothing silently.

The client's own helpers stop at the first bad product and do not wait before they try again; this loop sends chunks of
bounded size, repeats only what may succeed, and returns what was refused.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from elastic_transport import ConnectionError, ConnectionTimeout, SerializationError
from elasticsearch import ApiError, Elasticsearch, UnsupportedProductError

from hybridsearch.engines.elasticsearch.connection import json_of
from hybridsearch.engines.elasticsearch.mapping import to_source
from hybridsearch.values import Document, Reject

CHUNK_BYTES = 5_000_000
CHUNK_ITEMS = 500
RETRYABLE = (429, 502, 503, 504)
UNKNOWN_OUTCOME = (ConnectionError, ConnectionTimeout, SerializationError, UnsupportedProductError)
"""No answer, half of one, or a proxy's page in its place."""
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
BUDGET = 300.0
"""Seconds of waiting for one chunk before the run stops."""

Pause = Callable[[float], bool | None]
"""Waits for so many seconds; True says that nobody needs the outcome any more."""


@dataclass(frozen=True, slots=True)
class Item:
    """One product ready to be sent: an action line and a body, both JSON."""

    document: Document
    lines: tuple[bytes, bytes]

    @property
    def size(self) -> int:
        """Bytes on the wire."""
        return len(self.lines[0]) + len(self.lines[1]) + 2


def to_item(document: Document) -> Item | Reject:
    """Return what is sent for a document, or why it cannot be written as JSON."""
    action: dict[str, str] = {"_id": document.id}
    if document.routing is not None:
        action["routing"] = document.routing
    try:
        body = orjson.dumps(to_source(document), option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)
        return Item(document, (orjson.dumps({"index": action}), body))
    except TypeError as error:
        return reject(document, f"it cannot be written as JSON: {error}")


def chunks(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Yield runs of items within the limits of count and bytes; an item larger than the limit goes alone."""
    chunk: list[Item] = []
    size = 0
    for item in items:
        if chunk and (len(chunk) >= CHUNK_ITEMS or size + item.size > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(item)
        size += item.size
    if chunk:
        yield chunk


def send(client: Elasticsearch, index: str, items: Sequence[Item], pause: Pause = time.sleep) -> list[Reject]:
    """Write items and return those that were refused for good.

    An unknown outcome means the same items again: ids are ours, so a repeat changes nothing.

    Raises:
        ApiError, TransportError: The server as a whole refuses, or does not come back within the budget.
    """
    rejects: list[Reject] = []
    for chunk in chunks(items):
        rejects += send_chunk(client, index, chunk, pause)
    return rejects


def send_chunk(client: Elasticsearch, index: str, chunk: Sequence[Item], pause: Pause) -> list[Reject]:
    """Write one chunk, repeating what may succeed with growing, jittered pauses."""
    rejects: list[Reject] = []
    waiting = list(chunk)
    waited, longest = 0.0, FIRST_PAUSE
    while waiting:
        try:
            again, refused = attempt(client, index, waiting)
        except UNKNOWN_OUTCOME:
            if waited >= BUDGET:
                raise
            again, refused = waiting, []
        except ApiError as error:
            if error.meta.status == 413:
                return rejects + halves(client, index, waiting, pause)
            if error.meta.status not in RETRYABLE or waited >= BUDGET:
                raise
            again, refused = waiting, []
        rejects += refused
        if len(again) < len(waiting):
            waited, longest = 0.0, FIRST_PAUSE
        waiting = again
        if waiting:
            if waited >= BUDGET:
                return rejects + [
                    reject(item.document, "the server was too busy for it (429) all along") for item in waiting
                ]
            seconds = random.uniform(longest / 2, longest)
            if pause(seconds):
                return rejects
            waited, longest = waited + seconds, min(longest * 2, LONGEST_PAUSE)
    return rejects


def attempt(client: Elasticsearch, index: str, items: Sequence[Item]) -> tuple[list[Item], list[Reject]]:
    """Send items once; return those worth another try, and those refused for good."""
    operations: list[Any] = [line for item in items for line in item.lines]  # the client sends bytes as they are
    answer = json_of(
        client.bulk(
            index=index,
            operations=operations,
            pipeline="_none",  # a shop's default pipeline has seen these products already
            filter_path="errors,items.*.status,items.*.error",
        )
    )
    if not answer["errors"]:
        return [], []
    again, refused = [], []
    for item, result in zip(items, answer["items"], strict=True):
        (outcome,) = result.values()
        if outcome["status"] in RETRYABLE:
            again.append(item)
        elif error := outcome.get("error"):
            cause = error.get("caused_by", {}).get("reason")
            refused.append(reject(item.document, ": ".join(filter(None, [error.get("reason", error["type"]), cause]))))
    return again, refused


def halves(client: Elasticsearch, index: str, items: Sequence[Item], pause: Pause) -> list[Reject]:
    """Send a chunk that was too large for the server (413) in halves; a single product that is too large is refused."""
    if len(items) == 1:
        return [reject(items[0].document, f"its {items[0].size:,} bytes are more than the server accepts (413)")]
    middle = len(items) // 2
    return [
        *send_chunk(client, index, items[:middle], pause),
        *send_chunk(client, index, items[middle:], pause),
    ]


def reject(document: Document, reason: str) -> Reject:
    """Return the dead letter of a document that could not be written."""
    return Reject(where=f"product {document.id}", id=document.id, stage="write", reason=reason, row=document.row)
