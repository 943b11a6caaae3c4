"""Similar products: from one product of the index to the plan that finds others like it. A pure function of values."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date

from hybridsearch import document
from hybridsearch.query_sources import PRODUCT
from hybridsearch.roles import Fields
from hybridsearch.schema import Schema
from hybridsearch.search.clauses import WHOLE, Match, Words
from hybridsearch.search.facets.facets import read_facets
from hybridsearch.search.filters.conditions import Filter, Ids, Not
from hybridsearch.search.filters.filters import read_filters
from hybridsearch.search.filters.letter_case import compared
from hybridsearch.search.plan import UNRULED, Plan
from hybridsearch.search.planner import WINDOW, Query, heard, neighbours, page_bounds
from hybridsearch.search.ruled import Ruled
from hybridsearch.search.shared import shared
from hybridsearch.search.signals import Evidence, signals_of
from hybridsearch.search.weights import Weights
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.occurrences import having
from hybridsearch.search.words.telling import idf, tokens_of
from hybridsearch.search.words.word import Word
from hybridsearch.texts import text
from hybridsearch.texts.languages import is_cjk
from hybridsearch.values import Indexed

MOST_WORDS = 25
"""Words of a product that others are looked for with, as many as Elasticsearch's `more_like_this` takes: further ones
tell less than these."""
SHARED = 0.25
"""The least that the words must tell together which another product has, as a share of what all of them tell: without
such a bound whatever shares a word is counted and paged to."""
COMMON = 0.5
"""Share of the products from which on a word tells nothing, unless it stands in the title."""


def plan_similar(
    product: Indexed,
    query: Query,
    schema: Schema,
    weights: Weights,
    *,
    lexicon: Lexicon | None = None,
    configured: Fields | None = None,
    ruled: Ruled = UNRULED,
    today: date | None = None,
    degraded: Sequence[str] = (),
) -> Plan:
    """Return the plan that finds products like one of the index.

    They are its neighbours in every leg that it has a vector in, and what shares its most telling words.
    It itself, with its variants, is left out.

    Args:
        product: As the index has it.
        query: Filters, facets, page and size; it has no text.
        schema: What the index holds.
        weights: The weight of each signal; those of the kind `product` count.
        lexicon: The words of the index; left out: not known, and the first words of the product are taken.
        configured: The fields that the index will have once it is rebuilt, for messages.
        ruled: What the shop's rules change of a page without words; only what products must be is changed here.
        today: In UTC; left out: no date is new.
        degraded: Why parts of the answer are unavailable, to be shown on the page.

    Raises:
        QueryError: A filter or facet names a field that the index does not have, or a value that it cannot hold.
    """
    weights = weights.of(PRODUCT.name)
    vectors = {PRODUCT.name: heard(product.vectors, PRODUCT, schema, weights)}
    title = document.title(product.row, schema.fields)
    keyword = words_of(product, schema.fields, lexicon)
    evidence = Evidence(
        title[: text.QUERY_LIMIT], keyword, None, vectors, schema, today, shared(product.row, schema.fields, lexicon)
    )
    itself = Not(Ids((product.id,)))
    page = unasked(query, schema, [itself], configured=configured, ruled=ruled, degraded=degraded)
    poor = f"product '{product.id}' has neither a vector nor words that other products have"
    return replace(
        page,
        kind=PRODUCT.name,
        reason=f"similar to '{product.id}'",
        keyword=keyword,
        neighbours=tuple(
            replace(near, k=near.k + 1, later=(itself,))  # it is its own nearest neighbour
            for near in neighbours(vectors, schema, weights, doubtful=False)
        ),
        signals=tuple(signals_of(evidence, weights)),
        notes=(*page.notes, *[poor] * (keyword is None and not vectors[PRODUCT.name])),
    )


def unasked(
    query: Query,
    schema: Schema,
    left_out: Sequence[Filter],
    *,
    configured: Fields | None,
    ruled: Ruled,
    degraded: Sequence[str],
) -> Plan:
    """Return what the plans of pages have in common that nobody typed words for: no candidates and signals yet.

    Args:
        query: Filters, facets, page and size.
        schema: What the index holds.
        left_out: Filters that leave products out.
        configured: The fields that the index will have once it is rebuilt, for messages.
        ruled: What the shop's rules change of a page without words; only what products must be is changed.
        degraded: Why parts of the answer are unavailable.

    Raises:
        QueryError: A filter or facet names a field that the index does not have, or a value that it cannot hold.
    """
    filters = (*read_filters(query.filters, schema.fields, configured), *left_out)
    offset, size, notes = page_bounds(query, steady=False)
    return Plan(
        kind="",
        reason="",
        filters=filters,
        facets=tuple(read_facets(query.facets, schema.fields, configured, filters)),
        window=WINDOW,
        offset=offset,
        size=size,
        compared=compared(filters),
        ruled=ruled.filtering,
        variants=f"{schema.fields.list_of_variants}." if schema.fields.in_variants else "",
        notes=notes,
        degraded=tuple(degraded),
    )


def words_of(product: Indexed, fields: Fields, lexicon: Lexicon | None) -> Match | None:
    """Return the clause that finds what shares the most telling words of a product; None where nothing else has any."""
    title = document.title(product.row, fields)
    everything = document.searched(product.row, fields)[: document.LEG_TEXT_LIMIT + len(title)]
    chosen = telling(text.lexical(title, fields.languages), text.lexical(everything, fields.languages), lexicon)
    return found_by(chosen, text.fields_by_language(everything, fields.languages), fields, lexicon)


def found_by(
    words: Sequence[Word], languages: Collection[str], fields: Fields, lexicon: Lexicon | None
) -> Match | None:
    """Return the clause that finds what shares words in the fields of some languages; None where there are none."""
    found = (in_language(words, language, lexicon) for language in fields.languages if language in languages)
    parts = tuple(filter(None, found))
    return Match("text", parts) if parts else None


def telling(title: Sequence[str], everything: Sequence[str], lexicon: Lexicon | None) -> list[Word]:
    """Return words of a product: those of its title, then those of its texts that fewest products have.

    A word that no other product has finds none, and one of the texts that most have tells nothing.
    """
    if lexicon is None or not lexicon.counts:
        return [Word(word) for word in dict.fromkeys([*title, *everything])][:MOST_WORDS]
    counts = lexicon.counts
    first = [word for word in title if counts.get(word, 0) > 1]
    known = set(first)
    most = COMMON * lexicon.documents
    others = [word for word in everything if word not in known and 1 < counts.get(word, 0) <= most]
    return [Word(word) for word in [*first, *sorted(others, key=counts.__getitem__)]][:MOST_WORDS]


def in_language(words: Sequence[Word], language: str, lexicon: Lexicon | None) -> Words | None:
    """Return the words as tokens of one language, with what each tells; None where it has none of them.

    What a product must have of them never exceeds the most telling word, so that something is found.
    """
    here = [word for word in words if is_cjk(language) or not text.is_run(word.typed)]
    found = tokens_of(here, language)[:MOST_WORDS]
    tokens = tuple(own for _, own in found)
    if not tokens:
        return None
    if lexicon is None or not lexicon.counts:
        return Words(language, tokens, (1,) * len(tokens))
    counts = [max((having(form, language, lexicon) for form in forms), default=0) for forms, _ in found]
    counted = tuple(told(counts, lexicon.documents))
    return Words(language, tokens, counted, min(round(WHOLE * SHARED), max(counted)))


def told(counts: Sequence[int], documents: int) -> Iterator[int]:
    """Yield what each word counts of WHOLE: its idf, as a share of that of all."""
    idfs = [idf(min(count, documents), documents) for count in counts]
    return (max(1, round(WHOLE * part / sum(idfs))) for part in idfs)
