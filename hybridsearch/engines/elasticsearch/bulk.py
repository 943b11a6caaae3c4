"""Bulk writes that lose nothing silently.

The client's own helpers stop at the first bad product and do not wait before they try again. This loop sends chunks of
limited size, repeats only what may succeed, and returns what was refused. `retry.py` decides what to do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NoReturn

import orjson
from elasticsearch import ApiError, Elasticsearch

from hybridsearch.changes import precedence
from hybridsearch.engines.base import Written
from hybridsearch.engines.elasticsearch.blocks import blocked
from hybridsearch.engines.elasticsearch.mapping import to_source
from hybridsearch.engines.elasticsearch.transport.answers import UnexpectedAnswer, read
from hybridsearch.engines.elasticsearch.transport.retry import BLOCKED, Backoff, Limits, Verdict, item_verdict
from hybridsearch.engines.elasticsearch.transport.shapes import BULK, Cause, Outcome
from hybridsearch.engines.elasticsearch.transport.waiting import UNKNOWN_OUTCOME, Waiting, is_transient
from hybridsearch.errors import EngineError
from hybridsearch.runtime.failpoints import reach
from hybridsearch.values import Document, Reject, Row

METADATA = frozenset(
    ("_id", "_source", "_routing", "_index", "_version", "_seq_no", "_tier", "_ignored", "_field_names", "_type")
)
"""Names that no field of a document may have at the top."""
NODES_AWAY = ("unavailable_shards_exception", BLOCKED)
SHARD_AWAY = "10s"
"""How long the server waits for a shard that no node has: the node may come back; it is asked again, with pauses."""
NO_WRITE_INDEX = "no write index is defined for alias"
"""How the server says, of each product, that the alias leads to several indices."""


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
    """Return the write for a document, or a reject when it cannot be written as JSON."""
    if taken := METADATA.intersection(document.row):
        reason = f"it has a field '{min(taken)}', a name that Elasticsearch has for itself; rename it in the catalogue"
        return reject(document.id, document.row, reason)
    action: dict[str, Any] = {"_id": document.id}
    if document.routing is not None:
        action["routing"] = document.routing
    if document.version is not None:
        action |= external_version(precedence(document.version))
    try:
        body = orjson.dumps(to_source(document), option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)
        return Item(document.id, document.row, (orjson.dumps({"index": action}), body))
    except TypeError as error:
        return reject(document.id, document.row, f"it cannot be written as JSON: {error}")


def to_removal(key: str, version: int | None, routing: str | None = None) -> Item:
    """Return the write that removes a product."""
    action: dict[str, Any] = {"_id": key}
    if routing is not None:
        action["routing"] = routing
    if version is not None:
        action |= external_version(precedence(version, removed=True))
    return Item(key, None, (orjson.dumps({"delete": action}),))


def external_version(version: int) -> dict[str, Any]:
    """Return the action fields that protect a document with a higher version; an equal one is replaced, for repeats."""
    return {"version": version, "version_type": "external_gte"}


def take_chunk(queue: deque[Item], limits: Limits) -> list[Item]:
    """Remove and return the next chunk; an item larger than the limit goes alone.

    An id occurs once in a chunk: of two products with one id the first may have to be sent again, and must not replace
    the second then.
    """
    chunk: list[Item] = []
    ids: set[str] = set()
    size = 0
    while queue and len(chunk) < limits.items and queue[0].id not in ids:
        if chunk and size + queue[0].size > limits.bytes:
            break
        chunk.append(queue.popleft())
        ids.add(chunk[-1].id)
        size += chunk[-1].size
    return chunk


@dataclass(slots=True)
class Sender:
    """Sends items in chunks whose size follows what the server can take.

    Attributes:
        nodes_away: Whether the last request lacked a shard that no node has, or a master.
    """

    waiting: Waiting = field(default_factory=Waiting)
    limits: Limits = field(default_factory=Limits)
    nodes_away: bool = False

    def send(self, client: Elasticsearch, target: str, items: Iterable[Item], *, alias: bool = True) -> Written:
        """Write items; return those that were refused for good, and how many were older than what is stored.

        After an unknown outcome the same items are sent again: ids and versions are ours, so a repeat changes nothing.

        Args:
            client: Its timeout is that of a bulk request.
            target: An alias, or an index.
            items: In the order in which they must be applied.
            alias: Whether the target must be an alias, so that the server never recreates an index that was removed.

        Raises:
            ApiError, TransportError: The server as a whole refuses, or does not recover within the budget.
            EngineError: The server stayed too busy for some items, or nothing can be written at all.
        """
        queue, backoff, written = deque(items), Backoff(), Written()
        while chunk := take_chunk(queue, self.limits):
            error: Exception | None = None
            try:
                unwritten = self.attempt(client, target, chunk, written, alias)
            except UNKNOWN_OUTCOME as failure:
                unwritten, error = chunk, failure
            except ApiError as failure:
                if failure.meta.status == 413:
                    self.split_chunk(chunk, queue, written)
                    continue
                if not is_transient(failure):
                    raise
                unwritten, error = chunk, failure
            queue.extendleft(reversed(unwritten))
            if len(unwritten) < len(chunk):
                backoff = Backoff()
            if not unwritten:
                self.limits = self.limits.grown()
                continue
            if not isinstance(error, UNKNOWN_OUTCOME):  # the server itself said that it was too much
                self.limits = self.limits.eased(len(chunk), sum(item.size for item in chunk))
            backoff = self.waiting.wait(backoff, error) or give_up(error, unwritten, target, self.nodes_away)
        return written

    def attempt(
        self, client: Elasticsearch, target: str, items: list[Item], written: Written, alias: bool
    ) -> list[Item]:
        """Send items once, record the outcome, and return those that are worth another try."""
        operations: list[Any] = [line for item in items for line in item.lines]  # the client sends bytes as they are
        answer = client.bulk(
            index=target,
            operations=operations,
            timeout=SHARD_AWAY,
            pipeline="_none",  # a shop's default pipeline has processed these products already
            require_alias=alias,
            filter_path="errors,items.*.status,items.*.error,items.*.result",
        )
        reach("chunk.sent")
        outcomes = outcomes_of(answer, len(items))
        written.missing += sum(outcome["status"] == 404 and "error" not in outcome for outcome in outcomes)
        unwritten, self.nodes_away = [], False
        for item, outcome in zip(items, outcomes, strict=True):
            error = outcome.get("error")
            if outcome.get("result") == "noop":
                raise EngineError(dropped(target))
            match item_verdict(outcome["status"], None if error is None else kind_of(error)):
                case Verdict.AGAIN:
                    unwritten.append(item)
                    self.nodes_away |= kind_of(error or {}) in NODES_AWAY
                case Verdict.OLDER:
                    written.older += 1
                case Verdict.REFUSED if NO_WRITE_INDEX in reason_of(error or {}):
                    raise EngineError(stopped(target, error or {}))
                case Verdict.REFUSED:
                    written.refused.append(reject(item.id, item.row, reason_of(error or {})))
                case Verdict.STOP:
                    raise EngineError(stopped(target, error or {}))
                case Verdict.DONE:
                    pass
        return unwritten

    def split_chunk(self, chunk: list[Item], queue: deque[Item], written: Written) -> None:
        """Put a chunk that was too large for the server (413) back, to go in two; a single product is refused."""
        size = sum(item.size for item in chunk)
        if len(chunk) == 1:
            reason = f"its {size:,} bytes are more than the server accepts (413)"
            written.refused.append(reject(chunk[0].id, chunk[0].row, reason))
            return
        queue.extendleft(reversed(chunk))
        self.limits = self.limits.halved(len(chunk))


def outcomes_of(answer: object, count: int) -> list[Outcome]:
    """Return the outcome of each of so many writes; a removal that found nothing has the status 404, and no error.

    Raises:
        UnexpectedAnswer: There are more or fewer.
    """
    outcomes = [outcome for item in read(BULK, answer)["items"] for outcome in item.values()]
    if len(outcomes) != count:
        raise UnexpectedAnswer(f"{len(outcomes)} outcomes of {count} writes")
    return outcomes


def give_up(error: Exception | None, items: list[Item], target: str, nodes_away: bool) -> NoReturn:
    """Stop a run: the products are not the cause, and the same command continues it later."""
    if error is not None:
        raise error
    if nodes_away:
        raise EngineError(
            f"Nodes of the cluster are away that '{target}' needs: {len(items)} products, such as '{items[0].id}', "
            "cannot be written. Start them, or leave them, and continue with the same command."
        )
    raise EngineError(
        f"The server stayed too busy for {len(items)} products, such as '{items[0].id}' (429). "
        "Wait until it has less to do, then continue with the same command."
    )


def dropped(target: str) -> str:
    """Say that an index accepts writes and drops them."""
    return (
        f"'{target}' drops what is written to it: a pipeline of the server does so ('index.final_pipeline'). Set that "
        "to '_none', then send the change again, or run: hybridsearch reindex"
    )


def stopped(target: str, error: Cause) -> str:
    """Say why an index accepts no writes, and what to do about it."""
    reason = reason_of(error)
    begin = f"Nothing can be written to '{target}': {reason}"
    if kind_of(error) == "index_not_found_exception":
        return f"{begin}. It was removed while it was written. Start again with: hybridsearch reindex"
    if kind_of(error) == BLOCKED:
        block = blocked(target, reason)
        way = f"; {block}" if block else ". Free disk space or remove the block"
        return f"{begin}{way}, then continue with the same command."
    if NO_WRITE_INDEX in reason:
        return f"{begin}. The alias leads to several indices; hybridsearch doctor names the way out."
    return f"{begin}. Look at the index and at the privileges of the key, then continue with the same command."


def kind_of(error: Cause) -> str:
    """Return the type of an item's error."""
    return error.get("type") or "error"


def reason_of(error: Cause) -> str:
    """Return the reason of an item's error, with its cause."""
    cause = error.get("caused_by") or {}
    return ": ".join(filter(None, [error.get("reason") or kind_of(error), cause.get("reason")]))


def reject(key: str, row: Row | None, reason: str) -> Reject:
    """Return the reject for a product that could not be written."""
    return Reject(where=f"product {key}", id=key, stage="write", reason=reason, row=row)
