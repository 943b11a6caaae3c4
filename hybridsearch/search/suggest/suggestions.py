"""Suggestions: the plan that counts what may be suggested, and the choice among it. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from hybridsearch.query_sources import WORDS
from hybridsearch.schema import Schema
from hybridsearch.search.clauses import Codes, Condition, Counted, Match, Saturated, Signal
from hybridsearch.search.codes import typed_codes, weighed
from hybridsearch.search.filters.conditions import Filter, Not
from hybridsearch.search.plan import UNRULED, Plan
from hybridsearch.search.ruled import Ruled
from hybridsearch.search.rules import Rules
from hybridsearch.search.signals import Evidence, signals_of
from hybridsearch.search.suggest.suggest import (
    BRAND,
    CATEGORY,
    QUERY,
    WORD,
    Candidate,
    Known,
    Typed,
    candidates,
    completions,
    corrections,
    read,
)
from hybridsearch.search.weights import Weights
from hybridsearch.search.words.having import fields_of, having_all, match_of
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.synonyms import Synonyms
from hybridsearch.search.words.word import Word
from hybridsearch.suggestion import Suggestion
from hybridsearch.texts import text
from hybridsearch.values import Page

PRODUCTS = 4
"""Products that are shown."""
WINDOW = 100
"""Of the first pass that get the full score: without neighbours hardly more are near the first four."""
ENDINGS = 8
"""Words that the last one may stand for where products are looked for."""
SHARE = 4
"""One place of so many is for categories, and one for brands, where there are enough of all;"""
QUERIES = 3
"""and so many of each SHARE that are left for queries."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What is counted and looked for, to choose suggestions from."""

    plan: Plan
    candidates: tuple[Candidate, ...]
    size: int

    def chosen(self, page: Page) -> tuple[Suggestion, ...]:
        """Return the suggestions, given the answer to the plan."""
        return chosen(self.candidates, page.counted, self.size)


def planned(
    given: str,
    size: int,
    schema: Schema,
    weights: Weights,
    known: Known,
    *,
    filters: Sequence[Filter] = (),
    rules: Rules,
    synonyms: Synonyms,
    today: date,
    degraded: Sequence[str] = (),
) -> Planned:
    """Return what answers a text that somebody is typing.

    Args:
        given: The text, as it is.
        size: Suggestions that are wanted.
        schema: What the index holds.
        weights: The weight of each signal.
        known: What suggestions are made from.
        filters: The shopper's own.
        rules: The rules of the shop; those for a suggestion decide what it counts, and what they hide is not shown.
        synonyms: Those of the shop.
        today: The day, for rules.
        degraded: Why parts of the answer are unavailable.
    """
    languages = schema.fields.languages
    typed = read(given, known.lexicon, languages, synonyms)
    found = tuple(candidates(typed, known, size))

    def ruled(words: str, more: Sequence[Filter] = ()) -> Ruled:
        return rules.applied(words, (*filters, *more), schema.fields, today) if rules.rules else UNRULED

    by_candidate = [ruled(each.words, each.filters) for each in found]
    own = ruled(given)
    completed = (changes for each, changes in zip(found, by_candidate, strict=True) if not each.filters)
    hidden = dict.fromkeys(clause for each in completed for clause in each.filters if isinstance(clause, Not))
    keyword = begun(typed, languages, known.lexicon)
    codes = typed_codes(text.clean(given, text.QUERY_LIMIT)) if schema.fields.codes and typed.words else None
    weights = weighed(weights, WORDS.name, schema)
    evidence = Evidence(" ".join(typed.words), keyword, codes, {}, schema)
    signals = tuple(filter(tells, signals_of(evidence, weights)))
    plan = Plan(
        kind=WORDS.name if typed.words else "browse",
        reason="suggestions for what is typed",
        query=given,
        keyword=keyword,
        codes=codes,
        filters=tuple(filters),
        signals=signals,
        window=WINDOW,
        size=PRODUCTS if signals else 0,
        counted=tuple(
            Counted(
                having_all(each.words if changes.query is None else changes.query, languages, known.lexicon, synonyms),
                (*filters, *each.filters, *changes.filters),
            )
            for each, changes in zip(found, by_candidate, strict=True)
        ),
        ruled=Ruled(filters=(*own.filters, *(clause for clause in hidden if clause not in own.filters))),
        variants=f"{schema.fields.list_of_variants}." if schema.fields.in_variants else "",
        degraded=tuple(degraded),
    )
    return Planned(plan, found, size)


def tells(signal: Signal) -> bool:
    """Tell whether a signal says anything of products that all have what is typed, of which the last word is open."""
    if isinstance(signal, Condition):
        return isinstance(signal.clause, Codes)
    return not isinstance(signal, Saturated) or signal.match.field in ("title", "text")


def begun(typed: Typed, languages: Sequence[str], lexicon: Lexicon | None) -> Match | None:
    """Return the clause that a product has the words that are typed, the last of them with any ending.

    The first language is enough, as what the last word may be is written out; all of them take some three times as
    long.
    """
    if not typed.words:
        return None
    endings: Sequence[str] = ()
    if typed.last and not text.is_run(typed.last):
        endings = [*completions(typed.last, lexicon)] or corrections(typed.last, lexicon)
    last = [Word(typed.last, tuple(endings[:ENDINGS]))] if typed.last else []
    words = [*map(Word, typed.before), *last]
    return match_of(words, fields_of(words, languages)[:1])


def chosen(found: Sequence[Candidate], counts: Sequence[int], size: int) -> tuple[Suggestion, ...]:
    """Return what is suggested: of what may be, that which finds something.

    Queries come first, as often as they were asked and clicked; then words and phrases, those of the most products
    first, and behind them those that change what is typed; then categories and brands by products, each with a part of
    the places. Ties are in order of the texts.

    Args:
        found: The candidates, the queries in their order.
        counts: How many products there are of each.
        size: Places.
    """
    by_kind: dict[str, list[tuple[Candidate, int]]] = {kind: [] for kind in (QUERY, WORD, CATEGORY, BRAND)}
    for each, count in zip(found, counts, strict=True):
        if count:
            by_kind[each.kind].append((each, count))
    for kind in (WORD, CATEGORY, BRAND):
        by_kind[kind].sort(key=lambda pair: (pair[0].changed, -pair[1], pair[0].text))
    places = shares({kind: len(each) for kind, each in by_kind.items()}, size)
    return tuple(
        Suggestion(each.text, kind, count, each.words, {clause.field: str(clause.values[0]) for clause in each.filters})
        for kind, pairs in by_kind.items()
        for each, count in pairs[: places[kind]]
    )


def shares(there: Mapping[str, int], size: int) -> dict[str, int]:
    """Return how many places each kind gets: a part, and what nobody else takes."""
    places = {kind: min(there[kind], size // SHARE) for kind in (CATEGORY, BRAND)}
    places[QUERY] = min(there[QUERY], (size - sum(places.values())) * QUERIES // SHARE)
    for kind in (WORD, QUERY, CATEGORY, BRAND):
        others = sum(places.values()) - places.get(kind, 0)
        places[kind] = min(there[kind], size - others)
    return places
