"""A product's pictures: which of them are read, and their common vector."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field

import numpy as np

from hybridsearch.errors import ImageError
from hybridsearch.images import limits
from hybridsearch.runtime.prefetch import PULSE
from hybridsearch.values import Vector

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
        tries: How many were loaded, or could not be.
        seconds: How long loading them took.
    """

    references: Iterator[str]
    vectors: list[Vector] = field(default_factory=list)
    flaws: list[ImageError] = field(default_factory=list)
    tries: int = 0
    seconds: float = 0.0

    def load(self, most: int, load: Load) -> list[bytes]:
        """Return the files of the next pictures, up to `most` together with the usable ones before.

        There may be fewer than that although others are left: where these have many bytes already.
        """
        files: list[bytes] = []
        while len(files) + len(self.vectors) < most and sum(map(len, files)) < limits.PRODUCT_BYTES:
            reference = self._next()
            if reference is None:
                break
            started = time.monotonic()
            try:
                files.append(load(reference))
            except ImageError as error:
                self.flaws.append(error)
            self.tries += 1
            self.seconds += time.monotonic() - started
        return files

    def _next(self) -> str | None:
        """Return the next reference, unless this product has had its share."""
        reference = next(self.references, None)
        # One that is begun may take as long as a fetch may take.
        slow = self.seconds > limits.PRODUCT_SECONDS - limits.FETCH_SECONDS
        if reference is None or not (slow or self.tries >= limits.PRODUCT_TRIES):
            return reference
        spent = f"took {self.seconds:.0f} s to load" if slow else "are all that is tried of one product"
        self.flaws.append(ImageError(f"Its other pictures are left out: the first {self.tries} {spent}."))
        self.references = iter(())
        return None

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
    waiting = deque(products)
    while waiting:  # in a function of its own, so that no file of a round is held during the next
        read_some(waiting, most, load, encode, pool)
    return products


def read_some(waiting: deque[ProductPictures], most: int, load: Load, encode: Encode, pool: Executor) -> None:
    """Read the next files of the products at the front; those that had any are put back, as they may need others."""
    loaded = load_some(waiting, most, load, pool)
    together = [file for _, files in loaded for file in files]
    results = iter(encode(together) if together else ())
    for product, files in loaded:
        for _ in files:
            product.add(next(results))
        if files:
            waiting.append(product)


def load_some(
    waiting: deque[ProductPictures], most: int, load: Load, pool: Executor
) -> list[tuple[ProductPictures, list[bytes]]]:
    """Take products from the front, as many as memory allows, and return each with its next files, in their order."""
    running: dict[Future[list[bytes]], int] = {}
    begun: list[ProductPictures] = []
    loaded: dict[int, list[bytes]] = {}
    size = 0
    while True:
        room = size < limits.BYTES_AT_ONCE and len(begun) < max(1, limits.FILES_AT_ONCE // most)
        if waiting and room and len(running) < limits.LOADED_AT_ONCE:
            begun.append(waiting.popleft())
            running[pool.submit(begun[-1].load, most, load)] = len(begun) - 1
        elif running:
            for future in wait(running, PULSE, FIRST_COMPLETED).done:
                files = future.result()
                size += sum(map(len, files))
                loaded[running.pop(future)] = files
        else:
            return [(product, loaded[place]) for place, product in enumerate(begun)]


def mean(vectors: Sequence[Vector], weights: Sequence[float] | None = None) -> Vector:
    """Return the normalised mean of unit vectors, weighted if so; the first vector when they cancel each other out."""
    if len(vectors) == 1:
        return vectors[0]
    average = np.average([vector.array.astype(np.float64) for vector in vectors], axis=0, weights=weights)
    length = float(np.linalg.norm(average))
    return Vector(average / length) if length > 1e-6 else vectors[0]
