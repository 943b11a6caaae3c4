"""Clicks: from what shoppers were shown and clicked to grades, corrected for position bias.

The click model is the position-based one (Craswell et al., 2008): a product is clicked when its rank is examined, which
depends on the rank alone, and when it attracts, which depends on query and product: clicks = shown · θ(rank) · α(pair).
Only products that were shown at several ranks tell θ apart from α. They are fitted in turns, each in closed form with
the other fixed (iterative proportional fitting, the Poisson maximum likelihood for these counts), which is consistent
because it only needs that mean to be right. Expectation-maximisation (Chuklin et al., "Click Models for Web Search",
2015, section 4.3) finds the same values where each query has many sessions. Where it has few, it needs ten thousand
times the steps and ends further from the truth.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MAX_RANKS = 100
"""Ranks that are counted; hardly anyone scrolls further."""
MIN_PROPENSITY = 0.02
"""So that no click counts for more than 50."""
MIN_LINK = 5.0
"""Clicks to be expected at a rank, of products that were shown at other ranks too, before its propensity is believed:
with 5, an estimate is off by a factor of 1.6 (one standard error)."""
MIN_EXAMINATIONS = 10.0
"""Examinations below which a product gets no grade."""
PRIOR_EXAMINATIONS = 10.0
"""Examinations without a click that every product is given, so that one lucky click does not make it a favourite."""
NOISE = 0.05
"""Attractiveness, as a part of that of the query's best product, below which clicks count as accidents."""
TOP_GRADE = 4.0
"""The grade of the query's best product."""
HALF = 20.0
"""Sessions with a click at which a query has half of the largest possible weight."""
BLOCK = 50_000
"""Visits that are counted at a time, so that memory stays small."""
WIDTH = 2**27
"""More than the products, and the queries, that there may be: pair and rank are one number of 63 bits."""
MAX_STEPS = 1_000
TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False, slots=True)
class Impressions:
    """How often products were shown and clicked.

    Attributes:
        queries: What `Sessions.add` was given, without repeats; arrays hold positions in it.
        products: Ids; arrays hold positions in it.
        query: Of each pair of a query and a product that was shown for it.
        product: Of each pair.
        pair: Of each cell, a pair at a rank.
        rank: Of each cell, from 0.
        shown: Sessions, of each cell.
        clicks: Sessions with a click on the product, of each cell.
        clicking: Sessions with any click, of each query.
    """

    queries: tuple[Hashable, ...]
    products: tuple[str, ...]
    query: Integers
    product: Integers
    pair: Integers
    rank: Integers
    shown: Floats
    clicks: Floats
    clicking: Floats

    def by_pair(self, values: Floats) -> Floats:
        """Return the sum over the cells of each pair."""
        return sum_at(self.pair, values, len(self.query))

    def by_rank(self, values: Floats) -> Floats:
        """Return the sum over the cells of each rank."""
        return sum_at(self.rank, values, self.depth)

    @property
    def depth(self) -> int:
        """Number of ranks."""
        return int(self.rank.max(initial=-1)) + 1


class Sessions:
    """Gathers sessions row by row: 10 bytes for each product shown, and a few hundred for each session and query.

    What is settled takes 24 bytes for each product, query and rank, however many sessions there were.
    """

    def __init__(self) -> None:
        self._queries: dict[Hashable, int] = {}
        self._products: dict[str, int] = {}
        self._cells, self._shown, self._clicks = np.zeros(0, np.int64), np.zeros(0), np.zeros(0)
        self._clicking = np.zeros(0)
        self._begin()

    def __len__(self) -> int:
        """Return how many sessions of a query are not settled."""
        return len(self._visits)

    def add(self, session: str, query: Hashable, shown: Sequence[str], clicked: Collection[str]) -> bool:
        """Add what a session saw and did, and say whether it is the first row of this session and query.

        Args:
            session: Its name; rows of the same session and query are merged.
            query: What was asked.
            shown: Ids in order; an empty one keeps its rank and is otherwise ignored.
            clicked: Ids; those that were not shown are ignored.
        """
        number = self._queries.setdefault(query, len(self._queries))
        count = len(self._visits)
        visit = self._visits.setdefault((session, number), count)
        clicked = frozenset(clicked)
        ranked = [(rank, product) for rank, product in enumerate(shown[:MAX_RANKS]) if product]
        self._visit.extend([visit] * len(ranked))
        self._product.extend([self._products.setdefault(product, len(self._products)) for _, product in ranked])
        self._rank.extend([rank for rank, _ in ranked])
        self._clicked.extend([product in clicked for _, product in ranked])
        return visit == count

    def settle(self) -> None:
        """Count what there is, and forget which session it was of: later rows of one are those of another."""
        query_of_visit = np.array([query for _, query in self._visits], np.int64)
        columns = [np.array(column) for column in (self._visit, self._product, self._rank, self._clicked)]
        for start in range(0, len(query_of_visit), BLOCK):
            in_block = (columns[0] >= start) & (columns[0] < start + BLOCK)
            visit, product, rank, clicked = merge(WIDTH, *(column[in_block].astype(np.int64) for column in columns))
            more = (query_of_visit[visit] * WIDTH + product) * MAX_RANKS + rank
            self._cells, self._shown, self._clicks = sum_by_key(
                np.concatenate([self._cells, more]),
                np.concatenate([self._shown, np.ones(len(more))]),
                np.concatenate([self._clicks, clicked]),
            )
        clicking = query_of_visit[np.unique(columns[0][columns[3] > 0])]
        before = np.pad(self._clicking, (0, len(self._queries) - len(self._clicking)))
        self._clicking = before + sum_at(clicking, np.ones(len(clicking)), len(self._queries))
        self._begin()

    def impressions(self) -> Impressions:
        """Return the counts. In a session a product counts once for a query: at its best rank, clicked if ever."""
        self.settle()
        pairs, pair = np.unique(self._cells // MAX_RANKS, return_inverse=True)
        return Impressions(
            queries=tuple(self._queries),
            products=tuple(self._products),
            query=pairs // WIDTH,
            product=pairs % WIDTH,
            pair=pair,
            rank=self._cells % MAX_RANKS,
            shown=self._shown,
            clicks=self._clicks,
            clicking=self._clicking,
        )

    def _begin(self) -> None:
        self._visits: dict[tuple[str, int], int] = {}
        self._visit, self._product = array("I"), array("I")
        self._rank, self._clicked = array("B"), array("B")


def merge(width: int, visit: Integers, product: Integers, rank: Integers, clicked: Integers) -> list[NDArray[Any]]:
    """Return visit, product, best rank, and 1.0 if it was ever clicked, of each product of each visit."""
    keys, position = np.unique(visit * width + product, return_inverse=True)
    best = np.full(len(keys), MAX_RANKS)
    np.minimum.at(best, position, rank)
    return [keys // width, keys % width, best, np.minimum(sum_at(position, clicked, len(keys)), 1.0)]


def sum_by_key(keys: Integers, shown: Floats, clicks: Floats) -> tuple[Integers, Floats, Floats]:
    """Return the distinct keys with the sums of their values."""
    distinct, position = np.unique(keys, return_inverse=True)
    return distinct, sum_at(position, shown, len(distinct)), sum_at(position, clicks, len(distinct))


def sum_at(positions: Integers, values: NDArray[Any], size: int) -> Floats:
    """Return the sum of the values at each position, (size,)."""
    return np.bincount(positions, values, size).astype(np.float64, copy=False)


def propensities(impressions: Impressions) -> Floats:
    """Return the chance that a shopper looks at each rank, relative to the first rank, in [MIN_PROPENSITY, 1].

    A rank is told from another by the products that were shown at both. One that no such products link to the ranks
    above it takes the propensity of the rank above: where orders never change, nothing is corrected, since what looks
    like attention may as well be a good order.
    """
    fitted = fit_propensities(impressions)
    by_rank = np.ones(impressions.depth)
    for rank, top in enumerate(linked_ranks(impressions)):
        above = by_rank[max(rank - 1, 0)]
        estimate = above if top == rank else by_rank[top] * fitted[rank] / fitted[top]
        by_rank[rank] = np.clip(estimate, MIN_PROPENSITY, 1.0)
    return by_rank


def fit_propensities(impressions: Impressions) -> Floats:
    """Return the propensity of each rank, from the products that were shown at several ranks, relative to the largest.

    One click added to those seen and to those expected keeps a rank of few clicks near 1: uncorrected.
    """
    several = np.bincount(impressions.pair, minlength=len(impressions.query)) > 1
    moved = several & (impressions.by_pair(impressions.clicks) > 0)
    shown, clicks = (
        np.where(moved[impressions.pair], values, 0.0) for values in (impressions.shown, impressions.clicks)
    )
    clicks_by_pair, clicks_by_rank = impressions.by_pair(clicks), impressions.by_rank(clicks)
    propensity = np.ones(impressions.depth)
    for _ in range(MAX_STEPS):
        attractive = ratio(clicks_by_pair, impressions.by_pair(shown * propensity[impressions.rank]))
        expected = impressions.by_rank(shown * attractive[impressions.pair])
        before, propensity = propensity, ratio(clicks_by_rank, expected)
        propensity /= propensity.max(initial=TOLERANCE)
        if np.abs(propensity - before).max(initial=0.0) < TOLERANCE:
            break
    return (clicks_by_rank + 1) / (expected + 1)


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Return one array over another, and 0 where the denominator is 0."""
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)


def linked_ranks(impressions: Impressions) -> Integers:
    """Return, for each rank, the first rank that products shown at both link it to, or itself."""
    # What a pair's other ranks say about it is compared with the rank at which it is shown most often.
    by_shown = np.lexsort((-impressions.shown, impressions.pair))
    home = impressions.rank[by_shown[np.unique(impressions.pair[by_shown], return_index=True)[1]]]
    rates = ratio(impressions.by_pair(impressions.clicks), impressions.by_pair(impressions.shown))
    links = np.zeros((impressions.depth, impressions.depth))
    np.add.at(links, (home[impressions.pair], impressions.rank), impressions.shown * rates[impressions.pair])
    linked = (links + links.T >= MIN_LINK) | np.eye(impressions.depth, dtype=bool)
    while not np.array_equal(further := linked @ linked, linked):
        linked = further
    return linked.argmax(axis=1) if impressions.depth else np.zeros(0, dtype=np.int64)


def tells_ranks_apart(impressions: Impressions) -> bool:
    """Tell whether any rank is linked to another one, so that it is known how many look at each."""
    return bool((linked_ranks(impressions) != np.arange(impressions.depth)).any())


def grade(impressions: Impressions, propensity: Floats) -> Iterator[tuple[Hashable, dict[str, float], float]]:
    """Yield each query with its grades, in [0, 4], and its weight, in [0, 1).

    A product's attractiveness is its clicks over its examinations: each time that it was shown counts with the
    propensity of its rank ("clicks over expected clicks", Zhang and Jones, 2007: the inverse of the propensity is given
    to the product as a whole, which keeps the variance of rare clicks at deep ranks small). A grade is
    log2(1 + 15 · attractiveness / best), so that the gain 2**grade - 1 of nDCG is in proportion to attractiveness.

    Args:
        impressions: The counts.
        propensity: By rank; all 1 gives the plain click-through rate.
    """
    examinations = impressions.by_pair(impressions.shown * propensity[impressions.rank])
    known = examinations >= MIN_EXAMINATIONS
    rates = impressions.by_pair(impressions.clicks) / (examinations + PRIOR_EXAMINATIONS)
    attractive = np.where(known, rates, 0.0)
    best = np.zeros(len(impressions.queries))
    np.maximum.at(best, impressions.query, attractive)
    relative = ratio(attractive, best[impressions.query])
    grades = np.where(relative >= NOISE, np.log2(1 + (2**TOP_GRADE - 1) * relative), 0.0)
    by_query: list[dict[str, float]] = [{} for _ in impressions.queries]
    for pair in np.flatnonzero(known):
        by_query[impressions.query[pair]][impressions.products[impressions.product[pair]]] = float(grades[pair])
    weights = impressions.clicking / (impressions.clicking + HALF)
    yield from zip(impressions.queries, by_query, weights.tolist(), strict=True)
