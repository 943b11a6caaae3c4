"""Filling a generation: the catalogue is read, built and written in batches, and the journal follows behind."""

from __future__ import annotations

import logging
import random
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from hybridsearch import document
from hybridsearch.catalog.base import LivingSource, Source
from hybridsearch.encoders.calibration import SAMPLE
from hybridsearch.engines.base import Engine, Written
from hybridsearch.errors import GateError
from hybridsearch.failpoints import reach
from hybridsearch.indexing.build import Builder, Built
from hybridsearch.indexing.journal import Journal, Position, Stage
from hybridsearch.indexing.rejects import RejectsFile
from hybridsearch.indexing.report import Counts, Progress
from hybridsearch.prefetch import prefetch, result_of
from hybridsearch.values import Document, Product, Reject, Vector

log = logging.getLogger(__name__)

BATCH = 256
"""Products that are read, encoded and written together."""
HOPELESS = 1_000
"""Rejects in a row after which the run stops: the configuration is wrong, not the products."""
COMPARED = 32
"""Documents that are compared with what is stored."""

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
class Filling:
    """What fills one generation, and what is remembered of it for the checks.

    Attributes:
        ids: Hash of each id that was given to the engine; 8 bytes a product.
        uncertain: Ids that the engine refused once, or that changed meanwhile: whether it holds them only it can tell.
        sample: Documents to be compared with what is stored.
        titled: Titles and vectors of the first products, for the calibration.
    """

    source: Source
    engine: Engine
    generation: str
    builder: Builder
    journal: Journal
    letters: RejectsFile
    position: Position
    progress: Progress
    options: Options
    ids: array[int] = field(default_factory=lambda: array("q"))
    uncertain: set[str] = field(default_factory=set)
    sample: dict[str, Document] = field(default_factory=dict)
    titled: list[tuple[str, Mapping[str, Vector]]] = field(default_factory=list)
    in_a_row: int = 0
    total: int | None = None

    def run(self) -> None:
        """Read, encode and write the whole catalogue, a batch at a time; what is done already is only remembered."""
        self.total = self.source.count()
        if isinstance(self.source, LivingSource):
            seen = self.source.mark()
            # A shard with fewer writes than another gives what is new a place that the run had passed before it died.
            self.position = replace(self.position, seen=seen and (self.position.seen or seen))
            if seen is None:
                self.options.say(
                    f"What is written to '{self.source.name}' during this run is not seen: "
                    "the key lacks the privilege 'maintenance' on it."
                )
        done = self.position.cursor
        refused = {(each.where, each.id) for each in self.letters.read() if each.stage == "document"}
        self.uncertain |= {each.id for each in self.letters.read() if each.stage == "write" and each.id is not None}
        under_way: tuple[int, Built, Future[Written]] | None = None  # written while the next batch is built
        with ExitStack() as stack:
            reader, writer = (stack.enter_context(self.options.executor(1)) for _ in range(2))
            stack.push(self.abandon)
            for batch in prefetch(chunks(self.source.read(), BATCH), reader):
                reach("chunk.read")
                # A batch that was cut by the end of the catalogue may end where none ended before.
                new = [each for each in batch if not 0 < each.place <= done]
                self.remember([each for each in batch if 0 < each.place <= done], refused)
                if not new:
                    continue
                built = self.build(new)
                reach("chunk.built")
                if under_way:
                    self.acknowledge(*under_way)
                under_way = new[-1].place, built, writer.submit(self.engine.write, self.generation, built.documents)
            if under_way:
                self.acknowledge(*under_way)
        self.advance("filled")
        reach("run.filled")

    def abandon(self, kind: type[BaseException] | None, *_: object) -> None:
        """Let what is under way, and nobody waits for any more, end when something went wrong."""
        if kind is not None:
            self.engine.abandon()
            if isinstance(self.source, LivingSource):
                self.source.abandon()

    def build(self, batch: Sequence[Product | Reject]) -> Built:
        """Build the documents of a batch, and remember them."""
        built = self.builder.build_all(batch)
        built.counts.read = len(batch)
        self.note(built.documents)
        return built

    def acknowledge(self, cursor: int, built: Built, write: Future[Written]) -> None:
        """Wait until a batch is written; then, and not before, write down that it is."""
        written = result_of(write)
        reach("chunk.written")
        rejects = self.settle(built, written)
        reach("chunk.letters")
        self.uncertain |= {each.id for each in written.refused if each.id is not None}
        counts = plus(self.position.counts, built.counts)
        self.position = replace(self.position, cursor=cursor, letters=self.letters.size, counts=counts)
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

    def settle(self, built: Built, written: Written) -> list[Reject]:
        """Write down what was refused, count what became of a batch, and return the rejects."""
        rejects = [*built.rejects, *written.refused]
        built.counts.rejected = self.letters.add([*rejects, *built.flaws]) - len(built.flaws)
        built.counts.written = len(built.documents) - len(written.refused)
        built.counts.older = written.older
        return rejects

    def amend(self, generation: str | None, batch: Sequence[Product | Reject]) -> None:
        """Write rows that came after the catalogue was read to a generation, or to the live one."""
        built = self.builder.build_all(batch)
        self.settle(built, self.engine.write(generation, built.documents))
        self.uncertain |= {each.id for each in batch if each.id is not None}
        built.counts.written, built.counts.changes = 0, len(batch)
        self.position = replace(
            self.position, letters=self.letters.size, counts=plus(self.position.counts, built.counts)
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

    def certain(self) -> int:
        """Return how many different products were written, without the uncertain ones."""
        others = np.array([hash(each) for each in self.uncertain], dtype=np.int64)
        return int(np.count_nonzero(np.isin(self.distinct(), others, invert=True)))

    def distinct(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Return the hashes of the different ids that were written."""
        ids = np.frombuffer(self.ids, dtype=np.int64)
        ids.sort()  # in place: np.unique takes some 50 bytes for each product
        return ids[np.concatenate([[True], ids[1:] != ids[:-1]])] if len(ids) else ids

    def advance(self, stage: Stage) -> None:
        """Write down that a stage is reached."""
        self.position = replace(self.position, stage=stage, letters=self.letters.size)
        self.journal.advance(self.position)


def chunks(rows: Iterable[Product | Reject], size: int) -> Iterator[list[Product | Reject]]:
    """Yield runs of rows; rows of one place, which shards of an index may share, are not parted."""
    some: list[Product | Reject] = []
    for each in rows:
        if len(some) >= size and each.place != some[-1].place:
            yield some
            some = []
        some.append(each)
    if some:
        yield some


def plus(one: Counts, other: Counts) -> Counts:
    """Return the sum of two counts."""
    more = asdict(other)
    return Counts(**{name: value + more[name] for name, value in asdict(one).items()})
