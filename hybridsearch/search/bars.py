"""Bars: ranges between round numbers that fit what was found. Pure functions.

They depend on how the numbers lie, so a plan with bars is run twice: once to see this, without hits, and then with the
ranges that follow from it, which are counted as all others.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import accumulate, count

from hybridsearch.search.facets.counts import Facet
from hybridsearch.search.plan import Plan
from hybridsearch.values import FacetDetails

ROUND = (1, 2, 5)
"""What a bar may be wide, times a power of ten."""
SCALE = tuple(float(f"{step}e{power}") for power in range(-2, 9) for step in ROUND)
"""Where numbers are counted to see how they lie: whatever they are, and on both engines the same."""
FAR = 0.05
"""Share of the numbers that may lie so far beyond the others that these would all be in a few bars;"""
MUCH = 2
"""how many times as far they must lie to be one bar together, without an upper end."""
NARROWEST = 1e-300
"""Far from the smallest number that can be divided by."""


def wanting(plan: Plan) -> tuple[Facet, ...]:
    """Return the facets whose bars are not known yet."""
    return tuple(facet for facet in plan.facets if facet.bars and not facet.cuts)


def scaled(facet: Facet) -> Facet:
    """Return the facet that tells how the numbers lie."""
    return replace(facet, bars=0, cuts=SCALE)


def measuring(plan: Plan) -> Plan:
    """Return the plan that tells how the numbers lie for each facet that needs this, and finds no hits."""
    signals = plan.signals if plan.least else ()
    counted = tuple(map(scaled, wanting(plan)))
    return replace(plan, facets=counted, signals=signals, compared=(), proofs=(), offset=0, size=0, rows=False)


def fitted(plan: Plan, counts: Mapping[str, Mapping[str, int]], details: Mapping[str, FacetDetails]) -> Plan:
    """Return a plan whose bars fit, given what was counted for each facet by `measuring`."""
    known = {
        facet: fit(facet, counts[facet.field].values(), details[facet.field])
        for facet in wanting(plan)
        if facet.field in counts
    }
    return replace(plan, facets=tuple(known.get(facet, facet) for facet in plan.facets))


def fit(facet: Facet, counts: Iterable[int], details: FacetDetails) -> Facet:
    """Return a facet whose bars fit; where there is no number it has none.

    Args:
        facet: With so many bars at most.
        counts: How many numbers lie before, between and after the numbers of SCALE.
        details: With the smallest and the largest number.
    """
    least, most = details.minimum, details.maximum
    if least is None or most is None:
        return facet
    end = most_of(tuple(counts))
    if end > least and MUCH * end < most and facet.bars > MUCH:
        before = math.nextafter(end, -math.inf)
        return replace(facet, cuts=(*edges(least, before, facet.bars - 1), math.inf))
    return replace(facet, cuts=edges(least, most, facet.bars))


def most_of(counts: tuple[int, ...]) -> float:
    """Return the first number of SCALE from which on lie hardly any."""
    below = accumulate(counts)
    return next((end for end, seen in zip(SCALE, below, strict=False) if seen >= (1 - FAR) * sum(counts)), math.inf)


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
