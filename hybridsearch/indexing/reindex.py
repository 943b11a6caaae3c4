"""One run, as a line of named steps; the journal says which are done, so that a killed run goes on where it was."""

from __future__ import annotations

import getpass
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hybridsearch._version import __version__
from hybridsearch.batches import batches
from hybridsearch.catalog.base import LivingSource, Source
from hybridsearch.changes import START
from hybridsearch.encoders.calibration import calibrate
from hybridsearch.engines.base import Engine, Lease, live_of
from hybridsearch.errors import EngineError, GateError
from hybridsearch.failpoints import reach
from hybridsearch.indexing.build import Builder, building, schema_of, source_of
from hybridsearch.indexing.catch_up import CatchUp
from hybridsearch.indexing.fill import BATCH, Filling, Options
from hybridsearch.indexing.journal import Journal, Position, Run
from hybridsearch.indexing.quality import QualityCheck
from hybridsearch.indexing.rejects import RejectsFile
from hybridsearch.indexing.report import Progress, Report
from hybridsearch.indexing.verify import NewIndex, plain, problems
from hybridsearch.schema import Calibration, Schema
from hybridsearch.shop import Shop


@dataclass(slots=True)
class Reindex:
    """One run. Each step is a method; `run` is the line through them."""

    source: Source
    engine: Engine
    lease: Lease
    index: str
    builder: Builder
    journal: Journal
    rejects: Callable[[str], Path]
    """Returns the file of dead letters of a run."""
    identity: Mapping[str, Any]
    remember_hours: float
    progress: Progress
    options: Options = field(default_factory=Options)
    exam: QualityCheck | None = None

    run_: Run = field(init=False)
    filling: Filling = field(init=False)
    meanwhile: CatchUp = field(init=False)

    def run(self) -> Report:
        """Build a generation and promote it; killed at any moment, the next run goes on with it.

        Raises:
            GateError: A check refused; the old index stays.
        """
        started, retried = time.monotonic(), self.engine.retried
        self.begin()
        resumed = self.filling.position.counts.read
        try:
            if not self.is_live():
                self.filling.run()
                self.meanwhile.catch_up()
                self.meanwhile.sweep(self.run_.generation)
                candidate = self.candidate()
                self.swap(candidate.schema, problems(candidate))
            else:  # killed after the swap: what was too old to keep may still be there
                self.engine.promote(self.run_.generation, self.builder.schema)
            indexed = self.finish()
        except BaseException as error:
            self.stop(error)
            raise
        finally:
            self.journal.close()
        counts = self.filling.position.counts
        return Report(
            index=self.index,
            generation=self.run_.generation,
            indexed=indexed,
            duplicates=len(self.filling.ids) - len(self.filling.distinct()),
            resumed=resumed,
            retried=self.engine.retried - retried,
            seconds=time.monotonic() - started,
            rejects=tuple(self.filling.letters.first),
            rejects_file=self.filling.letters.path if self.filling.letters.first else None,
            quality=self.exam.found if self.exam else None,
            **{name: getattr(counts, name) for name in REPORTED},
        )

    def begin(self) -> None:
        """Go on with the run that the journal names, or begin a new one and say why."""
        reach("run.locked")
        for sentence in self.engine.warnings():
            self.options.say(sentence)
        self.run_, position = self.unfinished() or (self.new(), Position())
        self.filling = Filling(
            source=self.source,
            engine=self.engine,
            generation=self.run_.generation,
            builder=self.builder,
            journal=self.journal,
            letters=RejectsFile(self.rejects(self.run_.id), size=position.letters),
            position=position,
            progress=self.progress,
            options=self.options,
        )
        self.meanwhile = CatchUp(self.filling, self.run_.mark, resumed=bool(position.counts.read))
        reach("run.begun")

    def unfinished(self) -> tuple[Run, Position] | None:
        """Return the interrupted run to go on with; one that cannot be continued is removed."""
        found = self.journal.load()
        if found is None:
            return None
        why = self.hindrance(found[0])
        if why is None:
            self.options.say(f"Continuing a run that was interrupted after {found[1].counts.read:,} products.")
            return found
        self.options.say(f"An interrupted run is not continued: {why}. Beginning anew.")
        with suppress(EngineError):
            self.engine.discard(found[0].generation)
        self.journal.remove()
        return None

    def new(self) -> Run:
        """Begin a generation and its journal.

        With versions everything that is remembered is replayed: the catalogue may have been written down long before
        this run. Without, only what comes from now on: what came before may be older than the catalogue.
        """
        mark = self.engine.changes.position()  # in any case: a log that cannot be read ends the run before it begins
        if self.builder.schema.fields.version:
            mark = START
        elif self.engine.changes.since(START)[0]:
            self.options.say(
                "Products have no version ('fields.version'): of the changes before this run only those count that "
                "the catalogue has."
            )
        generation = self.engine.create(replace(self.builder.schema, since=mark))
        reach("run.created")
        key = f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"
        run = Run(key, generation, mark, self.identity)
        self.journal.begin(run)
        return run

    def hindrance(self, run: Run) -> str | None:
        """Return why an interrupted run cannot be continued, or None."""
        if self.options.restart:
            return "--restart was given"
        generations = self.engine.generations()
        live = live_of(generations)
        swapped = live is not None and live.name == run.generation  # what is left to do needs no catalogue
        for name, mine in self.identity.items():
            if run.identity.get(name) != mine and not (name == "catalogue" and swapped):
                return f"the {name} changed since"
        if run.generation not in {each.name for each in generations}:
            return f"its generation '{run.generation}' is gone"
        return None

    def is_live(self) -> bool:
        """Say whether the generation is the live one already."""
        live = live_of(self.engine.generations())
        return live is not None and live.name == self.run_.generation

    def candidate(self) -> NewIndex:
        """Return the generation with what is to be checked; a run that indexed nothing is refused at once."""
        reach("run.replayed")
        self.progress("checking", self.filling.position.counts, None)
        found = self.engine.refresh(self.run_.generation)
        reach("run.refreshed")
        if not found:
            raise GateError(self.nothing())
        uncertain = sorted(self.filling.uncertain)
        present = set().union(*(self.engine.stored(self.run_.generation, some) for some in batches(uncertain, BATCH)))
        live = live_of(self.engine.generations())
        schema = replace(self.builder.schema, since=self.run_.mark, before=live.name if live else "")
        schema = schema.calibrated(self.calibrations())
        reach("run.calibrated")
        return NewIndex(
            engine=self.engine,
            generation=self.run_.generation,
            schema=schema,
            expected=self.filling.certain() + len(present),
            found=found,
            live=live.documents if live else 0,
            sample=[each for key, each in self.filling.sample.items() if key not in self.filling.uncertain],
            exam=self.exam,
        )

    def swap(self, schema: Schema, wrong: Sequence[str]) -> None:
        """Make the generation the live one, unless something is wrong with it."""
        if wrong and not self.options.force:
            raise GateError(
                f"The new index is not made live: {'; '.join(wrong)}. The old index stays. Look into it and run the "
                "command again, or swap all the same with: hybridsearch reindex --force"
            )
        for sentence in wrong:
            self.options.say(f"Swapping all the same: {sentence}.")
        self.filling.advance("swapping")
        self.progress("promoting", self.filling.position.counts, None)
        self.lease.require()
        reach("run.checked")
        self.engine.promote(self.run_.generation, schema)
        reach("run.swapped")

    def finish(self) -> int:
        """Replay what came in during the swap, forget old changes, and end the run; return the number of documents."""
        self.meanwhile.finish()
        reach("run.caught-up")
        self.engine.changes.forget(self.remember_hours)
        reach("run.forgotten")
        indexed = self.engine.refresh(self.run_.generation)
        self.journal.remove()
        return indexed

    def stop(self, error: BaseException) -> None:
        """Leave a run so that it can be continued; one that has done nothing yet leaves nothing."""
        self.engine.abandon()
        done, refused = self.filling.position, isinstance(error, GateError)
        if done.cursor and (done.counts.written or not refused):
            if not refused:
                self.options.say(
                    f"The run stopped: {done.counts.read:,} products are done. Continue with: hybridsearch reindex"
                )
            return
        with suppress(EngineError):  # what stopped the run is what matters
            if not self.is_live():
                self.engine.discard(self.run_.generation)
                self.journal.remove()

    def nothing(self) -> str:
        """Return the message for a run that found nothing to index."""
        rejected = self.filling.position.counts.rejected
        if not rejected:
            return f"Catalogue '{self.source.name}' has no products. The old index stays; check [catalog]."
        first = self.filling.letters.first[0]
        return (
            f"All {rejected:,} products were refused, for instance {first.where}: {first.reason}. "
            "The old index stays; correct the catalogue or its [fields]."
        )

    def calibrations(self) -> dict[str, dict[str, Calibration]]:
        """Return each leg's calibrations from the first products, by source."""
        return {
            leg.name: calibrate(
                self.builder.encoders[leg.name],
                self.builder.cache,
                [(title, vectors[leg.name]) for title, vectors in self.filling.titled if leg.name in vectors],
            )
            for leg in self.builder.schema.legs
        }


REPORTED = ("rejected", "without_picture", "encoded", "cached", "older", "changes")


def reindex(shop: Shop, progress: Progress | None = None, options: Options | None = None) -> Report:
    """Build the index of a configuration anew and make it the live one; see `HybridSearch.reindex`."""
    options = options or Options()
    settings, engine, encoders = shop.settings, shop.engine, shop.encoders
    exam = QualityCheck.of(shop)
    folder = settings.home
    source, schema = source_of(settings), schema_of(settings, encoders)
    if isinstance(source, LivingSource):
        source = source.patient()
    with (
        engine.lease(owner()) as lease,
        building(settings, schema, encoders, options.executor) as builder,
    ):
        return Reindex(
            source=source,
            engine=engine,
            lease=lease,
            index=settings.engine.index,
            builder=builder,
            journal=Journal(folder / settings.engine.index / "run.jsonl"),
            rejects=lambda run: folder / f"rejects-{run}.jsonl",
            identity=plain(
                {
                    "catalogue": {**settings.catalog.model_dump(mode="json"), **source.snapshot_id()},
                    "configuration or encoder": schema.to_json(),
                    "program": __version__,
                }
            ),
            remember_hours=settings.engine.remember_hours,
            progress=progress or (lambda *_: None),
            options=options,
            exam=exam,
        ).run()


def owner() -> str:
    """Return who runs this, for whoever finds the index locked."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "an unknown user"  # a container may run under a number that has no name
