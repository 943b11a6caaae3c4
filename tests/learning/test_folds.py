"""Folds: every query is tested once, groups stay together, and the seed decides."""

from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.learning.folds import folds


@given(st.lists(st.integers(0, 30), min_size=1, max_size=80), st.integers(1, 6), st.integers(0, 5))
def test_folds_keep_groups_together_and_test_every_query_once(groups: list[int], count: int, seed: int) -> None:
    splits = list(folds(groups, count, seed))
    assert sorted(position for _, test in splits for position in test) == list(range(len(groups)))
    assert len(splits) == min(count, len(set(groups)))
    for train, test in splits:
        assert sorted([*train, *test]) == list(range(len(groups)))
        assert not {groups[position] for position in train} & {groups[position] for position in test}
    sizes = [len(test) for _, test in splits]
    assert max(sizes) - min(sizes) <= max(map(groups.count, groups))


def test_folds_of_single_queries_are_balanced_and_drawn_by_the_seed() -> None:
    first, second = ([test.tolist() for _, test in folds(list(range(23)), 5, seed)] for seed in (0, 1))
    assert sorted(map(len, first)) == [4, 4, 5, 5, 5]
    assert first != second
