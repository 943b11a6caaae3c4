"""What buyers say of a product: a score, what they praise and criticise, and in which words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hybridsearch.reviews.bursts import Burst, bursts, weights
from hybridsearch.reviews.lexicon import ASPECTS
from hybridsearch.reviews.read import Flaw, Review, read
from hybridsearch.reviews.tone import Tone, language_of, sentences, sign, tone
from hybridsearch.sections import Reviews

QUOTES = 2
"""Of an aspect, at most: one of those who praise it and one of those who criticise it, where there are both."""
LONGEST_QUOTE = 160
SHORTEST_QUOTE = 8
CLEARLY = 2
"""How many buyers at least praise, or criticise, an aspect that a product is filtered by,"""
LEAST = 2 / 3
"""and what share of those who judge it they are."""


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of a review."""

    review: int
    text: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Opinion:
    """A review with the tone of each of its sentences."""

    review: Review
    language: str
    said: tuple[Said, ...]

    @property
    def sentiment(self) -> float | None:
        """The mean tone of the sentences that judge, in [-1, 1]; None where none does."""
        judging = [each.tone.score for each in self.said if each.tone.label != "0"]
        return sum(judging) / len(judging) if judging else (0.0 if self.said else None)

    @property
    def stars(self) -> float | None:
        """The rating, or where there is none what the tone stands for, from 1 to 5."""
        if self.review.stars is not None or self.sentiment is None:
            return self.review.stars
        return 3 + 2 * self.sentiment


def summary(value: Any, layout: Reviews, languages: Sequence[str]) -> dict[str, Any]:
    """Return what the reviews under a field say, as it is stored with the product.

    `score` is the mean rating from 1 to 5, where a review has none what its tone stands for; `count` is of how many,
    where what looks made up counts as one: both are absent where nobody judges. `aspects` has for each aspect how many
    reviews praise and criticise it, with quotations that stand so in the review of that number.

    Args:
        value: Of the product's field.
        layout: What reviews call their parts.
        languages: Of the shop, the first one first: what a review is taken for whose words do not tell.
    """
    found = list(read(value, layout))
    flaws = [each for each in found if isinstance(each, Flaw)]
    reviews = [each for each in found if isinstance(each, Review)]
    odd = bursts(reviews)
    counts = weights(reviews, odd)
    opinions = [opinion(review, languages) for review in reviews]
    judged = [(stars, counts[each.review.number]) for each in opinions if (stars := each.stars) is not None]
    told = dict(aspects(opinions, odd))
    return {
        "reviews": len(reviews),
        **score(judged),
        "aspects": told,
        "praised": clearly(told, "positive", "negative"),
        "criticised": clearly(told, "negative", "positive"),
        **({"odd": [{"reason": burst.reason, "reviews": list(burst.numbers)} for burst in odd]} if odd else {}),
        **({"unused": len(flaws), "because": f"review {flaws[0].number}: {flaws[0].reason}"} if flaws else {}),
    }


def opinion(review: Review, languages: Sequence[str]) -> Opinion:
    """Return a review with the tone of its sentences; none where it is in none of the six languages."""
    language = language_of(review.text, languages)
    parts = sentences(review.text) if language else []
    return Opinion(review, language, tuple(Said(review.number, each, tone(each, language)) for each in parts))


def score(judged: Sequence[tuple[float, float]]) -> dict[str, float]:
    """Return the mean of (stars, what they count), and how many they are; nothing of none."""
    count = sum(weight for _, weight in judged)
    if not judged:
        return {}
    mean = sum(stars * weight for stars, weight in judged) / count
    return {"score": round(mean, 3), "count": round(count, 3)}


def aspects(opinions: Iterable[Opinion], odd: Sequence[Burst]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each aspect that reviews judge, with how many do so; of a burst only its first review counts."""
    repeated = {number for burst in odd for number in burst.numbers[1:]}
    heard = [each for each in opinions if each.review.number not in repeated]
    judging: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for said in (said for each in heard for said in each.said):
        for name, value in said.tone.aspects.items():
            judging[name][said.review] += value
    for name in ASPECTS:
        signs = [sign(value) for value in judging[name].values()] if name in judging else []
        positive, negative = signs.count("+"), signs.count("-")
        if positive or negative:
            chosen = quotes(name, [said for each in heard for said in each.said], positive, negative)
            yield name, {"positive": positive, "negative": negative, "quotes": list(chosen)}


def quotes(name: str, said: Sequence[Said], positive: int, negative: int) -> Iterator[dict[str, Any]]:
    """Yield the clearest sentences on an aspect: one of each side where there are both, that of the majority first."""
    sides = sorted([(positive, "+"), (negative, "-")], reverse=True, key=lambda side: side[0])
    each = 1 if positive and negative else QUOTES
    for _, side in sides:
        own = [one for one in said if sign(one.tone.aspects.get(name, 0.0)) == side and is_short(one.text)]
        own.sort(key=lambda one: (-abs(one.tone.aspects[name]), len(one.text), one.review))
        for one in distinct(own)[:each]:
            yield {"text": one.text, "review": one.review, "positive": side == "+"}


def distinct(said: Iterable[Said]) -> list[Said]:
    """Return the first sentence of each review, without those that say the same."""
    by_review: dict[int, Said] = {}
    for one in said:
        by_review.setdefault(one.review, one)
    return list({one.text.casefold(): one for one in reversed(by_review.values())}.values())[::-1]


def is_short(written: str) -> bool:
    """Tell whether a sentence is quoted whole."""
    return SHORTEST_QUOTE <= len(written) <= LONGEST_QUOTE


def clearly(told: Mapping[str, Mapping[str, Any]], side: str, other: str) -> list[str]:
    """Return the aspects on which buyers agree, in their fixed order."""
    return [
        name
        for name, counts in told.items()
        if counts[side] >= CLEARLY and counts[side] >= LEAST * (counts[side] + counts[other])
    ]
