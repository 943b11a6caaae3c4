"""Near: which field of a product a question means, by vectors, against properties that it might mean instead.

A field is meant if it is nearer to the question than what any product may have, a list of properties: where the product
does not state what is asked, one of these is nearer than its fields. Pure functions of values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from hybridsearch.values import Vectors

Near = Callable[[Sequence[str]], Mapping[str, float]]
"""Returns the margin of each of some names of fields; the question belongs to it."""

LEAST, MOST = -1.0, 4.0
"""What a margin counts at least and at most; a sentence, which has no name, counts the least."""
SHARE = 0.3
"""What a margin adds to the confidence that words give, and"""
MEANT = 0.36
"""the sum from which on a place answers; chosen with `SHARE` on `benchmarks/questions_held.jsonl`, so that of a hundred
questions that no product answers two are answered."""


def margins(question: Vectors, names: Sequence[str], rows: Vectors, properties: Vectors) -> dict[str, float]:
    """Return how much nearer each name is to a question than the nearest property, in deviations of these.

    Args:
        question: A unit vector, shape (dims,).
        names: Of fields, in words.
        rows: Their unit vectors, shape (names, dims).
        properties: Those of what any product may have, shape (properties, dims).
    """
    others = properties @ question
    spread = float(others.std()) or 1.0
    found = (rows @ question - others.max()) / spread
    return {name: min(max(float(margin), LEAST), MOST) for name, margin in zip(names, found, strict=True)}


def weighed(sure: float, margin: float, enough: float) -> float:
    """Return the confidence of a place by words and by vectors, at least 0: from `enough` on it answers."""
    return max(sure + SHARE * margin + enough - MEANT, 0.0)
