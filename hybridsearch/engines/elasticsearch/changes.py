"""The log of changes on a server: a hidden index with the last change of each product.

Versions are the server's external versions of the log's documents; a removal is a document too, which the server does
not forget after a minute as it does a deletion.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson

from hybridsearch.changes import BEGINNING, Change, Recorded
from hybridsearch.engines.elasticsearch.bulk import Item, Sender, external
from hybridsearch.engines.elasticsearch.client import Client
from hybridsearch.engines.elasticsearch.connection import explained, json_of
from hybridsearch.engines.elasticsearch.lease import HIDDEN
from hybridsearch.errors import EngineError

PAGE = 500
RECOVERY = "5s"
"""How long a log without a shard that works is waited for."""
LOOKS, BETWEEN = 25, 0.2
"""How often a log whose shards work, as the server says, is looked for among them, and the seconds between."""
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

    def newest(self, changes: Sequence[Change]) -> list[Change]:
        with explained(self.url, self.index):
            return list(self._newest(changes))

    def record(self, changes: Sequence[Change]) -> Recorded:
        with explained(self.url, self.index):
            known = self._known(changes)
            if not known:
                self._create()
            written = self._send(map(to_item, changes))
            refused = {reject.id for reject in written.refused}
            accepted = self._newest(changes) if written.older else changes
            return Recorded(
                [change for change in accepted if change.id not in refused],
                written.refused,
                {key: to_change(key, found["_source"]) for key, found in known.items()},
            )

    def withdraw(self, changes: Sequence[Change], before: Mapping[str, Change]) -> None:
        with explained(self.url, self.index):
            known = self._known(changes)
            self._send(
                to_withdrawal(change, before.get(change.id), found)
                for change in changes
                if (found := known.get(change.id)) and to_change(change.id, found["_source"]) == change
            )

    def _create(self) -> None:
        """Make the log unless it is there."""
        if not self.client.indices.exists(index=self.index):
            self.client.options(ignore_status=400).indices.create(
                index=self.index, mappings=MAPPING, settings={"index": HIDDEN}
            )

    def _known(self, changes: Sequence[Change], *, rows: bool = True) -> dict[str, dict[str, Any]]:
        """Return what the log holds of the products of some changes, by id; nothing where there is no log yet."""
        if not changes:
            return {}
        ids = [change.id for change in changes]
        answer = json_of(self.client.options(ignore_status=404).mget(index=self.index, ids=ids, source=rows))
        return {found["_id"]: found for found in answer.get("docs", ()) if found.get("found")}

    def mark(self) -> int:
        """Return the sequence number up to which every change is complete: what has a lower number is findable."""
        with explained(self.url, self.index):
            if (shards := self._shards()) is None:
                return BEGINNING
            if not shards:  # the log was made this very moment, or is lost; the server answers 200 all the same
                shards = self._recovered()
        if not shards:
            raise EngineError(
                f"The log of changes '{self.index}' at {self.url} has no shard that works: changes would be lost. "
                "Wait until the cluster has recovered; if the log is lost for good, remove that index."
            )
        return max(int(copy["seq_no"]["local_checkpoint"]) for copies in shards.values() for copy in copies)

    def since(self, mark: int) -> tuple[list[Change], int]:
        complete = self.mark()
        if complete <= mark:
            return [], max(mark, complete)
        with explained(self.url, self.index):
            self.client.indices.refresh(index=self.index)
            answer = json_of(
                self.client.search(
                    index=self.index,
                    query={"range": {"_seq_no": {"gt": mark, "lte": complete}}},
                    sort=["_seq_no"],
                    size=PAGE,
                    track_total_hits=False,
                )
            )
        hits = answer["hits"]["hits"]
        reached = hits[-1]["sort"][0] if len(hits) == PAGE else complete
        return [to_change(hit["_id"], hit["_source"]) for hit in hits], reached

    def forget(self, hours: float) -> None:
        with explained(self.url, self.index):
            self.client.options(ignore_status=404).delete_by_query(
                index=self.index,
                query={"range": {"time": {"lt": f"now-{round(hours * 60)}m"}}},
                conflicts="proceed",
            )

    def _shards(self) -> dict[str, list[Any]] | None:
        """Return the copies of each shard that works; None where there is no log yet."""
        found = self.client.options(ignore_status=404).indices.stats(index=self.index, level="shards").body
        if "indices" not in found:
            return None
        shards: dict[str, list[Any]] = found["indices"].get(self.index, {}).get("shards", {})
        return shards

    def _recovered(self) -> dict[str, list[Any]] | None:
        """Return the copies of each shard after it had time to begin; one that has is not at once among them."""
        waiting = self.client.options(ignore_status=408)
        shards: dict[str, list[Any]] | None = {}
        for _ in range(LOOKS):
            health = waiting.cluster.health(index=self.index, wait_for_status="yellow", timeout=RECOVERY)
            shards = self._shards()
            if shards or health["timed_out"]:
                break
            time.sleep(BETWEEN)
        return shards

    def _newest(self, changes: Sequence[Change]) -> Iterator[Change]:
        """Yield the changes that the log holds, or that are newer than what it holds."""
        known = {key: found["_version"] for key, found in self._known(changes, rows=False).items()}
        return (change for change in changes if change.version is None or change.order >= known.get(change.id, 0))


def to_item(change: Change) -> Item:
    """Return what is written for a change."""
    action: dict[str, Any] = {"_id": change.id}
    if change.version is not None:
        action |= external(change.order)
    return Item(change.id, change.row, (orjson.dumps({"index": action}), to_body(change)))


def to_withdrawal(change: Change, before: Change | None, found: Mapping[str, Any]) -> Item:
    """Return what is written to take a change back, given what the log holds of it; of a newer one the server says so.

    Under versions it keeps the place of the change: a lower one would be refused.
    """
    seen = {"if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]}
    action = {"_id": change.id, **(seen if change.version is None else external(change.order))}
    if before is None:
        return Item(change.id, None, (orjson.dumps({"delete": action}),))
    return Item(change.id, before.row, (orjson.dumps({"index": action}), to_body(before)))


def to_body(change: Change) -> bytes:
    """Return the document of the log for a change, as it is sent."""
    return orjson.dumps({"version": change.version, "row": change.row, "time": datetime.now(UTC).isoformat()})


def to_change(key: str, source: dict[str, Any]) -> Change:
    """Read what `to_item` wrote."""
    return Change(key, source.get("row"), source.get("version"))
