"""A product's pictures: which of them are read, and their common vector."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np

from hybridsearch.batches import batches
from hybridsearch.errors import ImageError
from hybridsearch.values import Vector

FILES = 256
"""Files that are held in memory at a time, complete but not decoded."""

Load = Callable[[str], bytes]
"""Returns the file behind a reference; raises ImageError when it is not a picture."""

Encode = Callable[[Sequence[bytes]], Sequence[Vector | ImageError]]
"""Returns the vector of each file, or why it has none."""


@dataclass(slots=True)
class ProductPictures:
    """What was read of the pictures of one product.

    Attributes:
        references: Pictures that were not read yet, the first choice first.
        vectors: Those of the usable pictures.
        flaws: What was wrong with the other pictures.
    """

    references: Iterator[str]
    vectors: list[Vector] = field(default_factory=list)
    flaws: list[ImageError] = field(default_factory=list)

    def load(self, most: int, load: Load) -> list[bytes]:
        """Return the files of the next pictures, up to `most` together with the usable ones before."""
        files: list[bytes] = []
        while len(files) + len(self.vectors) < most and (reference := next(self.references, None)) is not None:
            try:
                files.append(load(reference))
            except ImageError as error:
                self.flaws.append(error)
        return files

    def add(self, result: Vector | ImageError) -> None:
        """Record the result of a file."""
        if isinstance(result, ImageError):
            self.flaws.append(result)
        else:
            self.vectors.append(result)

    @property
    def vector(self) -> Vector | None:
        """The mean of the usable pictures; None when there are none."""
        return mean(self.vectors) if self.vectors else None


def read_pictures(
    references: Sequence[Sequence[str]], most: int, load: Load, encode: Encode, pool: Executor
) -> list[ProductPictures]:
    """Read the first usable pictures of each product; an unusable picture is replaced by the next one.

    Args:
        references: The pictures of each product, the first choice first.
        most: How many pictures of a product are used.
        load: Threads of the pool call it.
        encode: Receives many files at once.
        pool: Loads pictures of several products at a time.
    """
    products = [ProductPictures(iter(dict.fromkeys(of_product))) for of_product in references]
    for batch in batches(products, max(1, FILES // most)):
        # More than one round only when a file could not be decoded and its product has other pictures.
        while any(loaded := list(pool.map(lambda product: product.load(most, load), batch))):
            results = iter(encode([file for files in loaded for file in files]))
            for product, files in zip(batch, loaded, strict=True):
                for _ in files:
                    product.add(next(results))
    return products


def mean(vectors: Sequence[Vector]) -> Vector:
    """Return the normalised mean of unit vectors; the first vector when they cancel each other out."""
    if len(vectors) == 1:
        return vectors[0]
    average = np.mean([vector.array.astype(np.float64) for vector in vectors], axis=0)
    length = float(np.linalg.norm(average))
    return Vector(average / length) if length > 1e-6 else vectors[0]
