"""What happens to products while a run goes on, brought into its generation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from hybridsearch import document
from hybridsearch.catalog.base import LivingSource, Source
from hybridsearch.changes import Change, precedence
from hybridsearch.engines.base import Engine
from hybridsearch.indexing import replay
from hybridsearch.indexing.build import Builder
from hybridsearch.indexing.fill import BATCH
from hybridsearch.indexing.tally import Tally
from hybridsearch.roles import Fields
from hybridsearch.runtime.batches import batches
from hybridsearch.runtime.failpoints import reach
from hybridsearch.runtime.progress import Progress
from hybridsearch.values import Product, Reject

SMALL = 100
"""Changes that may be left for after the swap."""
SWEPT = 100_000
"""Ids that are looked for at a time: each time those of the whole catalogue are sorted."""


@dataclass(slots=True)
class CatchUp:
    """Follows a living catalogue and the log of changes.

    Attributes:
        since: Place in the log up to which the catalogue is newer.
        mark: Place in the log up to which changes are in the generation.
        resumed: Whether an earlier process read some of the products, and knew their ids.
        told: Products that these changes are about as a whole, with the order of the last.
        changed: The changes of single fields, by product.
    """

    source: Source
    engine: Engine
    generation: str
    builder: Builder
    tally: Tally
    progress: Progress
    since: int
    mark: int
    resumed: bool
    told: dict[str, int] = field(default_factory=dict)
    changed: dict[str, Change] = field(default_factory=dict)

    def begin(self, say: Callable[[str], object]) -> None:
        """Note how far a living catalogue is written, before it is read."""
        if isinstance(self.source, LivingSource):
            seen = self.source.mark()
            # A shard with fewer writes than another gives what is new a place that the run had passed before it died.
            self.tally.marked(seen and (self.tally.position.seen or seen))
            if seen is None:
                say(
                    f"What is written to '{self.source.name}' during this run is not seen: "
                    "the key lacks the privilege 'maintenance' on it."
                )

    def catch_up(self) -> None:
        """Bring what happened since the last time into the generation, until little is new each time; then sweep."""
        while self.follow(self.generation) + self.replay(self.generation) > SMALL:
            pass
        self.sweep(self.generation)

    def finish(self) -> None:
        """Bring what happened during the swap into the live index; from now on changes go there by themselves."""
        self.follow(None)
        self.replay_all()
        if self.sweep(None):  # what was removed may be back, or was told of this very moment
            self.follow(None)
            self.replay_all()

    def replay_all(self) -> None:
        """Replay changes into the live index until there are none."""
        while self.replay(None):
            pass

    def follow(self, generation: str | None) -> int:
        """Bring in what was written to a living catalogue since it was read; return how many rows that were.

        Of a product that the log of changes tells of, only a newer row counts: it may have been read after the change
        was told, and before the shop wrote it to the catalogue.
        """
        seen, count = self.tally.position.seen, 0
        if seen is None or not isinstance(self.source, LivingSource):
            return 0
        if generation is not None:  # else this is the last time
            self.tally.marked(self.source.mark())
        for batch in batches(self.source.since(seen), BATCH):
            reach("follow.read")
            count += len(batch)
            fields = self.builder.schema.fields
            rows = [row for row in batch if not self.overtaken(row)]
            self.amend(generation, [updated(row, self.changed.get(row.id or ""), fields, self.since) for row in rows])
            reach("follow.written")
            self.tally.counts.tell(self.progress, "following the catalogue")
        return count

    def amend(self, generation: str | None, rows: list[Product | Reject]) -> None:
        """Write rows that came after the catalogue was read to a generation, or to the live one."""
        built = self.builder.build_all(rows)
        self.tally.amended(rows, built, self.engine.write(generation, built.documents))

    def overtaken(self, row: Product | Reject) -> bool:
        """Say whether the log of changes tells of something at least as new about a product."""
        told = self.told.get(row.id or "")
        if told is None or isinstance(row, Reject):
            return told is not None
        try:
            return precedence(document.version(row.row, self.builder.schema.fields)) <= told
        except ValueError:
            return False  # it will be rejected for this

    def replay(self, generation: str | None) -> int:
        """Replay the changes that were recorded since the last time, some thousand at most; return how many."""
        changes, mark = self.engine.changes.since(self.mark)
        if changes:
            reach("replay.read")
            built = replay.apply(self.engine, generation, self.builder, changes, self.since)
            reach("replay.applied")
            self.tally.replayed(changes, built)
            self.mark = mark
            wholes = (layer for change in changes for layer in change.layers if not layer.partial)
            self.told |= {each.id: each.precedence for each in wholes if each.at is None or each.at > self.since}
            self.changed |= {change.id: change for change in changes if change.partial}
            self.tally.counts.tell(self.progress, "replaying changes")
        return len(changes)

    def versions(self, generation: str | None, ids: list[str]) -> dict[str, int | None]:
        """Return the versions that products have there: a removal without one would be older than they are."""
        stored, fields = self.engine.stored(generation, ids), self.builder.schema.fields
        return {name: document.version(stored[name].row, fields) if name in stored else None for name in ids}

    def sweep(self, generation: str | None) -> int:
        """Remove products that left a living catalogue since they were read, of which nobody tells; return how many.

        Args:
            generation: Where they are removed; None for the live index, which this one has become.
        """
        if not isinstance(self.source, LivingSource):
            return 0
        read = self.tally.certain() + len(self.tally.uncertain) + self.tally.counts.rejected
        if not self.resumed and read <= (self.source.count() or 0):
            return 0
        self.engine.refresh(self.generation)
        present, removed = np.fromiter(map(hash, self.source.ids()), dtype=np.int64), 0
        for names in batches(self.engine.ids(self.generation), SWEPT):
            staying = np.isin([hash(name) for name in names], present)
            strays = [name for name, stays in zip(names, staying, strict=True) if not stays and name not in self.told]
            if strays:
                self.engine.remove(generation, self.versions(generation, strays))
                self.tally.removed(strays)
                removed += len(strays)
        return removed


def updated(row: Product | Reject, change: Change | None, fields: Fields, since: int) -> Product | Reject:
    """Return a row of the catalogue with what a change sets in it, unless the row is newer."""
    if change is None or isinstance(row, Reject):
        return row
    try:
        newer = precedence(document.version(row.row, fields)) > change.precedence
        whole = None if newer else replay.onto(change, row.row, fields, since)
    except ValueError:
        return row  # it will be rejected for this
    return row if whole is None or whole.row is None else replace(row, row=whole.row)
