"""Choose how to fit by cross-validation, and say what that is worth on queries that nothing was chosen or fitted on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hybridsearch.learning.features import Features
from hybridsearch.learning.fit import Weighting, fit
from hybridsearch.learning.folds import folds
from hybridsearch.progress import Progress, silent
from hybridsearch.search.weights import TEXT_SIGNALS

OUTER, INNER = 5, 4
"""Folds that measure, and folds within them that choose."""
DEALS, FEW = 3, 1_000
"""How often fewer queries than FEW are dealt to outer folds: with so few, the figure hangs on who sits with whom."""
LEAST_OF_A_KIND = 40
"""Queries of one kind that weights of its own are fitted on."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How weights are fitted; the values here are the most cautious ones.

    Attributes:
        strength: How much the current weights are trusted.
        judged_only: Whether candidates without a grade are left out.
        numbers: Whether number fields of the catalogue may count.
        saturation: What the current saturation constants are multiplied by.
        by_kind: Whether kinds of queries get weights of their own, drawn towards the shared ones.
    """

    strength: float = 1.0
    judged_only: bool = False
    numbers: bool = False
    saturation: float = 1.0
    by_kind: bool = False

    @property
    def changes(self) -> dict[str, float]:
        """What the saturation constant of each signal is multiplied by."""
        return dict.fromkeys(TEXT_SIGNALS, self.saturation)


CHOICES: tuple[tuple[str, tuple[float | bool, ...]], ...] = (
    ("strength", (1.0, 0.3, 0.1, 0.03, 0.01)),
    ("judged_only", (False, True)),
    ("saturation", (1.0, 0.5, 2.0)),
    ("strength", (1.0, 0.3, 0.1, 0.03, 0.01)),
    ("numbers", (False, True)),
    ("by_kind", (False, True)),
)
"""What is chosen, in turn, each with the choices before it; of values that do equally well, the first."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights for every query of a shop.

    Attributes:
        recipe: How they were fitted.
        shared: (signals,).
        by_kind: Those of kinds of queries that have their own.
    """

    recipe: Recipe
    shared: Weighting
    by_kind: dict[str, Weighting]

    def ndcg(self, table: Features) -> NDArray[np.float64]:
        """Return nDCG@10 of each query of a table."""
        weights = np.array([self.by_kind.get(kind, self.shared) for kind in table.kinds.tolist()])
        return table.saturated(self.recipe.changes).ndcg(weights)


@dataclass(frozen=True, slots=True)
class Learned:
    """The outcome of learning.

    Attributes:
        fitted: From all queries.
        held_out: nDCG@10 of each query under weights that were chosen and fitted without it, on average over the deals.
        among_judged: The same of the rankings without their unjudged products.
    """

    fitted: Fitted
    held_out: NDArray[np.float64]
    among_judged: NDArray[np.float64]


def learn(table: Features, start: Weighting, *, seed: int = 0, progress: Progress = silent) -> Learned:
    """Fit weights, and measure the whole procedure on outer folds.

    Args:
        table: All judged queries.
        start: The current weights, (signals,).
        seed: Of the folds.
        progress: Is told how many of the rounds are done.
    """
    held_out, among_judged = np.zeros(len(table)), np.zeros(len(table))
    deals = DEALS if len(table) < FEW else 1
    parts = [(deal, part) for deal in range(seed, seed + deals) for part in folds(table.groups, OUTER, deal)]
    for number, (deal, (train, test)) in enumerate(parts):
        progress("learning", number, len(parts) + 1)
        found, unseen = chosen(table.take(train), start, deal + 1), table.take(test)
        held_out[test] += found.ndcg(unseen) / deals
        among_judged[test] += found.ndcg(unseen.among_judged()) / deals
    progress("learning", len(parts), len(parts) + 1)
    everything = chosen(table, start, seed + 1)
    progress("learning", len(parts) + 1, len(parts) + 1)
    return Learned(everything, held_out, among_judged)


def chosen(table: Features, start: Weighting, seed: int) -> Fitted:
    """Choose a recipe on folds of a table, and fit it on all of it; with nothing to hold out, the most cautious one."""
    if len(np.unique(table.groups)) < 2:
        return fitted(table, start, Recipe())
    parts = [(table.take(train), table.take(test)) for train, test in folds(table.groups, INNER, seed)]
    recipe = Recipe()
    known: dict[Recipe, float] = {}

    def score(recipe: Recipe) -> float:
        if recipe not in known:
            known[recipe] = float(np.mean([worth(fitted(train, start, recipe), test) for train, test in parts]))
        return known[recipe]

    for name, values in CHOICES:
        tried = [replace(recipe, **{name: value}) for value in values]  # type: ignore[arg-type]
        if name == "numbers" and not any(each.startswith("number.") for each in table.names):
            continue
        if name == "by_kind" and len(kinds(table)) < 2:
            continue
        recipe = max(tried, key=score)
    return fitted(table, start, recipe)


def worth(found: Fitted, table: Features) -> float:
    """Return the mean nDCG@10 over queries, each as far as it is trusted."""
    return float(np.average(found.ndcg(table), weights=np.maximum(table.trust, 1e-6)))


def fitted(table: Features, start: Weighting, recipe: Recipe) -> Fitted:
    """Fit weights as a recipe says."""
    table = table.saturated(recipe.changes)
    if not recipe.numbers:
        barred = np.array([name.startswith("number.") for name in table.names])
        start = np.where(barred, 0.0, start)
        table = replace(table, values=np.where(barred, np.float32(0), table.values))
    shared = fit(table, start, recipe.strength, judged_only=recipe.judged_only)
    own = {}
    for kind in kinds(table) if recipe.by_kind else ():
        part = table.take(np.flatnonzero(table.kinds == kind))
        own[kind] = fit(part, shared, recipe.strength, judged_only=recipe.judged_only)
    return Fitted(recipe, shared, own)


def kinds(table: Features) -> list[str]:
    """Return the kinds that have queries enough for weights of their own."""
    names, counts = np.unique(table.kinds, return_counts=True)
    return [str(name) for name, count in zip(names, counts, strict=True) if count >= LEAST_OF_A_KIND]
