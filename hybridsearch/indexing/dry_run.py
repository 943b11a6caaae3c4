"""What a rebuild would do and cost, found by reading the catalogue and trying a sample: nothing is written."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain, islice
from typing import Any

import orjson

from hybridsearch import document
from hybridsearch.encoders.kept.cache import image_key, text_key, video_key
from hybridsearch.encoders.kept.stores import count_stored
from hybridsearch.errors import ImageError
from hybridsearch.images import decode
from hybridsearch.images.fetch import Fetcher
from hybridsearch.images.limits import BYTES_AT_ONCE
from hybridsearch.images.product import ProductPictures
from hybridsearch.indexing.build import loader, picture_loader, schema_of, source_of
from hybridsearch.indexing.fill import HEAVY
from hybridsearch.indexing.outlook import outlook
from hybridsearch.indexing.rejects import RejectsFile, describe
from hybridsearch.inputs.rows import weight
from hybridsearch.schema import Schema
from hybridsearch.settings import Settings
from hybridsearch.shop.shop import Shop
from hybridsearch.values import Product, Reject, Row
from hybridsearch.video.load import load_video, video_fetcher
from hybridsearch.video.workers import decode as decode_video

SAMPLE = 64
"""Products whose texts and pictures are encoded to see how long it takes."""
TRIED_VIDEOS = 3
"""Of these the first one that can be read shows how long a video takes."""
TEXT_ON_DISK = 2.0
"""Bytes on disk for each byte of a row: the row, and what is searched of it (measured on 20,000 products)."""
GRAPH = 16 * 2 * 4
"""Bytes of a vector's neighbours in an approximate index: 16 links, twice on the lowest level, of 4 bytes."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a run would do.

    Attributes:
        cached: Texts and pictures that are encoded already: texts counted, pictures estimated from the sample.
        tried, unread: Pictures of the sample that were loaded, and how many of them cannot be read; `flaw` says why, of
            the first one.
        seconds: Estimate, from the sample.
        measured: Products in the sample.
        disk, memory: Estimates in bytes; `memory` is what searches want to find in the page cache.
        videos: Products that name a video.
        outlook: What would change in the index and who uses it, in sentences.
        absent: Fields that the configuration names, under [fields] or [catalog], and no product has.
        rejects: The first ones.
    """

    products: int
    texts: int
    pictures: int
    cached: int
    tried: int
    unread: int
    flaw: str
    rejected: int
    seconds: float
    measured: int
    disk: int
    memory: int
    videos: int
    outlook: Sequence[str]
    absent: Sequence[str]
    rejects: Sequence[Reject]

    def to_json(self) -> dict[str, Any]:
        """Return the object that `reindex --dry-run --json` prints."""
        rejects = [describe(reject) for reject in self.rejects]
        return {**asdict(self), "seconds": round(self.seconds, 1), "rejects": rejects}


@dataclass(slots=True)
class Survey:
    """What reading a catalogue shows.

    Attributes:
        size: Bytes of all rows as JSON.
        keys: Of the different texts, in the encode cache.
        sample: The first products, a few of them where they are very long.
        held: Bytes that these take in memory.
        absent: Fields that no product has had yet, each with the names under which a product may have it.
    """

    shop: Shop
    schema: Schema
    products: int = 0
    texts: int = 0
    pictures: int = 0
    videos: int = 0
    rejected: int = 0
    size: int = 0
    held: int = 0
    keys: set[bytes] = field(default_factory=set)
    sample: list[Product] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    absent: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def add(self, row: Product | Reject) -> None:
        """Count a row of the catalogue."""
        if isinstance(row, Reject):
            self.reject(row)
            return
        try:
            document.build(row, self.schema, {})
        except ValueError as error:
            self.reject(Reject(row.where, row.id, "document", str(error)))
            return
        self.products += 1
        self.absent = {name: places for name, places in self.absent.items() if not has_any(row.row, places)}
        self.size += len(orjson.dumps(row.row))
        if len(self.sample) < SAMPLE and self.held < HEAVY:
            self.sample.append(row)
            self.held += weight(row.row)
        for leg in self.schema.legs:
            if leg.reads == "image":
                self.pictures += bool(document.pictures(row.row, self.schema.fields))
                self.videos += bool(document.videos(row.row, self.schema.fields))
            elif text := document.leg_text(row.row, leg):
                self.texts += 1
                self.keys.add(text_key(self.shop.encoders[leg.name], text))

    def reject(self, reject: Reject) -> None:
        """Count a reject and keep the first ones."""
        self.rejected += 1
        if len(self.rejects) < RejectsFile.SHOWN:
            self.rejects.append(reject)


def dry_run(shop: Shop) -> DryRun:
    """Read the catalogue, try a sample, and say what a run would do; nothing is written."""
    settings = shop.settings
    schema = schema_of(settings, shop.encoders)
    survey = Survey(shop, schema, absent=named(settings, schema))
    started = time.perf_counter()
    for row in source_of(settings).read():
        survey.add(row)
    reading = time.perf_counter() - started
    new_texts = len(survey.keys) - count_stored(settings, survey.keys)
    tried = try_pictures(survey)
    # Twice the time of reading: writing takes about as long again.
    seconds = 2 * reading + new_texts * try_texts(survey) + (1 - tried.known) * survey.pictures * tried.seconds
    seconds += survey.videos * try_video(survey)
    disk, memory = space(survey)
    return DryRun(
        products=survey.products,
        texts=survey.texts,
        pictures=survey.pictures,
        cached=survey.texts - new_texts + round(tried.known * survey.pictures),
        tried=tried.count,
        unread=len(tried.flaws),
        flaw=tried.flaws[0] if tried.flaws else "",
        rejected=survey.rejected,
        seconds=seconds,
        measured=len(survey.sample),
        disk=disk,
        memory=memory,
        videos=survey.videos,
        outlook=outlook(shop, survey.schema),
        absent=[*survey.absent] if survey.products else [],
        rejects=survey.rejects,
    )


def named(settings: Settings, schema: Schema) -> dict[str, list[str]]:
    """Return the fields that a configuration names, each with the names under which a product may have it.

    What is said of rows may be a product's or, once the row is one of its variants, that one's.
    """
    listed = schema.fields.list_of_variants
    of_rows = {name: [name, f"{listed}.{name}"] for name in settings.catalog.names}
    of_products = {name: [name] for name in document.names(schema)}
    if settings.reviews.path and schema.fields.reviews:  # which a file has
        of_products.pop(schema.fields.reviews.field, None)
    return of_products | of_rows


def has_any(row: Row, places: Sequence[str]) -> bool:
    """Tell whether a product says anything under one of some names."""
    return any(has_some(value) for name in places for value in document.values(row, name))


def has_some(value: object) -> bool:
    """Tell whether a value says anything."""
    return value is not None and value != "" and value != []


def space(survey: Survey) -> tuple[int, int]:
    """Return about how many bytes the index would take on disk, and how many of them searches want in memory."""
    dims = [leg.dims for leg in survey.schema.legs]
    vectors = survey.products * sum(dims) * 4
    on_server = survey.shop.settings.engine.urls
    graph = survey.products * (sum(dims) + GRAPH * len(dims)) if on_server else 0
    return round(TEXT_ON_DISK * survey.size) + vectors + graph, (graph or vectors) + survey.size


def try_texts(survey: Survey) -> float:
    """Return how many seconds one text of the sample takes to encode on average."""
    seconds = count = 0.0
    for leg in survey.schema.legs:
        texts = [] if leg.reads == "image" else [document.leg_text(product.row, leg) for product in survey.sample]
        texts = list(filter(None, texts))
        if texts:
            encoder = survey.shop.encoders[leg.name]
            encoder.encode_texts(texts[:1])  # loads what is loaded late
            started = time.perf_counter()
            encoder.encode_texts(texts)
            seconds += time.perf_counter() - started
            count += len(texts)
    return seconds / count if count else 0.0


@dataclass(frozen=True, slots=True)
class Tried:
    """What trying some pictures showed.

    Attributes:
        count: Pictures that were loaded, or could not be; of each product its first one that can be used.
        flaws: What is wrong with those that cannot be read.
        known: Share of the others that is encoded already, in [0, 1].
        seconds: That another one takes in one leg.
    """

    count: int = 0
    flaws: Sequence[str] = ()
    known: float = 0.0
    seconds: float = 0.0


def try_pictures(survey: Survey) -> Tried:
    """Load and encode pictures of the sample."""
    shop, legs = survey.shop, [leg for leg in survey.schema.legs if leg.reads == "image"]
    listed = [document.pictures(product.row, survey.schema.fields) for product in survey.sample]
    listed = list(filter(None, listed))
    if not legs or not listed:
        return Tried()
    started = time.perf_counter()
    files, loaded = load_pictures(shop, listed)
    flaws = [str(flaw) for product in loaded for flaw in product.flaws]
    known = 0.0
    for leg in legs:
        encoder = shop.encoders[leg.name]
        known += (
            count_stored(shop.settings, {image_key(encoder, data) for data in files}) / max(1, len(files)) / len(legs)
        )
        pictures = []
        for data in files:
            try:
                pictures.append(decode(data))
            except ImageError as error:
                flaws += [str(error)] * (leg is legs[0])
        if pictures:
            encoder.encode_images(pictures)
    seconds = (time.perf_counter() - started) / (len(loaded) * len(legs))
    return Tried(sum(product.tries for product in loaded), flaws, min(1.0, known), seconds)


def try_video(survey: Survey) -> float:
    """Return how many seconds a video takes in one leg, as the first of the sample that can be read shows.

    Returns:
        0 where it is encoded already, or none can be read.
    """
    shop, legs = survey.shop, [leg for leg in survey.schema.legs if leg.reads == "image"]
    with video_fetcher() as fetcher:
        load = loader(load_video, shop.settings, fetcher)
        listed = (document.videos(product.row, survey.schema.fields) for product in survey.sample) if legs else ()
        for reference in islice(chain.from_iterable(listed), TRIED_VIDEOS):
            started = time.perf_counter()
            encoder = shop.encoders[legs[0].name]
            try:
                data = load(reference)
                if count_stored(shop.settings, {video_key(encoder, data)}):
                    return 0.0
                encoder.encode_images([frame.picture for frame in decode_video(data, encoder.enough)])
            except ImageError:
                continue
            return time.perf_counter() - started
    return 0.0


def load_pictures(shop: Shop, listed: Sequence[Sequence[str]]) -> tuple[list[bytes], list[ProductPictures]]:
    """Return the files of some products' first pictures, as many as memory allows, and what became of each product."""
    files: list[bytes] = []
    loaded: list[ProductPictures] = []
    with Fetcher() as fetcher:
        load = picture_loader(shop.settings, fetcher)
        for references in listed:
            if sum(map(len, files)) >= BYTES_AT_ONCE:
                break
            loaded.append(ProductPictures(iter(references)))
            files += loaded[-1].load(1, load)
    return files, loaded
