"""What happens to products while a run goes on, brought into its generation."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from hybridsearch import document
from hybridsearch.batches import batches
from hybridsearch.catalog.base import LivingSource
from hybridsearch.changes import precedence
from hybridsearch.failpoints import reach
from hybridsearch.indexing import replay
from hybridsearch.indexing.fill import BATCH, Filling
from hybridsearch.values import Product, Reject

SMALL = 100
"""Changes that may be left for after the swap."""
SWEPT = 100_000
"""Ids that are looked for at a time: each time those of the whole catalogue are sorted."""


@dataclass(slots=True)
class CatchUp:
    """Follows a living catalogue and the log of changes.

    Attributes:
        mark: Place in the log up to which changes are in the generation.
        resumed: Whether an earlier process read some of the products, and knew their ids.
        told: Products that these changes are about, with the order of the last.
    """

    filling: Filling
    mark: int
    resumed: bool
    told: dict[str, int] = field(default_factory=dict)

    def catch_up(self) -> None:
        """Bring what happened since the last time into the generation, until little did meanwhile."""
        generation = self.filling.generation
        while self.follow(generation) + self.replay(generation) > SMALL:
            pass

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
        filling, found = self.filling, 0
        seen = filling.position.seen
        if seen is None or not isinstance(filling.source, LivingSource):
            return 0
        if generation is not None:  # else this is the last time
            filling.position = replace(filling.position, seen=filling.source.mark())
        for batch in batches(filling.source.since(seen), BATCH):
            reach("follow.read")
            found += len(batch)
            filling.amend(generation, [each for each in batch if not self.overtaken(each)])
            reach("follow.written")
            filling.progress("following the catalogue", filling.position.counts, None)
        return found

    def overtaken(self, row: Product | Reject) -> bool:
        """Say whether the log of changes tells of something at least as new about a product."""
        told = self.told.get(row.id or "")
        if told is None or isinstance(row, Reject):
            return told is not None
        try:
            return precedence(document.version(row.row, self.filling.builder.schema.fields)) <= told
        except ValueError:
            return False  # it will be rejected for this

    def replay(self, generation: str | None) -> int:
        """Replay the changes that were recorded since the last time, some thousand at most; return how many."""
        filling = self.filling
        changes, mark = filling.engine.changes.since(self.mark)
        if changes:
            reach("replay.read")
            done = replay.apply(filling.engine, generation, filling.builder, changes)
            reach("replay.applied")
            filling.letters.add([*done.rejects, *done.flaws])
            self.mark = mark
            self.told |= {change.id: change.precedence for change in changes}
            filling.uncertain |= {change.id for change in changes}
            filling.position.counts.changes += len(changes)
            filling.progress("replaying changes", filling.position.counts, None)
        return len(changes)

    def sweep(self, generation: str | None) -> int:
        """Remove products that left a living catalogue since they were read, of which nobody tells; return how many.

        Args:
            generation: Where they are removed; None for the live index, which this one has become.
        """
        filling, removed = self.filling, 0
        if not isinstance(filling.source, LivingSource):
            return 0
        given = filling.certain() + len(filling.uncertain) + filling.position.counts.rejected
        if not self.resumed and given <= (filling.source.count() or 0):
            return 0
        filling.engine.refresh(filling.generation)
        present = np.fromiter(map(hash, filling.source.ids()), dtype=np.int64)
        for some in batches(filling.engine.ids(filling.generation), SWEPT):
            there = np.isin([hash(each) for each in some], present)
            strays = [name for name, stays in zip(some, there, strict=True) if not stays and name not in self.told]
            if strays:
                filling.engine.remove(generation, dict.fromkeys(strays))
                filling.uncertain |= set(strays)
                removed += len(strays)
        return removed
