"""From fitted weights to the weights of a shop, rounded as a file has them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hybridsearch.learning.cross_validation import Fitted
from hybridsearch.learning.features import Features
from hybridsearch.schema import Schema
from hybridsearch.search.signals import saturated_names
from hybridsearch.search.weights import Weights

DIGITS = 5
"""Decimals of a weight in the file."""


def to_weights(fitted: Fitted, features: Features, start: Weights, schema: Schema, halves: dict[str, float]) -> Weights:
    """Return the learned weights for this index."""

    def named(values: NDArray[np.float64]) -> dict[str, float]:
        rounded = {name: round(float(value), DIGITS) for name, value in zip(features.names, values, strict=True)}
        return {name: value for name, value in rounded.items() if value > 0 and name not in features.written}

    changed = {name: start.half(name) * fitted.recipe.saturation for name in saturated_names()}
    used = {name: half for name, half in halves.items() if fitted.recipe.numbers}
    return Weights(
        signals=named(fitted.shared),
        saturation={"*": start.half("*"), **{name: round(half, DIGITS) for name, half in {**changed, **used}.items()}},
        floors=start.floors,
        coverage=start.coverage,
        taste=start.taste,
        taste_vectors=start.taste_vectors,
        named=start.named,
        alike=start.alike,
        kinds={kind: complete(named(values), features.names) for kind, values in fitted.by_kind.items()},
        encoders={leg.name: leg.fingerprint for leg in schema.legs},
    )


def complete(weights: dict[str, float], names: Sequence[str]) -> dict[str, float]:
    """Return weights with every signal: one that is missing in a kind would fall back to the shared weight."""
    return {name: weights.get(name, 0.0) for name in names}
