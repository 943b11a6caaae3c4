"""The beginning of a run: an interrupted one is continued, if that leads to the same end; else a new one is made."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from hybridsearch.changes import START
from hybridsearch.engines.base import Engine, Generation, live_of
from hybridsearch.errors import EngineError
from hybridsearch.indexing.fill import Options
from hybridsearch.indexing.journal import Journal, Position, Run
from hybridsearch.runtime.failpoints import reach
from hybridsearch.schema import Schema


@dataclass(frozen=True, slots=True)
class Beginning:
    """Finds the run to continue, or makes a new one.

    Attributes:
        identity: Of everything that the outcome depends on, by name.
    """

    engine: Engine
    journal: Journal
    schema: Schema
    identity: Mapping[str, Any]
    options: Options

    def run(self) -> tuple[Run, Position]:
        """Return the run and how far it is, and say why an interrupted one is not continued."""
        interrupted = self.journal.load()
        if interrupted is not None:
            run, position = interrupted
            obstacle = self.obstacle(run)
            if obstacle is None:
                self.options.say(f"Continuing a run that was interrupted after {position.counts.read:,} products.")
                return interrupted
            self.options.say(f"An interrupted run is not continued: {obstacle}. Starting a new one.")
            self.discard(run)
        return self.new(), Position()

    def obstacle(self, run: Run) -> str | None:
        """Return why an interrupted run cannot be continued, or None."""
        if self.options.restart:
            return "--restart was given"
        return obstacle(run, self.identity, self.engine.generations())

    def discard(self, run: Run) -> None:
        """Remove what is left of a run; what is live stays, and what was live once, to be returned to."""
        with suppress(EngineError):
            if run.generation in {left.name for left in self.engine.generations() if left.state == "unfinished"}:
                self.engine.discard(run.generation)
        self.journal.remove()

    def new(self) -> Run:
        """Create a generation and its journal.

        With versions everything that is remembered is replayed: the catalogue may have been written down long before
        this run. Without, only what comes from now on: what came before may be older than the catalogue.
        """
        mark = self.engine.changes.position()  # in any case: a log that cannot be read ends the run before it begins
        if self.schema.fields.version:
            mark = START
        elif self.engine.changes.since(START)[0]:
            self.options.say(
                "Products have no version ('fields.version'): of the changes before this run only those count that "
                "the catalogue has."
            )
        generation = self.engine.create(replace(self.schema, since=mark))
        reach("run.created")
        key = f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"
        run = Run(key, generation, mark, self.identity)
        self.journal.begin(run)
        return run


def obstacle(run: Run, identity: Mapping[str, Any], generations: Sequence[Generation]) -> str | None:
    """Return why a run cannot be continued by a program of some identity, or None when it can."""
    live = live_of(generations)
    swapped = live is not None and live.name == run.generation  # what is left to do needs no catalogue
    for name, value in identity.items():
        if run.identity.get(name) != value and not (name == "catalogue" and swapped):
            return f"the {name} changed since"
    own = next((generation for generation in generations if generation.name == run.generation), None)
    if own is None:
        return f"its generation '{run.generation}' is gone"
    if own.state == "kept":
        return f"its generation '{run.generation}' was live, and another one has been since"
    if own.lost:
        return f"a part of its generation '{run.generation}' is lost with a node of the cluster"
    return None
