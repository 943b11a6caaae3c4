"""Choosing and measuring: what is reported of a query never saw it, and a choice is made only where it helps."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.learning import cross_validation
from hybridsearch.learning.cross_validation import OUTER, chosen, learn
from hybridsearch.learning.features import Features
from hybridsearch.learning.fit import Weighting
from hybridsearch.learning.folds import folds
from hybridsearch.learning.gate import decide
from tests.learning.builders import START, TRUTH, joined, planted


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few choices: a tenth of the time."""
    monkeypatch.setattr(cross_validation, "INNER", 2)
    monkeypatch.setattr(cross_validation, "DEALS", 1)
    monkeypatch.setattr(cross_validation, "CHOICES", (("strength", (1.0, 0.01)),))


@given(st.lists(st.integers(0, 30), min_size=1, max_size=80), st.integers(1, 6), st.integers(0, 5))
def test_folds_keep_groups_together_and_test_every_query_once(groups: list[int], count: int, seed: int) -> None:
    parts = list(folds(groups, count, seed))
    assert sorted(place for _, test in parts for place in test) == list(range(len(groups)))
    assert len(parts) == min(count, len(set(groups)))
    for train, test in parts:
        assert sorted([*train, *test]) == list(range(len(groups)))
        assert not {groups[place] for place in train} & {groups[place] for place in test}
    sizes = [len(test) for _, test in parts]
    assert max(sizes) - min(sizes) <= max(map(groups.count, groups))


def test_folds_of_single_queries_are_balanced_and_drawn_by_the_seed() -> None:
    first, second = ([test.tolist() for _, test in folds(list(range(23)), 5, seed)] for seed in (0, 1))
    assert sorted(map(len, first)) == [4, 4, 5, 5, 5]
    assert first != second


def test_learning_finds_what_was_planted_and_measures_it_on_held_out_queries(quick: None) -> None:
    table = planted(80, noise=0.02)
    found = learn(table, START)
    truth, start = table.ndcg(TRUTH).mean(), table.ndcg(START).mean()
    assert found.held_out.mean() > truth - 0.03
    assert start < truth - 0.2


def test_the_same_seed_gives_the_same_and_another_one_other_folds(quick: None) -> None:
    table = planted(30, noise=0.3)
    one, other, third = (learn(table, START, seed=seed).held_out.tolist() for seed in (0, 0, 1))
    assert one == other
    assert one != third


def test_the_weights_of_a_fold_do_not_depend_on_the_labels_that_test_them(
    quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = planted(40, noise=0.1)
    _, test = next(iter(folds(table.groups, OUTER, 0)))
    shuffled = table.gains.copy()
    shuffled[test] = shuffled[test][:, ::-1]
    blind = table.judged.copy()
    blind[test] = False

    seen = []
    real = cross_validation.chosen

    def listening(table: Features, start: Weighting, seed: int) -> cross_validation.Fitted:
        seen.append(real(table, start, seed))
        return seen[-1]

    monkeypatch.setattr(cross_validation, "chosen", listening)
    for each in (table, replace(table, gains=shuffled, judged=blind, ideal=table.ideal * 2)):
        learn(each, START)
    first, other = seen[0], seen[OUTER + 1]
    assert first.recipe == other.recipe
    assert first.shared.tolist() == other.shared.tolist()
    assert seen[1].shared.tolist() != seen[OUTER + 2].shared.tolist()  # the other folds did learn from these queries


def test_kinds_get_weights_of_their_own_only_where_they_differ() -> None:
    words = planted(60, truth=np.array([0.9, 0.1, 0.1, 0]), noise=0.05)
    codes = planted(60, truth=np.array([0.1, 0.1, 0.9, 0]), noise=0.05, kind="code", seed=1)
    same = planted(60, truth=np.array([0.9, 0.1, 0.1, 0]), noise=0.05, kind="code", seed=1)
    found = chosen(joined(words, codes), START, 0)
    assert found.recipe.by_kind
    assert found.by_kind["words"][0] > found.by_kind["words"][2]
    assert found.by_kind["code"][2] > found.by_kind["code"][0]
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
def test_so_few_queries_that_nothing_can_be_held_out_break_nothing(queries: int) -> None:
    found = learn(planted(queries), START)
    assert np.isfinite(found.held_out).all()
    assert np.isfinite(found.fitted.shared).all()


def test_one_group_of_near_duplicates_is_measured_under_the_weights_that_were_there() -> None:
    table = replace(planted(5), groups=np.zeros(5, np.int64))
    assert learn(table, START).held_out.tolist() == pytest.approx(table.ndcg(START).tolist())


def test_few_queries_are_dealt_anew_and_measured_on_average(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    table = planted(20)
    alone = [learn(table, START, seed=seed).held_out for seed in (3, 4)]
    monkeypatch.setattr(cross_validation, "DEALS", 2)
    assert learn(table, START, seed=3).held_out.tolist() == pytest.approx(np.mean(alone, axis=0).tolist())


def test_progress_is_told_for_every_round(quick: None) -> None:
    told: list[tuple[object, ...]] = []
    learn(planted(10), START, progress=lambda *now: told.append(now))
    assert told == [("learning", done, OUTER + 1) for done in range(OUTER + 2)]


# Leaks. What must not be learned from must not look learned.

RUNS = 30
REFUSED_BY_CHANCE = 26
"""A gate that lets one run in twenty pass refuses fewer than this in one of 60 tries (binomial)."""


def shuffled(table: Features, seed: int) -> Features:
    """Return the table with the grades of each query dealt to its candidates at random."""
    random = np.random.default_rng(seed)
    order = random.permuted(np.tile(np.arange(table.gains.shape[1]), (len(table), 1)), axis=1)
    return replace(
        table,
        gains=np.take_along_axis(table.gains, order, axis=1),
        judged=np.take_along_axis(table.judged, order, axis=1),
    )


def test_shuffled_labels_are_refused(quick: None) -> None:
    refused = 0
    for seed in range(RUNS):
        table = shuffled(planted(40, seed=seed), seed)
        held_out = learn(table, START, seed=seed).held_out
        refused += not decide(held_out, table.ndcg(START), np.zeros(len(table)), table.kinds).activate
    assert refused >= REFUSED_BY_CHANCE


def test_a_signal_that_was_copied_from_the_grade_shows_as_a_gain_that_is_too_good(quick: None) -> None:
    """A leak inside the data is in the held-out queries too: the report says so aloud, it does not hide it."""
    table = shuffled(planted(40), 0)
    before = learn(table, START).held_out.mean()
    values = table.values.copy()
    values[..., 1] = table.gains / 7
    after = learn(replace(table, values=values), START).held_out.mean()
    assert before < 0.5
    assert after > 0.97
