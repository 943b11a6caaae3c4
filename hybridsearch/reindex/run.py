"""One run, as a line of named steps; the journal says which are done, so that a killed run goes on where it was."""

from __future__ import annotations

import getpass
import itertools
import logging
import random
import secrets
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from hybridsearch import document
from hybridsearch._version import __version__
from hybridsearch.calibration import SAMPLE, calibrate
from hybridsearch.catalog.base import Source
from hybridsearch.changes import BEGINNING
from hybridsearch.dead_letters import DeadLetters
from hybridsearch.encoders.base import Encoder
from hybridsearch.encoders.cache import EncodeCache
from hybridsearch.engines.base import Engine, Lease, Written
from hybridsearch.errors import EngineError, GateError, IndexMissing
from hybridsearch.failpoints import reach
from hybridsearch.images.fetch import Fetcher
from hybridsearch.reindex import replay
from hybridsearch.reindex.build import FETCHERS, Builder, Built, picture_loader, schema_of, source_of
from hybridsearch.reindex.journal import Journal, Position, Run, Stage
from hybridsearch.reindex.report import Counts, Progress, Report
from hybridsearch.reindex.verify import Candidate, plain, problems
from hybridsearch.settings import Settings
from hybridsearch.values import Document, Product, Reject, Vector

log = logging.getLogger(__name__)

BATCH = 256
"""Products that are read, encoded and written together."""
AHEAD = 1
"""Batches that are written while the next one is built."""
HOPELESS = 1_000
"""Rejects in a row after which the run stops: the configuration is wrong, not the products."""
COMPARED = 32
"""Documents that are compared with what is stored."""
SMALL = 100
"""Changes that may be left for after the swap."""

T = TypeVar("T")
Say = Callable[[str], object]
"""Is told what a person should know, in a sentence."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is meant.

    Attributes:
        restart: Begin anew, even where an interrupted run could be continued.
        force: Swap even if a check fails, and read on whatever is rejected.
        say: Is told what a person should know.
        executor: Makes what runs beside the main thread.
    """

    restart: bool = False
    force: bool = False
    say: Say = log.info
    executor: Callable[[int], Executor] = ThreadPoolExecutor


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

    run_: Run = field(init=False)
    position: Position = field(init=False)
    letters: DeadLetters = field(init=False)
    ids: array[int] = field(default_factory=lambda: array("q"))
    """Hash of each id that was given to the engine; 8 bytes a product."""
    uncertain: set[str] = field(default_factory=set)
    """Ids that the engine refused once, or that changed meanwhile: whether it holds them only it can tell."""
    sample: dict[str, Document] = field(default_factory=dict)
    titled: list[tuple[str, Mapping[str, Vector]]] = field(default_factory=list)
    in_a_row: int = 0
    mark: int = field(init=False)
    """Place in the log of changes up to which they are in the generation."""
    total: int | None = None

    def run(self) -> Report:
        """Build a generation and promote it; killed at any moment, the next run goes on with it.

        Raises:
            GateError: A check refused; the old index stays.
        """
        started = time.monotonic()
        self.begin()
        resumed, self.mark = self.position.cursor, self.run_.mark
        try:
            if not self.is_live():
                self.fill()
                self.catch_up(self.run_.generation, enough=SMALL)
                self.swap(self.check())
            else:  # killed after the swap: what was too old to keep may still be there
                self.engine.promote(self.run_.generation, self.builder.schema)
            indexed = self.finish()
        except BaseException as error:
            self.stop(error)
            raise
        finally:
            self.journal.close()
        counts = self.position.counts
        return Report(
            index=self.index,
            generation=self.run_.generation,
            indexed=indexed,
            duplicates=len(self.ids) - len(self.distinct()),
            resumed=resumed,
            seconds=time.monotonic() - started,
            rejects=tuple(self.letters.first),
            rejects_file=self.letters.path if self.letters.first else None,
            **{name: getattr(counts, name) for name in REPORTED},
        )

    def begin(self) -> None:
        """Go on with the run that the journal names, or begin a new one and say why."""
        reach("run.locked")
        found = self.journal.load()
        if found is not None:
            why = self.hindrance(found[0])
            if why is None:
                self.run_, self.position = found
                self.letters = DeadLetters(self.rejects(self.run_.id), size=self.position.letters)
                self.options.say(f"Continuing a run that was interrupted after {self.position.cursor:,} products.")
                return
            self.options.say(f"An interrupted run is not continued: {why}. Beginning anew.")
            with suppress(EngineError):
                self.engine.discard(found[0].generation)
            self.journal.remove()
        # With versions everything that is remembered is replayed: the catalogue may have been written down long before
        # this run. Without, only what comes from now on: what came before may be older than the catalogue.
        mark = BEGINNING if self.builder.schema.fields.version else self.engine.changes.mark()
        generation = self.engine.create(replace(self.builder.schema, since=mark))
        reach("run.created")
        key = f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"
        self.run_, self.position = Run(key, generation, mark, self.identity), Position()
        self.journal.begin(self.run_)
        self.letters = DeadLetters(self.rejects(key))
        reach("run.begun")

    def hindrance(self, run: Run) -> str | None:
        """Return why an interrupted run cannot be continued, or None."""
        if self.options.restart:
            return "--restart was given"
        for name, mine in self.identity.items():
            if run.identity.get(name) != mine:
                return f"the {name} changed since"
        if run.generation not in {each.name for each in self.engine.generations()}:
            return f"its generation '{run.generation}' is gone"
        return None

    def is_live(self) -> bool:
        """Say whether the generation is the live one already."""
        return any(each.name == self.run_.generation and each.state == "live" for each in self.engine.generations())

    def fill(self) -> None:
        """Read, encode and write the whole catalogue, a batch at a time; what is done already is only remembered."""
        self.total = self.source.count()
        done = self.position.cursor
        refused = {(each.where, each.id) for each in self.letters.read() if each.stage == "document"}
        self.uncertain |= {each.id for each in self.letters.read() if each.stage == "write" and each.id is not None}
        under_way: deque[tuple[int, Built, Future[Written]]] = deque()
        cursor = 0
        with ExitStack() as stack:
            reader, writer = (stack.enter_context(self.options.executor(1)) for _ in range(2))
            stack.push(self.abandon)
            for batch in ahead(batches(self.source.read(), BATCH), reader):
                reach("chunk.read")
                # A batch that was cut by the end of the catalogue may end where none ended before.
                new = batch[max(0, done - cursor) :]
                self.remember(batch[: len(batch) - len(new)], refused)
                cursor += len(batch)
                if not new:
                    continue
                built = self.build(new)
                reach("chunk.built")
                while len(under_way) > AHEAD - 1:
                    self.acknowledge(*under_way.popleft())
                write = writer.submit(self.engine.write, self.run_.generation, built.documents)
                under_way.append((cursor, built, write))
            while under_way:
                self.acknowledge(*under_way.popleft())
        self.advance("filled")
        reach("run.filled")

    def abandon(self, kind: type[BaseException] | None, *_: object) -> None:
        """Let a write that nobody waits for any more end, when something went wrong."""
        if kind is not None:
            self.engine.abandon()

    def build(self, batch: Sequence[Product | Reject]) -> Built:
        """Build the documents of a batch, and stop where nothing but rejects comes."""
        built = self.builder.build([each for each in batch if isinstance(each, Product)])
        built.rejects[:0] = [each for each in batch if isinstance(each, Reject)]
        built.counts.read = len(batch)
        self.note(built.documents)
        return built

    def acknowledge(self, cursor: int, built: Built, write: Future[Written]) -> None:
        """Wait until a batch is written; then, and not before, write down that it is."""
        written = write.result()
        reach("chunk.written")
        rejects = [*built.rejects, *written.refused]
        built.counts.rejected = self.letters.add([*rejects, *built.flaws]) - len(built.flaws)
        reach("chunk.letters")
        built.counts.written = len(built.documents) - len(written.refused)
        built.counts.older = written.older
        self.uncertain |= {each.id for each in written.refused if each.id is not None}
        self.position = Position("filling", cursor, self.letters.size, plus(self.position.counts, built.counts))
        self.journal.advance(self.position)
        reach("chunk.saved")
        self.progress("indexing", self.position.counts, self.total)
        self.in_a_row = 0 if built.counts.written else self.in_a_row + len(rejects)
        if self.in_a_row >= HOPELESS and not self.options.force:
            first = rejects[0]
            raise GateError(
                f"{self.in_a_row:,} products in a row were all refused, such as {first.where}: {first.reason}. "
                "Correct the [fields] of the configuration, or read on with --force; nothing was changed."
            )

    def remember(self, batch: Sequence[Product | Reject], refused: set[tuple[str, str | None]]) -> None:
        """Take what is written already into account; only the first products are built again, for the calibration."""
        products = [each for each in batch if isinstance(each, Product) and (each.where, each.id) not in refused]
        if products and len(self.titled) < SAMPLE:
            self.note(self.builder.build(products).documents)
        else:
            self.ids.extend(hash(each.id) for each in products)

    def note(self, documents: Iterable[Document]) -> None:
        """Keep the ids, some documents to compare, and the first titles."""
        for built in documents:
            self.ids.append(hash(built.id))
            if built.vectors and len(self.titled) < SAMPLE:
                self.titled.append((document.title(built.row, self.builder.schema.fields), built.vectors))
            place = random.randrange(len(self.ids))
            known = self.sample.get(built.id)
            if known is not None:
                self.sample[built.id] = known if (known.version or 0) > (built.version or 0) else built
            elif len(self.sample) < COMPARED:
                self.sample[built.id] = built
            elif place < COMPARED:
                del self.sample[list(self.sample)[place]]
                self.sample[built.id] = built

    def catch_up(self, generation: str | None, *, enough: int) -> None:
        """Replay the changes that were recorded since the last time, until few, or none, came in meanwhile."""
        for changes, mark in replay.pages(self.engine.changes, self.mark):
            reach("replay.read")
            done = replay.apply(self.engine, generation, self.builder, changes)
            reach("replay.applied")
            self.letters.add([*done.rejects, *done.flaws])
            self.mark = mark
            self.uncertain |= {change.id for change in changes}
            self.position.counts.changes += len(changes)
            self.progress("replaying changes", self.position.counts, None)
            if len(changes) <= enough:
                return

    def check(self) -> list[str]:
        """Return what is wrong with the generation; a run that indexed nothing is refused at once."""
        reach("run.replayed")
        self.progress("checking", self.position.counts, None)
        found = self.engine.refresh(self.run_.generation)
        reach("run.refreshed")
        if not found:
            raise GateError(self.nothing())
        uncertain = sorted(self.uncertain)
        present = set().union(*(self.engine.stored(self.run_.generation, some) for some in batches(uncertain, BATCH)))
        known = np.isin(self.distinct(), np.array([hash(each) for each in uncertain], dtype=np.int64), invert=True)
        try:
            live = next(each.documents for each in self.engine.generations() if each.state == "live")
        except (StopIteration, IndexMissing):
            live = 0
        candidate = Candidate(
            engine=self.engine,
            generation=self.run_.generation,
            schema=self.builder.schema,
            expected=int(np.count_nonzero(known)) + len(present),
            found=found,
            live=live,
            sample=[each for key, each in self.sample.items() if key not in self.uncertain],
        )
        return problems(candidate)

    def swap(self, wrong: Sequence[str]) -> None:
        """Make the generation the live one, unless something is wrong with it."""
        if wrong and not self.options.force:
            raise GateError(
                f"The new index is not made live: {'; '.join(wrong)}. The old index stays. Look into it and run the "
                "command again, or swap all the same with: hybridsearch reindex --force"
            )
        for sentence in wrong:
            self.options.say(f"Swapping all the same: {sentence}.")
        before = next((each.name for each in self.engine.generations() if each.state == "live"), "")
        schema = replace(self.builder.schema, since=self.run_.mark, before=before).calibrated(self.calibrations())
        reach("run.calibrated")
        self.advance("swapping")
        self.progress("promoting", self.position.counts, None)
        self.lease.require()
        reach("run.checked")
        self.engine.promote(self.run_.generation, schema)
        reach("run.swapped")

    def finish(self) -> int:
        """Replay what came in during the swap, forget old changes, and end the run; return the number of documents."""
        self.catch_up(None, enough=0)
        reach("run.caught-up")
        self.engine.changes.forget(self.remember_hours)
        reach("run.forgotten")
        indexed = self.engine.refresh(self.run_.generation)
        self.journal.remove()
        return indexed

    def stop(self, error: BaseException) -> None:
        """Leave a run so that it can be continued; one that has done nothing yet leaves nothing."""
        if self.position.cursor and not (isinstance(error, GateError) and not self.position.counts.written):
            if not isinstance(error, GateError):
                done = f"{self.position.cursor:,} products are done"
                self.options.say(f"The run stopped: {done}. Continue with: hybridsearch reindex")
            return
        with suppress(EngineError):  # what stopped the run is what matters
            if not self.is_live():
                self.engine.discard(self.run_.generation)
                self.journal.remove()

    def advance(self, stage: Stage) -> None:
        """Write down that a stage is reached."""
        self.position = Position(stage, self.position.cursor, self.letters.size, self.position.counts)
        self.journal.advance(self.position)

    def nothing(self) -> str:
        """Return the message for a run that found nothing to index."""
        if not self.position.counts.rejected:
            return f"Catalogue '{self.source.name}' has no products. The old index stays; check [catalog]."
        first = self.letters.first[0]
        return (
            f"All {self.position.counts.rejected:,} products were refused, for instance {first.where}: {first.reason}. "
            "The old index stays; correct the catalogue or its [fields]."
        )

    def distinct(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Return the hashes of the different ids that were written."""
        ids = np.frombuffer(self.ids, dtype=np.int64)
        ids.sort()  # in place: np.unique takes some 50 bytes for each product
        return ids[np.concatenate([[True], ids[1:] != ids[:-1]])] if len(ids) else ids

    def calibrations(self) -> dict[str, Any]:
        """Return each leg's calibration from the first products."""
        return {
            leg.name: calibrate(
                self.builder.encoders[leg.name],
                self.builder.cache,
                [(title, vectors[leg.name]) for title, vectors in self.titled if leg.name in vectors],
            )
            for leg in self.builder.schema.legs
        }


REPORTED = ("rejected", "without_picture", "encoded", "cached", "older", "changes")


def reindex(
    settings: Settings,
    engine: Engine,
    encoders: Mapping[str, Encoder],
    progress: Progress | None = None,
    options: Options | None = None,
) -> Report:
    """Build the index of a configuration anew and make it the live one; see `HybridSearch.reindex`."""
    options = options or Options()
    folder = settings.resolve(settings.engine.folder)
    source, schema = source_of(settings), schema_of(settings, encoders)
    with ExitStack() as stack:
        lease = stack.enter_context(engine.lease(owner()))
        cache = stack.enter_context(EncodeCache(folder / "vectors.db"))
        fetcher = stack.enter_context(Fetcher())
        pool = stack.enter_context(options.executor(FETCHERS))
        return Reindex(
            source=source,
            engine=engine,
            lease=lease,
            index=settings.engine.index,
            builder=Builder(schema, encoders, cache, picture_loader(settings, fetcher), pool),
            journal=Journal(folder / settings.engine.index / "run.jsonl"),
            rejects=lambda run: folder / f"rejects-{run}.jsonl",
            identity=plain(
                {
                    "catalogue": {**settings.catalog.model_dump(mode="json"), **source.identity()},
                    "configuration or encoder": schema.to_json(),
                    "program": __version__,
                }
            ),
            remember_hours=settings.engine.remember_hours,
            progress=progress or (lambda *_: None),
            options=options,
        ).run()


def owner() -> str:
    """Return who runs this, for whoever finds the index locked."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "an unknown user"  # a container may run under a number that has no name


def plus(one: Counts, other: Counts) -> Counts:
    """Return the sum of two counts."""
    more = asdict(other)
    return Counts(**{name: value + more[name] for name, value in asdict(one).items()})


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield runs of at most `size` items."""
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, size)):
        yield batch


def ahead(items: Iterator[T], executor: Executor) -> Iterator[T]:
    """Yield items, fetching the next one while this one is worked on."""
    end = object()
    coming = executor.submit(next, items, end)
    while (item := coming.result()) is not end:
        coming = executor.submit(next, items, end)
        yield item  # type: ignore[misc]
