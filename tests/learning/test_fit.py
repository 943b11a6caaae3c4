"""The fit: it finds the weights that were planted, none is negative, and signals that say nothing keep theirs."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hybridsearch.learning.features import Features, build
from hybridsearch.learning.fit import HARDEST, fit, to_tensors
from hybridsearch.learning.result_lists import ResultList
from hybridsearch.learning.sources.queries import JudgedQuery
from tests.learning.builders import NAMES, START, TRUTH, planted, small_features


def direction(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights of length 1."""
    return weights / np.linalg.norm(weights)


def likeness(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return the cosine of two sets of weights: only their direction decides on the ranking."""
    return float(direction(first) @ direction(second))


@pytest.mark.parametrize("judged_only", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_planted_weights_are_found(seed: int, judged_only: bool) -> None:
    weights = fit(planted(seed=seed), START, 0.001, judged_only=judged_only)
    assert likeness(weights, TRUTH) > (0.9 if judged_only else 0.99)
    assert likeness(START, TRUTH) < 0.5


def test_planted_weights_are_found_through_noise() -> None:
    assert likeness(fit(planted(300, noise=0.1), START, 0.001, judged_only=False), TRUTH) > 0.98


@settings(deadline=None, max_examples=60)
@given(small_features(), st.sampled_from([1.0, 0.01, 0.0]), st.booleans())
def test_any_features_give_finite_weights_that_are_never_negative(
    drawn: tuple[tuple[ResultList, ...], tuple[JudgedQuery, ...], Features], strength: float, judged_only: bool
) -> None:
    weights = fit(drawn[2], START, strength, judged_only=judged_only)
    assert np.isfinite(weights).all()
    assert (weights >= 0).all()
    assert weights.sum() > 0


def test_a_signal_that_speaks_against_relevance_ends_at_0() -> None:
    weights = fit(planted(truth=np.array([1.0, -1.0, 0.0, 0.0])), START, 0.001, judged_only=False)
    assert weights[1] < 1e-3 * weights[0]


@settings(deadline=None, max_examples=40)
@given(small_features(), st.sampled_from([1.0, 0.01]))
def test_signals_that_the_features_say_nothing_about_keep_their_weight(
    drawn: tuple[tuple[ResultList, ...], tuple[JudgedQuery, ...], Features], strength: float
) -> None:
    features = drawn[2]
    blind = replace(features, values=features.values * np.array([1, 0, 1, 0], np.float32))
    weights = fit(blind, np.array([0.5, 0.4, 0.1, 0.7]), strength, judged_only=False)
    assert weights[[1, 3]].tolist() == [0.4, 0.7]
    assert weights[[0, 2]].sum() == pytest.approx(0.6)


def test_the_same_features_give_the_same_weights() -> None:
    first, second = (fit(planted(noise=0.2), START, 0.01, judged_only=False) for _ in range(2))
    assert first.tolist() == second.tolist()


def test_without_relevant_candidates_the_weights_stay() -> None:
    features = planted()
    empty = replace(features, gains=np.zeros_like(features.gains))
    for useless in (empty, features.take(np.zeros(0, np.intp))):
        assert fit(useless, START, 0.01, judged_only=False).tolist() == START.tolist()


def test_the_more_the_current_weights_are_trusted_the_nearer_the_new_ones_are() -> None:
    strengths = (0.01, 0.1, 1.0, 10.0, 1e4)
    near = [likeness(fit(planted(), START, strength, judged_only=False), START) for strength in strengths]
    assert near == sorted(near)
    assert near[-1] > 0.9999


def test_a_query_that_is_trusted_less_teaches_less() -> None:
    # Two halves that contradict each other: the first knows only the title, the second only the text.
    title, text = planted(truth=np.array([1.0, 0, 0, 0])), planted(truth=np.array([0, 1.0, 0, 0]), seed=1)
    both: dict[str, Any] = {name: np.concatenate([getattr(title, name), getattr(text, name)]) for name in
            ("values", "present", "judged", "gains", "ideal", "kinds")}  # fmt: skip
    trust = np.repeat(np.array([1.0, 0.01], np.float32), len(title))
    weights = fit(Features(NAMES, trust=trust, groups=np.arange(120), **both), START, 0.01, judged_only=False)
    assert weights[0] > 5 * weights[1]


def test_a_weight_of_0_can_rise() -> None:
    weights = fit(planted(truth=np.array([0, 0, 0, 1.0])), START, 0.01, judged_only=False)
    assert weights[3] > 0.9 * weights.sum()


def test_only_relevant_candidates_and_the_hardest_others_are_learned_from() -> None:
    features = planted(candidates=300)
    values, gains, counts, share = to_tensors(features, START, judged_only=False)
    assert values.shape[1] <= HARDEST + 6
    assert float(gains.sum()) == pytest.approx(float(features.gains.sum()))
    assert bool(counts.any(dim=1).all())
    assert float(share.sum()) == pytest.approx(1)


def test_candidates_without_a_grade_can_be_left_out() -> None:
    _, _, counts, _ = to_tensors(planted(), START, judged_only=True)
    assert counts.sum(dim=1).tolist() == [7] * 60  # six relevant, one that is not


@pytest.mark.parametrize(
    ("values", "grades"),
    [
        (np.ones((1, 4)), {"0": 1.0}),
        (np.ones((5, 4)), {"0": 1.0}),
        (np.zeros((5, 4)), {"0": 1.0, "1": 1.0}),
        (np.eye(4), {str(candidate): 2.0 for candidate in range(4)}),
    ],
    ids=["one candidate", "all equal", "all zero", "all relevant"],
)
def test_degenerate_queries_leave_the_ranking_as_it_is(values: NDArray[np.float64], grades: dict[str, float]) -> None:
    window = ResultList(tuple(map(str, range(len(values)))), values.astype(np.float32))
    features = build(NAMES, [window], [JudgedQuery("a", grades)], ["words"])
    weights = fit(features, START, 1.0, judged_only=False)
    assert np.isfinite(weights).all()
    assert likeness(weights, START) > 0.8


def test_a_weight_that_is_written_stays() -> None:
    features = planted(truth=np.array([0, 0, 0, 1.0]))
    written = replace(features, written=frozenset(NAMES[3:]))
    assert fit(written, START, 0.01, judged_only=False)[3] == START[3]
    assert fit(features, START, 0.01, judged_only=False)[3] != START[3]
