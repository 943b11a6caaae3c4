"""How far the neighbours of a leg are looked for: decided from measurements, see `docs/scale.md`."""

from __future__ import annotations

from hybridsearch.schema import Leg
from hybridsearch.search.clauses import Neighbours
from hybridsearch.values import Vector

EXPLORE = 200
"""Vectors that an approximate index looks at for a hundred neighbours: more find hardly any that fewer miss, as what is
missed is lost by rounding, and not by the graph."""
EXPLORE_EXACT = 10_000
"""The same for an exact leg: the most that Elasticsearch allows. Its `flat` index would be the obvious choice, but from
9.x on a knn clause on it ignores k and matches every product (seen on 9.4.3)."""
OVERSAMPLE = {4: 3.0, 1: 5.0}
"""Of how many times as many neighbours whole vectors are compared, by the bits that an index keeps of each number: then
as many of the first ten are found as with 8 bits."""


def nearest(leg: Leg, vector: Vector, k: int, floor: float) -> Neighbours:
    """Return the clause that finds the neighbours of a vector in a leg."""
    explore = EXPLORE_EXACT if leg.exact else EXPLORE
    return Neighbours(leg.name, vector, k, explore, floor, oversample=OVERSAMPLE.get(leg.bits))
