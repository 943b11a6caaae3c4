"""The pool of a query: which products are judged, and in which order a rater sees them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from hybridsearch.learning.runs import KEYWORD, uncoded, vectors_only
from hybridsearch.query_sources import WORDS
from hybridsearch.search.plan import Plan
from hybridsearch.search.weights import Weights

TOP = 10
"""First hits of each system that are judged: as far as the main measure, nDCG@10, looks."""
MOST = 100
"""Products of a pool."""


def systems(legs: Iterable[str]) -> tuple[Weights | None, ...]:
    """Return the weights of the systems whose hits are judged: those in use, keywords alone, each vector leg alone.

    Args:
        legs: Names of the legs that read words.
    """
    return None, KEYWORD, *map(leg_alone, legs)


def leg_alone(leg: str) -> Weights:
    """Return the weights of one vector leg alone, without a floor."""
    return Weights(signals={f"{WORDS.name}.{leg}": 1.0}, floors={WORDS.name: -1.0}, proof=0.0)


def first_hits(plan: Plan, weights: Weights | None) -> Plan:
    """Return the plan of a system that gives the first hits, and their order only."""
    bare = replace(plan, offset=0, size=TOP, facets=(), compared=(), rows=False)
    if weights is None:
        return bare
    return uncoded(bare) if weights is KEYWORD else uncoded(vectors_only(bare))


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
