"""Bars: round bounds that fit the smallest and the largest number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.search.bars import SCALE, edges, fit, fitted, measuring, wanting
from hybridsearch.search.clauses import Number
from hybridsearch.search.facets.counts import Facet
from hybridsearch.search.plan import Plan, Sort
from hybridsearch.values import FacetDetails

BARS = Facet("price", "numbers", bars=5)
FOUND = {"price": [5.5, 94.5], "stars": []}


@pytest.mark.parametrize(
    ("least", "most", "bars", "expected"),
    [
        (5.5, 94.5, 10, [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]),
        (5.5, 94.5, 5, [0, 20, 40, 60, 80, 100]),
        (0, 100, 10, [0, 20, 40, 60, 80, 100, 120]),
        (1990, 2025, 8, [1990, 1995, 2000, 2005, 2010, 2015, 2020, 2025, 2030]),
        (0.1, 0.3, 3, [0.1, 0.2, 0.3, 0.4]),
        (-5.5, 94, 5, [-50, 0, 50, 100]),
        (19.9, 19.9, 10, [19, 20]),
        (0, 0, 3, [0, 1]),
        (99, 101, 2, [98, 100, 102]),
        (-1, 0, 2, [-1, 0, 1]),
        (-1.7e308, 1.7e308, 5, []),
    ],
)
def test_bars_have_the_narrowest_round_width_of_which_there_are_not_too_many(
    least: float, most: float, bars: int, expected: list[float]
) -> None:
    assert list(edges(least, most, bars)) == expected


NUMBERS = st.floats(-1e300, 1e300) | st.floats(-1e5, 1e5) | st.integers(-200, 200).map(float)


@given(ends=st.tuples(NUMBERS, NUMBERS), bars=st.integers(2, 100))
def test_each_number_lies_in_a_bar_and_no_bar_at_an_end_is_in_vain(ends: tuple[float, float], bars: int) -> None:
    least, most = sorted(ends)
    found = edges(least, most, bars)
    assert 1 <= len(found) - 1 <= bars
    assert all(low < high for low, high in pairwise(found))
    assert found[0] <= least < found[1]
    assert found[-2] <= most < found[-1]
    assert len(Facet("price", "numbers", cuts=found, bars=bars).ranges) == len(found) - 1


def test_bars_are_closed_ranges_each_the_filter_that_finds_it() -> None:
    facet = Facet("price", "numbers", cuts=(0.0, 2.5, 5.0), bars=2)
    assert facet.ranges == {"0..2.5": {"gte": 0.0, "lt": 2.5}, "2.5..5": {"gte": 2.5, "lt": 5.0}}
    assert BARS.ranges == {}


def lying(numbers: Sequence[float]) -> list[int]:
    """Return how many of some numbers lie before, between and after those of the scale."""
    ends = [-math.inf, *SCALE, math.inf]
    return [sum(low <= number < high for number in numbers) for low, high in pairwise(ends)]


@pytest.mark.parametrize(
    ("numbers", "cuts"),
    [
        ([5.5, 20, 94.5], (0, 20, 40, 60, 80, 100)),
        ([*range(100)], (0, 20, 40, 60, 80, 100)),
        ([*range(1, 96), 1e6, 1e6, 1e6, 1e6, 1e6], (0, 50, 100, math.inf)),
        ([*range(1, 95), 1e6, 1e6, 1e6, 1e6, 1e6, 1e6], (0, 500_000, 1_000_000, 1_500_000)),
        ([*range(1, 96), 150, 150, 150, 150, 150], (0, 50, 100, 150, 200)),
        ([*range(-9, 10), 3_000], (-10, -5, 0, 5, 10, math.inf)),
        ([-3_000, *range(1, 30)], (-3_000, -2_000, -1_000, 0, 1_000)),
        ([7], (7, 8)),
        ([1.7e308], ()),
        ([], ()),
    ],
)
def test_a_few_numbers_far_beyond_the_others_are_one_bar_without_an_end(
    numbers: list[float], cuts: tuple[float, ...]
) -> None:
    details = FacetDetails(0, min(numbers), max(numbers), 1.0) if numbers else FacetDetails()
    assert fit(BARS, lying(numbers), details).cuts == cuts


def test_two_bars_are_too_few_for_one_without_an_end() -> None:
    few = replace(BARS, bars=2)
    assert fit(few, lying([1.0] * 50 + [90.0]), FacetDetails(0, 1.0, 90.0, 3.0)).cuts == (0, 50, 100)


def test_a_bar_without_an_end_is_named_so() -> None:
    facet = Facet("price", "numbers", cuts=(0.0, 20.0, math.inf), bars=2)
    assert facet.ranges == {"0..20": {"gte": 0.0, "lt": 20.0}, "20..": {"gte": 20.0}}


def test_a_plan_asks_first_how_the_numbers_lie_and_for_nothing_else() -> None:
    plan = Plan(
        "words",
        "",
        facets=(Facet("brand"), BARS),
        signals=(Number("number.stars", 1.0, "stars", 1.0),),
        offset=10,
        size=10,
    )
    scale = Facet("price", "numbers", cuts=SCALE)
    assert measuring(plan) == Plan("words", "", facets=(scale,), size=0, rows=False)
    assert SCALE[:4] + SCALE[-2:] == (0.01, 0.02, 0.05, 0.1, 2e8, 5e8)


def test_what_is_near_enough_in_an_order_is_measured_alone() -> None:
    signals = (Number("number.stars", 1.0, "stars", 1.0),)
    plan = Plan("words", "", facets=(BARS,), signals=signals, sort=(Sort("price"),), least=0.5)
    assert (measuring(plan).least, measuring(plan).signals) == (0.5, signals)


def test_a_plan_is_fitted_to_what_was_measured() -> None:
    plan = Plan("browse", "", facets=(Facet("brand"), BARS, Facet("stars", "numbers", bars=2)))
    counts = {name: dict(zip(Facet("", cuts=SCALE).ranges, lying(found), strict=True)) for name, found in FOUND.items()}
    known = fitted(plan, counts, {"price": FacetDetails(0, 5.5, 94.5, 50.0), "stars": FacetDetails()})
    bars = Facet("price", "numbers", cuts=(0.0, 20.0, 40.0, 60.0, 80.0, 100.0), bars=5)
    assert known.facets == (Facet("brand"), bars, Facet("stars", "numbers", bars=2))
    assert wanting(known) == (Facet("stars", "numbers", bars=2),)
