"""Which number of a catalogue is a mean rating, and which one says how many ratings it has."""

from __future__ import annotations

from collections.abc import Sequence

from hybridsearch.propose.columns import Column
from hybridsearch.propose.words import COUNTS, MEANS, RATED, RATINGS

HIGHEST = 10.0
"""Of a mean rating: stars, or points."""


def ratings_in(numbers: Sequence[Column]) -> dict[Column, Column]:
    """Return for each column with a mean rating the one that says how many ratings it has, where both are there."""
    counts = [column for column in numbers if is_count(column)]
    means = [column for column in numbers if column not in counts and is_mean(column)]
    return {mean: max(counts, key=lambda count: in_common(mean, count)) for mean in means if counts}


def is_count(column: Column) -> bool:
    """Tell whether a column says how many ratings a product has."""
    words = {*column.words}
    named = words & RATINGS or (words & COUNTS and words & RATED)
    return bool(named) and not words & MEANS and all(value >= 0 and value.is_integer() for value in values(column))


def is_mean(column: Column) -> bool:
    """Tell whether a column holds mean ratings."""
    return bool({*column.words} & RATED) and all(0 <= value <= HIGHEST for value in values(column))


def values(column: Column) -> list[float]:
    """Return the numbers of a column."""
    return [float(kept) for kept in column.kept("numbers") or () if isinstance(kept, int | float)]


def in_common(one: Column, other: Column) -> int:
    """Return how many words the names of two columns begin with alike."""
    return next(
        (place for place, pair in enumerate(zip(one.words, other.words, strict=False)) if pair[0] != pair[1]),
        min(len(one.words), len(other.words)),
    )
