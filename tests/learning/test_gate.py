"""The gate: each reason to refuse has its own sentence, and only what held-out queries prove is activated."""

import numpy as np
import pytest
from numpy.typing import NDArray

from hybridsearch.learning.gate import decide

Values = NDArray[np.float64]
KINDS = np.array(["words"] * 40)


def constant(value: float, count: int = 40) -> Values:
    return np.full(count, value)


def wavering(value: float, by: float, count: int = 40) -> Values:
    """Return values that are alternately above and below one."""
    return value + by * np.resize([1.0, -1.0], count)


def test_what_is_better_for_every_query_is_activated() -> None:
    decision = decide(constant(0.5), constant(0.4), constant(0.3), KINDS)
    assert decision.activate
    assert decision.reason == (
        "nDCG@10 0.5000 on held-out queries against 0.4000 of the current weights, "
        "+0.1000, 95 % interval [+0.1000, +0.1000], and 0.3000 of keywords alone, "
        "+0.2000, 95 % interval [+0.2000, +0.2000]."
    )


def test_too_few_queries_prove_nothing_however_good_they_look() -> None:
    decision = decide(constant(0.9, 19), constant(0.1, 19), constant(0.1, 19), KINDS[:19])
    assert not decision.activate
    assert decision.reason == "19 queries are too few to prove anything; 20 are needed, 200 or more advised."


def test_what_is_not_surely_better_than_the_current_weights_is_refused() -> None:
    # Half of the queries gain .11, half lose .09: a mean of +.01 with a standard error of .1 / sqrt(40) = .016.
    decision = decide(wavering(0.41, 0.1), constant(0.4), constant(0.1), KINDS)
    assert not decision.activate
    assert decision.reason.startswith(
        "nDCG@10 0.4100 on held-out queries is not surely better than 0.4000 of the current weights: "
        "+0.0100, 95 % interval [-0.0"
    )
    error = 0.1 / np.sqrt(40)
    assert decision.current.low == pytest.approx(0.01 - 1.96 * error, abs=0.005)
    assert decision.current.high == pytest.approx(0.01 + 1.96 * error, abs=0.005)


def test_what_is_not_surely_better_than_keywords_is_refused() -> None:
    decision = decide(wavering(0.41, 0.1), wavering(0.2, 0.1), constant(0.4), KINDS)
    assert not decision.activate
    assert decision.reason.startswith(
        "nDCG@10 0.4100 on held-out queries is not surely better than 0.4000 of keywords alone: "
        "+0.0100, 95 % interval [-0.0"
    )


def test_a_gain_that_the_judged_products_alone_do_not_show_is_refused() -> None:
    decision = decide(constant(0.5), constant(0.4), constant(0.3), KINDS, (wavering(0.7, 0.1), constant(0.7)))
    assert not decision.activate
    assert decision.reason.startswith(
        "nDCG@10 0.5000 on held-out queries is better than 0.4000, but among the judged products alone not surely: "
    )
    assert decision.among_judged is not None
    assert decision.among_judged.difference == pytest.approx(0)
    assert decide(constant(0.5), constant(0.4), constant(0.3), KINDS, (constant(0.8), constant(0.7))).activate


def test_no_difference_at_all_is_refused() -> None:
    assert not decide(constant(0.4), constant(0.4), constant(0.3), KINDS).activate


def test_a_kind_of_queries_that_surely_loses_is_not_sacrificed() -> None:
    kinds = np.array(["words"] * 80 + ["code"] * 20)
    new = np.concatenate([constant(0.6, 80), constant(0.4, 20)])
    decision = decide(new, constant(0.5, 100), constant(0.1, 100), kinds)
    assert not decision.activate
    assert decision.worse == ("20 queries of kind 'code' lose -0.1000, 95 % interval [-0.1000, -0.1000]",)
    assert decision.reason == (
        "nDCG@10 0.5600 on held-out queries is better than 0.5000, but not for all: "
        "20 queries of kind 'code' lose -0.1000, 95 % interval [-0.1000, -0.1000]."
    )


def test_a_kind_with_few_queries_or_an_unsure_loss_does_not_stop_what_helps() -> None:
    few = np.array(["words"] * 81 + ["code"] * 19)
    assert decide(
        np.concatenate([constant(0.6, 81), constant(0.4, 19)]), constant(0.5, 100), constant(0.1, 100), few
    ).activate
    unsure = np.array(["words"] * 80 + ["code"] * 20)
    new = np.concatenate([constant(0.6, 80), wavering(0.49, 0.1, 20)])
    assert decide(new, constant(0.5, 100), constant(0.1, 100), unsure).activate
