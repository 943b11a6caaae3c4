"""Agreement: how far raters mean the same by a grade, beyond what chance would give.

Krippendorff's alpha for ordinal grades ("Computing Krippendorff's Alpha-Reliability", 2011): 1 means that all agree, 0
that grades could as well have been drawn at random. There may be any number of raters, who need not judge the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Units = Sequence[Sequence[Sequence[float]]]
"""By query and product, the grades of its raters."""

RELIABLE, TENTATIVE = 0.8, 0.667
"""Krippendorff's bounds: from the first on one can rely on the grades, from the second on with care."""
FEWEST = 6
"""Queries with products that several raters judged, below which an interval would say nothing."""
MOST_GRADES = 50
"""Different grades of a file; where there are more, they are no grades of people."""
DRAWS = 2_000
CELLS = 2**21
"""Numbers that are drawn at a time, so that memory does not grow with the queries."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far raters agree.

    Attributes:
        alpha: At most 1; None where it cannot be told, see `said`.
        low: Lower end of the 95 % interval over queries; None with fewer than FEWEST.
        high: Upper end.
        queries: That have a product of several raters.
        products: Pairs of a query and a product that several raters judged.
    """

    alpha: float | None = None
    low: float | None = None
    high: float | None = None
    queries: int = 0
    products: int = 0

    @property
    def said(self) -> str:
        """What to make of it, as a sentence."""
        if not self.products:
            return "No product was judged by two raters for the same query: nothing tells whether they agree."
        if self.alpha is None:
            return (
                "Whether raters agree cannot be told: they all gave one and the same grade, or more than 50 different."
            )
        if self.alpha >= RELIABLE:
            return "The raters agree: these grades can be relied on."
        if self.alpha >= TENTATIVE:
            return "The raters agree well enough to work with."
        return "The raters differ: talk about the products below, and write down what each grade means."


def agreement(units: Units, *, draws: int = DRAWS, seed: int = 0) -> Agreement:
    """Return how far raters agree.

    The interval is the percentile bootstrap over queries: what makes one hard to judge is the same for its products.

    Args:
        units: By query, by product, the grades that raters gave; one of a single rater tells nothing.
        draws: Samples for the interval.
        seed: The same seed gives the same interval.
    """
    shared = [kept for query in units if (kept := [grades for grades in query if len(grades) > 1])]
    products = sum(map(len, shared))
    values = sorted({grade for query in shared for grades in query for grade in grades})
    if not 1 < len(values) <= MOST_GRADES:
        return Agreement(queries=len(shared), products=products)
    counted = np.array([coincidences(query, values) for query in shared])
    found = float(alphas(counted.sum(axis=0)[None])[0])
    low, high = interval(counted, draws, np.random.default_rng(seed)) if len(shared) >= FEWEST else (None, None)
    return Agreement(found, low, high, len(shared), products)


def coincidences(query: Sequence[Sequence[float]], values: Sequence[float]) -> Floats:
    """Return how often two raters gave each two grades to one product, (values, values).

    Each product counts with as many pairs as it has raters, however many pairs these make.
    """
    place = {value: number for number, value in enumerate(values)}
    found = np.zeros((len(values), len(values)))
    for grades in query:
        for one, other in permutations(map(place.__getitem__, grades), 2):
            found[one, other] += 1 / (len(grades) - 1)
    return found


def alphas(counted: Floats) -> Floats:
    """Return alpha of each table of coincidences, (tables,); NaN where all grades are the same.

    The ordinal distance of two grades is that of their mean ranks among all grades that were given.

    Args:
        counted: (tables, values, values).
    """
    given = counted.sum(axis=2)
    ranks = given.cumsum(axis=1) - given / 2
    total = given.sum(axis=1)
    squares = (given * ranks**2).sum(axis=1)
    observed = 2 * (squares - np.einsum("tij,ti,tj->t", counted, ranks, ranks))
    expected = 2 * (total * squares - (given * ranks).sum(axis=1) ** 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        one_grade = (given > 0).sum(axis=1) < 2
        return np.where(one_grade, np.nan, 1 - (total - 1) * observed / expected)


def interval(counted: Floats, draws: int, random: np.random.Generator) -> tuple[float, float] | tuple[None, None]:
    """Return the 95 % interval of alpha over queries that are drawn with replacement; samples of one grade say nothing.

    Args:
        counted: Of each query, (queries, values, values).
        draws: Samples.
        random: Draws them.
    """
    found = np.concatenate([alphas(sample) for sample in samples(counted, draws, random)])
    found = found[np.isfinite(found)]
    if len(found) < draws / 2:
        return None, None
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def samples(counted: Floats, draws: int, random: np.random.Generator) -> Iterator[Floats]:
    """Yield the tables of samples of the queries, some at a time."""
    queries, values, _ = counted.shape
    flat = counted.reshape(queries, -1)
    size = max(1, CELLS // max(queries, values * values))
    for start in range(0, draws, size):
        times = random.multinomial(queries, np.full(queries, 1 / queries), size=min(size, draws - start))
        yield (times @ flat).reshape(-1, values, values)
