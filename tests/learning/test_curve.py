"""The learning curve: from which queries is learned, on which it is measured, and that more of them help."""

import numpy as np
import pytest

from hybridsearch.learning import cross_validation
from hybridsearch.learning.curve import FEWEST, Gain, drawn, learning_curve
from tests.learning.builders import START, planted


def test_it_ends_with_what_all_queries_teach_and_a_share_that_is_too_small_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cross_validation, "CHOICES", (("strength", (1.0,)),))
    features = planted(20, candidates=12)
    before, held_out = features.ndcg(START), np.full(20, 0.9)
    told: list[tuple[object, ...]] = []
    points = learning_curve(features, START, before, held_out, progress=lambda *state: told.append(state))
    # Of 16 queries to learn from half are 8; an eighth and a quarter are fewer than FEWEST.
    assert [point.queries for point in points] == [FEWEST, 16]
    assert points[-1].gain == np.mean(held_out - before)
    assert points[-1].low <= points[-1].gain <= points[-1].high
    assert points[0].gain > 0  # the weights that grades were planted by are far from those in use
    assert told == [("learning curve", number, 5) for number in range(1, 6)]


def test_the_same_queries_are_in_every_larger_share_and_alike_ones_stay_together() -> None:
    train = np.arange(1, 41)
    groups = np.repeat(np.arange(21), 2)
    small, large = (set(drawn(train, groups, share, seed=3).tolist()) for share in (0.25, 0.5))
    assert small < large < set(train.tolist())
    for some in (small, large):
        whole = {group for group in groups[sorted(some)] if set(np.flatnonzero(groups == group)) & set(train) <= some}
        assert set(groups[sorted(some)]) == whole


def test_queries_that_are_all_alike_have_no_curve() -> None:
    features = planted(4, candidates=12)
    alike = features.take(np.zeros(3, np.intp))
    before = alike.ndcg(START)
    assert learning_curve(alike, START, before, before) == ()


def test_a_point_is_an_object_for_programs() -> None:
    assert Gain(8, 0.1, 0.0, 0.2).to_json() == {"queries": 8, "gain": 0.1, "low": 0.0, "high": 0.2}
