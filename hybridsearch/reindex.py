"""The line products → index: read, encode, write beside the live index, check, promote."""

from __future__ import annotations

import itertools
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from hybridsearch import document, text
from hybridsearch.calibration import SAMPLE, calibrate
from hybridsearch.catalog import open_source
from hybridsearch.catalog.base import Source
from hybridsearch.dead_letters import DeadLetters, describe
from hybridsearch.encoders.base import Encoder
from hybridsearch.encoders.cache import EncodeCache
from hybridsearch.engines.base import Engine
from hybridsearch.errors import ConfigError, EngineError, GateError
from hybridsearch.images import load_picture
from hybridsearch.images.fetch import Fetcher
from hybridsearch.pictures import Load, see
from hybridsearch.schema import Leg, Schema
from hybridsearch.settings import Settings
from hybridsearch.values import Document, Product, Reject, Vector

BATCH = 256
"""Products that are read, encoded and written together."""
HOPELESS = 1_000
"""Rejects from the first product on, after which the run stops: the configuration is wrong, not the products."""
FETCHERS = 8
"""Pictures that are fetched at once."""


@dataclass(slots=True)
class Counts:
    """How far a run is."""

    read: int = 0
    written: int = 0
    rejected: int = 0
    encoded: int = 0
    cached: int = 0
    without_picture: int = 0


Progress = Callable[[str, Counts, int | None], None]
"""Is told the stage, the counts, and the number of products if known, after every batch."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did.

    Attributes:
        indexed: Documents in the new index.
        duplicates: Products whose id came again later in the catalogue; the last one is indexed.
        rejects: The first rejects; all of them are in `rejects_file`.
        rejects_file: JSON lines; None when everything is well.
    """

    index: str
    generation: str
    indexed: int
    rejected: int
    duplicates: int
    without_picture: int
    encoded: int
    cached: int
    seconds: float
    rejects: tuple[Reject, ...] = ()
    rejects_file: Path | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the object that `reindex --json` prints."""
        return {
            **{
                name: getattr(self, name)
                for name in self.__slots__
                if name not in ("rejects", "rejects_file", "seconds")
            },
            "seconds": round(self.seconds, 3),
            "rejects": [describe(each) for each in self.rejects],
            "rejects_file": str(self.rejects_file) if self.rejects_file else None,
        }


@dataclass(slots=True)
class Reindex:
    """One run. Each step is a method; `run` is the line through them."""

    source: Source
    engine: Engine
    index: str
    schema: Schema
    encoders: Mapping[str, Encoder]
    cache: EncodeCache
    load_picture: Load
    dead_letters: DeadLetters
    progress: Progress
    counts: Counts = field(default_factory=Counts)
    ids: array[int] = field(default_factory=lambda: array("q"))
    """Hash of each id that was given to the engine; 8 bytes a product."""
    lost: set[str | None] = field(default_factory=set)
    """Ids that the engine refused."""
    sample: list[tuple[str, Mapping[str, Vector]]] = field(default_factory=list)

    def run(self) -> Report:
        """Build a generation and promote it; a generation that cannot be finished is discarded.

        Raises:
            GateError: Nothing could be indexed, or the index does not hold what was written; the old one stays.
        """
        started = time.monotonic()
        generation = self.engine.create(self.schema)
        try:
            self.fill(generation)
            indexed = self.check(generation)
            self.progress("promoting", self.counts, None)
            self.engine.promote(generation, self.schema.calibrated(self.calibrations()))
        except BaseException:
            with suppress(EngineError):  # what stopped the run is what matters
                self.engine.discard(generation)
            raise
        finally:
            self.dead_letters.close()
        return Report(
            index=self.index,
            generation=generation,
            indexed=indexed,
            rejected=self.counts.rejected,
            duplicates=len(self.ids) - self.distinct(),
            without_picture=self.counts.without_picture,
            encoded=self.counts.encoded,
            cached=self.counts.cached,
            seconds=time.monotonic() - started,
            rejects=tuple(self.dead_letters.first),
            rejects_file=self.dead_letters.path if self.dead_letters.first else None,
        )

    def fill(self, generation: str) -> None:
        """Read, encode and write the whole catalogue, a batch at a time."""
        total = self.source.count()
        with ThreadPoolExecutor(FETCHERS, thread_name_prefix="hybridsearch-pictures") as pool:
            for batch in batches(self.source.read(), BATCH):
                products = [each for each in batch if isinstance(each, Product)]
                self.refuse(each for each in batch if isinstance(each, Reject))
                documents = list(self.build(products, pool))
                self.lose(self.engine.write(generation, documents))
                self.counts.read += len(batch)
                self.counts.written += len(documents)
                self.progress("indexing", self.counts, total)

    def build(self, products: Sequence[Product], pool: ThreadPoolExecutor) -> Iterator[Document]:
        """Yield the documents of a batch; a product that has none is refused."""
        by_leg = {leg.name: self.encode(leg, products, pool) for leg in self.schema.legs}
        for place, product in enumerate(products):
            vectors = {name: found for name, row in by_leg.items() if (found := row[place]) is not None}
            try:
                built = document.build(product, self.schema, vectors)
            except ValueError as error:
                self.refuse([Reject(product.where, product.id, "document", str(error), product.row)])
                continue
            self.ids.append(hash(product.id))
            if vectors and len(self.sample) < SAMPLE:
                self.sample.append((document.title(product.row, self.schema.fields), vectors))
            yield built

    def encode(self, leg: Leg, products: Sequence[Product], pool: ThreadPoolExecutor) -> list[Vector | None]:
        """Return the leg's vector of each product, None where it has nothing to read."""
        if leg.reads == "image":
            return self.encode_pictures(leg, products, pool)
        texts = [document.leg_text(product.row, leg) for product in products]
        rows = iter(self.counted(self.cache.texts(self.encoders[leg.name], list(filter(None, texts)))))
        return [Vector(next(rows)) if each else None for each in texts]

    def encode_pictures(self, leg: Leg, products: Sequence[Product], pool: ThreadPoolExecutor) -> list[Vector | None]:
        """Return the vector of each product's pictures together; what went wrong is written down."""
        references = [document.pictures(product.row, self.schema.fields) for product in products]
        encoder = self.encoders[leg.name]
        seen = see(
            references,
            leg.pictures,
            self.load_picture,
            lambda files: list(self.counted(self.cache.images(encoder, files))),
            pool,
        )
        self.dead_letters.add(
            Reject(product.where, product.id, "picture", " ".join(map(str, each.flaws)))
            for product, each in zip(products, seen, strict=True)
            if each.flaws
        )
        vectors = [each.vector for each in seen]
        self.counts.without_picture += vectors.count(None)
        return vectors

    def refuse(self, rejects: Iterable[Reject]) -> None:
        """Write rejects down; a catalogue that is nothing but rejects stops the run."""
        self.counts.rejected += self.dead_letters.add(rejects)
        if self.counts.rejected >= HOPELESS and not self.counts.written:
            first = self.dead_letters.first[0]
            raise GateError(
                f"The first {self.counts.rejected} products were all refused, such as {first.where}: {first.reason}. "
                "Correct the [fields] of the configuration; nothing was changed."
            )

    def lose(self, refused: Sequence[Reject]) -> None:
        """Write down what the engine refused, which may be products of earlier batches."""
        self.refuse(refused)
        self.lost |= {each.id for each in refused}

    def check(self, generation: str) -> int:
        """Refuse a generation that is empty, or that does not hold every product that was written."""
        indexed, refused = self.engine.refresh(generation)
        self.lose(refused)
        wanted = self.distinct() - len(self.lost)
        if indexed < wanted:
            raise GateError(
                f"The new index holds {indexed} products, {wanted} were written. The old index stays; try again."
            )
        if not indexed and not self.counts.rejected:
            raise GateError(f"Catalogue '{self.source.name}' has no products. The old index stays; check [catalog].")
        if not indexed:
            first = self.dead_letters.first[0]
            raise GateError(
                f"All {self.counts.rejected} products were refused, for instance {first.where}: {first.reason}. "
                "The old index stays; correct the catalogue or its [fields]."
            )
        return indexed

    def distinct(self) -> int:
        """Return how many different ids were written."""
        ids = np.frombuffer(self.ids, dtype=np.int64)
        ids.sort()  # in place: np.unique takes some 50 bytes for each product
        return int(np.count_nonzero(ids[1:] != ids[:-1])) + bool(len(ids))

    def calibrations(self) -> dict[str, Any]:
        """Return each leg's calibration from the first products."""
        return {
            leg.name: calibrate(
                self.encoders[leg.name],
                self.cache,
                [(title, vectors[leg.name]) for title, vectors in self.sample if leg.name in vectors],
            )
            for leg in self.schema.legs
        }

    def counted(self, encoded: Any) -> Any:
        """Count what came from the cache, and return the vectors."""
        self.counts.cached += encoded.hits
        self.counts.encoded += len(encoded.vectors) - encoded.hits
        return encoded.vectors


def reindex(
    settings: Settings, engine: Engine, encoders: Mapping[str, Encoder], progress: Progress | None = None
) -> Report:
    """Build the index of a configuration anew and make it the live one; see `HybridSearch.reindex`."""
    source = source_of(settings)
    folder = settings.resolve(settings.engine.folder)
    with EncodeCache(folder / "vectors.db") as cache, Fetcher() as fetcher:
        return Reindex(
            source=source,
            engine=engine,
            index=settings.engine.index,
            schema=schema_of(settings, encoders),
            encoders=encoders,
            cache=cache,
            load_picture=picture_loader(settings, fetcher),
            dead_letters=DeadLetters(folder / f"rejects-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}.jsonl"),
            progress=progress or (lambda *_: None),
        ).run()


def source_of(settings: Settings) -> Source:
    """Return the catalogue of a configuration; nothing is read yet."""
    client = None
    if settings.catalog.index:
        from hybridsearch.engines.elasticsearch.connection import connect

        client = connect(settings.engine, settings.folder)
    return open_source(settings.catalog, settings.fields, folder=settings.folder, client=client)


def schema_of(settings: Settings, encoders: Mapping[str, Encoder]) -> Schema:
    """Return what the index of a configuration will hold."""
    legs = []
    for leg in settings.vectors:
        encoder = encoders[leg.name]
        if leg.reads == "image" and not encoder.sees:
            raise ConfigError(
                f"Leg '{leg.name}' reads pictures, but '{leg.encoder}' encodes text alone. "
                "Give it an 'image_encoder', another 'encoder', or text fields to read."
            )
        legs.append(Leg(leg.name, encoder.dims, encoder.fingerprint, leg.reads, exact=leg.exact, pictures=leg.pictures))
    return Schema(settings.fields, tuple(legs), text.identity())


def picture_loader(settings: Settings, fetcher: Fetcher) -> Load:
    """Return what loads a picture as the [catalog] section says."""
    catalog = settings.catalog
    folder = catalog.images or (catalog.path.parent if catalog.path else None)
    return partial(
        load_picture,
        folder=settings.resolve(folder) if folder is not None else None,
        fetch=fetcher if catalog.fetch else None,
    )


def batches(items: Iterable[Product | Reject], size: int) -> Iterator[list[Product | Reject]]:
    """Yield runs of at most `size` items."""
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, size)):
        yield batch
