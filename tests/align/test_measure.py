"""The measures of whole matrices, against those of single rankings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.align.measure import distinct, of_ranks, rank, ranked, ranks
from hybridsearch.learning import measures


@given(st.integers(1, 20), st.integers(0, 10_000))
def test_the_measures_are_those_of_single_rankings(candidates: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.random((5, candidates)).astype(np.float32)
    relevant = rng.random((5, candidates)) < 0.3
    relevant[:, 0] = True
    quality = ranked(scores, relevant)
    for row in range(5):
        ids = [str(column) for column in np.argsort(-scores[row], kind="stable")]
        grades = {str(column): 1.0 for column in np.flatnonzero(relevant[row])}
        assert quality.average_precision[row] == pytest.approx(measures.average_precision(ids, grades))
        assert quality.reciprocal_rank[row] == pytest.approx(measures.reciprocal_rank(ids, grades, 10))
        assert quality.recall[row] == pytest.approx(measures.recall(ids, grades, 10))


@given(st.integers(1, 20), st.integers(0, 10_000))
def test_the_ranks_of_what_is_relevant_are_enough(candidates: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.random((5, candidates)).astype(np.float32)
    relevant = rng.random((5, candidates)) < 0.3
    relevant[:, 0] = True
    found = of_ranks([ranks(row, np.flatnonzero(hits).tolist()) for row, hits in zip(scores, relevant, strict=True)])
    assert found.means() == ranked(scores, relevant).means()


def test_a_tie_is_no_hit() -> None:
    assert ranks(np.array([0.5, 0.7, 0.5], dtype=np.float32), [0, 1]).tolist() == [1, 3]


def test_candidates_with_the_label_of_a_query_are_relevant() -> None:
    candidates = np.eye(3, dtype=np.float32)
    queries = np.array([[1, 0, 0], [0, 0.6, 0.8]], dtype=np.float32)
    quality = rank(queries, candidates, ["a", "b"], ["a", "b", "b"])
    assert quality.means() == {"MAP": 1.0, "MRR@10": 1.0, "recall@10": 1.0}
    assert rank(queries, candidates, ["b", "a"], ["a", "b", "b"]).reciprocal_rank.tolist() == [1 / 2, 1 / 3]


@pytest.mark.parametrize(("labels", "expected"), [([], []), (["a", "b", "a", "c"], [0, 1, 3])])
def test_the_first_position_of_each_label_is_returned(labels: Sequence[str], expected: list[int]) -> None:
    assert distinct(labels) == expected
