"""Generated products of any number, whose words, fields and vectors are distributed as those of a real catalogue.

Words: 300,000 by the law of Zipf and Mandelbrot, so that rare ones go on coming as the catalogue grows; half of a
text are words of its topic, of which there are 500, some much more frequent than others. Vectors: the sum of a
direction for each word, the rarer the longer, of which a half is that of its topic, in a space whose axes become
ever less important. So near products are alike, clusters have different sizes, and a query's vector lies where its
words do: none of that holds for random vectors, in which no neighbour is much nearer than any other. What a number
stands for does not depend on how many there are: a smaller catalogue is the beginning of a larger one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.catalogue import SEED, SYLLABLES
from hybridsearch.errors import EncoderError
from hybridsearch.query_sources import WORDS
from hybridsearch.values import Vectors

BLOCK = 1_000
VOCABULARY, COMMON, TOPICS = 300_000, 2_000, 500
"""Words; those that belong to no topic; topics."""
ALL, OWN = (1.15, 14.0), (1.5, 2.0)
"""Exponent and shift of Zipf and Mandelbrot, of all words and of those of a topic. Of 20,000 products 17 % have the
most frequent word, 7 % the twentieth, as in icecat: 20 % and 5 %."""
TITLE, TEXT = 7, 20
DIRECTIONS = 1 << 16
SPECTRUM = 0.5
"""The n-th axis has n to the power of minus this for its length."""
BRANDS, COLORS, SIZES = 3_000, 20, ("XS", "S", "M", "L", "XL")

FIELDS = {
    "title": "title",
    "text": ["description"],
    "codes": ["code"],
    "facets": ["category", "brand", "variants.color", "variants.size"],
    "numbers": ["price", "variants.price"],
    "booleans": ["in_stock"],
    "variants": "variants",
    "formats": {"category": {"levels": ">"}},
    "languages": ["en"],
}


def name(word: int) -> str:
    """Return what a word is called: the more frequent, the shorter."""
    rest = word
    digits: list[str] = []
    while rest or len(digits) < 2:
        rest, digit = divmod(rest, len(SYLLABLES))
        digits.append(SYLLABLES[digit])
    return "".join(digits)


@lru_cache(maxsize=1 << 19)
def number(word: str) -> int | None:
    """Return the number of a word, or None when it is none of ours."""
    digits = [word[place : place + 2] for place in range(0, len(word), 2)]
    if len(digits) < 2 or any(digit not in SYLLABLES for digit in digits):
        return None
    places = (SYLLABLES.index(digit) * len(SYLLABLES) ** place for place, digit in enumerate(digits))
    return int(sum(places)) % VOCABULARY


@cache
def cumulated(count: int, law: tuple[float, float]) -> NDArray[np.float64]:
    """Return the shares of the first so many ranks, added up."""
    exponent, shift = law
    shares = (np.arange(count) + shift) ** -exponent
    return np.asarray(np.cumsum(shares) / np.sum(shares))


def ranks(chance: np.random.Generator, count: int, *shape: int, law: tuple[float, float] = ALL) -> NDArray[np.int64]:
    """Return ranks below a count; the lower the more frequent."""
    return np.searchsorted(cumulated(count, law), chance.random(shape)).astype(np.int64)


def words(chance: np.random.Generator, topics: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Return the words of a text of each topic."""
    shape = len(topics), length
    own = COMMON + ranks(chance, (VOCABULARY - COMMON) // TOPICS, *shape, law=OWN) * TOPICS + topics[:, None]
    return np.where(chance.random(shape) < 0.5, own, ranks(chance, VOCABULARY, *shape))


def products(count: int, first: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the first products, or those from a multiple of 1,000 on."""
    for start in range(first, count, BLOCK):
        chance = np.random.default_rng((SEED, start))
        topics = ranks(chance, TOPICS, BLOCK)
        texts = words(chance, topics, TITLE + TEXT)
        for place in range(min(BLOCK, count - start)):
            yield product(start + place, int(topics[place]), [name(word) for word in texts[place].tolist()], chance)


def product(key: int, topic: int, text: Sequence[str], chance: np.random.Generator) -> dict[str, Any]:
    """Return a product of a topic; every third one has three variants."""
    row = {
        "id": str(key),
        "title": " ".join(text[:TITLE]),
        "description": " ".join(text[TITLE:]),
        "code": f"{text[0][:2].upper()}-{key:07}",
        "category": f"Aisle {topic % 8} > Shelf {topic % 40} > {name(COMMON + topic)}",
        "brand": f"{name(5_000 + int(ranks(chance, BRANDS)))} & co",
        "price": round(float(chance.gamma(2, 30)), 2),
        "in_stock": bool(chance.random() < 0.8),
    }
    return row if key % 3 else {**row, "variants": [variant(chance) for _ in range(3)]}


def variant(chance: np.random.Generator) -> dict[str, Any]:
    """Return a variant."""
    color, size = int(ranks(chance, COLORS)), SIZES[chance.integers(len(SIZES))]
    return {"color": f"colour {color}", "size": size, "price": round(float(chance.gamma(2, 30)), 2)}


class SummedWords:
    """A stand-in for a text encoder, which knows what the words of `products` are about."""

    name = "summed words"
    fingerprint = "summed-words-1"
    reads = frozenset({WORDS.name})
    asks_apart = False
    enough = 0

    def __init__(self, dims: int) -> None:
        self.dims = dims

    @cached_property
    def axes(self) -> NDArray[np.float32]:
        """How important each axis is."""
        return np.arange(1, self.dims + 1, dtype=np.float32) ** -SPECTRUM

    @cached_property
    def centres(self) -> Vectors:
        """The direction of each topic, and none for common words."""
        chance = np.random.default_rng(SEED + 1)
        found = chance.standard_normal((TOPICS + 1, self.dims), np.float32) * self.axes
        found[TOPICS] = 0
        return np.asarray(found)

    @cached_property
    def own(self) -> Vectors:
        """Directions of words; rare ones share them."""
        chance = np.random.default_rng(SEED + 2)
        return np.asarray(chance.standard_normal((DIRECTIONS, self.dims), np.float32) * self.axes)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of texts, of unit length."""
        rows = np.array([self.summed(text) for text in texts], np.float32).reshape(-1, self.dims)
        unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        return unit

    def summed(self, text: str) -> Vectors:
        """Return the sum of what the words of a text stand for, and a little of nothing in particular."""
        known = np.array([found for word in text.lower().split() if (found := number(word)) is not None], np.int64)
        topics = np.where(known < COMMON, TOPICS, (known - COMMON) % TOPICS)
        rare = np.log1p(known).astype(np.float32)
        return np.asarray(rare @ (self.centres[topics] + self.own[known % DIRECTIONS]) + 0.1 * self.own[0])

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return the same: it tells nothing apart."""
        return self.encode_texts(texts)

    def encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        """Refuse."""
        raise EncoderError(f"'{self.name}' does not see the {len(images)} pictures.")
