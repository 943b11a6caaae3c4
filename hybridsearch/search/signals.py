"""The signals: the one place that says which there are. Each is defined once, by its name and by what it is made from.

From the definitions come the signals of a plan, the names that a weights file may hold, and the columns that weights
are learned from.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from hybridsearch.fields import dates
from hybridsearch.query_sources import QUERY_SOURCES, QuerySource, vector_sources
from hybridsearch.schema import Schema, in_reviews
from hybridsearch.search.clauses import (
    Codes,
    Condition,
    Cosine,
    Match,
    Number,
    Passing,
    Rating,
    Recency,
    Saturated,
    Signal,
)
from hybridsearch.search.filters.conditions import Terms
from hybridsearch.search.shared import Shared
from hybridsearch.search.words.telling import present
from hybridsearch.texts import text
from hybridsearch.values import Vector

CODE, CODE_PREFIX = LEADS = "code", "code_prefix"
REVIEWS = "reviews"
NUMBER, RATING, RECENCY, BOOLEAN = STATIC = "number", "rating", "recency", "boolean"
"""Families of signals that tell what a product is worth, whatever the query is."""
FAMILY = ".*"
"""Ends the key of a family of signals; alone in a weights file it stands for all of them that are not named."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the signals of one query are made from.

    Attributes:
        typed: The text as it is searched for, in the spelling of the index.
        keyword: Candidates by words; None when the query has none.
        codes: Candidates by code.
        vectors: Of the query, by source and leg; the sources are in order.
        schema: What the index holds.
        today: In UTC; None where it is not known.
        shared: Values of the product that others are to be similar to, by facet; none of a query.
        repeated: Languages in which the words tell the same as in one before.
    """

    typed: str
    keyword: Match | None
    codes: Codes | None
    vectors: Mapping[str, Mapping[str, Vector]]
    schema: Schema
    today: date | None = None
    shared: Mapping[str, Shared] = dataclasses.field(default_factory=dict)
    repeated: frozenset[str] = frozenset()

    def words_in(self, field: str, share: float = 0.0) -> Match | None:
        """Return the clause that a text field has the query's words, or a share of those that products have."""
        if not self.keyword:
            return None
        telling = (words for words in self.keyword.words if words.language not in self.repeated)
        return Match(field, tuple(present(words, share) for words in telling))

    def words_in_reviews(self) -> Match | None:
        """Return the clause that the reviews of a product have the query's words; none where an index has none."""
        left_out = set(map(in_reviews, self.repeated))
        telling = (words for words in (self.keyword.also if self.keyword else ()) if words.language not in left_out)
        also = tuple(present(words, 0.0) for words in telling)
        return Match("text", also) if also else None


class SignalWeights(Protocol):
    """The weight and the saturation constant of each signal."""

    def weight(self, signal: str) -> float:
        """Return its weight, 0 or more."""
        ...

    def half(self, signal: str) -> float:
        """Return its saturation constant."""
        ...


@dataclass(frozen=True, slots=True)
class Definition:
    """A signal, or a family of signals.

    Attributes:
        key: The name of the signal; of a family, `number.*`.
        names: Returns those that an index can give a query, in a fixed order.
        signals: Returns those that a query gives, whatever their weight.
        saturated: Whether it is BM25 of a text, which has a saturation constant that is learned.
    """

    key: str
    names: Callable[[Schema], Iterable[str]]
    signals: Callable[[Evidence, SignalWeights], Iterable[Signal]]
    saturated: bool = False

    def covers(self, name: str) -> bool:
        """Tell whether a weights file may name a signal so."""
        return name.startswith(self.key.removesuffix("*")) if self.key.endswith(FAMILY) else name == self.key


def text_signal(
    name: str, match: Callable[[Evidence], Match | None], needs: Callable[[Schema], bool] = lambda _: True
) -> Definition:
    """Define BM25 of a match; without one, a query does not give the signal.

    Args:
        name: Of the signal.
        match: Makes the match.
        needs: Tells whether an index can give the signal.
    """

    def signals(evidence: Evidence, weights: SignalWeights) -> Iterator[Signal]:
        if clause := match(evidence):
            yield Saturated(name, weights.weight(name), clause, weights.half(name))

    return Definition(name, lambda schema: (name,) if needs(schema) else (), signals, saturated=True)


def condition(
    name: str, clause: Callable[[Evidence], Match | Codes | None], needs: Callable[[Schema], bool] = lambda _: True
) -> Definition:
    """Define what is 1 where a clause holds; without one, a query does not give the signal.

    Args:
        name: Of the signal.
        clause: Makes the clause.
        needs: Tells whether an index can give the signal.
    """

    def signals(evidence: Evidence, weights: SignalWeights) -> Iterator[Signal]:
        if holds := clause(evidence):
            yield Condition(name, weights.weight(name), holds)

    return Definition(name, lambda schema: (name,) if needs(schema) else (), signals)


def cosines(source: QuerySource) -> Definition:
    """Define the cosines of all legs to what a query gives from a source, or to a product: `SOURCE.LEG`."""
    given = source.name in QUERY_SOURCES

    def signals(evidence: Evidence, weights: SignalWeights) -> Iterator[Signal]:
        by_leg = evidence.vectors.get(source.name, {})
        for leg in evidence.schema.legs:
            if leg.name in by_leg:
                name, scale = f"{source.name}.{leg.name}", leg.calibration(source.name)
                yield Cosine(name, weights.weight(name), leg.name, by_leg[leg.name], scale.low, scale.high)

    def names(schema: Schema) -> Iterator[str]:
        return (f"{source.name}.{leg.name}" for leg in schema.legs_for(source) if given)

    return Definition(source.name + FAMILY, names, signals)


def worth(
    family: str,
    signal: Callable[[str, str, Evidence, SignalWeights], Signal | None],
    given: Callable[[Schema, str], bool] = lambda *_: True,
) -> Definition:
    """Define what products are worth by their fields, whatever the query is: `FAMILY.FIELD`.

    Args:
        family: As `Fields.worth` calls it.
        signal: Makes one from its name and its field, or none for a query.
        given: Tells whether an index can give that of a field.
    """

    def fields(schema: Schema) -> Iterator[tuple[str, str]]:
        return ((f"{family}.{field}", field) for field in schema.fields.worth[family] if given(schema, field))

    def signals(evidence: Evidence, weights: SignalWeights) -> Iterator[Signal]:
        made = (signal(name, field, evidence, weights) for name, field in fields(evidence.schema))
        return (each for each in made if each is not None)

    return Definition(family + FAMILY, lambda schema: (name for name, _ in fields(schema)), signals)


def number(name: str, field: str, _: Evidence, weights: SignalWeights) -> Signal:
    """Return the signal of a number, such as how often a product was sold."""
    return Number(name, weights.weight(name), field, weights.half(name))


def rating(name: str, field: str, evidence: Evidence, weights: SignalWeights) -> Signal:
    """Return the signal of a rating, on the scale of the index."""
    spread, count = evidence.schema.spreads[field], evidence.schema.fields.ratings[field]
    half = weights.half(name)
    return Rating(name, weights.weight(name), field, count, half, spread.mean, spread.low, spread.high)


def differs(schema: Schema, field: str) -> bool:
    """Tell whether the numbers of a field differ between products: else they tell nothing."""
    spread = schema.spreads.get(field)
    return spread is not None and spread.low < spread.high


def recency(name: str, field: str, evidence: Evidence, weights: SignalWeights) -> Signal | None:
    """Return the signal of a date; where today is not known no product is new."""
    if evidence.today is None:
        return None
    start, _ = dates.days(evidence.today, evidence.today)
    return Recency(name, weights.weight(name), field, start, weights.half(name))


def truth(name: str, field: str, _: Evidence, weights: SignalWeights) -> Signal:
    """Return the signal of what is true of a product, such as that it is in stock."""
    return Passing(name, weights.weight(name), (Terms(field, (True,), "booleans"),))


def same_values() -> Definition:
    """Define that a product has a value of a facet that the one has to which others are similar: `same.FIELD`."""

    def signals(evidence: Evidence, weights: SignalWeights) -> Iterator[Signal]:
        for name, own in evidence.shared.items():
            weight = weights.weight(f"same.{name}") * own.tells
            yield Passing(f"same.{name}", weight, (Terms(name, own.values),))

    return Definition("same" + FAMILY, lambda _: (), signals)


def adjacent_words(evidence: Evidence) -> Match | None:
    """Return the clause for pairs of adjacent words, stop words included, as the index has them."""
    if not evidence.keyword:
        return None
    parts = text.fields_by_language(evidence.typed, evidence.schema.fields.languages)
    pairs = (
        (language, text.pairs(text.sequence(part, language)[: text.QUERY_WORDS]))
        for language, part in parts.items()
        if language not in evidence.repeated
    )
    tokens = [(language, dict.fromkeys(joined)) for language, joined in pairs if joined]
    return Match.alike("pairs", tokens) if tokens else None


def letters(evidence: Evidence) -> Match | None:
    """Return the clause for the query's letters, three by three."""
    tokens = list(dict.fromkeys(text.grams(evidence.typed)))[: text.QUERY_GRAMS] if evidence.keyword else []
    return Match.alike("grams", [(text.ALL, tokens)]) if tokens else None


SIGNALS: tuple[Definition, ...] = (
    text_signal("title", lambda evidence: evidence.words_in("title")),
    text_signal("text", lambda evidence: evidence.words_in("text")),
    text_signal("pairs", adjacent_words),
    text_signal("grams", letters),
    text_signal(
        REVIEWS, lambda evidence: evidence.words_in_reviews(), needs=lambda schema: bool(schema.fields.reviews)
    ),
    condition("all_words", lambda evidence: evidence.words_in("text", 1.0)),
    condition("most_words", lambda evidence: evidence.words_in("text", 0.6)),
    condition(
        CODE, lambda evidence: evidence.codes and evidence.codes.exact(), needs=lambda schema: bool(schema.fields.codes)
    ),
    condition(
        CODE_PREFIX,
        lambda evidence: evidence.codes and evidence.codes.begun(),
        needs=lambda schema: bool(schema.fields.codes),
    ),
)
"""The signals that have a name of their own; cosines and what is static follow them."""


WORTH = worth(NUMBER, number), worth(RATING, rating, differs), worth(RECENCY, recency), worth(BOOLEAN, truth)


def definitions() -> tuple[Definition, ...]:
    """Return all definitions, in the order of the columns that weights are learned from."""
    return (
        *SIGNALS,
        *map(cosines, vector_sources().values()),
        *WORTH,
        same_values(),
    )


def signals_of(evidence: Evidence, weights: SignalWeights) -> Iterator[Signal]:
    """Yield every signal that a query gives and that has a weight; of the others not even the clause is made."""
    for definition in definitions():
        if definition.key.endswith(FAMILY) or weights.weight(definition.key) > 0:
            yield from (signal for signal in definition.signals(evidence, weights) if signal.weight > 0)


def signal_names(schema: Schema) -> tuple[str, ...]:
    """Return every signal that an index can give a query, in a fixed order."""
    return tuple(name for definition in definitions() for name in definition.names(schema))


def keys() -> tuple[str, ...]:
    """Return what names all signals in a weights file: those of a family share `FAMILY.*`."""
    return tuple(definition.key for definition in definitions())


def saturated_names() -> tuple[str, ...]:
    """Return the signals that are BM25 of a text."""
    return tuple(definition.key for definition in SIGNALS if definition.saturated)


def is_cosine(name: str) -> bool:
    """Tell whether a signal is a leg's cosine."""
    return any(cosines(source).covers(name) for source in vector_sources().values())


def is_static(name: str) -> bool:
    """Tell whether a signal says what a product is worth, whatever the query is."""
    return name.split(".")[0] in STATIC
