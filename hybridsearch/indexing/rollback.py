"""Rollback to an earlier generation of the index, and removal of the leftovers of interrupted runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hybridsearch.encoders.base import Encoder
from hybridsearch.engines.base import Engine, Generation, live_of
from hybridsearch.errors import EncoderError, EngineError, GateError, IndexMissing
from hybridsearch.indexing import replay
from hybridsearch.indexing.build import Builder
from hybridsearch.indexing.journal import Journal
from hybridsearch.indexing.reindex import owner
from hybridsearch.indexing.updates import Updates
from hybridsearch.inputs.json_values import brief
from hybridsearch.runtime.failpoints import reach
from hybridsearch.settings import Settings
from hybridsearch.shop.shop import require_same
from hybridsearch.values import Reject


@dataclass(frozen=True, slots=True)
class Rollback:
    """What a rollback did.

    Attributes:
        changes: Changes of single products, since the generation was built, that were brought into it.
        missing: Why some or all changes are not in it; empty when they all are.
    """

    before: str
    now: str
    changes: int
    missing: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the object that `rollback --json` prints."""
        return {"before": self.before, "now": self.now, "changes": self.changes, "missing": self.missing}


def target(generations: Sequence[Generation], before: str, wanted: str | None) -> tuple[str, str]:
    """Return the live generation, and the one to return to: the one that was live before it, or the one wanted.

    Raises:
        IndexMissing: Nothing is live.
        GateError: There is none to return to.
    """
    current = live_of(generations)
    if current is None:
        raise IndexMissing("There is no live index to go back from. Create it with: hybridsearch reindex")
    live = current.name
    kept = [generation.name for generation in generations if generation.state == "kept"]
    if wanted is not None:
        if wanted not in kept:
            raise GateError(f"There is no finished generation {brief(wanted)}. There are: {', '.join(kept) or 'none'}.")
        return live, wanted
    if before not in kept:
        raise GateError(
            f"The generation before '{live}' is not kept, so that there is none to go back to. "
            f"Others, for --to: {', '.join(kept) or 'none'}."
        )
    return live, before


def rollback(settings: Settings, engine: Engine, encoders: Mapping[str, Encoder], wanted: str | None) -> Rollback:
    """Make an earlier generation the live one, with the changes of single products that came in since.

    They are brought into it before it becomes live, so that a process that is killed leaves an index with all of them.
    """
    with engine.lease(owner()) as lease:
        live, goal = target(engine.generations(), engine.schema().before, wanted)
        schema = engine.schema(goal)
        try:
            require_same(schema, encoders)
        except (EncoderError, EngineError) as error:
            lease.require()
            engine.switch(goal)
            return Rollback(live, goal, 0, f"Changes that came in since are not in it: {error}")
        with Updates(settings, engine, encoders).builder(schema) as builder:
            later = LaterChanges(engine, builder, schema.since)
            engine.reopen(goal)
            later.bring_into(goal)
            engine.refresh(goal)
            reach("rollback.filled")
            lease.require()
            engine.switch(goal)
            reach("rollback.switched")
            later.bring_into(None)  # what came in meanwhile went to the generation that was live
    return Rollback(live, goal, later.count, later.missing())


@dataclass(slots=True)
class LaterChanges:
    """Brings changes of single products that came in after a position of the log into a generation.

    Attributes:
        mark: The position up to which they are in it.
        count: Changes that are in it.
        rejects: Those that cannot be.
    """

    engine: Engine
    builder: Builder
    mark: int
    count: int = 0
    rejects: list[Reject] = field(default_factory=list)

    def bring_into(self, generation: str | None) -> None:
        """Write the changes since the last time to a generation, or to the live one."""
        for page, mark in replay.pages(self.engine.changes, self.mark):
            built = replay.apply(self.engine, generation, self.builder, page, self.builder.schema.since)
            self.count += len(page) - len(built.rejects)
            self.rejects += built.rejects
            self.mark = mark

    def missing(self) -> str:
        """Return why some changes are not in it; empty when they all are."""
        if not self.rejects:
            return ""
        first = self.rejects[0]
        return f"{len(self.rejects):,} changes that came in since are not in it, such as {first.where}: {first.reason}"


def leftovers(generations: Sequence[Generation], *, kept: bool) -> list[Generation]:
    """Return what may be removed: unfinished generations, and finished ones too if they need not be kept."""
    states = ("unfinished", "kept") if kept else ("unfinished",)
    return [generation for generation in generations if generation.state in states]


def clean(engine: Engine, journal: Path, doomed: Sequence[Generation]) -> None:
    """Remove generations, and the journal of a run whose generation is removed.

    Raises:
        EngineError: A run is under way.
    """
    if not doomed:
        return
    with engine.lease(owner()):
        log = Journal(journal)
        interrupted = log.load()
        # A name that somebody made up, such as one with dots in it, is nothing to remove.
        present = {generation.name for generation in engine.generations() if generation.state != "live"}
        names = present & {generation.name for generation in doomed}
        for name in sorted(names):
            engine.discard(name)
        if interrupted is not None and interrupted[0].generation in names:
            log.remove()
