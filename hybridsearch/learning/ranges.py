"""Where the cosines of each leg lie: for relevant products, irrelevant ones, and those that nobody judged. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hybridsearch.learning.features import Features
from hybridsearch.schema import Schema
from hybridsearch.search.signals import is_cosine

SPAN = (5, 50, 95)
"""Percentiles: the ends of a range, and its middle."""


@dataclass(frozen=True, slots=True)
class Range:
    """Where 90 % of some cosines lie, and their median, on the scale of the calibration.

    Attributes:
        signal: Such as `words.image`.
        products: Of which: `relevant`, `irrelevant` or `not judged`.
        count: Pairs of a query and a product.
    """

    signal: str
    products: str
    count: int
    low: float
    middle: float
    high: float


def ranges(features: Features) -> Iterator[Range]:
    """Yield the ranges of each leg's cosines to the candidates; a product without a vector has none."""
    relevant = features.present & (features.gains > 0)
    irrelevant = features.present & features.judged & ~relevant
    kinds = {"relevant": relevant, "irrelevant": irrelevant, "not judged": features.present & ~features.judged}
    for place, name in enumerate(features.names):
        if not is_cosine(name):
            continue
        values = features.values[:, :, place]
        for kind, mask in kinds.items():
            found = values[mask & (values != 0)]
            if found.size:
                low, middle, high = (float(each) for each in np.percentile(found, SPAN))
                yield Range(name, kind, int(found.size), low, middle, high)


def calibrated(schema: Schema, signals: list[str]) -> Iterator[str]:
    """Yield for each signal which cosine reads as 0 and which as 1, as a sentence."""
    legs = {leg.name: leg for leg in schema.legs}
    for name in dict.fromkeys(signals):
        source, _, leg = name.partition(".")
        if leg in legs:
            scale = legs[leg].calibration(source)
            yield f"{name}: a cosine of {scale.low:.3f} reads as 0, one of {scale.high:.3f} as 1."
