"""Changes of single fields: what they make of a product depends on what is known of it, which others may change too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hybridsearch.changes import Change
from hybridsearch.engines.base import Engine
from hybridsearch.errors import EngineError
from hybridsearch.failpoints import reach
from hybridsearch.indexing import replay
from hybridsearch.indexing.build import Builder, Built
from hybridsearch.indexing.updated import Updated

TRIES = 20
"""How often a product is written again because others change it at the same time."""


@dataclass(frozen=True, slots=True)
class FieldUpdates:
    """Writes changes of single fields to the live index.

    The log puts the changes of a product in one order, whoever makes them. So each is recorded first, on top of those
    before it; then the product is written as the log tells it, until the log tells nothing else: the last to write has
    seen all of them.
    """

    engine: Engine
    builder: Builder
    updated: Updated

    def apply(self, changes: Sequence[Change]) -> None:
        """Remember and write some changes, one of each product, and count the outcomes."""
        log = self.engine.changes
        newest = log.newest(changes)
        known = log.known([change.id for change in newest])
        told = [change.onto(known.get(change.id)) for change in newest]
        built, missing = self.build([change for change in told if change is not None])
        fit, unfit = {item.id for item in built.documents}, list(built.rejects)
        recorded = log.record([change for change in newest if change.id in fit])
        reach("change.recorded")
        accepted = {change.id: change for change in recorded.accepted}
        refused = self.settle(accepted, built if recorded.accepted == told else None)
        if refused:
            log.withdraw([accepted[key] for key in refused], recorded.before)
        lost = sum(told is None for told in told) + missing + recorded.missing
        self.updated.written += len(accepted) - len(refused)
        self.updated.missing += lost
        self.updated.older += len(changes) - lost - len(unfit) - len(accepted) - len(recorded.refused)
        self.updated.rejects += (*unfit, *recorded.refused)

    def build(self, changes: Sequence[Change]) -> tuple[Built, int]:
        """Return the documents of changes on top of the live index, and how many products it does not have."""
        wholes = replay.whole(self.engine, None, changes)
        stored = self.engine.stored(None, [change.id for change in wholes]) if wholes else {}
        built = replay.build(self.engine, None, self.builder, wholes, stored)
        self.updated.encoded += built.counts.encoded
        return built, len(changes) - len(wholes)

    def settle(self, told: Mapping[str, Change], built: Built | None) -> set[str]:
        """Write products as the log tells them, and return the ids of those that the engine refuses.

        Args:
            told: What the log told, by id.
            built: The documents of that; None where they are to be built.
        """
        refused: set[str] = set()
        left = dict(told)
        for _ in range(TRIES):
            if not left:
                return refused
            built = self.build(list(left.values()))[0] if built is None else built
            written = replay.write(self.engine, None, built, {})
            reach("change.written")
            self.updated.rejects += (*written.refused, *built.flaws)
            refused |= {reject.id for reject in written.refused if reject.id is not None}
            now = self.engine.changes.known(list(left))
            left = {
                key: now[key]
                for key, change in left.items()
                if key in now and now[key] != change and now[key].row is not None and key not in refused
            }
            built = None
        raise EngineError(f"Product '{next(iter(left))}' is changed by others all the time. Try it again.")
