"""Calibration: where the cosines of an encoder lie on this catalogue, so that 0 and 1 mean the same for every leg."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from hybridsearch.encoders.base import Encoder
from hybridsearch.encoders.cache import EncodeCache
from hybridsearch.query_sources import QUERY_SOURCES, StandIn
from hybridsearch.schema import Calibration, uncalibrated
from hybridsearch.values import Vector, Vectors

Mask = NDArray[np.bool_]

SAMPLE = 256
"""Products in the sample; enough for a median."""
QUERIES = 64
"""Titles that stand in for queries, spread evenly: all of them would move either end by some .006, and take the encoder
four times as long at the end of every rebuild."""
NEAREST = 95
"""Percentile, over titles, of the cosine to the nearest product: lower would make the best hits look alike."""
LEAST = 8
"""Products below which nothing is measured and cosines are taken as they are."""


Sample = Sequence[tuple[str, Vector]]
"""Title, which may be empty, and vector of some products."""


def calibrate(encoder: Encoder, cache: EncodeCache, sample: Sample) -> dict[str, Calibration]:
    """Return the calibration for each source of queries; one that the encoder does not read is not measured.

    Args:
        encoder: The leg's encoder.
        cache: Keeps the titles' vectors too: a rebuild in which nothing is new loads no model.
        sample: Products of the leg.
    """
    if len(sample) < LEAST:
        return uncalibrated()
    measured = {
        name: STAND_INS[source.stand_in](encoder, cache, sample)
        for name, source in QUERY_SOURCES.items()
        if source.stand_in and name in encoder.reads
    }
    return {**uncalibrated(), **measured}


def by_titles(encoder: Encoder, cache: EncodeCache, sample: Sample) -> Calibration:
    """Return the calibration with titles as the queries.

    `low` is the median cosine of a title to other products' vectors, `high` what only one in twenty titles exceeds with
    its nearest product.
    """
    titled = [(title, vector.array) for title, vector in sample if title]
    if len(titled) < LEAST:
        return Calibration()
    places = np.arange(0, len(titled), math.ceil(len(titled) / QUERIES))
    queries = cache.texts(encoder, [titled[place][0] for place in places]).vectors
    cosines = queries @ np.array([vector for _, vector in titled], dtype=np.float32).T
    return calibration_from_queries(cosines, np.equal.outer(places, np.arange(len(titled))))


def by_products(encoder: Encoder, cache: EncodeCache, sample: Sample) -> Calibration:  # noqa: ARG001 - as `by_titles`
    """Return the calibration with products' own vectors as the queries; `high` is 1: the product itself."""
    vectors = np.array([vector.array for _, vector in sample], dtype=np.float32)
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
