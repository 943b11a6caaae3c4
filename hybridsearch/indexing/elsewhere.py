"""What a new index does not hold: the kinds of goods that none of its products is called, or is near to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hybridsearch.encoders.goods import comparing, keep, kinds, tells_goods
from hybridsearch.engines.base import Engine
from hybridsearch.indexing.build import Builder
from hybridsearch.query_sources import WORDS
from hybridsearch.runtime.batches import batches
from hybridsearch.schema import Leg, Schema
from hybridsearch.search.clauses import Cosine, Counted, Match, Words
from hybridsearch.search.nearest import nearest
from hybridsearch.search.plan import Plan
from hybridsearch.texts import text
from hybridsearch.values import Vector

AT_ONCE = 128
"""Kinds that are counted in one request."""
NEAR = 0.1
"""How far the nearest product must be on the way from nonsense to its own title where a title names a kind: boots of
cables and a brown egg are none. Of kinds that no title names three in four are no nearer (measured on two shops)."""
OPPOSITE = -1.0
"""The least that a cosine can be."""


def compared(engine: Engine, generation: str, schema: Schema, builder: Builder) -> Schema:
    """Return a schema with the kinds of goods that a generation does not hold; the cache then has their vectors.

    Raises:
        EngineError: The engine cannot be reached.
    """
    schema = replace(schema, elsewhere=elsewhere(engine, generation, schema))
    for leg in comparing(schema):
        keep(builder.encoders[leg.name], builder.cache, schema.fields.languages)
    more = by_name_alone(engine, generation, schema, builder)
    return replace(schema, elsewhere=(*schema.elsewhere, *more))


def elsewhere(engine: Engine, generation: str, schema: Schema) -> tuple[str, ...]:
    """Return the kinds of goods that no title of a generation names in any of its languages, by their English names.

    None where no leg could tell that a query means them, or where titles name most kinds, see `of_one_trade`.

    Raises:
        EngineError: The engine cannot be reached.
    """
    if not any(map(tells_goods, schema.legs)):
        return ()
    found: list[str] = []
    for some in batches(kinds().items(), AT_ONCE):
        counted = tuple(Counted(named(called, schema)) for _, called in some)
        everything = Plan("browse", "to be counted", size=0, rows=False, counted=counted)
        counts = engine.search(everything, generation).counted
        found += [name for (name, _), count in zip(some, counts, strict=True) if not count]
    return of_one_trade(found)


def of_one_trade(found: Sequence[str]) -> tuple[str, ...]:
    """Return the kinds that no title names, and none where titles name half of all kinds.

    Such a shop sells of all trades: a query that is near to what it lacks often means what it has (measured on ESCI).
    """
    return tuple(found) if len(found) > len(kinds()) / 2 else ()


def by_name_alone(engine: Engine, generation: str, schema: Schema, builder: Builder) -> tuple[str, ...]:
    """Return the kinds that titles name and no product is near to, in the first leg that compares goods.

    Args:
        engine: Is asked once for each kind that titles name.
        generation: The new index.
        schema: With the kinds that no title names; where there are none, nothing is compared.
        builder: Its cache has the vectors of what goods are called.

    Raises:
        EngineError: The engine cannot be reached.
    """
    leg = next(comparing(schema), None)
    if leg is None:
        return ()
    names = [name for name in kinds() if name not in schema.elsewhere]
    called = [kinds()[name][schema.fields.languages[0]] for name in names]
    vectors = builder.cache.queries(builder.encoders[leg.name], called).vectors
    least = leg.calibration(WORDS.name).above_nonsense(NEAR)
    cosines = (nearest_in(engine, generation, leg, Vector(vector)) for vector in vectors)
    return tuple(name for name, cosine in zip(names, cosines, strict=True) if cosine < least)


def nearest_in(engine: Engine, generation: str, leg: Leg, vector: Vector) -> float:
    """Return the cosine of the product that is nearest to a vector."""
    near = (nearest(leg, vector, 1, OPPOSITE),)
    cosine = Cosine(leg.name, 1.0, leg.name, vector, OPPOSITE, 1.0)
    plan = Plan("words", "to be measured", neighbours=near, signals=(cosine,), window=1, size=1, rows=False)
    return max((OPPOSITE + (1.0 - OPPOSITE) * hit.score for hit in engine.search(plan, generation)), default=OPPOSITE)


def named(called: Mapping[str, str], schema: Schema) -> Match:
    """Return the clause that a title, or the text where there are no titles, has all words of a kind of goods."""
    field = "title" if schema.fields.title else "text"
    tokens = {language: text.sequence(called[language], language) for language in schema.fields.languages}
    return Match(field, tuple(Words.alike(name, [(each,) for each in found]) for name, found in tokens.items()))
