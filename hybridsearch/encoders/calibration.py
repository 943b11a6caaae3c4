"""Calibration: where the cosines of an encoder lie on this catalogue, so that 0 and 1 mean the same for every leg."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hybridsearch.encoders.base import Encoder
from hybridsearch.encoders.cache import EncodeCache
from hybridsearch.schema import Calibration
from hybridsearch.values import Vector, Vectors

Mask = NDArray[np.bool_]

SAMPLE = 256
"""Products that are looked at; enough for a median."""
QUERIES = 64
"""Titles that stand in for queries, spread evenly: all of them would move either end by some .006, and take the encoder
four times as long at the end of every rebuild."""
NEAREST = 95
"""Percentile, over titles, of the cosine to the nearest product: lower would make the best hits look alike."""
LEAST = 8
"""Products below which nothing is measured and cosines are taken as they are."""


def calibrate(
    encoder: Encoder, cache: EncodeCache, sample: Sequence[tuple[str, Vector]]
) -> tuple[Calibration, Calibration]:
    """Return the calibration for words and for photos.

    Titles stand in for queries: `low` is the median cosine of a title to other products' vectors, `high` what only one
    in twenty titles exceeds with its nearest product. For photos, products' own vectors stand in, and `high` is 1: the
    same picture.

    Args:
        encoder: The leg's encoder.
        cache: Keeps the titles' vectors too: a rebuild in which nothing is new loads no model.
        sample: Title, which may be empty, and vector of each product.
    """
    vectors = np.array([vector.array for _, vector in sample if len(vector)], dtype=np.float32)
    if len(vectors) < LEAST:
        return Calibration(), Calibration()
    themselves = np.eye(len(vectors), dtype=bool)
    photo = scale(background(vectors @ vectors.T, themselves), 1.0) if encoder.sees else Calibration()
    titled = [place for place, (title, _) in enumerate(sample) if title]
    if len(titled) < LEAST:
        return Calibration(), photo
    asked = titled[:: math.ceil(len(titled) / QUERIES)]
    queries = cache.texts(encoder, [sample[place][0] for place in asked]).vectors
    return between(queries @ vectors[titled].T, np.equal.outer(asked, titled)), photo


def between(cosines: Vectors, own: Mask) -> Calibration:
    """Return the calibration that cosines, queries by products, show; a query's own product is marked."""
    return scale(background(cosines, own), float(np.percentile(cosines.max(axis=1), NEAREST)))


def scale(low: float, high: float) -> Calibration:
    """Return a calibration whose ends are apart, also where all products look the same."""
    return Calibration(min(low, high - 0.05), high)


def background(cosines: Vectors, own: Mask) -> float:
    """Return the median cosine between things that do not belong together."""
    return float(np.median(cosines[~own]))
