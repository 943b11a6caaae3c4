"""The clauses of a plan: what finds candidates, what gives them their score, and what proves a query. Pure values."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hybridsearch.search.filters.conditions import Filter, Ids
from hybridsearch.search.needed import certain_of, essential_of, least_of
from hybridsearch.values import Vector

NEIGHBOUR_LIFT = 1_000.0
"""First-pass boost of (1 + cosine) / 2 for a neighbour: above any BM25 score, so that it enters the window."""
CODE_LIFT = 50_000.0
"""First-pass score of a product whose code was typed: above all neighbours, of a dozen legs too."""
PIN_LIFT = 200_000.0
"""The same of a product that a rule pins: above all codes."""
PREFIX_LIFT = 20_000.0
"""The same where only the beginning of its code was typed."""

WHOLE = 1_000
"""What all words of a query count together."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a query, as tokens of one language, and which of them a product must have.

    Attributes:
        language: Whose field they are looked for in; `all` is that of `grams`.
        tokens: For each word, those that stand for it, any of which is as good: `(("tshirt", "tee"), ("red",))`; with
            spaces between them they are needed together, as in `("tee", "t shirt")`.
        tells: What each word counts, 1 or more.
        needed: What the words that a product has must count together.
        factors: Of what stands for a word: what its score is multiplied by, in (0, 1), where that is less than 1.
    """

    language: str
    tokens: tuple[tuple[str, ...], ...]
    tells: tuple[int, ...]
    needed: int = 1
    factors: tuple[tuple[str, float], ...] = ()

    @classmethod
    def alike(
        cls,
        language: str,
        tokens: Sequence[tuple[str, ...]],
        share: float = 0.0,
        factors: tuple[tuple[str, float], ...] = (),
    ) -> Words:
        """Return words that count the same, of which a share, in [0, 1], is needed; at least one always is."""
        needed = max(1, math.ceil(len(tokens) * share - 1e-9))
        return cls(language, tuple(tokens), (1,) * len(tokens), needed, factors)

    @property
    def flat(self) -> tuple[str, ...]:
        """All tokens, each by itself."""
        return tuple(token for tokens in self.tokens for form in tokens for token in form.split(" "))

    @property
    def simple(self) -> bool:
        """Whether each word is one token."""
        return not self.factors and all(len(tokens) == 1 and " " not in tokens[0] for tokens in self.tokens)

    @property
    def least(self) -> int | None:
        """How many words are needed; None where that depends on which they are."""
        return least_of(self.tells, self.needed)

    @property
    def certain(self) -> tuple[frozenset[int], int] | None:
        """Places of the words that are needed whichever others there are, and how many of the others besides.

        None where that depends on which they are.
        """
        return certain_of(self.tells, self.needed)

    @property
    def essential(self) -> tuple[int, ...]:
        """Places of the words of which a product has at least one: the others are not enough, even all together."""
        return essential_of(self.tells, self.needed)

    def __str__(self) -> str:
        return f"{self.language}: {' '.join(map('|'.join, self.tokens))}"


@dataclass(frozen=True, slots=True)
class Match:
    """Products whose text field holds the words in one of the languages; the best language counts.

    Attributes:
        field: `title`, `text`, `pairs` or `grams`.
        words: For each language to look in.
        also: The same in the reviews of products, whose languages are called otherwise, see `schema.in_reviews`.
    """

    field: str
    words: tuple[Words, ...]
    also: tuple[Words, ...] = ()

    @property
    def everywhere(self) -> tuple[Words, ...]:
        """Where to look, in all."""
        return (*self.words, *self.also)

    @classmethod
    def alike(cls, field: str, tokens: Iterable[tuple[str, Iterable[str]]], share: float = 0.0) -> Match:
        """Return the match of (language, distinct tokens) of which each is a word, and a share of them is needed."""
        return cls(field, tuple(Words.alike(language, [(token,) for token in own], share) for language, own in tokens))


@dataclass(frozen=True, slots=True)
class Codes:
    """Products that carry one of these codes exactly, or one that begins with one of the prefixes."""

    values: tuple[str, ...]
    prefixes: tuple[str, ...] = ()

    def exact(self) -> Codes | None:
        """Return the codes without the prefixes, if there are any."""
        return Codes(self.values) if self.values else None

    def begun(self) -> Codes | None:
        """Return the prefixes without the codes, if there are any."""
        return Codes((), self.prefixes) if self.prefixes else None

    def by_lift(self) -> Iterator[tuple[Codes, float]]:
        """Yield each part with its score in the first pass."""
        parts = (self.exact(), CODE_LIFT), (self.begun(), PREFIX_LIFT)
        return ((part, lift) for part, lift in parts if part)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The products whose vector lies nearest to the query's.

    Attributes:
        k: How many to take.
        explore: How many to look at in an approximate index, k or more.
        floor: The least cosine that counts, in [-1, 1].
        among: What they must be beside all that the plan's filters say.
        oversample: Of how many times as many whole vectors are compared, where an index rounds them; None: as it does.
        later: Filters of the plan that they need not pass to be among the k: what fails one is left out of these.
            Looking for neighbours takes no longer then, where a filter takes a look at every product.
    """

    leg: str
    vector: Vector
    k: int
    explore: int
    floor: float
    among: tuple[Filter | Match, ...] = ()
    oversample: float | None = None
    later: tuple[Filter, ...] = ()

    @property
    def filters(self) -> tuple[Filter, ...]:
        """Those of it on fields."""
        return tuple(each for each in self.among if not isinstance(each, Match))

    @property
    def texts(self) -> tuple[Match, ...]:
        """Those of it on texts."""
        return tuple(each for each in self.among if isinstance(each, Match))

    def __str__(self) -> str:
        among = "".join(f", among {reprlib.repr(str(clause))}" for clause in self.among)
        return f"{self.k} nearest in '{self.leg}' with cosine >= {self.floor:.3f}{among}"


@dataclass(frozen=True, slots=True)
class Saturated:
    """A signal: BM25 of a match, mapped to [0, 1) by s / (s + half)."""

    name: str
    weight: float
    match: Match
    half: float


@dataclass(frozen=True, slots=True)
class Condition:
    """A signal: 1 where the clause holds, else 0."""

    name: str
    weight: float
    clause: Match | Codes


@dataclass(frozen=True, slots=True)
class Passing:
    """A signal: 1 for products that pass all filters, or with `holds` False for all others, else 0.

    The filters on variants stand together already.
    """

    name: str
    weight: float
    filters: tuple[Filter, ...]
    holds: bool = True

    @property
    def pinned(self) -> str:
        """The id of the one product that it is for; empty where it is for whatever passes."""
        first = self.filters[0] if self.holds and len(self.filters) == 1 else None
        return first.values[0] if isinstance(first, Ids) and len(first.values) == 1 else ""


@dataclass(frozen=True, slots=True)
class Cosine:
    """A signal: the cosine to the leg's vector, stretched so that `low` gives 0 and `high` gives 1.

    Below `low` it stays 0; above `high` it is not cut off, or the best hits of a short query would be tied.
    """

    name: str
    weight: float
    leg: str
    vector: Vector
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Number:
    """A signal: a number field of the product, mapped to [0, 1) by v / (v + half); negative numbers give 0."""

    name: str
    weight: float
    field: str
    half: float


@dataclass(frozen=True, slots=True)
class Rating:
    """A signal: the mean rating of a product, drawn to that of all products the fewer people rated it.

    It is m + (x - m) n / (n + half), for a mean x of n ratings and m of all products: a Bayesian average with a prior
    worth `half` ratings. Then it is stretched so that `low` gives 0 and `high` gives 1. Without ratings it is m.

    Attributes:
        field: The number field with the product's mean rating.
        count: The number field that says how many ratings it has.
        mean: Of all products.
        low: The worst rating that a product had when the index was built,
        high: and the best one; they differ.
    """

    name: str
    weight: float
    field: str
    count: str
    half: float
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Recency:
    """A signal: 1 for a date of today or later, and half as much with each half-life that it is past.

    Attributes:
        today: The beginning of the day, in milliseconds since 1970: all pages of a day are in one order.
        half: The half-life in days.
    """

    name: str
    weight: float
    field: str
    today: int
    half: float


@dataclass(frozen=True, slots=True)
class Proof:
    """What shows that a query means something here. Where no candidate has enough of it, nothing is found.

    The best language counts, and the nearest leg; the two are added.

    Attributes:
        words: What each word counts of WHOLE; one that no product has counts nothing.
        codes: Any of them is enough.
        near: Cosines, stretched so that what nonsense reaches counts 0.
        needed: Of WHOLE.
        goods: What the words are near to that no product is called, where this shows that they do not mean it.
    """

    words: Match
    codes: Codes | None
    near: tuple[Cosine, ...]
    needed: int
    goods: str = ""

    def __str__(self) -> str:
        why = f", as they are near to '{self.goods}'" if self.goods else ""
        return f"some product has {self.needed} of {WHOLE} ({told(self.words)}){why}"


@dataclass(frozen=True, slots=True)
class Counted:
    """Products of the whole index that have all of some words and pass all of some filters, whatever else is found.

    Attributes:
        words: In each language to look in, of which one is enough; None: none is needed.
    """

    words: Match | None
    filters: tuple[Filter, ...] = ()


Static = Number | Rating | Recency
"""What a product is worth whatever the query is."""
Signal = Saturated | Condition | Passing | Cosine | Static


def needs(words: Words) -> str:
    """Return in words what of a query is needed."""
    if words.least is not None:
        return f"{words.least} of {len(words.tokens)} words ({words})"
    return f"words that count {words.needed} together ({told_of(words)})"


def told(match: Match) -> str:
    """Return what the words count in each language."""
    return "; ".join(map(told_of, match.words))


def told_of(words: Words) -> str:
    """Return what the words of one language count."""
    pairs = zip(words.tokens, words.tells, strict=True)
    return " ".join([f"{words.language}:", *(f"{'|'.join(tokens)} {tells}" for tokens, tells in pairs)])
