"""A product's pictures: which of them are read, and what they are together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np

from hybridsearch.errors import ImageError
from hybridsearch.values import Vector

FILES = 256
"""Files that are held in memory at a time, whole but not decoded."""

Load = Callable[[str], bytes]
"""Returns the file behind a reference; raises ImageError when it is not a picture."""

Encode = Callable[[Sequence[bytes]], Sequence[Vector | ImageError]]
"""Returns the vector of each file, or why it has none."""


@dataclass(slots=True)
class Seen:
    """What has been seen of one product.

    Attributes:
        references: Pictures that were not looked at yet, the first choice first.
        vectors: Of those that could be used.
        flaws: What was wrong with the others.
    """

    references: Iterator[str]
    vectors: list[Vector] = field(default_factory=list)
    flaws: list[ImageError] = field(default_factory=list)

    def load(self, most: int, load: Load) -> list[bytes]:
        """Return the files of the next pictures, until there are `most` with those that were used before."""
        files: list[bytes] = []
        while len(files) + len(self.vectors) < most and (reference := next(self.references, None)) is not None:
            try:
                files.append(load(reference))
            except ImageError as error:
                self.flaws.append(error)
        return files

    def take(self, result: Vector | ImageError) -> None:
        """Note what came of a file."""
        if isinstance(result, ImageError):
            self.flaws.append(result)
        else:
            self.vectors.append(result)

    @property
    def vector(self) -> Vector | None:
        """What the pictures that could be used are together."""
        return mean(self.vectors) if self.vectors else None


def see(references: Sequence[Sequence[str]], most: int, load: Load, encode: Encode, pool: Executor) -> list[Seen]:
    """Look at the first usable pictures of each product; one that cannot be used makes room for the next.

    Args:
        references: The pictures of each product, the first choice first.
        most: How many pictures of a product are read.
        load: Threads of the pool call it.
        encode: Is given many files at once.
        pool: Loads pictures of several products at a time.
    """
    seen = [Seen(iter(dict.fromkeys(each))) for each in references]
    at_once = max(1, FILES // most)
    for start in range(0, len(seen), at_once):
        some = seen[start : start + at_once]
        # More than one round only where a file broke while it was decoded and the product has other pictures.
        while any(loaded := list(pool.map(lambda each: each.load(most, load), some))):
            results = iter(encode([file for files in loaded for file in files]))
            for each, files in zip(some, loaded, strict=True):
                for _ in files:
                    each.take(next(results))
    return seen


def mean(vectors: Sequence[Vector]) -> Vector:
    """Return the unit vector in the middle of unit vectors; the first one, where they cancel each other out."""
    if len(vectors) == 1:
        return vectors[0]
    middle = np.mean([each.array.astype(np.float64) for each in vectors], axis=0)
    length = float(np.linalg.norm(middle))
    return Vector(middle / length) if length > 1e-6 else vectors[0]
