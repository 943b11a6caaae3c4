"""Calibration: where the cosines of an encoder lie on this catalogue, so that 0 and 1 mean the same for every leg."""

from __future__ import annotations

import functools
import importlib.resources
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hybridsearch.encoders.base import Encoder
from hybridsearch.encoders.kept.cache import EncodeCache
from hybridsearch.encoders.knowledge import part, told_apart, trials
from hybridsearch.encoders.nonsense import noise
from hybridsearch.query_sources import PRODUCT, WORDS, StandIn, vector_sources
from hybridsearch.schema import Calibration, Leg, uncalibrated
from hybridsearch.values import Vector, Vectors

Mask = NDArray[np.bool_]

SAMPLE = 256
"""Products in the sample; enough for a median."""
QUERIES = 64
"""Titles that stand in for queries, spread evenly: all of them would move either end by some .006, and take the encoder
four times as long at the end of every rebuild."""
QUERY_LENGTH = 80
"""Characters of a text that stands in for a title: about as many as a title has."""
NEAREST = 95
"""Percentile, over titles, of the cosine to the nearest product: lower would make the best hits look alike."""
NEARLY, EQUAL = 0.95, 0.9999
"""Cosines of a text to itself, asked for and indexed, between which an encoder tells both apart: E5 gives .98."""
LEAST = 8
"""Products below which nothing is measured and cosines are taken as they are."""


@dataclass(frozen=True, slots=True)
class Described:
    """A product as the calibration sees it.

    Attributes:
        title: May be empty.
        text: What it says besides; may be empty.
        vectors: By leg.
    """

    title: str
    text: str
    vectors: Mapping[str, Vector]


@dataclass(frozen=True, slots=True)
class Sample:
    """The products of one leg.

    Attributes:
        leg: The leg.
        products: Some products that have a vector, at least one.
    """

    leg: Leg
    products: Sequence[Described]

    @property
    def vectors(self) -> Vectors:
        """The leg's vectors, (products, dims)."""
        rows = [product.vectors[self.leg.name].array for product in self.products]
        return np.array(rows, dtype=np.float32)


def calibrate(leg: Leg, encoder: Encoder, cache: EncodeCache, products: Sequence[Described]) -> dict[str, Calibration]:
    """Return the calibration for each source; of queries one that the encoder does not read is not measured.

    Args:
        leg: What is calibrated.
        encoder: The leg's encoder.
        cache: Keeps the vectors of what stands in for queries: a rebuild in which nothing is new loads no model.
        products: Those without a vector of the leg are left out.
    """
    sample = Sample(leg, [product for product in products if leg.name in product.vectors])
    if not sample.products:
        return uncalibrated()
    measured = {
        name: STAND_INS[source.stand_in](encoder, cache, sample)
        for name, source in vector_sources().items()
        if source.stand_in and (name in encoder.reads or source is PRODUCT)
    }
    if leg.reads != "image" and WORDS.name in measured:  # it knows of products what it knows of their words
        measured[PRODUCT.name] = replace(measured[PRODUCT.name], tells=measured[WORDS.name].tells)
    return {**uncalibrated(), **measured}


def by_titles(encoder: Encoder, cache: EncodeCache, sample: Sample) -> Calibration:
    """Return the calibration with titles as the queries, and how well the leg tells products apart by their words.

    `low` is the median cosine of a title to other products' vectors, `high` what only one in twenty titles exceeds with
    its nearest product, `noise` what only one in ten words without a meaning exceeds. Where a product has no title, the
    beginning of its texts is its title. A leg that reads titles alone and encodes queries otherwise than texts, as with
    prompts, is asked for every second word of a title: the whole one lies nearer to its product than what people type.
    """
    titles = [product.title or product.text[:QUERY_LENGTH] for product in sample.products]
    titled = [place for place, title in enumerate(titles) if title]
    if len(titled) < LEAST:
        return Calibration() if len(titled) == len(titles) else by_other_goods(encoder, cache, sample)
    places = np.array(titled)[:: math.ceil(len(titled) / QUERIES)]
    vectors = sample.vectors
    asked = [titles[place] for place in places]
    pictures = sample.leg.reads == "image"
    queries = cache.queries(encoder, asked).vectors
    if not pictures and len(sample.leg.reads) == 1 and nearly_its_own(queries, vectors[places]):
        queries = cache.queries(encoder, [part(title) for title in asked]).vectors
    usable = np.isfinite(queries).all(axis=1)
    measured = calibration_from_queries(queries[usable] @ vectors[titled].T, np.equal.outer(places[usable], titled))
    measured = replace(measured, noise=noise(encoder, cache, asked, vectors))
    tried = trials([product.title for product in sample.products], [product.text for product in sample.products])
    return replace(measured, tells=told_apart(encoder, cache, tried, vectors if pictures else None))


def nearly_its_own(queries: Vectors, own: Vectors) -> bool:
    """Tell whether queries are the very texts of their products for an encoder that gives both other vectors."""
    cosine = float(np.nanmedian((queries * own).sum(axis=1)))
    return NEARLY < cosine < EQUAL


def by_other_goods(encoder: Encoder, cache: EncodeCache, sample: Sample) -> Calibration:
    """Return the calibration with the titles of the sample catalogue as the queries, for products without any text.

    Where words lie that have nothing to do with a product they show as well as its own. Of what lies near they show
    less: some products may read as more than 1.
    """
    titles = sample_titles()[:: math.ceil(len(sample_titles()) / QUERIES)]
    cosines = cache.queries(encoder, titles).vectors @ sample.vectors.T
    measured = calibration_from_queries(cosines, np.zeros(cosines.shape, dtype=bool))
    return replace(measured, borrowed=True, noise=noise(encoder, cache, titles, sample.vectors))


@functools.cache
def sample_titles() -> tuple[str, ...]:
    """Return the titles of the sample catalogue, in six languages."""
    file = importlib.resources.files("hybridsearch.sample") / "products.jsonl"
    return tuple(json.loads(line)["title"] for line in file.read_text(encoding="utf-8").splitlines())


def by_products(encoder: Encoder, cache: EncodeCache, sample: Sample) -> Calibration:  # noqa: ARG001 - as `by_titles`
    """Return the calibration with products' own vectors as the queries; `high` is 1: the product itself."""
    vectors = sample.vectors
    if len(vectors) < LEAST:
        return Calibration()
    return scale(background(vectors @ vectors.T, np.eye(len(vectors), dtype=bool)), 1.0)


STAND_INS: dict[StandIn, Callable[[Encoder, EncodeCache, Sample], Calibration]] = {
    "titles": by_titles,
    "products": by_products,
}


def calibration_from_queries(cosines: Vectors, own: Mask) -> Calibration:
    """Return the calibration that cosines, queries by products, show; a query's own product is marked."""
    return scale(background(cosines, own), float(np.percentile(cosines.max(axis=1), NEAREST)))


def scale(low: float, high: float) -> Calibration:
    """Return a calibration whose ends differ, even where all products look the same."""
    return Calibration(min(low, high - 0.05), high)


def background(cosines: Vectors, own: Mask) -> float:
    """Return the median cosine between queries and products that do not belong together."""
    return float(np.median(cosines[~own]))
