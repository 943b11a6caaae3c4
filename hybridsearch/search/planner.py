"""The planner: from a query to the plan that answers it. A pure function of values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from hybridsearch import text
from hybridsearch.errors import QueryError
from hybridsearch.schema import Calibration, Leg, Schema
from hybridsearch.search.filters import FilterValue, read_facets, read_filters, read_sort
from hybridsearch.search.plan import (
    Codes,
    Condition,
    Cosine,
    Kind,
    Match,
    Neighbours,
    Number,
    Plan,
    Saturated,
    Signal,
)
from hybridsearch.search.weights import Weights
from hybridsearch.values import Vector

NEIGHBOURS = 100
"""Neighbours for each query vector: enough for four pages; more adds hardly any relevant product."""
EXPLORE = 200
"""Vectors that an approximate index looks at for them."""
EXPLORE_EXACT = 10_000
"""The same for an exact leg: the most that Elasticsearch allows. Its `flat` index would be the obvious choice, but from
9.x on a knn clause on it ignores k and matches every product (seen on 9.4.3)."""
WINDOW = 400
"""At least the neighbours of three query vectors and as many keyword candidates; wider is nearly free (measured)."""
MOST_HITS = 1_000
DEEPEST = 10_000
"""The last hit that can be paged to: Elasticsearch's max_result_window."""

_CODE = re.compile(r"(?=.*\d)[\w./-]{4,}|\d[\d -]{5,}\d")
_MEASURE = re.compile(r"\d+(?:[.,]\d+)?[^\W\d_]{1,4}|(?:19|20)\d\d")


@dataclass(frozen=True, slots=True)
class Query:
    """What a shopper asks, before anything is looked up.

    Attributes:
        filters: Value, values or bounds by field.
        sort: `field:asc` or `field:desc`; left out: by score.
        page: From 1.
    """

    text: str = ""
    photo: bool = False
    filters: Mapping[str, FilterValue] = field(default_factory=dict)
    facets: Sequence[str] = ()
    sort: str | None = None
    page: int = 1
    size: int = 10

    @property
    def typed(self) -> str:
        """The text as it is searched for: normalised, and cut to QUERY_LIMIT."""
        return text.clean(self.text, text.QUERY_LIMIT)


def kind_of(query: Query, schema: Schema) -> tuple[Kind, str]:
    """Return what sort of query this is, and how that was seen."""
    typed = query.typed
    words = text.words(typed)
    if query.photo:
        return ("photo and words", "a photo came with words") if words else ("photo", "a photo came without words")
    if not words:
        if query.filters or query.sort:
            return "browse", "no words and no photo, but a filter or an order"
        return "empty", "no words, no photo, no filter"
    if schema.fields.codes and looks_like_code(typed):
        return "code", f"'{typed}' looks like a product code"
    return "words", f"{len(words)} word{'s' * (len(words) != 1)}"


def looks_like_code(word: str) -> bool:
    """Tell whether a query, or a word of one, may be a product code rather than a word, a year or a measure."""
    return bool(_CODE.fullmatch(word) and not _MEASURE.fullmatch(word))


def plan(
    query: Query,
    schema: Schema,
    weights: Weights,
    *,
    words: Mapping[str, Vector] | None = None,
    photo: Mapping[str, Vector] | None = None,
    degraded: Sequence[str] = (),
) -> Plan:
    """Return the plan that answers a query.

    Args:
        query: What is asked.
        schema: What the index holds.
        weights: What each signal is worth.
        words: Vector of the query's words by leg, for the legs that could encode them.
        photo: Vector of the query's photo by leg.
        degraded: What could not be had, to be said on the page.

    Raises:
        QueryError: A filter, facet or order names a field that the index does not have, or a value that it cannot hold.
    """
    kind, reason = kind_of(query, schema)
    weights = weights.of(kind)
    vectors = {} if kind == "code" else {"words": words or {}, "photo": photo or {}}
    typed = query.typed
    keyword = keywords(typed, schema, weights)
    codes = typed_codes(typed) if schema.fields.codes else None
    offset, size, notes = page_bounds(query)
    if len(query.text) > text.QUERY_LIMIT:
        notes = (f"the query was cut to its first {text.QUERY_LIMIT} of {len(query.text)} characters", *notes)
    return Plan(
        kind=kind,
        reason=reason,
        query=query.text,
        keyword=keyword,
        codes=codes,
        neighbours=tuple(neighbours(vectors, schema, weights)),
        filters=tuple(read_filters(query.filters, schema.fields)),
        signals=tuple(
            signal for signal in signals(typed, keyword, codes, vectors, schema, weights) if signal.weight > 0
        ),
        facets=tuple(read_facets(query.facets, schema.fields)),
        sort=read_sort(query.sort, schema.fields),
        window=WINDOW,
        offset=offset,
        size=size,
        notes=notes,
        degraded=tuple(degraded),
    )


def keywords(query: str, schema: Schema, weights: Weights) -> Match | None:
    """Return the clause that finds candidates by words, if the query has any."""
    tokens = tokens_by_language(query, schema)
    return Match("text", tokens, weights.share) if tokens else None


def tokens_by_language(query: str, schema: Schema) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the distinct tokens of a query for each language whose field may hold them."""
    parts = text.fields_by_language(query, schema.fields.languages)
    found = ((language, text.analyse_query(part, language)) for language, part in parts.items())
    return tuple((language, tuple(tokens[: text.QUERY_WORDS])) for language, tokens in found if tokens)


def pairs_by_language(query: str, schema: Schema) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the distinct pairs of adjacent words, stop words included, as the index has them."""
    parts = text.fields_by_language(query, schema.fields.languages)
    found = (
        (language, text.pairs(text.analyse(part, language)[: text.QUERY_WORDS])) for language, part in parts.items()
    )
    return tuple((language, tuple(dict.fromkeys(pairs))) for language, pairs in found if pairs)


def typed_codes(query: str) -> Codes | None:
    """Return the codes in a query: all of it when it looks like one, and each word that does."""
    words = [query, *query.split()]
    codes = dict.fromkeys(code for word in words if looks_like_code(word) and (code := text.code(word)))
    return Codes(tuple(codes)) if codes else None


def neighbours(vectors: Mapping[str, Mapping[str, Vector]], schema: Schema, weights: Weights) -> Iterator[Neighbours]:
    """Yield a clause for each query vector, and one for words and photo together: near to both beats near to one."""
    for leg in schema.legs:
        given = {source: by_leg[leg.name] for source, by_leg in vectors.items() if leg.name in by_leg}
        explore = EXPLORE_EXACT if leg.exact else EXPLORE
        for source, vector in given.items():
            scale = calibration(leg, source)
            floor = scale.low + weights.floor(source) * (scale.high - scale.low)
            yield Neighbours(leg.name, vector, NEIGHBOURS, explore, floor)
        if len(given) == 2:
            yield Neighbours(leg.name, between(*given.values()), NEIGHBOURS, explore, -1.0)


def between(one: Vector, other: Vector) -> Vector:
    """Return the unit vector half way between two."""
    middle = one.array.astype(np.float64) + other.array
    return Vector(middle / max(float(np.linalg.norm(middle)), 1e-12))


def calibration(leg: Leg, source: str) -> Calibration:
    """Return where the leg's cosines to `words` or to a `photo` lie."""
    return leg.words if source == "words" else leg.photo


def signals(
    query: str,
    keyword: Match | None,
    codes: Codes | None,
    vectors: Mapping[str, Mapping[str, Vector]],
    schema: Schema,
    weights: Weights,
) -> Iterator[Signal]:
    """Yield every signal that this query can give, whatever its weight."""
    if keyword:
        for name in ("title", "text"):
            yield Saturated(name, weights.weight(name), Match(name, keyword.tokens), weights.half(name))
        if pairs := pairs_by_language(query, schema):
            yield Saturated("pairs", weights.weight("pairs"), Match("pairs", pairs), weights.half("pairs"))
        if grams := tuple(dict.fromkeys(text.grams(query)))[: text.QUERY_GRAMS]:
            letters = Match("grams", ((text.ALL, grams),))
            yield Saturated("grams", weights.weight("grams"), letters, weights.half("grams"))
        yield Condition("all_words", weights.weight("all_words"), Match("text", keyword.tokens, 1.0))
        yield Condition("most_words", weights.weight("most_words"), Match("text", keyword.tokens, 0.6))
    if codes:
        yield Condition("code", weights.weight("code"), codes)
    for source, by_leg in vectors.items():
        for leg in schema.legs:
            if leg.name in by_leg:
                name, scale = f"{source}.{leg.name}", calibration(leg, source)
                yield Cosine(name, weights.weight(name), leg.name, by_leg[leg.name], scale.low, scale.high)
    for number in schema.fields.numbers:
        name = f"number.{number}"
        yield Number(name, weights.weight(name), number, weights.half(name))


def page_bounds(query: Query) -> tuple[int, int, tuple[str, ...]]:
    """Return offset and size within what can be paged to, and what was changed for that."""
    if query.page < 1 or query.size < 0:
        raise QueryError(f"Page {query.page} of size {query.size} was asked for; pages start at 1 and sizes at 0.")
    notes = []
    size = min(query.size, MOST_HITS)
    if size < query.size:
        notes.append(f"a page holds at most {MOST_HITS} hits, {query.size} were asked for")
    offset = (query.page - 1) * size
    if offset + size > DEEPEST:
        offset = DEEPEST - size
        notes.append(f"only the first {DEEPEST} hits can be paged to; narrow the search with a filter")
    return offset, size, tuple(notes)
