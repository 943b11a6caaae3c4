"""Calibration: where the cosines of an encoder lie on this catalogue, so that 0 and 1 mean the same for every leg."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hybridsearch.encoders.base import Encoder
from hybridsearch.encoders.cache import EncodeCache
from hybridsearch.schema import Calibration
from hybridsearch.values import Vector, Vectors

SAMPLE = 256
"""Products that are looked at; enough for a median."""
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
    photo = scale(background(vectors @ vectors.T), 1.0) if encoder.sees else Calibration()
    titled = [place for place, (title, _) in enumerate(sample) if title]
    if len(titled) < LEAST:
        return Calibration(), photo
    queries = cache.texts(encoder, [sample[place][0] for place in titled]).vectors
    return between(queries @ vectors[titled].T), photo


def between(cosines: Vectors) -> Calibration:
    """Return the calibration that a square matrix of cosines, queries by products, shows."""
    return scale(background(cosines), float(np.percentile(cosines.max(axis=1), NEAREST)))


def scale(low: float, high: float) -> Calibration:
    """Return a calibration whose ends are apart, also where all products look the same."""
    return Calibration(min(low, high - 0.05), high)


def background(cosines: Vectors) -> float:
    """Return the median cosine between things that do not belong together: all but the diagonal."""
    return float(np.median(cosines[~np.eye(len(cosines), dtype=bool)]))
