"""Encode everything that the next rebuild needs, block by block, wherever there are processes for it."""

from __future__ import annotations

import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from hybridsearch import document
from hybridsearch.catalog.base import LivingSource, Source
from hybridsearch.cluster.forms import DEATHS, FORMS, Cluster
from hybridsearch.cluster.report import Encoding
from hybridsearch.cluster.worker import Outcome, Worker, store_to_fill
from hybridsearch.disk import modes
from hybridsearch.disk.durable import make_folder
from hybridsearch.disk.errors import explained
from hybridsearch.encoders.calibration import SAMPLE, Described, calibrate
from hybridsearch.encoders.kept.stores import shared_folder
from hybridsearch.errors import ConfigError, EncoderError, HybridSearchError
from hybridsearch.indexing.build import Builder, Built, encoding, schema_of, source_of
from hybridsearch.indexing.drawn import Drawn
from hybridsearch.indexing.fill import chunks
from hybridsearch.indexing.rejects import RejectsFile
from hybridsearch.indexing.report import Counts
from hybridsearch.indexing.reviewed import review_file
from hybridsearch.runtime.prefetch import result_of
from hybridsearch.runtime.progress import Progress, silent
from hybridsearch.schema import Schema
from hybridsearch.shop.shop import Shop
from hybridsearch.values import Product, Reject

BLOCK = 1_024
"""Rows that one worker encodes at a time: what is done again when it dies, and a part of a shared folder."""

Row = Product | Reject


class Block(NamedTuple):
    """Rows of the catalogue that are being encoded."""

    rows: Sequence[Row]
    products: Sequence[Product]
    encoding: Future[Outcome]


@dataclass(slots=True)
class Tally:
    """What is known of the blocks that are done, in the order of the catalogue.

    Attributes:
        described: Products that the rebuild will calibrate with: the same ones.
    """

    schema: Schema
    counts: Counts = field(default_factory=Counts)
    flawed: int = 0
    first: list[Reject] = field(default_factory=list)
    processes: set[str] = field(default_factory=set)
    described: Drawn[Product] = field(default_factory=lambda: Drawn(SAMPLE, salt=b"calibration"))

    def add(self, block: Block, outcome: Outcome) -> None:
        """Take in a block that is done."""
        rejects = [row for row in block.rows if isinstance(row, Reject)]
        self.counts += replace(outcome.counts, read=len(block.rows), rejected=len(rejects))
        self.flawed += len(outcome.flaws)
        self.first += [*rejects, *outcome.flaws][: RejectsFile.SHOWN - len(self.first)]
        self.processes.add(outcome.process)
        for product, seen in zip(block.products, outcome.seen, strict=True):
            if seen and self.described.wants(product.id) and fits(product, self.schema):
                self.described.add(product.id, product)


def encode(
    shop: Shop,
    progress: Progress | None = None,
    on: str = "local",
    address: str | None = None,
    workers: int | None = None,
) -> Encoding:
    """Encode what the next rebuild needs, see `HybridSearch.encode`."""
    started = time.monotonic()
    settings, schema = shop.settings, schema_of(shop.settings, shop.encoders)
    if on not in FORMS:
        raise ConfigError(f"'on' is '{on[:40]}', expected one of: {', '.join(FORMS)}.")
    if not schema.legs:
        raise ConfigError("The configuration has no [[vectors]], so that there is nothing to encode. Add a leg to it.")
    tally = Tally(schema)
    worker = Worker(uuid.uuid4().hex, settings, schema)
    with marked(worker), FORMS[on](worker, shop.encoders, address, workers) as cluster:
        fill(shop, cluster, tally, progress or silent)
    merged = finish(shop, tally, progress or silent)
    told = {name: getattr(tally.counts, name) for name in REPORTED}
    return Encoding(
        on=on,
        workers=len(tally.processes),
        flawed=tally.flawed,
        merged=merged,
        seconds=time.monotonic() - started,
        rejects=tuple(tally.first),
        **told,
    )


REPORTED = ("read", "rejected", "encoded", "cached", "without_picture", "videos", "unread_videos")
"""Counts that the report repeats."""


def fill(shop: Shop, cluster: Cluster, tally: Tally, progress: Progress) -> None:
    """Have the whole catalogue encoded, a few blocks at a time."""
    source = source_of(shop.settings)
    if isinstance(source, LivingSource):
        source = source.patient()
    total = source.count()
    with abandoning(source), review_file(shop.settings) as reviews:
        added = reviews.added if reviews else list
        for block in in_order(chunks(source.read(), BLOCK), cluster, added):
            tally.add(block, outcome_of(block))
            tally.counts.tell(progress, "encoding", total)


def in_order(
    rows: Iterable[Sequence[Row]], cluster: Cluster, added: Callable[[Sequence[Product]], Sequence[Product]]
) -> Iterator[Block]:
    """Yield blocks in their order, as soon as there is no room for the next one."""
    waiting: deque[Block] = deque()
    for some in rows:
        if len(waiting) == cluster.room:
            yield waiting.popleft()
        products = added([row for row in some if isinstance(row, Product)])
        waiting.append(Block(some, products, cluster.submit(products)))
    yield from waiting


def outcome_of(block: Block) -> Outcome:
    """Wait until a block is encoded.

    Raises:
        EncoderError: A worker says so, or block after block ends its worker.
    """
    try:
        return result_of(block.encoding)
    except Exception as error:
        cause = getattr(error, "cause", error)  # Ray wraps what a worker raises
        if isinstance(cause, HybridSearchError):
            raise cause from error
        raise EncoderError(
            f"The block from {block.rows[0].where} to {block.rows[-1].where} could not be encoded, with up to "
            f"{DEATHS} further tries ({type(cause).__name__}: {str(cause).strip()[-300:]}). If its workers died, give "
            "them more memory or use fewer. What is encoded stays: continue with the same command."
        ) from error


def finish(shop: Shop, tally: Tally, progress: Progress) -> int:
    """Encode what the rebuild calibrates its legs with; return how many parts of a shared folder were merged."""
    settings, schema = shop.settings, tally.schema
    tally.counts.tell(progress, "calibrating")
    with encoding(settings, schema, shop.encoders, ThreadPoolExecutor, store_to_fill(settings)) as builder:
        products = tally.described.items()
        described = list(describe(builder, products)) if products else []
        for leg in schema.legs:
            calibrate(leg, shop.encoders[leg.name], builder.cache, described)
    folder = shared_folder(settings)
    return folder.merge() if folder else 0


def describe(builder: Builder, products: Sequence[Product]) -> Iterator[Described]:
    """Yield products as the calibration sees them; their vectors are in the cache."""
    legs = builder.schema.legs
    by_leg = [builder.encode(leg, products, Built()) for leg in legs]
    for product, vectors in zip(products, zip(*by_leg, strict=True), strict=True):
        known = {leg.name: vector for leg, vector in zip(legs, vectors, strict=True) if vector is not None}
        title = document.title(product.row, builder.schema.fields)
        yield Described(title, document.described(product.row, builder.schema), known)


def fits(product: Product, schema: Schema) -> bool:
    """Tell whether a rebuild takes a product."""
    try:
        document.build(product, schema, {})
    except ValueError:
        return False
    return True


@contextmanager
def marked(worker: Worker) -> Iterator[None]:
    """Leave a mark in a shared folder for as long as a run lasts, by which workers see that they reach it."""
    if worker.mark is None:
        yield
        return
    with explained(worker.mark.parent):
        make_folder(worker.mark.parent, worker.mark.parent)
        modes.write(worker.mark, b"")
    try:
        yield
    finally:
        worker.mark.unlink(missing_ok=True)


@contextmanager
def abandoning(source: Source) -> Iterator[None]:
    """Let nobody wait for a catalogue any more when something went wrong."""
    try:
        yield
    except BaseException:
        if isinstance(source, LivingSource):
            source.abandon()
        raise
