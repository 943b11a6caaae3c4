"""Krippendorff's alpha: figures of his own example, of an independent package, and worked by hand."""

import random

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridsearch.learning.judging.agreement import FEWEST, MOST_GRADES, Agreement, agreement

NONE = None
EXAMPLE = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NONE, NONE, NONE],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NONE, 3],
    [NONE, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NONE],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NONE],
]
"""Four observers, twelve units: "Computing Krippendorff's Alpha-Reliability" (2011), part E; ordinal alpha .815."""


def units(table: list[list[int | None]]) -> list[list[float]]:
    """Return the grades of each unit."""
    return [[float(grade) for grade in column if grade is not None] for column in zip(*table, strict=True)]


def test_the_example_of_the_paper() -> None:
    found = agreement([units(EXAMPLE)])
    assert found.alpha == pytest.approx(0.815, abs=0.0005)
    assert (found.queries, found.products) == (1, 11)  # the twelfth has one observer


def test_two_raters_worked_by_hand() -> None:
    """Pairs (0, 0), (0, 1), (1, 1): n0 = n1 = 3, mean ranks 1.5 and 4.5, distance² 9.

    Observed 2 · 1 · 9 = 18, expected 2 · 3 · 3 · 9 / 5 = 32.4, alpha = 1 − 18 / 32.4 = 4 / 9.
    """
    assert agreement([[[0, 0], [0, 1], [1, 1]]]).alpha == pytest.approx(4 / 9)


@given(
    st.lists(
        st.lists(st.one_of(st.none(), st.sampled_from([0.0, 1.0, 2.0, 3.0])), min_size=4, max_size=4),
        min_size=2,
        max_size=12,
    )
)
@settings(deadline=None)
def test_it_is_what_an_independent_package_gives(table: list[list[float | None]]) -> None:
    products = [[grade for grade in column if grade is not None] for column in table]
    found = agreement([products], draws=1)
    shared = {grade for grades in products if len(grades) > 1 for grade in grades}
    if len(shared) < 2:
        assert found.alpha is None
        return
    data = np.array([[np.nan if grade is None else grade for grade in row] for row in zip(*table, strict=True)])
    assert found.alpha == pytest.approx(krippendorff.alpha(reliability_data=data, level_of_measurement="ordinal"))


def test_how_products_are_split_into_queries_and_in_which_order_raters_come_changes_the_interval_alone() -> None:
    products = units(EXAMPLE)
    whole = agreement([products])
    parts = agreement([[list(reversed(grades))] for grades in products])
    assert parts.alpha == pytest.approx(whole.alpha)
    assert (whole.low, whole.high) == (None, None)  # of one query
    assert parts.low is not None
    assert parts.high is not None
    assert whole.alpha is not None
    assert parts.low < whole.alpha <= parts.high <= 1


def test_the_interval_narrows_with_more_queries_and_holds_what_the_raters_mean() -> None:
    """Raters who copy each other seven times of ten, and else draw a grade: the more queries, the surer."""
    drawn = random.Random(1)

    def judged(queries: int) -> list[list[list[float]]]:
        grades = [[float(drawn.randrange(4)) for _ in range(10)] for _ in range(queries)]
        return [
            [[one, one if drawn.random() < 0.7 else float(drawn.randrange(4))] for one in query] for query in grades
        ]

    few, many = agreement(judged(8)), agreement(judged(200))
    assert few.low is not None
    assert few.high is not None
    assert many.low is not None
    assert many.high is not None
    assert many.high - many.low < (few.high - few.low) / 2
    assert many.low < 0.7 < many.high  # exactly 1 - 0.3 of chance


def test_fewer_than_six_queries_give_no_interval() -> None:
    query = [[0.0, 1.0], [3.0, 3.0]]
    assert agreement([query] * (FEWEST - 1)).low is None
    assert agreement([query] * FEWEST).low is not None


@pytest.mark.parametrize(
    ("judged", "said"),
    [
        ([], "No product was judged by two raters"),
        ([[[1.0], [2.0]]], "No product was judged by two raters"),
        ([[[1.0, 1.0], [1.0, 1.0]]], "cannot be told"),
        ([[[float(number), 0.0] for number in range(MOST_GRADES + 1)]], "cannot be told"),
        ([[[0.0, 0.0], [3.0, 3.0]]], "The raters agree: these grades can be relied on."),
        ([[[0.0, 3.0], [3.0, 0.0]]], "The raters differ"),
    ],
)
def test_it_says_what_to_make_of_it(judged: list[list[list[float]]], said: str) -> None:
    assert said in agreement(judged).said


def test_krippendorffs_bounds() -> None:
    assert "agree:" in Agreement(0.8, products=1).said
    assert "well enough" in Agreement(0.7, products=1).said
    assert "differ" in Agreement(0.66, products=1).said
