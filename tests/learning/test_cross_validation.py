"""Choosing and measuring: the weights that measure a query never saw it, and a choice is made only if it helps."""

from dataclasses import replace

import numpy as np
import pytest

from hybridsearch.learning import cross_validation
from hybridsearch.learning.cross_validation import chosen, learn
from hybridsearch.learning.features import Features
from hybridsearch.learning.fit import Weighting
from hybridsearch.learning.folds import OUTER, folds
from hybridsearch.learning.gate import decide
from tests.learning.builders import START, TRUTH, joined, planted


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few choices: a tenth of the time."""
    monkeypatch.setattr(cross_validation, "INNER", 2)
    monkeypatch.setattr(cross_validation, "REPEATS", 1)
    monkeypatch.setattr(cross_validation, "CHOICES", (("strength", (1.0, 0.01)),))


def test_learning_finds_the_planted_weights_and_measures_it_on_held_out_queries(quick: None) -> None:
    features = planted(80, noise=0.02)
    learned = learn(features, START)
    truth, start = features.ndcg(TRUTH).mean(), features.ndcg(START).mean()
    assert learned.held_out.mean() > truth - 0.03
    assert start < truth - 0.2


def test_the_same_seed_gives_the_same_and_another_one_other_folds(quick: None) -> None:
    features = planted(30, noise=0.3)
    first, again, other_seed = (learn(features, START, seed=seed).held_out.tolist() for seed in (0, 0, 1))
    assert first == again
    assert first != other_seed


def test_the_weights_of_a_fold_do_not_depend_on_the_labels_that_test_them(
    quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    features = planted(40, noise=0.1)
    _, test = next(iter(folds(features.groups, OUTER, 0)))
    shuffled = features.gains.copy()
    shuffled[test] = shuffled[test][:, ::-1]
    blind = features.judged.copy()
    blind[test] = False

    fitted = []
    real = cross_validation.chosen

    def recorded(features: Features, start: Weighting, seed: int) -> cross_validation.Fitted:
        fitted.append(real(features, start, seed))
        return fitted[-1]

    monkeypatch.setattr(cross_validation, "chosen", recorded)
    for labelled in (features, replace(features, gains=shuffled, judged=blind, ideal=features.ideal * 2)):
        learn(labelled, START)
    true, false = fitted[0], fitted[OUTER + 1]
    assert true.recipe == false.recipe
    assert true.shared.tolist() == false.shared.tolist()
    # The other folds did learn from these queries.
    assert fitted[1].shared.tolist() != fitted[OUTER + 2].shared.tolist()


def test_kinds_get_weights_of_their_own_only_where_they_differ() -> None:
    words = planted(60, truth=np.array([0.9, 0.1, 0.1, 0]), noise=0.05)
    codes = planted(60, truth=np.array([0.1, 0.1, 0.9, 0]), noise=0.05, kind="code", seed=1)
    same = planted(60, truth=np.array([0.9, 0.1, 0.1, 0]), noise=0.05, kind="code", seed=1)
    apart = chosen(joined(words, codes), START, 0)
    assert apart.recipe.by_kind
    assert apart.by_kind["words"][0] > apart.by_kind["words"][2]
    assert apart.by_kind["code"][2] > apart.by_kind["code"][0]
    alike = chosen(joined(words, same), START, 0)
    assert joined(words, same).ndcg(alike.shared).mean() > 0.9


def test_kinds_with_few_queries_share_the_weights_of_all() -> None:
    codes = planted(cross_validation.LEAST_OF_A_KIND - 1, truth=np.array([0, 0, 1.0, 0]), kind="code")
    assert not chosen(joined(planted(60, truth=np.array([1.0, 0, 0, 0])), codes), START, 0).by_kind.get("code")


def test_numbers_stay_out_unless_they_help() -> None:
    useless = chosen(planted(80, noise=0.3), START, 0)
    assert not useless.recipe.numbers
    assert useless.shared[3] == 0
    useful = chosen(planted(80, truth=np.array([0.2, 0.1, 0.2, 0.6])), START, 0)
    assert useful.recipe.numbers
    assert useful.shared[3] > 0.3 * useful.shared.sum()


@pytest.mark.parametrize("queries", [1, 2, 3])
def test_too_few_queries_to_hold_any_out_break_nothing(queries: int) -> None:
    learned = learn(planted(queries), START)
    assert np.isfinite(learned.held_out).all()
    assert np.isfinite(learned.fitted.shared).all()


def test_one_group_of_near_duplicates_is_measured_under_the_current_weights() -> None:
    features = replace(planted(5), groups=np.zeros(5, np.int64))
    assert learn(features, START).held_out.tolist() == pytest.approx(features.ndcg(START).tolist())


def test_few_queries_are_split_several_times_and_measured_on_average(
    quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    features = planted(20)
    alone = [learn(features, START, seed=seed).held_out for seed in (3, 4)]
    monkeypatch.setattr(cross_validation, "REPEATS", 2)
    assert learn(features, START, seed=3).held_out.tolist() == pytest.approx(np.mean(alone, axis=0).tolist())


def test_progress_is_told_for_every_round(quick: None) -> None:
    told: list[tuple[object, ...]] = []
    learn(planted(10), START, progress=lambda *now: told.append(now))
    assert told == [("learning", done, OUTER + 1) for done in range(OUTER + 2)]


# Leaks: grades that mean nothing must not look like a gain.

RUNS = 20
REFUSED_BY_CHANCE = 17
"""A gate that lets one run in twenty pass refuses fewer than this in one of 60 tries (binomial)."""


def shuffled(features: Features, seed: int) -> Features:
    """Return the features with the grades of each query given to its candidates at random."""
    random = np.random.default_rng(seed)
    order = random.permuted(np.tile(np.arange(features.gains.shape[1]), (len(features), 1)), axis=1)
    return replace(
        features,
        gains=np.take_along_axis(features.gains, order, axis=1),
        judged=np.take_along_axis(features.judged, order, axis=1),
    )


def test_shuffled_labels_are_refused(quick: None) -> None:
    refused = 0
    for seed in range(RUNS):
        features = shuffled(planted(40, seed=seed), seed)
        held_out = learn(features, START, seed=seed).held_out
        refused += not decide(held_out, features.ndcg(START), np.zeros(len(features)), features.kinds).activate
    assert refused >= REFUSED_BY_CHANCE


def test_a_signal_that_was_copied_from_the_grade_shows_as_a_gain_that_is_too_good(quick: None) -> None:
    """A leak inside the data is in the held-out queries too: the report shows it, it cannot remove it."""
    features = shuffled(planted(40), 0)
    before = learn(features, START).held_out.mean()
    values = features.values.copy()
    values[..., 1] = features.gains / 7
    after = learn(replace(features, values=values), START).held_out.mean()
    assert before < 0.5
    assert after > 0.97
