"""Bars: ranges between round numbers that fit what was found. Pure functions.

They depend on the smallest and the largest number, so a plan with bars is run twice: once for these, without hits, and
then with the ranges, which are counted as all others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import count

from hybridsearch.search.counts import Facet
from hybridsearch.search.plan import Plan
from hybridsearch.values import FacetDetails

ROUND = (1, 2, 5)
"""What a bar may be wide, times a power of ten."""
NARROWEST = 1e-300
"""Far from the smallest number that can be divided by."""


def wanting(plan: Plan) -> tuple[Facet, ...]:
    """Return the facets whose bars are not known yet."""
    return tuple(facet for facet in plan.facets if facet.bars and not facet.cuts)


def measuring(plan: Plan) -> Plan:
    """Return the plan that finds the smallest and the largest number for each facet that needs them, and no hits."""
    signals = plan.signals if plan.least else ()
    counted = replace(plan, facets=wanting(plan), compared=(), proof=None, offset=0, size=0, rows=False)
    return replace(counted, signals=signals)


def fitted(plan: Plan, measured: Mapping[str, FacetDetails]) -> Plan:
    """Return a plan whose bars are between the round numbers that fit what was measured of each facet."""
    known = {facet: fit(facet, measured[facet.field]) for facet in wanting(plan) if facet.field in measured}
    return replace(plan, facets=tuple(known.get(facet, facet) for facet in plan.facets))


def fit(facet: Facet, measured: FacetDetails) -> Facet:
    """Return a facet whose bars fit; where there is no number it has none."""
    if measured.minimum is None or measured.maximum is None:
        return facet
    return replace(facet, cuts=edges(measured.minimum, measured.maximum, facet.bars))


def edges(least: float, most: float, bars: int) -> tuple[float, ...]:
    """Return where bars begin and end, ascending: of the narrowest round width of which no more are needed.

    Each number from `least` to `most` lies in one of them, which includes its lower end and not its upper one. Numbers
    for which no larger one could be written down have no bars.

    Args:
        least: The smallest number.
        most: The largest number.
        bars: How many there may be, from 2 on: 0 is an end of one wherever it lies among the numbers.
    """
    across = max((most / bars - least / bars) or abs(most) / 2 or 1.0, NARROWEST)
    try:
        for power in count(math.floor(math.log10(across))):
            for width in ROUND:
                first, last = place_of(least, width, power), place_of(most, width, power)
                if last - first < bars:
                    return tuple(dict.fromkeys(edge(place, width, power) for place in range(first, last + 2)))
    except OverflowError:
        pass
    return ()


def place_of(number: float, width: int, power: int) -> int:
    """Return the number of the bar that a number lies in."""
    place = math.floor(number / edge(1, width, power))
    while edge(place, width, power) > number:
        place -= 1
    while edge(place + 1, width, power) <= number:
        place += 1
    return place


def edge(place: int, width: int, power: int) -> float:
    """Return where a bar begins: the number that is nearest to what people write.

    Raises:
        OverflowError: It is too large.
    """
    return float(place * width * 10**power) if power >= 0 else place * width / 10**-power
