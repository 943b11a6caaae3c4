"""What a rebuild would do and cost, found by reading the catalogue and trying a sample: nothing is written."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from hybridsearch import document
from hybridsearch.batches import batches
from hybridsearch.encoders.cache import ASKED_AT_ONCE, key_of
from hybridsearch.errors import EngineError, ImageError
from hybridsearch.images import decode
from hybridsearch.images.fetch import Fetcher
from hybridsearch.images.product import Load
from hybridsearch.indexing.build import picture_loader, schema_of, source_of
from hybridsearch.indexing.rejects import RejectsFile, describe
from hybridsearch.schema import Leg, Schema
from hybridsearch.settings import Settings
from hybridsearch.shop import Shop
from hybridsearch.values import Product, Reject

SAMPLE = 64
"""Products whose texts and pictures are encoded to see how long it takes."""
TEXT_ON_DISK = 2.0
"""Bytes on disk for each byte of a row: the row, and what is searched of it (measured on 20,000 products)."""
GRAPH = 16 * 2 * 4
"""Bytes of a vector's neighbours in an approximate index: 16 links, twice on the lowest level, of 4 bytes."""


@dataclass(slots=True)
class DryRun:
    """What a run would do.

    Attributes:
        cached: Texts and pictures that are encoded already: texts counted, pictures estimated from the sample.
        seconds: Estimate, from the sample.
        measured: Products in the sample.
        disk, memory: Estimates in bytes; `memory` is what searches want to find in the page cache.
        outlook: What would change in the index and who uses it, in sentences.
    """

    products: int = 0
    texts: int = 0
    pictures: int = 0
    cached: int = 0
    rejected: int = 0
    seconds: float = 0.0
    measured: int = 0
    disk: int = 0
    memory: int = 0
    outlook: list[str] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the object that `reindex --dry-run --json` prints."""
        return {**asdict(self), "seconds": round(self.seconds, 1), "rejects": [describe(each) for each in self.rejects]}

    def reject(self, found: Reject) -> None:
        """Count a reject and keep the first ones."""
        self.rejected += 1
        if len(self.rejects) < RejectsFile.SHOWN:
            self.rejects.append(found)


def preview(shop: Shop) -> DryRun:
    """Read the catalogue, try a sample, and say what a run would do; nothing is written."""
    settings, found = shop.settings, DryRun()
    schema = schema_of(settings, shop.encoders)
    sample: list[Product] = []
    keys: set[bytes] = set()
    size, started = 0, time.perf_counter()
    for each in source_of(settings).read():
        if isinstance(each, Reject):
            found.reject(each)
            continue
        try:
            document.build(each, schema, {})
        except ValueError as error:
            found.reject(Reject(each.where, each.id, "document", str(error)))
            continue
        found.products += 1
        size += len(orjson.dumps(each.row))
        if len(sample) < SAMPLE:
            sample.append(each)
        for leg in schema.legs:
            if leg.reads == "image":
                found.pictures += bool(document.pictures(each.row, settings.fields))
            elif words := document.leg_text(each.row, leg):
                found.texts += 1
                keys.add(key_of("text", shop.encoders[leg.name], words.encode("utf-8", "surrogatepass")))
    read = time.perf_counter() - started
    known = Known(settings.home / "vectors.db")
    cached = known.count(keys)
    found.cached = found.texts - (len(keys) - cached)
    found.measured = len(sample)
    text_each = seconds_of_texts(shop, schema, sample)
    share, picture_each = pictures_of(shop, schema, sample, known)
    found.cached += round(share * found.pictures)
    # Twice the time of reading: writing takes about as long again.
    found.seconds = 2 * read + (len(keys) - cached) * text_each + (1 - share) * found.pictures * picture_each
    rows = [leg.dims for leg in schema.legs]
    vectors = found.products * sum(rows) * 4
    small = found.products * (sum(rows) + GRAPH * len(rows)) if settings.engine.url else 0
    found.disk = round(TEXT_ON_DISK * size) + vectors + small
    found.memory = (small or vectors) + size
    found.outlook = outlook(shop, schema)
    return found


class Known:
    """What the encode cache holds, read without making or changing its file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def count(self, keys: set[bytes]) -> int:
        """Return how many of these are encoded already."""
        if not self.path.exists():
            return 0
        try:
            with closing(sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True)) as db:
                return sum(self._some(db, some) for some in batches(keys, ASKED_AT_ONCE))
        except sqlite3.Error:
            return 0  # a run would put a damaged file aside, and encode everything

    def _some(self, db: sqlite3.Connection, keys: Sequence[bytes]) -> int:
        marks = ",".join("?" * len(keys))
        ((found,),) = db.execute(f"SELECT count(*) FROM vectors WHERE key IN ({marks})", keys)
        return int(found)


def seconds_of_texts(shop: Shop, schema: Schema, sample: Sequence[Product]) -> float:
    """Return how long one text takes on average."""
    seconds = count = 0.0
    for leg in schema.legs:
        texts = [] if leg.reads == "image" else [document.leg_text(each.row, leg) for each in sample]
        texts = list(filter(None, texts))
        if texts:
            shop.encoders[leg.name].encode_texts(texts[:1])  # loads what is loaded late
            started = time.perf_counter()
            shop.encoders[leg.name].encode_texts(texts)
            seconds += time.perf_counter() - started
            count += len(texts)
    return seconds / count if count else 0.0


def first_usable(references: Sequence[str], load: Load) -> bytes | None:
    """Return the first picture of a product that can be loaded."""
    for reference in references:
        with suppress(ImageError):
            return load(reference)
    return None


def pictures_of(shop: Shop, schema: Schema, sample: Sequence[Product], known: Known) -> tuple[float, float]:
    """Return the share of pictures that are encoded already, and the seconds that another one takes."""
    legs: list[Leg] = [leg for leg in schema.legs if leg.reads == "image"]
    settings: Settings = shop.settings
    references = [found for each in sample if (found := document.pictures(each.row, settings.fields))]
    if not legs or not references:
        return 0.0, 0.0
    started = time.perf_counter()
    with Fetcher() as fetcher:
        load = picture_loader(settings, fetcher)
        loaded = [data for found in references if (data := first_usable(found, load))]
    share = 0.0
    for leg in legs:
        encoder = shop.encoders[leg.name]
        share += known.count({key_of("image", encoder, data) for data in loaded}) / max(1, len(loaded)) / len(legs)
        usable = []
        for data in loaded:
            try:
                usable.append(decode(data))
            except ImageError:
                continue
        if usable:
            encoder.encode_images(usable)
    return min(1.0, share), (time.perf_counter() - started) / (len(references) * len(legs))


def outlook(shop: Shop, schema: Schema) -> list[str]:
    """Say what would change in the live index, and who uses it."""
    lines = shop.engine.outlook()
    try:
        live = shop.engine.schema()
    except EngineError:
        return [*lines, "no index of this library is live yet"]
    before, after = ({leg.name: leg for leg in each.legs} for each in (live, schema))
    lines += [f"new vectors '{name}'" for name in after.keys() - before.keys()]
    lines += [f"no more vectors '{name}'" for name in before.keys() - after.keys()]
    lines += [
        f"vectors '{name}' of another encoder: {after[name].fingerprint}, not {before[name].fingerprint}"
        for name in after.keys() & before.keys()
        if after[name].fingerprint != before[name].fingerprint
    ]
    old, new = live.fields.model_dump(), schema.fields.model_dump()
    lines += [f"field '{name}' becomes {new[name]}, it was {old[name]}" for name in new if new[name] != old[name]]
    if live.analysis != schema.analysis:
        lines.append("words are cut in another way")
    return lines
