"""Recommended products: from a person's taste to the plan of a page that nobody searched for. A pure function."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from hybridsearch import document
from hybridsearch.query_sources import PRODUCT
from hybridsearch.roles import Fields
from hybridsearch.schema import Schema
from hybridsearch.search.alike.similar import MOST_WORDS, found_by, telling, unasked
from hybridsearch.search.clauses import Match, Neighbours
from hybridsearch.search.filters.conditions import Filter, Ids, Not
from hybridsearch.search.person.taste import Taste, signals
from hybridsearch.search.plan import UNRULED, Plan
from hybridsearch.search.planner import Query, heard, neighbours
from hybridsearch.search.ruled import Ruled
from hybridsearch.search.signals import Evidence, signals_of
from hybridsearch.search.weights import Weights
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.word import Word
from hybridsearch.texts import text
from hybridsearch.values import TASTE

LATEST = 3
"""Products of a history whose own neighbours are looked for, beside those of the middle of all: who looked at shoes and
pans wants either, and nothing between them."""
STRENGTH = 1.0
"""What the taste adds at most where there is no query: about what all words of one together give."""


def plan_recommended(
    taste: Taste,
    query: Query,
    schema: Schema,
    weights: Weights,
    *,
    again: bool = False,
    lexicon: Lexicon | None = None,
    configured: Fields | None = None,
    ruled: Ruled = UNRULED,
    today: date | None = None,
    degraded: Sequence[str] = (),
) -> Plan:
    """Return the plan that finds what a person may like.

    Args:
        taste: With at least one product.
        query: Filters, facets, page and size; it has no text.
        schema: What the index holds.
        weights: The weight of each signal; those of the kind `product` count for words.
        again: Whether products of the history may be shown too.
        lexicon: The words of the index; left out: not known.
        configured: The fields that the index will have once it is rebuilt, for messages.
        ruled: What the shop's rules change of a page without words; only what products must be is changed here.
        today: In UTC; left out: no date is new.
        degraded: Why parts of the answer are unavailable, to be shown on the page.

    Raises:
        QueryError: A filter or facet names a field that the index does not have, or a value that it cannot hold.
    """
    weights = weights.of(PRODUCT.name)
    others: list[Filter] = [] if again else [Not(Ids(tuple(each.id for each in taste.seen)))]
    page = unasked(query, schema, others, configured=configured, ruled=ruled, degraded=degraded)
    keyword = words_of(taste, schema.fields, lexicon)
    evidence = Evidence("", keyword, None, {}, schema, today)
    tasted = signals(taste, schema, STRENGTH, weights.taste_vectors)
    return replace(
        page,
        kind=TASTE,
        reason=f"like {len(taste.seen)} products that were looked at",
        keyword=keyword,
        neighbours=tuple(around(taste, schema, weights)),
        signals=(*signals_of(evidence, weights), *tasted),
        taste=taste,
        notes=(*page.notes, *taste.notes),
    )


def around(taste: Taste, schema: Schema, weights: Weights) -> Iterator[Neighbours]:
    """Yield what finds the neighbours of the middle of a history, and of its latest products, in every leg."""
    middles = {name: direction.vector for name, direction in taste.directions.items()}
    latest = [each.product.vectors for each in taste.seen[:LATEST]]
    for vectors in (middles, *(latest if len(taste.seen) > 1 else ())):
        own = heard(vectors, PRODUCT, schema, weights)
        yield from neighbours({PRODUCT.name: own}, schema, weights, doubtful=False)


def words_of(taste: Taste, fields: Fields, lexicon: Lexicon | None) -> Match | None:
    """Return the clause that finds what shares the words of a history's titles, those of most products first."""
    counts: defaultdict[str, float] = defaultdict(float)
    titles = [document.title(each.product.row, fields) for each in taste.seen]
    for each, title in zip(taste.seen, titles, strict=True):
        for word in telling(text.lexical(title, fields.languages), (), lexicon):
            counts[word.typed] += each.share
    words = [Word(typed) for typed in sorted(counts, key=lambda typed: (-counts[typed], typed))[:MOST_WORDS]]
    return found_by(words, text.fields_by_language(" ".join(titles), fields.languages), fields, lexicon)
