"""Choose how to fit by cross-validation, and measure the result on queries that nothing was chosen or fitted on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hybridsearch.learning.features import Features
from hybridsearch.learning.fit import Weighting, fit
from hybridsearch.learning.folds import FEW, OUTER, REPEATS, folds
from hybridsearch.runtime.progress import Progress, silent
from hybridsearch.search.signals import is_cosine, is_static, saturated_names

INNER = 4
"""Folds within the outer ones, which choose."""
LEAST_OF_A_KIND = 40
"""Queries of one kind from which on it gets weights of its own."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How weights are fitted; the values here are the most cautious ones.

    Attributes:
        strength: How much the current weights are trusted; None: so much that none is fitted.
        judged_only: Whether candidates without a grade are left out.
        numbers: Whether what products are worth, such as their number fields, may count.
        saturation: What the current saturation constants are multiplied by.
        cosines: What the current weights of the vector legs are multiplied by, before they are fitted.
        by_kind: Whether kinds of queries get weights of their own, drawn towards the shared ones.
    """

    strength: float | None = None
    judged_only: bool = False
    numbers: bool = False
    saturation: float = 1.0
    cosines: float = 1.0
    by_kind: bool = False

    @property
    def changes(self) -> dict[str, float]:
        """What the saturation constant of each signal is multiplied by."""
        return dict.fromkeys(saturated_names(), self.saturation)


CHOICES: tuple[tuple[str, tuple[float | bool | None, ...]], ...] = (
    ("cosines", (1.0, 0.5, 0.25, 0.1, 2.0, 4.0)),
    ("saturation", (1.0, 0.5, 2.0, 4.0)),
    ("cosines", (1.0, 0.7, 0.5, 0.35, 0.25, 0.1, 1.4, 2.0, 4.0)),
    ("strength", (None, 1.0, 0.3, 0.1, 0.03, 0.01)),
    ("judged_only", (False, True)),
)
"""What is chosen, in this order, each given the choices before it; of equally good values, the first.

What one number decides is decided first, by nDCG itself: a few hundred queries tell how much the legs are worth, and
often no more.
"""
MILD = 1.0
"""The strength with which numbers and kinds of their own are tried where no weights are fitted without them."""
DEALS_APART = 1_000
"""Between the seeds of two deals."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights for every query of a shop.

    Attributes:
        recipe: How they were fitted.
        shared: (signals,).
        by_kind: (signals,), of each kind of queries that has its own.
    """

    recipe: Recipe
    shared: Weighting
    by_kind: dict[str, Weighting]

    def ndcg(self, features: Features) -> NDArray[np.float64]:
        """Return nDCG@10 of each query."""
        weights = np.array([self.by_kind.get(kind, self.shared) for kind in features.kinds.tolist()])
        return features.saturated(self.recipe.changes).ndcg(weights)


@dataclass(frozen=True, slots=True)
class Learned:
    """The outcome of learning.

    Attributes:
        fitted: From all queries.
        held_out: nDCG@10 of each query under weights that were chosen and fitted without it, the mean over REPEATS.
        among_judged: The same for the rankings without their unjudged products.
    """

    fitted: Fitted
    held_out: NDArray[np.float64]
    among_judged: NDArray[np.float64]


def learn(features: Features, start: Weighting, *, seed: int = 0, progress: Progress = silent) -> Learned:
    """Fit weights, and measure the whole procedure on outer folds.

    Args:
        features: All judged queries.
        start: The current weights, (signals,).
        seed: Of the folds.
        progress: Is told how many of the rounds are done.
    """
    held_out, among_judged = np.zeros(len(features)), np.zeros(len(features))
    repeats = REPEATS if len(features) < FEW else 1
    parts = [(split, fold) for split in range(seed, seed + repeats) for fold in folds(features.groups, OUTER, split)]
    for number, (split, (train, test)) in enumerate(parts):
        progress("learning", number, len(parts) + 1)
        fitted, unseen = chosen(features.take(train), start, split + 1), features.take(test)
        held_out[test] += fitted.ndcg(unseen) / repeats
        among_judged[test] += fitted.ndcg(unseen.among_judged()) / repeats
    progress("learning", len(parts), len(parts) + 1)
    from_all = chosen(features, start, seed + 1)
    progress("learning", len(parts) + 1, len(parts) + 1)
    return Learned(from_all, held_out, among_judged)


def chosen(features: Features, start: Weighting, seed: int) -> Fitted:
    """Choose a recipe on folds of the queries, and fit it on all; a single group gets the most cautious one.

    What gives more signals or more weights is taken only if it is better on two deals of the folds: by chance alone it
    often is on one.
    """
    if len(np.unique(features.groups)) < 2:
        return fit_recipe(features, start, Recipe())
    known: dict[tuple[Recipe, int], float] = {}

    def score(recipe: Recipe, deal: int = 0) -> float:
        if (recipe, deal) not in known:
            parts = folds(features.groups, INNER, seed + deal * DEALS_APART)
            splits = [(features.take(train), features.take(test)) for train, test in parts]
            means = [mean_ndcg(fit_recipe(train, start, recipe), test) for train, test in splits]
            known[recipe, deal] = float(np.mean(means))
        return known[recipe, deal]

    recipe = Recipe()
    for name, values in CHOICES:
        recipe = max((replace(recipe, **{name: value}) for value in values), key=score)  # type: ignore[arg-type]
    for name in richer(features):
        without = replace(recipe, strength=recipe.strength or MILD)
        with_it = replace(without, **{name: True})
        if all(score(with_it, deal) > max(score(recipe, deal), score(without, deal)) for deal in (0, 1)):
            recipe = with_it
    return fit_recipe(features, start, recipe)


def richer(features: Features) -> list[str]:
    """Return what of a recipe would give the queries more signals or more weights."""
    numbers = any(is_static(signal) for signal in features.names if signal not in features.written)
    kinds = len(frequent_kinds(features)) > 1
    return ["numbers"] * numbers + ["by_kind"] * kinds


def mean_ndcg(fitted: Fitted, features: Features) -> float:
    """Return the mean nDCG@10 over queries, weighted by how much each is trusted."""
    return float(np.average(fitted.ndcg(features), weights=np.maximum(features.trust, 1e-6)))


def fit_recipe(features: Features, start: Weighting, recipe: Recipe) -> Fitted:
    """Fit weights as a recipe says."""
    features = features.saturated(recipe.changes)
    if not recipe.numbers:
        excluded = np.array([is_static(name) and name not in features.written for name in features.names])
        start = np.where(excluded, 0.0, start)
        features = replace(features, values=np.where(excluded, np.float32(0), features.values))
    start = start * np.where([is_cosine(name) for name in features.names], recipe.cosines, 1.0)
    if recipe.strength is None:
        return Fitted(recipe, start, {})
    shared = fit(features, start, recipe.strength, judged_only=recipe.judged_only)
    by_kind = {}
    for kind in frequent_kinds(features) if recipe.by_kind else ():
        of_kind = features.take(np.flatnonzero(features.kinds == kind))
        by_kind[kind] = fit(of_kind, shared, recipe.strength, judged_only=recipe.judged_only)
    return Fitted(recipe, shared, by_kind)


def frequent_kinds(features: Features) -> list[str]:
    """Return the kinds that have enough queries for weights of their own."""
    names, counts = np.unique(features.kinds, return_counts=True)
    return [str(name) for name, count in zip(names, counts, strict=True) if count >= LEAST_OF_A_KIND]
