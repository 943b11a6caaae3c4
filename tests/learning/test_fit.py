"""The fit: it finds what decides, never turns a signal against itself, and keeps what it knows nothing about."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hybridsearch.learning.features import Features, build
from hybridsearch.learning.fit import HARDEST, fit, listed
from hybridsearch.learning.queries import JudgedQuery
from hybridsearch.learning.result_lists import ResultList
from tests.learning.builders import NAMES, START, TRUTH, planted, tables


def direction(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights of length 1."""
    return weights / np.linalg.norm(weights)


def likeness(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the cosine of two weightings: nothing but their direction ranks."""
    return float(direction(one) @ direction(other))


@pytest.mark.parametrize("judged_only", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_a_planted_weighting_is_found(seed: int, judged_only: bool) -> None:
    found = fit(planted(seed=seed), START, 0.001, judged_only=judged_only)
    assert likeness(found, TRUTH) > (0.9 if judged_only else 0.99)
    assert likeness(START, TRUTH) < 0.5


def test_a_planted_weighting_is_found_through_noise() -> None:
    assert likeness(fit(planted(300, noise=0.1), START, 0.001, judged_only=False), TRUTH) > 0.98


@settings(deadline=None, max_examples=60)
@given(tables(), st.sampled_from([1.0, 0.01, 0.0]), st.booleans())
def test_any_table_gives_finite_weights_that_are_never_negative(
    found: tuple[tuple[ResultList, ...], tuple[JudgedQuery, ...], Features], strength: float, judged_only: bool
) -> None:
    weights = fit(found[2], START, strength, judged_only=judged_only)
    assert np.isfinite(weights).all()
    assert (weights >= 0).all()
    assert weights.sum() > 0


def test_a_signal_that_speaks_against_relevance_ends_at_nothing() -> None:
    found = fit(planted(truth=np.array([1.0, -1.0, 0.0, 0.0])), START, 0.001, judged_only=False)
    assert found[1] < 1e-3 * found[0]


@settings(deadline=None, max_examples=40)
@given(tables(), st.sampled_from([1.0, 0.01]))
def test_signals_that_the_table_says_nothing_about_keep_their_weight(
    found: tuple[tuple[ResultList, ...], tuple[JudgedQuery, ...], Features], strength: float
) -> None:
    table = found[2]
    blind = replace(table, values=table.values * np.array([1, 0, 1, 0], np.float32))
    weights = fit(blind, np.array([0.5, 0.4, 0.1, 0.7]), strength, judged_only=False)
    assert weights[[1, 3]].tolist() == [0.4, 0.7]
    assert weights[[0, 2]].sum() == pytest.approx(0.6)


def test_the_same_table_gives_the_same_weights() -> None:
    one, other = (fit(planted(noise=0.2), START, 0.01, judged_only=False) for _ in range(2))
    assert one.tolist() == other.tolist()


def test_without_relevant_candidates_the_weights_stay() -> None:
    table = planted()
    empty = replace(table, gains=np.zeros_like(table.gains))
    for nothing in (empty, table.take(np.zeros(0, np.intp))):
        assert fit(nothing, START, 0.01, judged_only=False).tolist() == START.tolist()


def test_the_more_the_current_weights_are_trusted_the_nearer_the_new_ones_are() -> None:
    strengths = (0.01, 0.1, 1.0, 10.0, 1e4)
    near = [likeness(fit(planted(), START, strength, judged_only=False), START) for strength in strengths]
    assert near == sorted(near)
    assert near[-1] > 0.9999


def test_a_query_that_is_trusted_less_teaches_less() -> None:
    # Two halves that contradict each other: the first knows only the title, the second only the text.
    title, text = planted(truth=np.array([1.0, 0, 0, 0])), planted(truth=np.array([0, 1.0, 0, 0]), seed=1)
    both = {name: np.concatenate([getattr(title, name), getattr(text, name)]) for name in
            ("values", "present", "judged", "gains", "ideal", "kinds")}  # fmt: skip
    trust = np.repeat(np.array([1.0, 0.01], np.float32), len(title))
    weights = fit(Features(NAMES, trust=trust, groups=np.arange(120), **both), START, 0.01, judged_only=False)
    assert weights[0] > 5 * weights[1]


def test_a_weight_of_nothing_can_rise() -> None:
    found = fit(planted(truth=np.array([0, 0, 0, 1.0])), START, 0.01, judged_only=False)
    assert found[3] > 0.9 * found.sum()


def test_only_relevant_candidates_and_the_hardest_others_are_looked_at() -> None:
    table = planted(candidates=300)
    values, gains, counts, share = listed(table, START, judged_only=False)
    assert values.shape[1] <= HARDEST + 6
    assert float(gains.sum()) == pytest.approx(float(table.gains.sum()))
    assert bool(counts.any(dim=1).all())
    assert float(share.sum()) == pytest.approx(1)


def test_candidates_without_a_grade_can_be_left_out() -> None:
    _, _, counts, _ = listed(planted(), START, judged_only=True)
    assert counts.sum(dim=1).tolist() == [7] * 60  # six relevant, one that is not


@pytest.mark.parametrize(
    ("values", "grades"),
    [
        (np.ones((1, 4)), {"0": 1.0}),
        (np.ones((5, 4)), {"0": 1.0}),
        (np.zeros((5, 4)), {"0": 1.0, "1": 1.0}),
        (np.eye(4), {str(place): 2.0 for place in range(4)}),
    ],
    ids=["one candidate", "all equal", "all nothing", "all relevant"],
)
def test_degenerate_queries_leave_the_ranking_as_it_is(values: NDArray[np.float64], grades: dict[str, float]) -> None:
    window = ResultList(tuple(map(str, range(len(values)))), values.astype(np.float32))
    table = build(NAMES, [window], [JudgedQuery("a", grades)], ["words"])
    found = fit(table, START, 1.0, judged_only=False)
    assert np.isfinite(found).all()
    assert likeness(found, START) > 0.8
