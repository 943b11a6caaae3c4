"""Clicks: from what shoppers were shown and clicked to grades, with the bias of the position taken out.

The click model is the position-based one (Craswell et al., 2008): a product is clicked when its rank is examined, which
depends on the rank alone, and when it attracts, which depends on query and product: clicks = shown · θ(rank) · α(pair).
Only products that were seen at several ranks tell θ apart from α. The two are fitted in turns, each in closed form with
the other held (iterative proportional fitting, the Poisson maximum likelihood for these counts), which is consistent
because it needs no more than that mean to be right. Expectation-maximisation (Chuklin et al., "Click Models for Web
Search", 2015, section 4.3) finds the same values where each query has many sessions. Where it has few, it needs ten
thousand times the steps and ends further from the truth.
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

DEEPEST = 100
"""Ranks that are looked at; hardly anyone scrolls further."""
FLOOR = 0.02
"""The least propensity, so that no click stands for more than 50."""
LINK = 5.0
"""Clicks that moved products must lead one to expect at a rank before its propensity is believed: with 5, an estimate
is off by a factor of 1.6 (one standard error)."""
LEAST = 10.0
"""Examinations below which a product gets no grade."""
SHRINK = 10.0
"""Examinations without a click that every product is given, so that one lucky click is not taken for a favourite."""
NOISE = 0.05
"""Attractiveness, as a part of that of the query's best product, below which clicks are taken for accidents."""
BEST = 4.0
HALF = 20.0
"""Sessions with a click at which a query has half the weight that it can have."""
BLOCK = 50_000
"""Visits that are counted at a time, so that memory stays small."""
MOST_STEPS = 1_000
CLOSE = 1e-9


@dataclass(frozen=True, eq=False, slots=True)
class Impressions:
    """How often products were shown and clicked.

    Attributes:
        queries: What `Sessions.add` was given, each once; arrays name them by place.
        products: Ids; arrays name them by place.
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
        return tally(self.pair, values, len(self.query))

    def by_rank(self, values: Floats) -> Floats:
        """Return the sum over the cells of each rank."""
        return tally(self.rank, values, self.depth)

    @property
    def depth(self) -> int:
        """Number of ranks."""
        return int(self.rank.max(initial=-1)) + 1


class Sessions:
    """Gathers sessions row by row: 10 bytes for each product shown, and a few hundred for each session and query."""

    def __init__(self) -> None:
        self._queries: dict[Hashable, int] = {}
        self._products: dict[str, int] = {}
        self._visits: dict[tuple[str, int], int] = {}
        self._visit, self._product = array("I"), array("I")
        self._rank, self._clicked = array("B"), array("B")

    def add(self, session: str, query: Hashable, shown: Sequence[str], clicked: Collection[str]) -> bool:
        """Add what a session saw and did, and say whether it is the first row of this session and query.

        Args:
            session: Its name; rows of the same session and query are taken together.
            query: What was asked.
            shown: Ids in order; blank ones keep their place and are nobody's.
            clicked: Ids; those that were not shown are passed over.
        """
        number = self._queries.setdefault(query, len(self._queries))
        count = len(self._visits)
        visit = self._visits.setdefault((session, number), count)
        clicked = frozenset(clicked)
        kept = [(rank, product) for rank, product in enumerate(shown[:DEEPEST]) if product]
        self._visit.extend([visit] * len(kept))
        self._product.extend([self._products.setdefault(product, len(self._products)) for _, product in kept])
        self._rank.extend([rank for rank, _ in kept])
        self._clicked.extend([product in clicked for _, product in kept])
        return visit == count

    def impressions(self) -> Impressions:
        """Return the counts. In a session a product counts once for a query: at its best rank, clicked if ever."""
        width = max(1, len(self._products))
        asked = np.array([query for _, query in self._visits], np.int64)
        columns = [np.array(column) for column in (self._visit, self._product, self._rank, self._clicked)]
        cells, shown, clicks = np.zeros(0, np.int64), np.zeros(0), np.zeros(0)
        for start in range(0, len(asked), BLOCK):
            inside = (columns[0] >= start) & (columns[0] < start + BLOCK)
            visit, product, rank, clicked = once(width, *(column[inside].astype(np.int64) for column in columns))
            found = (asked[visit] * width + product) * DEEPEST + rank
            cells, shown, clicks = summed(
                np.concatenate([cells, found]),
                np.concatenate([shown, np.ones(len(found))]),
                np.concatenate([clicks, clicked]),
            )
        pairs, pair = np.unique(cells // DEEPEST, return_inverse=True)
        clicking = asked[np.unique(columns[0][columns[3] > 0])]
        return Impressions(
            queries=tuple(self._queries),
            products=tuple(self._products),
            query=pairs // width,
            product=pairs % width,
            pair=pair,
            rank=cells % DEEPEST,
            shown=shown,
            clicks=clicks,
            clicking=tally(clicking, np.ones(len(clicking)), len(self._queries)),
        )


def once(width: int, visit: Integers, product: Integers, rank: Integers, clicked: Integers) -> list[NDArray[Any]]:
    """Return visit, product, best rank, and 1.0 if it was ever clicked, of each product of each visit."""
    keys, place = np.unique(visit * width + product, return_inverse=True)
    best = np.full(len(keys), DEEPEST)
    np.minimum.at(best, place, rank)
    return [keys // width, keys % width, best, np.minimum(tally(place, clicked, len(keys)), 1.0)]


def summed(keys: Integers, shown: Floats, clicks: Floats) -> tuple[Integers, Floats, Floats]:
    """Return the distinct keys with the sums of what belongs to them."""
    found, place = np.unique(keys, return_inverse=True)
    return found, tally(place, shown, len(found)), tally(place, clicks, len(found))


def tally(places: Integers, values: NDArray[Any], size: int) -> Floats:
    """Return the sum of the values at each place."""
    return np.bincount(places, values, size).astype(np.float64, copy=False)


def propensities(seen: Impressions) -> Floats:
    """Return the chance that a shopper looks at each rank, as a part of that of the first, in [FLOOR, 1].

    A rank is told from another by the products that were shown at both. One that no such products tie to the ranks
    above it takes the propensity of the rank above: where orders never change, nothing is corrected, since what looks
    like attention may as well be a good order.
    """
    fitted = fit(seen)
    found = np.ones(seen.depth)
    for rank, top in enumerate(tied(seen)):
        above = found[max(rank - 1, 0)]
        found[rank] = np.clip(above if top == rank else found[top] * fitted[rank] / fitted[top], FLOOR, 1.0)
    return found


def fit(seen: Impressions) -> Floats:
    """Return the propensity of each rank, from the products that moved, as a part of the largest.

    One click more than was seen, and one more than was expected, keep a rank of few clicks near 1: uncorrected.
    """
    moved = (np.bincount(seen.pair, minlength=len(seen.query)) > 1) & (seen.by_pair(seen.clicks) > 0)
    shown, clicks = (np.where(moved[seen.pair], values, 0.0) for values in (seen.shown, seen.clicks))
    clicks_by_pair, clicks_by_rank = seen.by_pair(clicks), seen.by_rank(clicks)
    examined = np.ones(seen.depth)
    for _ in range(MOST_STEPS):
        attractive = ratio(clicks_by_pair, seen.by_pair(shown * examined[seen.rank]))
        expected = seen.by_rank(shown * attractive[seen.pair])
        before, examined = examined, ratio(clicks_by_rank, expected)
        examined /= examined.max(initial=CLOSE)
        if np.abs(examined - before).max(initial=0.0) < CLOSE:
            break
    return (clicks_by_rank + 1) / (expected + 1)


def ratio(above: Floats, below: Floats) -> Floats:
    """Return one array over another, and 0 where there is nothing to divide by."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def tied(seen: Impressions) -> Integers:
    """Return, for each rank, the first rank that moved products tie it to; itself where there is none above."""
    # What a pair's other ranks say about it is compared with the rank at which it stands most often.
    often = np.lexsort((-seen.shown, seen.pair))
    home = seen.rank[often[np.unique(seen.pair[often], return_index=True)[1]]]
    expected = seen.shown * ratio(seen.by_pair(seen.clicks), seen.by_pair(seen.shown))[seen.pair]
    links = np.zeros((seen.depth, seen.depth))
    np.add.at(links, (home[seen.pair], seen.rank), expected)
    reached = (links + links.T >= LINK) | np.eye(seen.depth, dtype=bool)
    while not np.array_equal(further := reached @ reached, reached):
        reached = further
    return reached.argmax(axis=1) if seen.depth else np.zeros(0, dtype=np.int64)


def grade(seen: Impressions, examined: Floats) -> Iterator[tuple[Hashable, dict[str, float], float]]:
    """Yield each query with its grades, in [0, 4], and its weight, in [0, 1).

    A product's attractiveness is its clicks over its examinations, each time that it was shown counting with the
    propensity of its rank ("clicks over expected clicks", Zhang and Jones, 2007: the inverse of the propensity is given
    to the product as a whole, which keeps the variance of rare clicks at deep ranks down). A grade is
    log2(1 + 15 · attractiveness / best), so that the gain 2**grade - 1 of nDCG is in proportion to attractiveness.

    Args:
        seen: The counts.
        examined: Propensity by rank; all 1 gives the plain click-through rate.
    """
    examinations = seen.by_pair(seen.shown * examined[seen.rank])
    known = examinations >= LEAST
    attractive = np.where(known, seen.by_pair(seen.clicks) / (examinations + SHRINK), 0.0)
    best = np.zeros(len(seen.queries))
    np.maximum.at(best, seen.query, attractive)
    relative = ratio(attractive, best[seen.query])
    grades = np.where(relative >= NOISE, np.log2(1 + (2**BEST - 1) * relative), 0.0)
    found: list[dict[str, float]] = [{} for _ in seen.queries]
    for pair in np.flatnonzero(known):
        found[seen.query[pair]][seen.products[seen.product[pair]]] = float(grades[pair])
    yield from zip(seen.queries, found, (seen.clicking / (seen.clicking + HALF)).tolist(), strict=True)
