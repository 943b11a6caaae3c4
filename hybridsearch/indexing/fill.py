"""Filling a generation: a pipeline in which a batch is read, one is built and one is written at the same time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from hybridsearch import redaction
from hybridsearch.catalog.base import LivingSource, Source
from hybridsearch.engines.base import Engine, Say, Written
from hybridsearch.errors import GateError
from hybridsearch.indexing.analysing import Analysis, analysing
from hybridsearch.indexing.build import Begun, Builder, Built, Make
from hybridsearch.indexing.journal import Journal
from hybridsearch.indexing.tally import Tally
from hybridsearch.inputs.rows import weight
from hybridsearch.runtime.failpoints import reach
from hybridsearch.runtime.prefetch import prefetch, result_of
from hybridsearch.runtime.progress import Progress
from hybridsearch.values import Product, Reject

log = redaction.logger(__name__)

BATCH = 256
"""Products that are read, encoded and written together."""
HEAVY = 8_000_000
"""Bytes of rows after which a batch has no room for more: the documents of long texts take many times as much."""
HOPELESS = 1_000
"""Rejects in a row after which the run stops: the configuration is wrong, not the products."""

Rows = Sequence[Product | Reject]


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is meant.

    Attributes:
        restart: Start a new run, even where an interrupted one could be continued.
        force: Swap even if a check fails, and read on whatever is rejected.
        say: Is told what a person should know.
        executor: Makes what runs beside the main thread.
        workers: Processes that analyse products, this one included; left out: one for each core, of a large catalogue.
        max_segments: Into so many segments for each shard the new index is merged before the swap, 1 or more; left out:
            as the configuration says.
    """

    restart: bool = False
    force: bool = False
    say: Say = log.info
    executor: Callable[[int], Executor] = ThreadPoolExecutor
    workers: int | None = None
    max_segments: int | None = None


class Batch(NamedTuple):
    """Rows of the catalogue whose documents are being written."""

    rows: Rows
    built: Built
    writing: Future[Written]


@dataclass(frozen=True, slots=True)
class Filling:
    """The pipeline from a catalogue to one generation; the journal follows behind."""

    source: Source
    engine: Engine
    generation: str
    builder: Builder
    journal: Journal
    tally: Tally
    progress: Progress
    options: Options

    def run(self) -> None:
        """Read, encode and write the whole catalogue, a batch at a time; what is done already is only remembered.

        Raises:
            GateError: Everything is refused.
        """
        total = self.source.count()
        with ExitStack() as stack:
            reader, writer = (stack.enter_context(self.options.executor(1)) for _ in range(2))
            analysis = stack.enter_context(analysing(self.builder.schema, self.options.workers, self.options.executor))
            stack.push(partial(self.abandon, analysis))
            previous: Batch | None = None  # written while the next one is built
            for rows, built in self.built(self.new_rows(reader), analysis):
                reach("chunk.built")
                if previous:
                    self.acknowledge(previous, total)
                previous = Batch(rows, built, writer.submit(self.engine.write, self.generation, built.documents))
            if previous:
                self.acknowledge(previous, total)
        self.tally.reached("filled")
        self.journal.advance(self.tally.position)
        reach("run.filled")

    def built(self, batches: Iterable[Rows], analysis: Analysis) -> Iterator[tuple[Rows, Built]]:
        """Yield batches with their documents, in order, while those behind them are analysed."""
        under_way: deque[tuple[Rows, Begun, Future[Make]]] = deque()
        for rows in batches:
            begun = self.builder.begin(rows)
            under_way.append((rows, begun, analysis.submit(begun.products)))
            if len(under_way) > analysis.room:
                yield self.finished(*under_way.popleft())
        while under_way:
            yield self.finished(*under_way.popleft())

    def finished(self, rows: Rows, begun: Begun, make: Future[Make]) -> tuple[Rows, Built]:
        """Wait until a batch is analysed, and return it with its documents."""
        return rows, self.builder.finish(begun, result_of(make))

    def new_rows(self, reader: Executor) -> Iterator[list[Product | Reject]]:
        """Yield the rows that no earlier process has written, in batches, and remember the others."""
        done = self.tally.position.cursor
        for batch in prefetch(chunks(self.source.read(), BATCH), reader):
            reach("chunk.read")
            # A batch that was cut by the end of the catalogue may end where none ended before.
            self.remember([row for row in batch if 0 < row.place <= done])
            new = [row for row in batch if not 0 < row.place <= done]
            if new:
                yield new

    def remember(self, rows: Sequence[Product | Reject]) -> None:
        """Take in what an earlier process wrote; only what the calibration wants is built again."""
        products = self.tally.written_before(rows)
        wanted = {product.id for product in products if self.tally.described.wants(product.id)}
        if wanted:
            again = [product for product in products if product.id in wanted]
            self.tally.rebuilt(self.builder.build(again).documents)
        self.tally.remembered(product for product in products if product.id not in wanted)

    def acknowledge(self, batch: Batch, total: int | None) -> None:
        """Wait until a batch is written; then, and not before, write down that it is."""
        written = result_of(batch.writing)
        reach("chunk.written")
        rejects = self.tally.wrote(batch.rows, batch.built, written)
        reach("chunk.letters")
        self.journal.advance(self.tally.position)
        reach("chunk.saved")
        self.tally.counts.tell(self.progress, "indexing", total)
        if self.tally.refused_in_a_row >= HOPELESS and not self.options.force:
            raise GateError(
                f"{self.tally.refused_in_a_row:,} products in a row were all refused, such as {rejects[0].where}: "
                f"{rejects[0].reason}. Correct the [fields] of the configuration, or read on with --force; nothing was "
                "changed."
            )

    def abandon(self, analysis: Analysis, kind: type[BaseException] | None, *_: object) -> None:
        """Let what is under way, and nobody waits for any more, end when something went wrong."""
        if kind is not None:
            analysis.abandon()
            self.engine.abandon()
            if isinstance(self.source, LivingSource):
                self.source.abandon()


def chunks(rows: Iterable[Product | Reject], size: int) -> Iterator[list[Product | Reject]]:
    """Yield runs of at most `size` rows, or HEAVY bytes; rows of one place, which shards may share, are not parted."""
    chunk: list[Product | Reject] = []
    held = 0
    for row in rows:
        if (len(chunk) >= size or held > HEAVY) and row.place != chunk[-1].place:
            yield chunk
            chunk, held = [], 0
        chunk.append(row)
        held += weight(row.row)
    if chunk:
        yield chunk
