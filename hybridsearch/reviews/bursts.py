"""Which reviews look as if one hand wrote them: copies, those of one author, many of one day with an extreme rating."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from hybridsearch.reviews.lexicon import tokens
from hybridsearch.reviews.read import BEST, WORST, Review
from hybridsearch.texts import cutting, text

COPIES = 3
"""Reviews that say nearly the same, from which on they are a burst."""
ALIKE = 0.8
"""The share of words that two such reviews have in common."""
LEAST_WORDS = 4
"""Of a text that counts as a copy: many people write "very good"."""
OF_ONE = 3
"""Reviews of a product by one author, from which on they are a burst: two people may have one name."""
SAME_DAY = 5
"""Reviews of one day with the same extreme rating, from which on they are a burst,"""
SHARE = 1 / 3
"""if they are that share of all,"""
OTHER_DAYS = 3
"""and so many are of other days: else all that was written before was imported on that day."""


@dataclass(frozen=True, slots=True)
class Burst:
    """Reviews that count as one together.

    Attributes:
        numbers: Theirs, in order.
        reason: What is odd about them.
    """

    numbers: tuple[int, ...]
    reason: str


def bursts(reviews: Sequence[Review]) -> list[Burst]:
    """Return what looks made up among the reviews of a product; no review is in two bursts."""
    found: list[Burst] = []
    left = list(reviews)
    for look in (copies, authors, same_days):
        found += look(left)
        taken = {number for burst in found for number in burst.numbers}
        left = [review for review in reviews if review.number not in taken]
    return found


def weights(reviews: Iterable[Review], found: Iterable[Burst]) -> dict[int, float]:
    """Return what each review counts, by its number: all of a burst count as one together."""
    parts = {number: 1 / len(burst.numbers) for burst in found for number in burst.numbers}
    return {review.number: parts.get(review.number, 1.0) for review in reviews}


def copies(reviews: Sequence[Review]) -> Iterator[Burst]:
    """Yield the reviews that say nearly the same as the first of them."""
    left = {review.number: said for review in reviews if len(said := words_of(review.text)) >= LEAST_WORDS}
    while left:
        first = next(iter(left.values()))
        alike = tuple(number for number, said in left.items() if overlap(first, said) >= ALIKE)
        if len(alike) >= COPIES:
            yield Burst(alike, f"{len(alike)} reviews say nearly the same")
        left = {number: said for number, said in left.items() if number not in alike}


def authors(reviews: Sequence[Review]) -> Iterator[Burst]:
    """Yield the reviews that one author wrote, where they are several."""
    of: defaultdict[str, list[int]] = defaultdict(list)
    for review in reviews:
        of[review.author].append(review.number)
    for author, numbers in of.items():
        if author and len(numbers) >= OF_ONE:
            yield Burst(tuple(numbers), f"{len(numbers)} reviews are by one author")


def words_of(written: str) -> frozenset[Hashable]:
    """Return the words of a review, of Chinese and Japanese each two characters that follow each other."""
    found: set[Hashable] = set()
    for word in tokens(written):
        found |= set(cutting.bigrams(word)) if text.is_run(word) else {word}
    return frozenset(found)


def overlap(one: frozenset[Hashable], other: frozenset[Hashable]) -> float:
    """Return the share of the words of two texts that both have."""
    few, many = sorted((len(one), len(other)))
    if few < ALIKE * many:
        return 0.0
    common = len(one & other)
    return common / (few + many - common)


def same_days(reviews: Sequence[Review]) -> Iterator[Burst]:
    """Yield the reviews of one day that all give the best rating, or all the worst, where they are many."""
    days = Counter(review.day for review in reviews if review.day is not None)
    extreme: defaultdict[tuple[int, float], list[int]] = defaultdict(list)
    for review in reviews:
        if review.day is not None and review.stars in (WORST, BEST):
            extreme[review.day, review.stars].append(review.number)
    for (day, stars), numbers in extreme.items():
        others = days.total() - days[day]
        if len(numbers) >= SAME_DAY and len(numbers) >= SHARE * len(reviews) and others >= OTHER_DAYS:
            yield Burst(tuple(numbers), f"{len(numbers)} reviews of {day_name(day)} have {stars:g} of 5 stars")


def day_name(day: int) -> str:
    """Return a day since 1970 as `2026-01-31`."""
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()
