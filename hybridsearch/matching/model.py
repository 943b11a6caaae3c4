"""How likely two offers are one product: a weight for each level of each comparison, as `model.json` has them."""

from __future__ import annotations

import functools
import importlib.resources
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

WORDED = {
    "words": "titles agree",
    "contained": "one title is within the other",
    "models": "model numbers agree",
    "measures": "measures agree",
    "numbers": "numbers agree",
    "colors": "colours agree",
    "brand": "same brand",
    "price": "prices are near",
    "picture": "same picture",
}
"""What speaks for a pair, in words."""
TOLD = 3
"""Comparisons that are named."""
LEAST_TOLD = 0.5
"""Weight from which on one is."""


@dataclass(frozen=True, slots=True)
class Model:
    """A sum of weights, which is the logarithm of the odds.

    Source: Fellegi & Sunter, "A Theory for Record Linkage", JASA 64 (1969): a pair's weight is the sum over comparisons
    of log(m / u). The comparisons of titles depend on each other, so the weights are not counted one by one but fitted
    together, by logistic regression, which gives the same where they do not.

    Attributes:
        intercept: The logarithm of the odds before anything is compared.
        weights: By comparison and level.
        match: Probability from which on two offers are one product;
        review: from which on a person is asked.
        lead: What a pair must have before the next one of either offer, as a difference of the logarithms of odds.
    """

    intercept: float
    weights: Mapping[str, Mapping[str, float]]
    match: float
    review: float
    lead: float

    @classmethod
    @functools.cache
    def shipped(cls) -> Self:
        """Return the model of the package."""
        file = importlib.resources.files("hybridsearch.matching") / "model.json"
        said = json.loads(file.read_text(encoding="utf-8"))
        return cls(said["intercept"], said["weights"], said["match"], said["review"], said["lead"])

    def odds(self, levels: Mapping[str, str]) -> float:
        """Return the logarithm of the odds that a pair is one product."""
        return self.intercept + sum(self.weights[name].get(level, 0.0) for name, level in levels.items())

    def because(self, levels: Mapping[str, str]) -> str:
        """Return what speaks most for a pair, in words."""
        found = sorted(((self.weights[name].get(level, 0.0), name) for name, level in levels.items()), reverse=True)
        told = [f"{WORDED[name]}{detail(name, levels[name])}" for weight, name in found[:TOLD] if weight >= LEAST_TOLD]
        return ", ".join(told) or "nothing else comes near"


def detail(name: str, level: str) -> str:
    """Return how near two are, where the level is a number."""
    if name in ("words", "contained"):
        return f" ({level} or more)"
    return f" ({level} times)" if name == "price" else ""


def probability(odds: float) -> float:
    """Return the probability that the logarithm of odds says."""
    return 1 / (1 + math.exp(-max(min(odds, 500.0), -500.0)))
