"""Retrieval on what was held out: words to pictures, pictures to words, queries to products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hybridsearch.values import Vectors

DEPTH = 10
ROWS = 512
"""Queries that are ranked at a time; with 5,000 candidates this takes about 40 MB."""

Scores = NDArray[np.float64]
"""One number in [0, 1] for each query."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Each query's average precision, reciprocal rank within the first ten, and recall within the first ten.

    All measures lie in [0, 1]; higher is better.
    """

    average_precision: Scores
    reciprocal_rank: Scores
    recall: Scores

    def means(self) -> dict[str, float]:
        """Return the measures by their usual names."""
        measures = {"MAP": self.average_precision, "MRR@10": self.reciprocal_rank, "recall@10": self.recall}
        return {name: round(float(values.mean()), 4) for name, values in measures.items()}


def rank(
    queries: Vectors, candidates: Vectors, query_labels: Sequence[str], candidate_labels: Sequence[str]
) -> Quality:
    """Rank all candidates for each query; those with the query's label are relevant.

    Args:
        queries: Unit rows.
        candidates: Unit rows of the same space.
        query_labels: Label of each query; at least one candidate must have it.
        candidate_labels: Label of each candidate.
    """
    of_queries, of_candidates = np.asarray(query_labels), np.asarray(candidate_labels)
    parts = [
        ranked(queries[start : start + ROWS] @ candidates.T, of_queries[start : start + ROWS, None] == of_candidates)
        for start in range(0, len(queries), ROWS)
    ]
    return Quality(*(np.concatenate([getattr(part, name) for part in parts]) for name in Quality.__slots__))


def ranked(scores: Vectors, relevant: NDArray[np.bool_]) -> Quality:
    """Return the quality of each row of scores, given which are relevant; ties keep their order."""
    order = np.argsort(-scores, axis=1, kind="stable")
    hits = np.take_along_axis(relevant, order, axis=1)
    ranks = np.arange(1, hits.shape[1] + 1)
    total = hits.sum(axis=1)
    precision = hits.cumsum(axis=1) / ranks
    reciprocal = np.where(hits[:, :DEPTH], 1 / ranks[:DEPTH], 0).max(axis=1)
    return Quality((precision * hits).sum(axis=1) / total, reciprocal, hits[:, :DEPTH].sum(axis=1) / total)


def ranks(scores: Vectors, relevant: Sequence[int]) -> NDArray[np.intp]:
    """Return the ranks of the relevant candidates, from 1, in order; one that is tied with others comes last of them.

    Args:
        scores: Of all candidates, (candidates,).
        relevant: Positions of those that are.
    """
    behind: NDArray[np.intp] = (scores >= scores[list(relevant), None]).sum(axis=1)
    return np.sort(behind)


def of_ranks(ranks: Sequence[NDArray[np.intp]]) -> Quality:
    """Return the quality of rankings of which only the ranks of what is relevant are known."""
    return Quality(
        np.array([np.mean(np.arange(1, len(found) + 1) / found) for found in ranks]),
        np.array([1 / found[0] if found[0] <= DEPTH else 0.0 for found in ranks]),
        np.array([np.mean(found <= DEPTH) for found in ranks]),
    )


def distinct(labels: Sequence[str]) -> list[int]:
    """Return the first position of each label."""
    first: dict[str, int] = {}
    for position, label in enumerate(labels):
        first.setdefault(label, position)
    return list(first.values())
