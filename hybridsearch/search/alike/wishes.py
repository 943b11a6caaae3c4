"""Wishes: a photo, and words that say what is to be otherwise, as in "like this, but black". Pure functions of values.

Words that name a value of a facet, in any of six languages where it is a colour, outweigh what the photo shows; of what
has that value those come first that look like the photo and have the values of what looks like it.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from hybridsearch.query_sources import PHOTO, WORDS, typed
from hybridsearch.roles import Fields, is_from_reviews
from hybridsearch.schema import Schema
from hybridsearch.search.clauses import Condition, Cosine, Counted, Match, Neighbours, Passing, Signal, Words
from hybridsearch.search.filters.conditions import Filter, Terms, together
from hybridsearch.search.nearest import nearest
from hybridsearch.search.plan import Plan
from hybridsearch.search.planner import NEIGHBOURS
from hybridsearch.search.shared import telling_most, values_of
from hybridsearch.search.weights import Weights
from hybridsearch.search.words import colours
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.texts import text
from hybridsearch.texts.languages import analyses, stop_words
from hybridsearch.values import Hit, Page

KIND = f"{PHOTO.name} and {WORDS.name}"
NAMED_FIELD, ALIKE_FIELD = "named ", "alike "
"""What the names of the signals begin with, before that of a field."""
ALIKE = 10
"""Products that look like a photo and say what it shows: with 20, half of them are something else more often."""
AGREED = 0.2
"""The share of them that must have a value for it to say something."""
MOST_WORDS = 8
"""Of a query, that may name a value;"""
LONGEST = 3
"""words that one value may have,"""
LONGEST_QUERY_RUN = 20
"""and characters of a run of Chinese or Japanese in which colours are looked for."""
MOST_FACETS = 8
MOST_COUNTED = 64
"""Pairs of words and a facet that are looked up; colours come first, then single words."""


@dataclass(frozen=True, slots=True)
class Named:
    """Words that may name a value of a facet.

    Attributes:
        words: As they were typed.
        place: Where the first of them stands, and where the next word does.
        clause: That a product has such a value; or has the colour in its text, which counts where no value is named.
    """

    words: str
    place: tuple[int, int]
    clause: Terms | Match

    @property
    def field(self) -> str:
        """Where it is looked for."""
        return self.clause.field

    def overlaps(self, other: Named) -> bool:
        """Tell whether both are made of a same word."""
        return self.place[0] < other.place[1] and other.place[0] < self.place[1]

    def beside(self, other: Named) -> bool:
        """Tell whether both are the same words, which name values of two facets."""
        return self.place == other.place and isinstance(self.clause, Terms)


@dataclass(frozen=True, slots=True)
class Look:
    """What has to be known first: what looks like the photo, and which values the words name.

    Attributes:
        plan: It finds the first and counts the second.
        named: What is counted, in that order; none has more words than one before it.
    """

    plan: Plan
    named: tuple[Named, ...]


def look(plan: Plan, schema: Schema) -> Look | None:
    """Return what has to be known of a query with a photo and words; None where words cannot name a value.

    Args:
        plan: What the query would do without it.
        schema: What the index holds.
    """
    photos = photos_of(plan)
    if typed(plan.kind) != KIND or plan.sort or not photos:
        return None
    named = tuple(possible(plan, schema.fields))
    if not named:
        return None
    legs = {leg.name: leg for leg in schema.legs}
    near = tuple(nearest(legs[each.leg], each.vector, ALIKE, -1.0) for each in photos)
    counted = tuple(
        Counted(each.clause) if isinstance(each.clause, Match) else Counted(None, (each.clause,)) for each in named
    )
    found = Plan(PHOTO.name, "what it shows", neighbours=near, signals=photos, size=ALIKE, counted=counted)
    return Look(replace(found, variants=plan.variants), named)


def photos_of(plan: Plan) -> tuple[Cosine, ...]:
    """Return the signals that compare products with the photo."""
    photos = (each for each in plan.signals if isinstance(each, Cosine))
    return tuple(each for each in photos if each.name.startswith(f"{PHOTO.name}."))


def possible(plan: Plan, fields: Fields) -> Iterator[Named]:
    """Yield what the words of a query may name, those of the most words first."""
    facets = [name for name in fields.facets if not is_from_reviews(name)][:MOST_FACETS]
    typed = text.pieces(text.clean(plan.query, text.QUERY_LIMIT))[:MOST_WORDS]
    meant = [word if colours.others(word) else plan.corrected.get(word, word) for word in typed]
    likely = sorted(phrases(meant), key=lambda each: (not colours.others(each[0]), each[0].count(" ")))
    found = sorted(likely[: MOST_COUNTED // (len(facets) + 1)], key=lambda each: each[1][0] - each[1][1])
    for words, place in found:
        values = written(words)
        yield from (Named(words, place, Terms(name, values)) for name in facets)
    for words, place in found:
        if colours.others(words):
            yield Named(words, place, in_text(words, fields))


def phrases(words: Sequence[str]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield words that follow each other, and the parts of a run of Chinese or Japanese that are colours.

    Each comes with where it begins and where it ends, in characters.
    """
    idle = stop_words(tuple(analyses()))
    starts = [0, *itertools.accumulate(len(word) + 1 for word in words)]
    for first, last in itertools.combinations(range(len(words) + 1), 2):
        some = words[first:last]
        if last - first <= LONGEST and not {some[0], some[-1]} & idle:
            yield " ".join(some), (starts[first], starts[last] - 1)
    for start, word in zip(starts, words, strict=False):
        if text.is_run(word):
            cuts = itertools.combinations(range(min(len(word), LONGEST_QUERY_RUN) + 1), 2)
            parts = ((word[begin:end], (start + begin, start + end)) for begin, end in cuts)
            yield from ((part, place) for part, place in parts if part != word and colours.others(part))


def written(words: str) -> tuple[str, ...]:
    """Return how a shop may write what words name; a colour in other languages too."""
    forms = (
        (each, each.lower(), each.title(), each.capitalize(), each.upper()) for each in (words, *colours.others(words))
    )
    return tuple(dict.fromkeys(itertools.chain.from_iterable(forms)))


def in_text(words: str, fields: Fields) -> Match:
    """Return the clause that the title of a product, or its text where it has none, has a colour in some language."""

    def tokens(language: str) -> tuple[str, ...]:
        forms = (" ".join(text.sequence(each, language)) for each in colours.others(words))
        return tuple(dict.fromkeys(filter(None, forms)))

    field = "title" if fields.title else "text"
    return Match(field, tuple(Words.alike(language, [tokens(language)]) for language in fields.languages))


def owned(clause: Terms, plan: Plan) -> Filter:
    """Return the filter that a product has a value, or one of its variants."""
    return together((clause,), plan.of_variants)[0]


def granted(
    plan: Plan, looked: Look, page: Page, schema: Schema, weights: Weights, lexicon: Lexicon | None = None
) -> Plan:
    """Return the plan of a query with a photo and words, given what was found of them.

    Where the words name no value it is the same plan.

    Args:
        plan: What the query would do without it.
        looked: What was to be known,
        page: and what was found.
        schema: What the index holds.
        weights: Of the kind of the query.
        lexicon: The words of the index; left out: not known.
    """
    named = chosen(looked.named, page.counted)
    if not named or weights.named <= 0:
        return plan
    clauses = {
        f"{NAMED_FIELD}{each.field}: {each.words}": each.clause
        if isinstance(each.clause, Match)
        else owned(each.clause, plan)
        for each in named
    }
    photos = photos_of(plan)
    alike = tuple(likenesses(page.hits, schema.fields, {each.field for each in named}, lexicon))
    bound = weights.alike * sum(each.weight for each in photos)
    like = [replace(each, weight=bound * each.weight) for each in alike if bound * each.weight > 0]
    others: list[Signal] = [*plan.signals, *like]
    lead = weights.named * (sum(each.weight for each in plan.signals) + bound)
    leading = [
        Condition(name, lead, clause) if isinstance(clause, Match) else Passing(name, lead, (clause,))
        for name, clause in clauses.items()
    ]
    return replace(
        plan,
        signals=(*leading, *others),
        neighbours=(*plan.neighbours, *among(looked.plan.neighbours, tuple(clauses.values()))),
        window=plan.window + NEIGHBOURS * len(photos) * (len(clauses) + (len(clauses) > 1)),
    )


def chosen(named: Sequence[Named], counted: Sequence[int]) -> list[Named]:
    """Return what words name, given how many products have each value; of words that overlap, the most.

    The same words may name values of several facets.
    """
    kept: list[Named] = []
    for each, count in zip(named, counted, strict=False):
        if count and not any(each.overlaps(other) and not each.beside(other) for other in kept):
            kept.append(each)
    return kept


def among(photos: Sequence[Neighbours], clauses: tuple[Filter | Match, ...]) -> Iterator[Neighbours]:
    """Yield what finds what looks like a photo among what has all that was named, and among what has some of it."""
    groups = dict.fromkeys([clauses, *((clause,) for clause in clauses)])
    for photo in photos:
        yield from (replace(photo, k=NEIGHBOURS, among=group) for group in groups)


def likenesses(hits: Sequence[Hit], fields: Fields, named: set[str], lexicon: Lexicon | None) -> Iterator[Passing]:
    """Yield the values that what looks like a photo has, but for facets that words name; all weigh at most 1."""
    rows = [values_of(hit.product, fields) for hit in hits]
    facets = [name for name in fields.facets if name not in named and not is_from_reviews(name)]
    for name in facets:
        having = Counter(value for row in rows for value in row.get(name, ()))
        for value, count in having.most_common():
            share = count / len(rows)
            if share >= AGREED:
                tells = telling_most([value], fields.languages, lexicon)
                yield Passing(f"{ALIKE_FIELD}{name}: {value}", share * tells / len(facets), (Terms(name, (value,)),))
