"""What is needed of words that count differently: how many, which in any case, and one of which. Pure functions."""

from __future__ import annotations

import itertools
from functools import lru_cache


@lru_cache(maxsize=1_000)  # mostly words that count the same
def least_of(tells: tuple[int, ...], needed: int) -> int | None:
    """Return how many of words that count so much are needed; None where that depends on which they are."""
    fewest, certain = (
        next(count for count, sum_ in enumerate(itertools.accumulate(ordered), 1) if sum_ >= needed)
        for ordered in (sorted(tells, reverse=True), sorted(tells))
    )
    return fewest if fewest == certain else None


@lru_cache(maxsize=1_000)  # each language asks for the same of the same words
def certain_of(tells: tuple[int, ...], needed: int) -> tuple[frozenset[int], int] | None:
    """Return the places of the words without which the others are not enough, and how many of these are needed."""
    spare = sum(tells) - needed
    certain = frozenset(place for place, told in enumerate(tells) if told > spare)
    others = tuple(told for place, told in enumerate(tells) if place not in certain)
    left = needed - sum(tells[place] for place in certain)
    least = least_of(others, left) if left > 0 else 0
    return None if least is None else (certain, least)


@lru_cache(maxsize=1_000)
def essential_of(tells: tuple[int, ...], needed: int) -> tuple[int, ...]:
    """Return the places of the fewest words, those that count most, without all of which the others are not enough."""
    by_count = sorted(range(len(tells)), key=lambda place: (tells[place], -place))
    spare = sum(all_ < needed for all_ in itertools.accumulate(tells[place] for place in by_count))
    return tuple(sorted(by_count[spare:]))
