"""Differences between systems: intervals, p values, and many comparisons at once."""

import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.learning.significance import anytime_half, anytime_interval, compare, exact_interval, holm, sign_test

VALUES = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=20)


def test_one_query_shows_its_difference_and_proves_nothing() -> None:
    comparison = compare([0.75], [0.25])
    assert (comparison.difference, comparison.low, comparison.high, comparison.p) == (0.5, 0.5, 0.5, 1.0)


def test_equal_systems_do_not_differ() -> None:
    comparison = compare([0.1, 0.7, 0.3], [0.1, 0.7, 0.3])
    assert (comparison.difference, comparison.low, comparison.high, comparison.p) == (0.0, 0.0, 0.0, 1.0)


def test_ten_queries_that_all_gain_the_same_are_as_unlikely_as_ten_equal_tosses() -> None:
    comparison = compare([0.5] * 10, [0.25] * 10, draws=100_000)
    assert (comparison.low, comparison.high) == (0.25, 0.25)
    assert comparison.p == pytest.approx(2 / 2**10, abs=0.0005)


def test_bootstrap_of_two_queries_has_three_means() -> None:
    # Means 0, 0.5 and 1 with the chances 1/4, 1/2 and 1/4: both ends lie in the outer quarters.
    comparison = compare([0.0, 1.0], [0.0, 0.0])
    assert (comparison.difference, comparison.low, comparison.high) == (0.5, 0.0, 1.0)


def test_interval_of_many_queries_is_that_of_the_normal_distribution() -> None:
    gains = np.random.default_rng(1).normal(0.02, 0.1, 2_000)
    comparison = compare(gains, np.zeros(2_000))
    half = 1.96 * gains.std() / np.sqrt(2_000)
    assert (comparison.low, comparison.high) == pytest.approx((gains.mean() - half, gains.mean() + half), abs=half / 15)


@pytest.mark.parametrize("seed", range(5))
def test_p_agrees_with_every_choice_of_signs(seed: int) -> None:
    gains = np.random.default_rng(seed).integers(-3, 5, 9) / 10
    flips = np.array(list(itertools.product([-1, 1], repeat=9))) @ gains
    exact = np.mean(np.abs(flips) >= abs(gains.sum()) - 1e-9)
    assert compare(gains, np.zeros(9), draws=40_000).p == pytest.approx(exact, abs=0.01)


def test_p_is_seldom_small_where_nothing_differs() -> None:
    random = np.random.default_rng(2)
    ps = [compare(random.random(30), random.random(30), draws=500).p for _ in range(400)]
    assert np.mean(np.array(ps) <= 0.05) == pytest.approx(0.05, abs=0.03)


@given(VALUES)
def test_swapping_the_systems_reverses_the_difference(values: list[tuple[float, float]]) -> None:
    a, b = zip(*values, strict=True)
    comparison, swapped = compare(a, b, draws=200), compare(b, a, draws=200)
    assert comparison.difference == -swapped.difference
    assert (comparison.low, comparison.high) == pytest.approx((-swapped.high, -swapped.low))
    assert comparison.p == swapped.p
    assert 0 < comparison.p <= 1


def test_same_seed_gives_the_same_answer() -> None:
    a, b = np.random.default_rng(3).random((2, 40))
    assert compare(a, b, seed=7) == compare(a, b, seed=7) != compare(a, b, seed=8)


def test_memory_does_not_grow_with_the_queries() -> None:
    a = np.random.default_rng(4).random(100_000)
    tracemalloc.start()
    compare(a, a[::-1], draws=100)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6  # all draws at once would be 80 MB of numbers and as many positions


@pytest.mark.parametrize(("a", "b"), [([], []), ([1.0], [1.0, 2.0]), ([[1.0]], [[1.0]])])
def test_values_that_are_not_one_for_each_query_are_refused(a: list[float], b: list[float]) -> None:
    with pytest.raises(ValueError, match="expected one for each query"):
        compare(a, b)


def test_query_without_a_value_is_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        compare([0.5, np.nan], [0.5, 0.5])


def test_holm_multiplies_the_smallest_by_the_number_of_comparisons() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.5]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1))
def test_holm_rejects_what_its_steps_reject(ps: list[float]) -> None:
    # Holm's procedure as he wrote it: step through from the smallest, stop at the first that fails.
    order = sorted(range(len(ps)), key=lambda position: ps[position])
    passed = itertools.takewhile(lambda step: ps[step[1]] * (len(ps) - step[0]) <= 0.05, enumerate(order))
    assert {position for position, p in enumerate(holm(ps)) if p <= 0.05} == {position for _, position in passed}


@pytest.mark.parametrize(
    ("wins", "total", "low", "high"),
    [  # tables of Clopper and Pearson
        (5, 10, 0.1871, 0.8129),
        (0, 10, 0.0, 0.3085),
        (10, 10, 0.6915, 1.0),
        (60, 100, 0.4972, 0.6967),
        (0, 0, 0.0, 1.0),
    ],
)
def test_the_interval_of_a_share_is_the_exact_one(wins: int, total: int, low: float, high: float) -> None:
    assert exact_interval(wins, total) == pytest.approx((low, high), abs=1e-4)


def test_the_sign_test_counts_all_that_is_as_far_from_a_half() -> None:
    assert sign_test(9, 10) == pytest.approx(2 * (10 + 1) / 2**10)
    assert sign_test(5, 10) == 1.0
    assert sign_test(0, 0) == 1.0


def test_an_interval_that_always_holds_is_that_of_the_formula() -> None:
    # All shares explain w wins of w by 1 / (w + 1) on average; s does so by s ** w, and is out below 1 / 20 of that.
    assert anytime_interval(10, 10) == pytest.approx((220 ** (-1 / 10), 1.0))
    assert anytime_interval(0, 1) == pytest.approx((0.0, 1 - 1 / 40))
    assert anytime_interval(0, 0) == (0.0, 1.0)
    # Equation 11 at t = 100 with rho^2 t = 100 (2 log 20 + log(1 + 2 log 20)) / 2,000 = 0.39681
    assert anytime_half(1.0, 100) == pytest.approx(np.sqrt(2 * 1.39681 / 0.39681 * np.log(np.sqrt(1.39681) * 20)), 1e-4)
    assert anytime_half(1.0, 0) == np.inf


@given(st.integers(0, 400), st.integers(0, 400))
def test_an_interval_that_always_holds_is_wider_than_that_of_one_look(wins: int, losses: int) -> None:
    low, high = anytime_interval(wins, wins + losses)
    least, most = exact_interval(wins, wins + losses)
    assert low <= least + 1e-9
    assert high >= most - 1e-9


def test_who_looks_again_and_again_is_misled_in_fewer_than_one_test_of_twenty() -> None:
    """Of 1,000 tests of two equal arms; who believes one look is misled in a third of them."""
    random, looks = np.random.default_rng(0), range(30, 1_201, 30)
    wins = np.cumsum(random.random((1_000, looks[-1])) < 0.5, axis=1)[:, np.array(looks) - 1]

    def is_beyond(wins: int, total: int) -> bool:
        low, high = anytime_interval(wins, total)
        return not low <= 0.5 <= high

    for told, least, most in ((is_beyond, 0.0, 0.05), (lambda w, n: sign_test(w, n) < 0.05, 0.2, 1.0)):
        misled = np.zeros(len(wins), np.bool_)
        for total, column in zip(looks, wins.T, strict=True):
            misled |= np.isin(column, [each for each in np.unique(column).tolist() if told(each, total)])
        assert least <= misled.mean() < most
    values = random.exponential(1.0, (1_000, 3_000)) - 1.0
    counts = np.arange(60, 3_000, 20)
    sums, squares = (np.cumsum(part, axis=1)[:, counts - 1] for part in (values, values**2))
    means = sums / counts
    errors = np.sqrt((squares / counts - means**2) / counts)
    halves = errors * np.array([anytime_half(1.0, int(count)) for count in counts])
    assert (np.abs(means) > halves).any(axis=1).mean() < 0.05 < (np.abs(means) > 1.96 * errors).any(axis=1).mean()
