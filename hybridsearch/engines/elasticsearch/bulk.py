"""Bulk writes that lose nothing silently.

The client's own helpers stop at the first bad product and do not wait before they try again; this loop sends chunks of
bounded size, repeats only what may succeed, and returns what was refused. What to do is decided in `retry.py`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NoReturn

import orjson
from elasticsearch import ApiError, Elasticsearch

from hybridsearch.changes import order
from hybridsearch.engines.base import Written
from hybridsearch.engines.elasticsearch.connection import json_of
from hybridsearch.engines.elasticsearch.mapping import to_source
from hybridsearch.engines.elasticsearch.retry import Limits, Patience, Verdict, of_item
from hybridsearch.engines.elasticsearch.waiting import UNKNOWN_OUTCOME, Waiting, may_pass
from hybridsearch.errors import EngineError
from hybridsearch.failpoints import reach
from hybridsearch.values import Document, Reject, Row


@dataclass(frozen=True, slots=True)
class Item:
    """One write ready to be sent: an action line and, unless it is a removal, a body, both JSON."""

    id: str
    row: Row | None
    lines: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """Bytes on the wire."""
        return sum(map(len, self.lines)) + len(self.lines)


def to_item(document: Document) -> Item | Reject:
    """Return what is sent for a document, or why it cannot be written as JSON."""
    action: dict[str, Any] = {"_id": document.id}
    if document.routing is not None:
        action["routing"] = document.routing
    if document.version is not None:
        action |= external(order(document.version))
    try:
        body = orjson.dumps(to_source(document), option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)
        return Item(document.id, document.row, (orjson.dumps({"index": action}), body))
    except TypeError as error:
        return reject(document.id, document.row, f"it cannot be written as JSON: {error}")


def to_removal(key: str, version: int | None, routing: str | None = None) -> Item:
    """Return what is sent to remove a product."""
    action: dict[str, Any] = {"_id": key}
    if routing is not None:
        action["routing"] = routing
    if version is not None:
        action |= external(order(version, removed=True))
    return Item(key, None, (orjson.dumps({"delete": action}),))


def external(version: int) -> dict[str, Any]:
    """Return what makes the server keep a document with a higher version; an equal one is replaced, for repeats."""
    return {"version": version, "version_type": "external_gte"}


def take(waiting: deque[Item], limits: Limits) -> list[Item]:
    """Remove and return the next chunk; an item larger than the limit goes alone.

    An id comes once in a chunk: of two products with one id the first may have to be sent again, and must not then
    replace the last.
    """
    chunk: list[Item] = []
    ids: set[str] = set()
    size = 0
    while waiting and len(chunk) < limits.items and waiting[0].id not in ids:
        if chunk and size + waiting[0].size > limits.bytes:
            break
        chunk.append(waiting.popleft())
        ids.add(chunk[-1].id)
        size += chunk[-1].size
    return chunk


@dataclass(slots=True)
class Sender:
    """Sends items in chunks whose size follows what the server can take."""

    waiting: Waiting = field(default_factory=Waiting)
    limits: Limits = field(default_factory=Limits)

    def send(self, client: Elasticsearch, target: str, items: Iterable[Item], *, alias: bool = True) -> Written:
        """Write items; return those that were refused for good, and how many were older than what is there.

        An unknown outcome means the same items again: ids and versions are ours, so a repeat changes nothing.

        Args:
            client: Its timeout is that of a bulk request.
            target: An alias, or an index.
            items: In the order in which they are to be applied.
            alias: Whether the target must be an alias, so that the server never makes an index that was removed anew.

        Raises:
            ApiError, TransportError: The server as a whole refuses, or does not come back within the budget.
            EngineError: Items met a busy server all along, or nothing can be written at all.
        """
        left, patience, written = deque(items), Patience(), Written()
        while chunk := take(left, self.limits):
            error: Exception | None = None
            try:
                again = self.attempt(client, target, chunk, written, alias)
            except UNKNOWN_OUTCOME as found:
                again, error = chunk, found
            except ApiError as found:
                if found.meta.status == 413:
                    self.too_large(chunk, left, written)
                    continue
                if not may_pass(found):
                    raise
                again, error = chunk, found
            left.extendleft(reversed(again))
            if len(again) < len(chunk):
                patience = Patience()
            if not again:
                self.limits = self.limits.grown()
                continue
            if not isinstance(error, UNKNOWN_OUTCOME):  # it said itself that it was too much
                self.limits = self.limits.eased(len(chunk), sum(item.size for item in chunk))
            patience = self.waiting.wait(patience, error) or give_up(error, again)
        return written

    def attempt(
        self, client: Elasticsearch, target: str, items: list[Item], written: Written, alias: bool
    ) -> list[Item]:
        """Send items once, note what became of them, and return those worth another try."""
        operations: list[Any] = [line for item in items for line in item.lines]  # the client sends bytes as they are
        answer = json_of(
            client.bulk(
                index=target,
                operations=operations,
                pipeline="_none",  # a shop's default pipeline has seen these products already
                require_alias=alias,
                filter_path="errors,items.*.status,items.*.error",
            )
        )
        reach("chunk.sent")
        written.missing += not_found(answer["items"])
        if not answer["errors"]:
            return []
        again = []
        for item, result in zip(items, answer["items"], strict=True):
            (outcome,) = result.values()
            error = outcome.get("error")
            match of_item(outcome["status"], error and error["type"]):
                case Verdict.AGAIN:
                    again.append(item)
                case Verdict.OLDER:
                    written.older += 1
                case Verdict.REFUSED:
                    written.refused.append(reject(item.id, item.row, reason(error)))
                case Verdict.STOP:
                    raise EngineError(f"Nothing can be written to '{target}': {reason(error)}. {remedy(error['type'])}")
                case Verdict.DONE:
                    pass
        return again

    def too_large(self, chunk: list[Item], waiting: deque[Item], written: Written) -> None:
        """Take a chunk back that was too large for the server (413); a single product that is too large is refused."""
        size = sum(item.size for item in chunk)
        if len(chunk) == 1:
            why = f"its {size:,} bytes are more than the server accepts (413)"
            written.refused.append(reject(chunk[0].id, chunk[0].row, why))
            return
        waiting.extendleft(reversed(chunk))
        self.limits = self.limits.halved(len(chunk))


def not_found(results: Iterable[dict[str, Any]]) -> int:
    """Return how many removals found nothing to remove: their status is 404, and they have no error."""
    outcomes = (outcome for result in results for outcome in result.values())
    return sum(outcome["status"] == 404 and "error" not in outcome for outcome in outcomes)


def give_up(error: Exception | None, items: list[Item]) -> NoReturn:
    """Stop a run: the products are not at fault, and the same command continues later."""
    if error is not None:
        raise error
    raise EngineError(
        f"The server was too busy for {len(items)} products, such as '{items[0].id}', all along (429). "
        "Wait until it has less to do, then continue with the same command."
    )


def remedy(kind: str) -> str:
    """Return what to do about an index that takes no writes."""
    if kind == "index_not_found_exception":
        return "It was removed while it was written. Start again with: hybridsearch reindex"
    if kind == "cluster_block_exception":
        return "Free disk space or remove the block, then continue with the same command."
    return "Look at the index and at the privileges of the key, then continue with the same command."


def reason(error: dict[str, Any]) -> str:
    """Return the reason of an item's error with its cause."""
    cause = error.get("caused_by", {}).get("reason")
    return ": ".join(filter(None, [error.get("reason", error["type"]), cause]))


def reject(key: str, row: Row | None, why: str) -> Reject:
    """Return the dead letter of a product that could not be written."""
    return Reject(where=f"product {key}", id=key, stage="write", reason=why, row=row)
