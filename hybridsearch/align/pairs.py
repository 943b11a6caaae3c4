"""The catalogue as pairs: the words of a product, and its picture at the size of the model."""

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
from hybridsearch.disk.durable import make_folder
from hybridsearch.disk.modes import opener
from hybridsearch.errors import ImageError
from hybridsearch.fields import facets
from hybridsearch.images import decode
from hybridsearch.images.fetch import Fetcher
from hybridsearch.images.limits import LOADED_AT_ONCE
from hybridsearch.images.product import Load, ProductPictures
from hybridsearch.indexing.build import picture_loader, source_of
from hybridsearch.inputs.rows import field as lookup
from hybridsearch.roles import Fields
from hybridsearch.runtime.batches import batches
from hybridsearch.runtime.progress import Progress
from hybridsearch.settings import Settings
from hybridsearch.values import Product, Row

SHORT = 40
"""Characters up to which a value of a text field counts as an attribute, such as a brand."""
BATCH = 64
"""Products whose pictures are held decoded at a time, about 2 MB each."""

Pixels = NDArray[np.uint8]
"""Pictures at the size of the model, shape (pictures, 3, height, width)."""
Resize = Callable[[Sequence[Image.Image]], Pixels]
"""Resizes and crops pictures as the model needs them."""
Values = dict[str, tuple[str, ...]]
"""Attribute values by field."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A product with words and a picture.

    Attributes:
        id: The product's.
        title: Its title, or all its attribute values where it has none.
        values: Its attribute values by field.
        picture: Row of its picture in the picture file.
        digest: Hash of that row.
    """

    id: str
    title: str
    values: Values
    picture: int
    digest: str


@dataclass(slots=True)
class Dataset:
    """All pairs of a catalogue, and how many products were left out.

    Attributes:
        pixels: The distinct pictures, on disk.
        products: How many products were read.
        rejected: Rows that are not products.
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
        """Return a hash of everything in the catalogue that training uses."""
        hasher = hashlib.blake2b(digest_size=8)
        for pair in self.pairs:
            hasher.update(f"{pair.id}\0{pair.title}\0{pair.values}\0{pair.digest}\n".encode(errors="replace"))
        return hasher.hexdigest()


def gather(settings: Settings, resize: Resize, file: Path, progress: Progress) -> Dataset:
    """Read the catalogue, and write its pictures, at the size of the model, to one file.

    The file takes 3 × height × width bytes for each distinct picture: 12 kB at 64 pixels, 150 kB at 224.
    """
    source = source_of(settings)
    total = source.count()
    dataset = Dataset()
    rows: dict[str, int] = {}
    shape: tuple[int, ...] = (3, 1, 1)
    make_folder(file.parent, settings.home)
    with Fetcher() as fetcher, ThreadPoolExecutor(LOADED_AT_ONCE) as pool, open(file, "wb", opener=opener) as out:
        load = picture_loader(settings, fetcher)
        for batch in batches(source.read(), BATCH):
            products = [row for row in batch if isinstance(row, Product)]
            dataset.products += len(products)
            dataset.rejected += len(batch) - len(products)
            for product, pixels in with_pictures(products, settings.fields, load, resize, pool, dataset):
                shape = pixels.shape
                digest = picture_digest(pixels)
                if digest not in rows:
                    rows[digest] = len(rows)
                    out.write(pixels.tobytes())
                dataset.pairs.append(pair_of(product, settings.fields, rows[digest], digest))
            progress("reading", dataset.products + dataset.rejected, total)
    if rows:
        dataset.pixels = np.memmap(file, dtype=np.uint8, mode="r", shape=(len(rows), *shape))
    return dataset


def with_pictures(
    products: Sequence[Product],
    fields: Fields,
    load: Load,
    resize: Resize,
    pool: Executor,
    dataset: Dataset,
) -> Iterator[tuple[Product, Pixels]]:
    """Yield the products that have words and a picture, and count the others."""

    def first_picture(product: Product) -> Image.Image | None:
        pictures = ProductPictures(iter(document.pictures(product.row, fields)))
        while files := pictures.load(1, load):
            with suppress(ImageError):
                return decode(files[0])
        return None

    worded = [product for product in products if description(product.row, fields)]
    dataset.without_words += len(products) - len(worded)
    images = pool.map(first_picture, worded)
    pictured = [(product, image) for product, image in zip(worded, images, strict=True) if image]
    dataset.without_picture += len(worded) - len(pictured)
    if pictured:
        yield from zip((product for product, _ in pictured), resize([image for _, image in pictured]), strict=True)


def picture_digest(pixels: Pixels) -> str:
    """Return the hash of a picture at the size of the model."""
    return hashlib.blake2b(pixels.tobytes(), digest_size=16).hexdigest()


def pair_of(product: Product, fields: Fields, picture: int, digest: str) -> Pair:
    """Return the pair for a product, given the row of its picture in the picture file."""
    return Pair(product.id, description(product.row, fields), attributes(product.row, fields), picture, digest)


def description(row: Row, fields: Fields) -> str:
    """Return a product's title in one line, or else its attribute values; empty when it has neither."""
    title = document.title(row, fields) or " ".join(
        value for values in attributes(row, fields).values() for value in values
    )
    return " ".join(title.split())[: document.LEG_TEXT_LIMIT]


def attributes(row: Row, fields: Fields) -> Values:
    """Return the attribute values: facets, and short values of text fields; bare numbers are left out."""
    by_field = {name: facets.distinct(lookup(row, name)) for name in fields.facets}
    for name in fields.text:
        by_field[name] = tuple(part for value in document.values(row, name) for part in facets.distinct(value))
    kept = {name: tuple(value for value in values if usable(value)) for name, values in by_field.items()}
    return {name: values for name, values in kept.items() if values}


def usable(value: str) -> bool:
    """Return whether a value is short and has a letter in it."""
    return len(value) <= SHORT and any(map(str.isalpha, value))
