"""The log of changes on a server: a hidden index with the last change of each product.

Precedences are the external versions of the log's documents. A removal is a document too, because the server forgets a
deletion after a minute.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson
from elasticsearch import NotFoundError

from hybridsearch.changes import START, Change, Recorded, restored
from hybridsearch.engines.elasticsearch.bulk import Item, Sender, external_version
from hybridsearch.engines.elasticsearch.lease import HIDDEN, sequence_of
from hybridsearch.engines.elasticsearch.transport.answers import read, reading
from hybridsearch.engines.elasticsearch.transport.client import Client
from hybridsearch.engines.elasticsearch.transport.connection import explained
from hybridsearch.engines.elasticsearch.transport.shapes import (
    DOCS,
    HEALTH,
    LOGGED,
    SHARD_STATS,
    SORTED,
    Copy,
    StoredDoc,
)
from hybridsearch.errors import EngineError

PAGE = 500
TRIES = 20
"""How often a change of single fields is tried while others change the same product."""
RECOVERY = "5s"
"""How long a run waits for a log that has no working shard."""
CHECKS, INTERVAL = 25, 0.2
"""How often a shard that works according to the server is looked for in its statistics, and the seconds in between."""
MAPPING = {
    "dynamic": "strict",
    "properties": {
        "time": {"type": "date"},
        "version": {"type": "long", "index": False},
        "row": {"type": "object", "enabled": False},
    },
}


class ServerChanges:
    """The change log of one alias; the protocol in hybridsearch/changes.py says what the methods do."""

    def __init__(self, client: Client, url: str, alias: str, sender: Sender) -> None:
        self.client, self.url = client.patient(sender.waiting), url
        self.index = f"{alias}-changes"
        self._send = partial(sender.send, client, self.index, alias=False)

    def known(self, ids: Sequence[str]) -> Mapping[str, Change]:
        with explained(self.url, self.index):
            return to_changes(self._known(ids))

    def newest(self, changes: Sequence[Change]) -> list[Change]:
        with explained(self.url, self.index):
            return list(self._newest(changes))

    def record(self, changes: Sequence[Change]) -> Recorded:
        with explained(self.url, self.index):
            found = self._known([change.id for change in changes])
            if not found:
                self._create()
            recorded = Recorded([], before=to_changes(found))
            self._record([change for change in changes if not change.partial], recorded)
            left = [change for change in changes if change.partial]
            for _ in range(TRIES):
                left = self._record_onto(found, left, recorded)
                if not left:
                    return recorded
                found = self._known([change.id for change in left])
        raise EngineError(f"Product '{left[0].id}' is changed by others all the time. Try it again.")

    def _record(self, changes: Sequence[Change], recorded: Recorded) -> None:
        """Record whole rows and removals."""
        if not changes:
            return
        written = self._send(map(to_item, changes))
        accepted = self._newest(changes) if written.older else changes
        recorded.take(accepted, written.refused)

    def _record_onto(
        self, found: Mapping[str, StoredDoc], changes: Sequence[Change], recorded: Recorded
    ) -> list[Change]:
        """Record changes of single fields on top of what was found, and return those that others came before."""
        known = to_changes(found)
        told = [change.onto(known.get(change.id)) for change in changes]
        if not told:
            return []
        written = self._send(to_item_onto(change, found.get(change.id)) for change in told)
        if not written.older:
            recorded.take(told, written.refused)
            return []
        now = to_changes(self._known([change.id for change in told]))
        recorded.take([change for change in told if now.get(change.id) == change], written.refused)
        done = {change.id for change in recorded.accepted} | {reject.id for reject in written.refused}
        return [change for change in self._newest(changes) if change.id not in done]

    def withdraw(self, changes: Sequence[Change], before: Mapping[str, Change]) -> None:
        with explained(self.url, self.index):
            known = self._known([change.id for change in changes])
            self._send(
                to_withdrawal(change, before.get(change.id), found)
                for change in changes
                if (found := known.get(change.id)) and to_change(change.id, found.get("_source")) == change
            )

    def _create(self) -> None:
        """Make the log unless it is there."""
        if not self.client.indices.exists(index=self.index):
            self.client.options(ignore_status=400).indices.create(
                index=self.index, mappings=MAPPING, settings={"index": HIDDEN}
            )

    def _known(self, ids: Sequence[str], *, rows: bool = True) -> dict[str, StoredDoc]:
        """Return what the log holds of some products, by id; nothing where there is no log yet."""
        if not ids:
            return {}
        try:
            docs = read(DOCS, self.client.mget(index=self.index, ids=ids, source=rows))["docs"]
        except NotFoundError:
            return {}
        return {found["_id"]: found for found in docs if found.get("found")}

    def position(self) -> int:
        """Return the sequence number up to which the log is complete: all changes with a lower one can be searched."""
        with explained(self.url, self.index):
            if (shards := self._shards()) is None:
                return START
            if not shards:  # the log was created a moment ago, or is lost; the server answers 200 in both cases
                shards = self._recovered()
        if not shards:
            raise EngineError(
                f"The log of changes '{self.index}' at {self.url} has no shard that works: changes would be lost. "
                "Wait until the cluster has recovered; if the log is lost for good, remove that index."
            )
        return max(copy["seq_no"]["local_checkpoint"] for copies in shards.values() for copy in copies)

    def since(self, position: int) -> tuple[list[Change], int]:
        complete = self.position()
        if complete <= position:
            return [], max(position, complete)
        with explained(self.url, self.index):
            self.client.indices.refresh(index=self.index)
            answer = self.client.search(
                index=self.index,
                query={"range": {"_seq_no": {"gt": position, "lte": complete}}},
                sort=["_seq_no"],
                size=PAGE,
                track_total_hits=False,
                allow_partial_search_results=False,
            )
            hits = read(SORTED, answer)["hits"]["hits"]
            last = hits[-1]["sort"][0] if len(hits) == PAGE else complete
            return [to_change(hit["_id"], hit.get("_source"), hit["sort"][0]) for hit in hits], last

    def forget(self, hours: float) -> None:
        with explained(self.url, self.index):
            self.client.options(ignore_status=404).delete_by_query(
                index=self.index,
                query={"range": {"time": {"lt": f"now-{round(hours * 60)}m"}}},
                conflicts="proceed",
            )

    def _shards(self) -> dict[str, list[Copy]] | None:
        """Return the copies of each working shard; None when there is no log yet."""
        try:
            stats = read(SHARD_STATS, self.client.indices.stats(index=self.index, level="shards"))
        except NotFoundError:
            return None
        entry = stats["indices"].get(self.index)
        return entry["shards"] if entry else {}

    def _recovered(self) -> dict[str, list[Copy]] | None:
        """Return the copies of each shard once they had time to start; the statistics show them with a delay."""
        waiting = self.client.options(ignore_status=408)
        shards: dict[str, list[Copy]] | None = {}
        for _ in range(CHECKS):
            health = read(HEALTH, waiting.cluster.health(index=self.index, wait_for_status="yellow", timeout=RECOVERY))
            shards = self._shards()
            if shards or health.get("timed_out"):
                break
            time.sleep(INTERVAL)
        return shards

    def _newest(self, changes: Sequence[Change]) -> Iterator[Change]:
        """Yield the changes that are not older than what the log holds."""
        stored = self._known([change.id for change in changes], rows=False)
        known = {key: found.get("_version", 0) for key, found in stored.items()}
        return (change for change in changes if change.version is None or change.precedence >= known.get(change.id, 0))


def to_item(change: Change) -> Item:
    """Return the write for a change."""
    action: dict[str, Any] = {"_id": change.id}
    if change.version is not None:
        action |= external_version(change.precedence)
    return Item(change.id, change.row, (orjson.dumps({"index": action}), to_body(change)))


def to_item_onto(change: Change, found: StoredDoc | None) -> Item:
    """Return the write for a change on top of what was found: only if nobody came in between."""
    if change.version is not None:
        return to_item(change)
    action = {"create": {"_id": change.id}} if found is None else {"index": {"_id": change.id, **sequence_of(found)}}
    return Item(change.id, change.row, (orjson.dumps(action), to_body(change)))


def to_withdrawal(change: Change, before: Change | None, found: object) -> Item:
    """Return what is written to take a change back, given what the log holds of it; of a newer one the server says so.

    Under versions it keeps the place of the change: a lower one would be refused.
    """
    seen = sequence_of(found)
    action = {"_id": change.id, **(seen if change.version is None else external_version(change.precedence))}
    if before is None:
        return Item(change.id, None, (orjson.dumps({"delete": action}),))
    return Item(change.id, before.row, (orjson.dumps({"index": action}), to_body(before)))


def to_body(change: Change) -> bytes:
    """Return the document of the log for a change, as it is sent."""
    return orjson.dumps({"version": change.version, "row": change.stored, "time": datetime.now(UTC).isoformat()})


def to_change(key: str, source: object, at: int | None = None) -> Change:
    """Read what `to_item` wrote, at a position of the log.

    Raises:
        UnexpectedAnswer: Somebody else wrote it.
    """
    logged = read(LOGGED, source)
    with reading("a change of single fields"):
        return restored(key, logged.get("row"), logged.get("version"), at)


def to_changes(found: Mapping[str, StoredDoc]) -> dict[str, Change]:
    """Read what the log holds, by id."""
    return {key: to_change(key, entry.get("_source"), entry.get("_seq_no")) for key, entry in found.items()}
