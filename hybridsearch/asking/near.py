"""Near: which field of a product a question means, by vectors, against properties that it might mean instead.

A field is meant if it is nearer to the question than what any product may have, a list of properties, but for those
that it is about itself: where the product does not state what is asked, one of these is nearer. All are pure functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from hybridsearch.values import Vectors

Near = Callable[[Sequence[str]], Mapping[str, float]]
"""Returns the margin of each of some names of fields; the question belongs to it."""

LEAST, MOST = -1.0, 4.0
"""What a margin counts at least and at most; a sentence, which has no name, counts the least."""
SHARE = 0.25
"""What a margin adds to the confidence that words give, and"""
MEANT = 0.38
"""the sum from which on a place answers; chosen with `SHARE` and `TOLD` on `benchmarks/questions_held.jsonl`: of a
hundred questions that no product answers two are answered."""
TOLD = 0.3
"""Part of a question's vector that is what the table of words knows of it, told in English."""


def blended(question: Vectors, told: Vectors) -> Vectors:
    """Return a vector of a question and of what is known of it, shape (dims,)."""
    mixed = (1 - TOLD) * question + TOLD * told
    return np.asarray(mixed / (np.linalg.norm(mixed) or 1.0), np.float32)


def margins(
    question: Vectors, names: Sequence[str], rows: Vectors, properties: Vectors, own: NDArray[np.bool_]
) -> dict[str, float]:
    """Return how much nearer each name is to a question than the nearest property, in deviations of these.

    Args:
        question: A unit vector, shape (dims,).
        names: Of fields, in words.
        rows: Their unit vectors, shape (names, dims).
        properties: Those of what any product may have, shape (properties, dims).
        own: Which properties a name is about itself, shape (names, properties): it is not measured by these.
    """
    others = properties @ question
    spread = float(others.std()) or 1.0
    nearest = np.where(own, -np.inf, others).max(axis=1)
    found = (rows @ question - nearest) / spread
    return {name: min(max(float(margin), LEAST), MOST) for name, margin in zip(names, found, strict=True)}


def weighed(sure: float, margin: float, enough: float) -> float:
    """Return the confidence of a place by words and by vectors, at least 0: from `enough` on it answers."""
    return max(sure + SHARE * margin + enough - MEANT, 0.0)
