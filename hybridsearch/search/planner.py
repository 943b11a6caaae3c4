"""The planner: from a query to the plan that answers it. A pure function of values."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

import numpy as np

from hybridsearch.encoders.goods import Goods
from hybridsearch.errors import QueryError
from hybridsearch.inputs.json_values import brief
from hybridsearch.query_sources import QUERY_SOURCES, VOICE, WORDS, QuerySource, typed
from hybridsearch.roles import Fields
from hybridsearch.runtime.remembered import remembered
from hybridsearch.schema import Schema, in_reviews
from hybridsearch.search.clauses import Match, Neighbours, Proof
from hybridsearch.search.codes import is_surely_code, typed_codes, weighed
from hybridsearch.search.diversity import Diverse
from hybridsearch.search.facets.facets import FacetNames, read_facets
from hybridsearch.search.filmed import filmed_legs
from hybridsearch.search.filters.filters import FilterValue, read_filters
from hybridsearch.search.filters.letter_case import compared
from hybridsearch.search.loosened import loose
from hybridsearch.search.nearest import nearest
from hybridsearch.search.orders import read_sort
from hybridsearch.search.person.taste import INDIFFERENT, Taste
from hybridsearch.search.person.taste import signals as taste_signals
from hybridsearch.search.plan import UNRULED, Kind, Plan
from hybridsearch.search.ruled import Ruled
from hybridsearch.search.signals import Evidence, signals_of
from hybridsearch.search.weights import Weights
from hybridsearch.search.words.heard import widened
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.proof import Given, proofs_of, suggestions
from hybridsearch.search.words.reading import Reading, read
from hybridsearch.search.words.repeated import repeated
from hybridsearch.search.words.synonyms import NONE, Synonyms
from hybridsearch.search.words.telling import in_language, mostly_unknown
from hybridsearch.texts import text
from hybridsearch.transcript import Transcript
from hybridsearch.values import Vector

NEIGHBOURS = 100
"""Neighbours for each query vector: enough for four pages; more adds hardly any relevant product."""
WINDOW = 400
"""At least the neighbours of three query vectors and as many keyword candidates; wider is nearly free (measured)."""
MOST_HITS = 1_000
UNTASTED = ("code", "browse", "empty")
"""Kinds of queries that have one right answer, or an order of their own."""
UNUSED = "the history changes nothing here: what is found has an order of its own"
DEEPEST = 10_000
"""The last hit that can be paged to: Elasticsearch's max_result_window."""
STAYS = (
    "the order by fields, or of the whole shop, stays as it is: only hits in the order of their score become diverse"
)


@dataclass(frozen=True)
class Query:
    """What a shopper asks, before anything is looked up.

    Attributes:
        given: Names of the sources besides the text that it gives, such as `photo`.
        filters: By field: a value, values, or an object of operators; or groups of filters, see `read_filters`.
        facets: Names of fields, or options by name, see `read_facets`.
        sort: `field:asc` or `field:desc`, or several of them; left out: by score.
        page: From 1.
        cursor: Of the page before; empty: `page` says which one is asked for.
        diverse: Whether each hit is to add something to those before it.
        heard: What was understood of a recording; its text is part of the query's.
    """

    text: str = ""
    given: tuple[str, ...] = ()
    filters: Mapping[str, FilterValue] = field(default_factory=dict)
    facets: FacetNames = ()
    sort: str | Sequence[str] | None = None
    page: int = 1
    size: int = 10
    cursor: str = ""
    diverse: bool = False
    heard: Transcript | None = None

    @cached_property
    def typed(self) -> str:
        """The text as it is searched for: normalised, and cut to QUERY_LIMIT."""
        return text.clean(self.text, text.QUERY_LIMIT)


@remembered
def kind_of(query: Query, schema: Schema) -> tuple[Kind, str]:
    """Return what sort of query this is, and the reason.

    Raises:
        QueryError: It gives a source that does not exist.
    """
    typed = query.typed
    words = text.words(typed)
    worded, came_so = (WORDS.name, "") if query.heard is None else (VOICE, " that were spoken")
    if given := [source for source in sources_named(query.given) if source is not WORDS]:
        kind = " and ".join([*(source.name for source in given), *[worded] * bool(words)])
        came = " and ".join(source.noun for source in given)
        return kind, f"{came} came {'with' if words else 'without'} words"
    if not words and query.heard is not None:
        return "empty", "no word was heard in the recording"
    if not words:
        nothing = " and ".join(f"no {source}" for source in QUERY_SOURCES)
        if query.filters or query.sort:
            return "browse", f"{nothing}, but a filter or an order"
        if not query.text.strip():
            return "browse", f"{nothing}: the whole shop"
        return "empty", f"{brief(query.text)} has no word in it"
    if schema.fields.codes and is_surely_code(typed):
        return "code", f"'{typed}' looks like a product code"
    return worded, f"{len(words)} word{'s' * (len(words) != 1)}{came_so}"


def sources_of(query: Query, schema: Schema) -> tuple[QuerySource, ...]:
    """Return the sources that a query gives vectors from; the text gives none where it is a product code alone.

    Raises:
        QueryError: It gives a source that does not exist.
    """
    worded = bool(text.words(query.typed)) and kind_of(query, schema)[0] != "code"
    return sources_named([*query.given, *[WORDS.name] * worded])


def sources_named(names: Collection[str]) -> tuple[QuerySource, ...]:
    """Return the sources of these names, in their fixed order.

    Raises:
        QueryError: There is no source of such a name.
    """
    for name in names:
        if name not in QUERY_SOURCES:
            raise QueryError(f"A query cannot give '{name}'. It can give: {', '.join(QUERY_SOURCES)}.")
    return tuple(source for name, source in QUERY_SOURCES.items() if name in names)


def plan(
    query: Query,
    schema: Schema,
    weights: Weights,
    *,
    vectors: Mapping[str, Mapping[str, Vector]] | None = None,
    degraded: Sequence[str] = (),
    lexicon: Lexicon | None = None,
    synonyms: Synonyms = NONE,
    configured: Fields | None = None,
    ruled: Ruled = UNRULED,
    today: date | None = None,
    taste: Taste = INDIFFERENT,
    goods: Mapping[str, Goods] | None = None,
) -> Plan:
    """Return the plan that answers a query.

    Args:
        query: What is asked.
        schema: What the index holds.
        weights: The weight of each signal.
        vectors: Of what the query gives, by source and leg, for the legs whose encoders could read it.
        degraded: Why parts of the answer are unavailable, to be shown on the page.
        lexicon: The words of the index; left out: not known, and any word will do.
        synonyms: The rules of the shop.
        configured: The fields that the index will have once it is rebuilt, for messages.
        ruled: What the shop's rules change; in an order by fields products keep their places.
        today: In UTC; left out: no date is new.
        taste: Of the person: it lifts some of what is found, where hits are in the order of their score.
        goods: Kinds of goods, by the legs in which words are compared with them.

    Raises:
        QueryError: A filter, facet or order names a field that the index does not have, or a value that it cannot hold;
            or a source does not exist; or a cursor is damaged, or none of this search.
    """
    kind, reason = kind_of(query, schema)
    weights = weighed(weights, kind, schema)
    vectors = vectors if vectors and kind != "code" else {}
    vectors = {source.name: heard(vectors[source.name], source, schema, weights) for source in sources_named(vectors)}
    reading, parts = understood(query, schema, lexicon, synonyms)
    keyword = keywords(parts, reading, lexicon, weights, schema)
    codes = typed_codes(query.typed) if schema.fields.codes else None
    same = repeated(keyword, parts, reading, lexicon)
    evidence = Evidence(reading.spelled or query.typed, keyword, codes, vectors, schema, today, repeated=same)
    if query.sort:
        ruled = replace(ruled, pins=(), weights=())
    # What passes a filter is part of a page that was proved without it.
    is_proved = typed(kind) == WORDS.name and not query.filters and not ruled.pins
    given = Given(parts, reading, lexicon, codes, vectors.get(WORDS.name, {}), goods or {})
    filters = tuple(read_filters(query.filters, schema.fields, configured))
    offset, size, notes = page_bounds(query, steady=bool(query.sort) or kind == "browse")
    ranked = not query.sort and kind not in UNTASTED
    tasted = taste_signals(taste, schema, weights.taste, weights.taste_vectors) if ranked else ()
    notes = (*changed(query, kind), *notes, *taste.notes, *[UNUSED] * (bool(taste.seen) and not ranked))
    signals = (*signals_of(evidence, weights), *ruled.signals, *tasted)
    planned = Plan(
        kind=kind,
        reason=reason,
        query=query.text,
        keyword=keyword,
        loose=loose(keyword, weights.coverage),
        codes=codes,
        neighbours=tuple(neighbours(vectors, schema, weights, doubtful=is_doubtful(keyword, lexicon))),
        filters=filters,
        signals=signals,
        facets=tuple(read_facets(query.facets, schema.fields, configured, filters)),
        sort=read_sort(query.sort, schema.fields, configured),
        cut_off=weights.cut_off if query.sort and kind != "browse" else 0.0,
        window=WINDOW,
        offset=offset,
        size=size,
        spelled=reading.spelled,
        corrected=reading.corrected,
        dropped=reading.dropped,
        proofs=proofs(given, schema, weights) if is_proved else (),
        suggestions=suggestions(reading, lexicon, schema.fields.languages),
        compared=compared(filters),
        ruled=ruled,
        diverse=diverse_by(schema, ruled) if query.diverse else None,
        given_filters=query.filters,
        taste=taste if tasted else INDIFFERENT,
        filmed=filmed_legs(signals, schema),
        variants=f"{schema.fields.list_of_variants}." if schema.fields.in_variants else "",
        notes=(*notes, *reading.notes),
        degraded=tuple(degraded),
    )
    return planned.behind(query.cursor) if query.cursor else planned


def changed(query: Query, kind: Kind) -> Iterator[str]:
    """Yield what is not done as it was asked for."""
    if len(query.text) > text.QUERY_LIMIT:
        yield f"the query was cut to its first {text.QUERY_LIMIT} of {len(query.text)} characters"
    if query.heard is not None:
        yield from query.heard.notes
    if query.diverse and (query.sort or kind == "browse"):
        yield STAYS


def diverse_by(schema: Schema, ruled: Ruled) -> Diverse:
    """Return what tells how alike products of an index are, and which of them rules put first."""
    pinned = frozenset(pin.id for pin in ruled.pins)
    return Diverse(tuple(leg.name for leg in schema.legs), schema.fields.title, pinned)


def understood(
    query: Query, schema: Schema, lexicon: Lexicon | None, synonyms: Synonyms
) -> tuple[Reading, Mapping[str, str]]:
    """Return what the words of a query mean in an index, and which of them belong into the field of each language."""
    languages = schema.fields.languages
    reading = widened(read(query.typed, lexicon, languages, synonyms), query.heard, lexicon, languages)
    return reading, reading.parts(text.fields_by_language(query.typed, languages), languages)


def keywords(
    parts: Mapping[str, str], reading: Reading, lexicon: Lexicon | None, weights: Weights, schema: Schema
) -> Match | None:
    """Return the clause that finds candidates by words in each language whose field may hold them, if there are any."""
    words = (in_language(reading, part, language, lexicon, weights.coverage) for language, part in parts.items())
    found = tuple(filter(None, words))
    return with_reviews(Match("text", found), schema) if found else None


def with_reviews(match: Match, schema: Schema) -> Match:
    """Return a clause that looks for the words in reviews too, where products have some; the better of both counts."""
    if not schema.fields.reviews:
        return match
    return replace(match, also=tuple(replace(words, language=in_reviews(words.language)) for words in match.words))


def proofs(given: Given, schema: Schema, weights: Weights) -> tuple[Proof, ...]:
    """Return what some product must have for a query to find any; words of reviews count as those of texts do."""
    found = proofs_of(given, schema, weights.proof)
    return tuple(replace(proof, words=with_reviews(proof.words, schema)) for proof in found)


def is_doubtful(keyword: Match | None, lexicon: Lexicon | None) -> bool:
    """Tell whether an index that has words does not know most of a query's in any of its languages."""
    return keyword is not None and bool(lexicon and lexicon.counts) and all(map(mostly_unknown, keyword.words))


def heard(by_leg: Mapping[str, Vector], source: QuerySource, schema: Schema, weights: Weights) -> dict[str, Vector]:
    """Return the vectors of the legs that are asked about what a query gives from a source."""
    legs = (leg for leg in schema.legs if leg.name in by_leg and weights.hears(leg, source.name))
    return {leg.name: by_leg[leg.name] for leg in legs}


def neighbours(
    vectors: Mapping[str, Mapping[str, Vector]], schema: Schema, weights: Weights, *, doubtful: bool
) -> Iterator[Neighbours]:
    """Yield a clause for each query vector, and one for all of a leg together: near to all beats near to one.

    Where the index does not know most of the words, what is no nearer than nonsense is not found.
    """
    for leg in schema.legs:
        given = {source: by_leg[leg.name] for source, by_leg in vectors.items() if leg.name in by_leg}
        for source, vector in given.items():
            scale = leg.calibration(source)
            floor = scale.at(weights.floor(source))
            if source == WORDS.name and weights.proof and doubtful:
                floor = max(floor, scale.above_nonsense(0.0))
            yield nearest(leg, vector, NEIGHBOURS, floor)
        if len(given) > 1:
            yield nearest(leg, midpoint(list(given.values())), NEIGHBOURS, -1.0)


def midpoint(vectors: Sequence[Vector]) -> Vector:
    """Return the unit vector in the middle of some; where they cancel out, it is near 0 and has no direction."""
    middle = np.sum([vector.array for vector in vectors], axis=0, dtype=np.float64)
    return Vector(np.asarray(middle / max(float(np.linalg.norm(middle)), 1e-12)))


def page_bounds(query: Query, *, steady: bool) -> tuple[int, int, tuple[str, ...]]:
    """Return offset and size within what can be paged to, and what was changed for that.

    Args:
        query: What is asked.
        steady: Whether a cursor can continue its order.

    Raises:
        QueryError: There is no such page.
    """
    if query.page < 1 or query.size < 0:
        raise QueryError(f"Page {query.page} of size {query.size} was asked for; pages start at 1 and sizes at 0.")
    if query.cursor and query.page != 1:
        raise QueryError(
            f"Page {query.page} was asked for and a cursor too, which says where to begin; give one of them."
        )
    notes = []
    size = min(query.size, MOST_HITS)
    if size < query.size:
        notes.append(f"a page holds at most {MOST_HITS} hits, {query.size} were asked for")
    offset = (query.page - 1) * size
    if offset + size > DEEPEST:
        offset = DEEPEST - size
        remedy = "go on with the cursor of a page" if steady else "narrow the search with a filter"
        notes.append(f"only the first {DEEPEST} hits have page numbers; {remedy}")
    return offset, size, tuple(notes)
