"""How much a taste counts, chosen on sessions: planted tastes are found and pass the gate, others do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hybridsearch.learning.features import build
from hybridsearch.learning.result_lists import ResultList
from hybridsearch.learning.sources.queries import JudgedQuery
from hybridsearch.learning.taste import BOTH, NAMES, Sessions, Strength, held_out, tune_taste, with_history
from hybridsearch.search.weights import prior

START = Strength.of(prior())


def sessions(count: int, planted: float, *, part: int = 2, seed: int = 0, kind: str = BOTH) -> Sessions:
    """Return sessions of two searches whose clicks follow the score and, as much as is planted, a part of a taste."""
    random = np.random.default_rng(seed)
    lists, queries = [], []
    for number in range(count):
        values = random.random((12, len(NAMES)), np.float32)
        worth = values[:, 0] + planted * values[:, part] + random.gumbel(0, 0.1, 12)
        lists.append(ResultList(tuple(map(str, range(12))), values))
        queries.append(JudgedQuery(f"coat {number}", {str(key): float(key == worth.argmax()) for key in range(12)}))
    features = build(NAMES, lists, queries, [kind] * count)
    return Sessions(replace(features, groups=np.arange(count) // 2))


def test_a_planted_taste_is_found_and_passes() -> None:
    found = tune_taste(sessions(400, 1.0), START)
    assert found.activate
    assert (found.strength.bound, found.strength.by_vectors) == (0.5, 0.0)
    assert found.without is not None and found.before is not None and found.after is not None  # noqa: PT018
    assert found.without < found.before < found.after
    assert (found.sessions, found.searches) == (200, 400)
    assert found.gain is not None
    assert found.gain.low > 0


def test_what_tells_the_taste_gets_the_bound() -> None:
    assert tune_taste(sessions(400, 1.0, part=1), START).strength.by_vectors == 1.0


@pytest.mark.parametrize("seed", range(5))
def test_without_a_taste_nothing_is_raised(seed: int) -> None:
    found = tune_taste(sessions(300, 0.0, seed=seed), START)
    assert found.strength.bound <= START.bound
    # That one is lowered which surely harms is a gain.
    assert not found.activate or (found.gain is not None and found.gain.low > 0)


def test_a_taste_that_says_nothing_does_not_pass_over_none() -> None:
    zero = Strength(0.0, 0.5)
    passed = [tune_taste(sessions(200, 0.0, seed=seed), zero).activate for seed in range(20)]
    assert sum(passed) <= 2  # one in forty is to be expected


def test_few_sessions_prove_nothing() -> None:
    found = tune_taste(sessions(38, 1.0), START)
    assert (found.activate, found.strength) == (False, START)
    assert found.reason == "Only 19 sessions searched after they had looked at something; at least 20 must."
    assert tune_taste(sessions(0, 1.0), START).sessions == 0


def test_the_sessions_of_a_fold_choose_nothing_for_themselves() -> None:
    """Of two strengths one is perfect for the last session alone, whose folds therefore choose the other."""
    found = sessions(10, 0.0)
    one, other = START, Strength(0.0, START.by_vectors)
    values = {one: np.ones(10), other: np.where(found.features.groups == 4, 99.0, 0.5)}
    assert held_out(values, one, found.features, 0)[-2:].tolist() == [1.0, 1.0]


def test_sessions_count_by_what_their_clicks_count() -> None:
    found = sessions(4, 0.0)
    found.features.trust[:] = [0.1, 0.2, 0.3, 0.4]
    values = np.array([1.0, 0.0, 1.0, 0.5])
    assert found.by_session(values) == pytest.approx([0.1 * 2, (0.3 + 0.2) * 2])
    assert found.by_session(values).mean() == pytest.approx(np.average(values, weights=[1, 2, 3, 4]))


def test_where_vectors_alone_tell_a_taste_they_have_all_of_the_bound() -> None:
    found = sessions(3, 0.0, kind="words")
    values = found.features.values
    rows = values[..., 0] + 0.3 * (values[..., 1] + values[..., 2])
    best = np.take_along_axis(found.features.gains, np.argsort(-rows, axis=1), axis=1)[:, 0] > 0
    assert ((found.ndcg(Strength(0.3, 0.25)) == 1.0) == best).all()


def test_what_histories_change_is_reported() -> None:
    found = with_history(sessions(400, 1.0), prior())
    assert found is not None
    assert found.with_history > found.without
    assert set(found.to_json()) == {"sessions", "searches", "without", "with", "difference", "low", "high", "p"}
    assert str(found).startswith("400 searches of 200 sessions that had done something before: nDCG@10 0.")
    assert with_history(sessions(0, 1.0), prior()) is None
