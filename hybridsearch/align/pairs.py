"""The catalogue as pairs: what is said of a product, and its picture as the model sees it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hybridsearch import document
from hybridsearch.batches import batches
from hybridsearch.errors import ImageError
from hybridsearch.images import decode
from hybridsearch.images.fetch import Fetcher
from hybridsearch.images.product import Load
from hybridsearch.indexing.build import FETCHERS, picture_loader, source_of
from hybridsearch.progress import Progress
from hybridsearch.rows import field as lookup
from hybridsearch.settings import Fields, Settings
from hybridsearch.values import Product, Row

SHORT = 40
"""Characters up to which a value of a text field counts as an attribute, such as a brand."""
BATCH = 64
"""Products whose pictures are held decoded at a time, at some 2 MB each."""

Pixels = NDArray[np.uint8]
"""Pictures at the size of the model, shape (pictures, 3, height, width)."""
Squeeze = Callable[[Sequence[Image.Image]], Pixels]
"""Resizes and crops pictures as the model wants them."""
Values = dict[str, tuple[str, ...]]
"""Attribute values by field."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A product that can be learned from.

    Attributes:
        id: The product's.
        title: Its title, or all its attribute values where it has none.
        values: Its attribute values by field.
        picture: Which row of the picture file is its picture.
        digest: Hash of that row.
    """

    id: str
    title: str
    values: Values
    picture: int
    digest: str


@dataclass(slots=True)
class Stock:
    """All pairs of a catalogue, and what was left out.

    Attributes:
        pixels: The distinct pictures, on disk.
        products: How many products were read.
        rejected: Rows that are no products.
        without_picture: Products whose picture is missing or cannot be used.
        without_words: Products with neither title nor attribute values.
    """

    pairs: list[Pair] = field(default_factory=list)
    pixels: Pixels = field(default_factory=lambda: np.empty((0, 3, 1, 1), dtype=np.uint8))
    products: int = 0
    rejected: int = 0
    without_picture: int = 0
    without_words: int = 0

    def digest(self) -> str:
        """Return a hash of everything that training sees of the catalogue."""
        found = hashlib.blake2b(digest_size=8)
        for pair in self.pairs:
            found.update(f"{pair.id}\0{pair.title}\0{pair.values}\0{pair.digest}\n".encode(errors="replace"))
        return found.hexdigest()


def gather(settings: Settings, squeeze: Squeeze, file: Path, progress: Progress) -> Stock:
    """Read the catalogue, and write its pictures at the size of the model into one file.

    The file takes 3 × height × width bytes for each distinct picture: 12 kB at 64 pixels, 150 kB at 224.
    """
    source = source_of(settings)
    total = source.count()
    stock = Stock()
    rows: dict[str, int] = {}
    shape: tuple[int, ...] = (3, 1, 1)
    file.parent.mkdir(parents=True, exist_ok=True)
    with Fetcher() as fetcher, ThreadPoolExecutor(FETCHERS) as pool, file.open("wb") as out:
        load = picture_loader(settings, fetcher)
        for batch in batches(source.read(), BATCH):
            products = [each for each in batch if isinstance(each, Product)]
            stock.products += len(products)
            stock.rejected += len(batch) - len(products)
            for product, pixels in pictured(products, settings.fields, load, squeeze, pool, stock):
                shape = pixels.shape
                mark = digest(pixels)
                if mark not in rows:
                    rows[mark] = len(rows)
                    out.write(pixels.tobytes())
                stock.pairs.append(pair_of(product, settings.fields, rows[mark], mark))
            progress("reading", stock.products + stock.rejected, total)
    if rows:
        stock.pixels = np.memmap(file, dtype=np.uint8, mode="r", shape=(len(rows), *shape))
    return stock


def pictured(
    products: Sequence[Product],
    fields: Fields,
    load: Load,
    squeeze: Squeeze,
    pool: Executor,
    stock: Stock,
) -> Iterator[tuple[Product, Pixels]]:
    """Yield the products of which there are words and a picture, and count the others."""

    def look(product: Product) -> Image.Image | None:
        for reference in document.pictures(product.row, fields):
            with suppress(ImageError):
                return decode(load(reference))
        return None

    worded = [product for product in products if said(product.row, fields)]
    stock.without_words += len(products) - len(worded)
    seen = [(product, image) for product, image in zip(worded, pool.map(look, worded), strict=True) if image]
    stock.without_picture += len(worded) - len(seen)
    if seen:
        yield from zip((product for product, _ in seen), squeeze([image for _, image in seen]), strict=True)


def digest(pixels: Pixels) -> str:
    """Return the hash of a picture at the size of the model."""
    return hashlib.blake2b(pixels.tobytes(), digest_size=16).hexdigest()


def pair_of(product: Product, fields: Fields, picture: int, mark: str) -> Pair:
    """Return what is learned from a product."""
    return Pair(product.id, said(product.row, fields), attributes(product.row, fields), picture, mark)


def said(row: Row, fields: Fields) -> str:
    """Return a product's title in one line, or its attribute values in its stead; empty when it has neither."""
    title = document.title(row, fields) or " ".join(
        value for each in attributes(row, fields).values() for value in each
    )
    return " ".join(title.split())[: document.LEG_TEXT_LIMIT]


def attributes(row: Row, fields: Fields) -> Values:
    """Return the attribute values: facets, and what is short in text fields; numbers alone say nothing."""
    found = {name: document.facet_values(lookup(row, name)) for name in fields.facets}
    for name in fields.text:
        found[name] = tuple(each for value in document.values(row, name) for each in document.facet_values(value))
    kept = {name: tuple(each for each in values if usable(each)) for name, values in found.items()}
    return {name: values for name, values in kept.items() if values}


def usable(value: str) -> bool:
    """Return whether a value is short and has a letter in it."""
    return len(value) <= SHORT and any(map(str.isalpha, value))
