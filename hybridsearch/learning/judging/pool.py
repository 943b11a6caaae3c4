"""The pool of a query: which products are judged, and in which order a rater sees them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from hybridsearch.learning.runs import KEYWORD, uncoded, vectors_only
from hybridsearch.query_sources import WORDS
from hybridsearch.search.plan import Plan
from hybridsearch.search.weights import Weights

TOP = 10
"""First hits of each system that are judged: as far as the main measure, nDCG@10, looks."""
MOST = 100
"""Products of a pool."""


@dataclass(frozen=True, slots=True)
class System:
    """A search whose first hits are judged.

    Attributes:
        weights: None for those in use.
        leg: The vector leg that it is alone; empty for one by words.
    """

    weights: Weights | None = None
    leg: str = ""


def systems(legs: Iterable[str]) -> Iterator[System]:
    """Yield the search that shoppers get, keywords alone, and each vector leg alone.

    Args:
        legs: Names of the legs that read words.
    """
    yield System()
    yield System(KEYWORD)
    for leg in legs:
        alone = Weights(signals={f"{WORDS.name}.{leg}": 1.0}, floors={WORDS.name: -1.0}, proof=0.0)
        yield System(alone, leg)


def first_hits(plan: Plan, system: System) -> Plan:
    """Return the plan of a system, made with its weights, that gives the first hits, and their order only."""
    bare = replace(plan, offset=0, size=TOP, facets=(), compared=(), rows=False)
    if system.weights is None:
        return bare
    own = tuple(each for each in bare.neighbours if each.leg == system.leg)
    return vectors_only(uncoded(replace(bare, neighbours=own)))


def united(rankings: Iterable[Sequence[str]], judged: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the products of several rankings, each once, the first hit of all of them before the second ones.

    Args:
        rankings: Ids, best first.
        judged: Products that raters have judged before: so all raters judge the same.
    """
    lists = [list(ranking[:TOP]) for ranking in rankings]
    dealt = (ranking[place] for place in range(TOP) for ranking in lists if place < len(ranking))
    return tuple(dict.fromkeys([*dealt, *judged]))[:MOST]


def blind(products: Iterable[str], query: str, rater: str) -> tuple[str, ...]:
    """Return products in an order that tells nothing of what found them, the same for a query and a rater each time.

    Raters get different orders, so that tired eyes at the end of a list are not always on the same products.
    """

    def drawn(product: str) -> bytes:
        return hashlib.blake2b("\0".join((query, rater, product)).encode(errors="replace")).digest()

    return tuple(sorted(products, key=drawn))
