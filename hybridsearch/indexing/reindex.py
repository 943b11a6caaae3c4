"""One run, as a line of named steps; the journal says which are done, so that a killed run goes on where it was."""

from __future__ import annotations

import getpass
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from hybridsearch._version import __version__
from hybridsearch.catalog.base import LivingSource, Source
from hybridsearch.disk.home import Home
from hybridsearch.encoders.calibration import calibrate
from hybridsearch.encoders.kept.stores import store_of
from hybridsearch.engines.base import Engine, Lease, Merging, live_of
from hybridsearch.errors import ConfigError, EngineError, GateError
from hybridsearch.indexing.begin import Beginning
from hybridsearch.indexing.build import Builder, building, schema_of, source_of
from hybridsearch.indexing.catch_up import CatchUp
from hybridsearch.indexing.elsewhere import compared
from hybridsearch.indexing.fill import BATCH, Filling, Options
from hybridsearch.indexing.journal import Journal, Position, Run
from hybridsearch.indexing.quality import QualityCheck
from hybridsearch.indexing.rejects import RejectsFile
from hybridsearch.indexing.report import Report
from hybridsearch.indexing.spreads import spreads
from hybridsearch.indexing.tally import Tally
from hybridsearch.indexing.verify import NewIndex, plain, verify
from hybridsearch.running import telling
from hybridsearch.runtime.batches import batches
from hybridsearch.runtime.failpoints import reach
from hybridsearch.runtime.progress import Progress, silent
from hybridsearch.runtime.tracing import span
from hybridsearch.schema import Schema
from hybridsearch.shop.shop import Shop


@dataclass(frozen=True, slots=True)
class Reindex:
    """One run. Each step is a method; `run` is the line through them.

    Attributes:
        rejects: Returns the path of the rejects file of a run.
        identity: Of everything that the outcome depends on, by name: another one cannot continue a run.
        quality_check: The judged queries of the shop, if there are any.
    """

    source: Source
    engine: Engine
    lease: Lease
    index: str
    builder: Builder
    journal: Journal
    rejects: Callable[[str], Path]
    identity: Mapping[str, Any]
    remember_hours: float
    progress: Progress
    options: Options = field(default_factory=Options)
    quality_check: QualityCheck | None = None

    def run(self) -> Report:
        """Build a generation and promote it; killed at any moment, the next run goes on with it.

        Raises:
            GateError: A check refused; the old index stays.
        """
        started, retried = time.monotonic(), self.engine.retried
        run, position = self.begin()
        rejects = RejectsFile(self.rejects(run.id), size=position.letters)
        tally = Tally.of(self.builder.schema, rejects, position)
        catch_up = self.catch_up(run, tally)
        reach("run.begun")
        try:
            if self.is_live(run):
                quality = None
                self.resume_after_swap(run)
            else:
                with span("reindex.fill"):
                    self.fill(run, tally, catch_up)
                with span("reindex.check"):
                    new_index = self.new_index(run, tally)
                    problems, quality = verify(new_index)
                with span("reindex.swap"):
                    self.swap(run, tally, new_index.schema, problems)
            with span("reindex.finish"):
                indexed = self.finish(run, catch_up)
        except BaseException as error:
            self.stop(run, tally, error)
            raise
        finally:
            self.journal.close()
        return Report(
            index=self.index,
            generation=run.generation,
            indexed=indexed,
            duplicates=tally.duplicates(),
            resumed=position.counts.read,
            retried=self.engine.retried - retried,
            seconds=time.monotonic() - started,
            rejects=tuple(rejects.first),
            rejects_file=rejects.path if rejects.first else None,
            quality=quality,
            **{name: getattr(tally.counts, name) for name in REPORTED},
        )

    def begin(self) -> tuple[Run, Position]:
        """Return the run to continue or a new one, with how far it is, and say what is to be known beforehand."""
        reach("run.locked")
        for sentence in self.engine.warnings():
            self.options.say(sentence)
        return Beginning(self.engine, self.journal, self.builder.schema, self.identity, self.options).run()

    def catch_up(self, run: Run, tally: Tally) -> CatchUp:
        """Return what brings in changes that come during the run."""
        return CatchUp(
            source=self.source,
            engine=self.engine,
            generation=run.generation,
            builder=self.builder,
            tally=tally,
            progress=self.progress,
            since=run.mark,
            mark=run.mark,
            resumed=bool(tally.counts.read),
        )

    def is_live(self, run: Run) -> bool:
        """Say whether the generation is the live one already."""
        live = live_of(self.engine.generations())
        return live is not None and live.name == run.generation

    def resume_after_swap(self, run: Run) -> None:
        """Complete the swap of a run that was killed right after it: what was too old to keep may still be there."""
        self.engine.promote(run.generation, self.builder.schema)

    def fill(self, run: Run, tally: Tally, catch_up: CatchUp) -> None:
        """Bring the whole catalogue into the generation, and what changed in the meantime."""
        catch_up.begin(self.options.say)
        Filling(
            source=self.source,
            engine=self.engine,
            generation=run.generation,
            builder=self.builder,
            journal=self.journal,
            tally=tally,
            progress=self.progress,
            options=self.options,
        ).run()
        catch_up.catch_up()
        if self.builder.reviews:
            tally.strayed(*self.builder.reviews.lost(lambda names: self.absent(run, tally, names)))

    def absent(self, run: Run, tally: Tally, names: Sequence[str]) -> Collection[str]:
        """Return which of some products are not in the new generation."""
        unknown = tally.absent(names)
        return set(unknown) - set(self.engine.stored(run.generation, unknown)) if unknown else ()

    def new_index(self, run: Run, tally: Tally) -> NewIndex:
        """Return the generation with what is to be checked; a run that indexed nothing is refused at once."""
        reach("run.replayed")
        tally.counts.tell(self.progress, "checking")
        documents = self.engine.refresh(run.generation)
        reach("run.refreshed")
        if not documents:
            raise GateError(nothing(self.source.name, tally))
        uncertain = sorted(tally.uncertain)
        present = sum(len(self.engine.stored(run.generation, names)) for names in batches(uncertain, BATCH))
        live = live_of(self.engine.generations())
        schema = replace(self.builder.schema, since=run.mark, before=live.name if live else "")
        schema = schema.calibrated(self.calibrations(tally))
        schema = replace(schema, spreads=spreads(self.engine, run.generation, schema.fields))
        schema = compared(self.engine, run.generation, schema, self.builder)
        reach("run.calibrated")
        return NewIndex(
            engine=self.engine,
            generation=run.generation,
            schema=schema,
            expected=tally.certain() + present,
            documents=documents,
            live=live.documents if live else 0,
            sample=tally.comparable(),
            counts=tally.counts,
            flaw=next((reject for reject in tally.rejects.first if reject.stage in ("picture", "video")), None),
            quality_check=self.quality_check,
        )

    def calibrations(self, tally: Tally) -> dict[str, Any]:
        """Return each leg's calibration from some of the products."""
        return {
            leg.name: calibrate(leg, self.builder.encoders[leg.name], self.builder.cache, tally.described.items())
            for leg in self.builder.schema.legs
        }

    def swap(self, run: Run, tally: Tally, schema: Schema, problems: Sequence[str]) -> None:
        """Make the generation the live one, unless something is wrong with it."""
        if problems and not self.options.force:
            raise GateError(
                f"The new index is not made live: {'; '.join(problems)}. The old index stays. Correct what is "
                "wrong and run: hybridsearch reindex --restart, which reads the catalogue anew; or swap anyway with: "
                "hybridsearch reindex --force"
            )
        for sentence in problems:
            self.options.say(f"Swapping anyway: {sentence}.")
        tally.reached("swapping")
        self.journal.advance(tally.position)
        self.merge(run, tally)
        tally.counts.tell(self.progress, "promoting")
        self.lease.require()
        reach("run.checked")
        if not self.engine.refresh(run.generation):
            raise GateError(
                f"The new index '{run.generation}' was emptied after it had been checked. The old index stays. Find "
                "out who did so, then run: hybridsearch reindex --restart"
            )
        self.engine.promote(run.generation, schema)
        reach("run.swapped")

    def merge(self, run: Run, tally: Tally) -> None:
        """Merge the generation into few segments, if that is wanted: no search waits for it before the swap."""
        if self.options.max_segments and isinstance(self.engine, Merging):
            counts = asdict(tally.counts)
            self.engine.merge(
                run.generation,
                self.options.max_segments,
                self.options.say,
                lambda done, total: self.progress("merging", done, total, counts),
            )
        reach("run.merged")

    def finish(self, run: Run, catch_up: CatchUp) -> int:
        """Bring in what came during the swap, forget old changes, and end the run; return the number of documents."""
        catch_up.finish()
        reach("run.caught-up")
        self.engine.changes.forget(self.remember_hours)
        reach("run.forgotten")
        indexed = self.engine.refresh(run.generation)
        self.journal.remove()
        return indexed

    def stop(self, run: Run, tally: Tally, error: BaseException) -> None:
        """Leave a run so that it can be continued; one that has done nothing yet leaves nothing."""
        self.engine.abandon()
        refused = isinstance(error, GateError)
        if tally.position.cursor and (tally.counts.written or not refused):
            if not refused:
                self.options.say(
                    f"The run stopped: {tally.counts.read:,} products are done. Continue with: hybridsearch reindex"
                )
            return
        with suppress(EngineError):  # what stopped the run is what matters
            if not self.is_live(run):
                self.engine.discard(run.generation)
                self.journal.remove()


REPORTED = (
    *("rejected", "without_picture", "encoded", "cached", "older", "changes"),
    *("reviews", "unused_reviews", "odd_reviews", "videos", "unread_videos", "stray_reviews"),
)
"""Counts that the report repeats."""


def nothing(catalogue: str, tally: Tally) -> str:
    """Return the message for a run that found nothing to index."""
    if not tally.counts.rejected:
        return f"Catalogue '{catalogue}' has no products. The old index stays; check [catalog]."
    first = tally.rejects.first[0]
    return (
        f"All {tally.counts.rejected:,} products were refused, for instance {first.where}: {first.reason}. "
        "The old index stays; correct the catalogue or its [fields]."
    )


def reindex(shop: Shop, progress: Progress | None = None, options: Options | None = None) -> Report:
    """Build the index of a configuration again and make it the live one; see `HybridSearch.reindex`."""
    settings, engine, encoders = shop.settings, shop.engine, shop.encoders
    options = merging(options or Options(), settings.engine.max_segments, engine)
    quality_check = QualityCheck.of(shop)
    home = Home(settings.home)
    source, schema = source_of(settings), schema_of(settings, encoders)
    if isinstance(source, LivingSource):
        source = source.patient()
    with (
        engine.lease(owner()) as lease,
        telling(home.rebuild(settings.engine.index), progress or silent) as tell,
        building(settings, schema, encoders, options.executor, store_of(settings)) as builder,
    ):
        run = Reindex(
            source=source,
            engine=engine,
            lease=lease,
            index=settings.engine.index,
            builder=builder,
            journal=Journal(home.journal(settings.engine.index)),
            rejects=home.rejects,
            identity=plain(
                {
                    "catalogue": {**settings.catalog.model_dump(mode="json"), **source.snapshot_id()},
                    "configuration or encoder": schema.to_json(),
                    "program": __version__,
                }
            ),
            remember_hours=settings.engine.remember_hours,
            progress=tell,
            options=options,
            quality_check=quality_check,
        )
        with span("reindex", {"index": run.index}) as opened:
            report = run.run()
            for name in ("indexed", "rejected", "encoded", "cached"):
                opened.set_attribute(name, getattr(report, name))
            tell.ended(report.to_json())
            return report


def merging(options: Options, configured: int | None, engine: Engine) -> Options:
    """Return how a run is meant, with the segments that the configuration wants where the caller wants none.

    Raises:
        ConfigError: The engine has none.
    """
    wanted = options.max_segments if options.max_segments is not None else configured
    if wanted is not None and (not isinstance(wanted, int) or wanted < 1):
        raise ConfigError(f"'max_segments' is {wanted!r}, expected 1 or more; leave it out to merge nothing.")
    if wanted is not None and not isinstance(engine, Merging):
        raise ConfigError(
            f"'max_segments' is {wanted}, but this engine has no segments to merge: the embedded one compiles its "
            "index as a whole. Leave 'max_segments' out."
        )
    return replace(options, max_segments=wanted)


def owner() -> str:
    """Return who runs this, for whoever finds the index locked."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "an unknown user"  # a container may run under a number that has no name
