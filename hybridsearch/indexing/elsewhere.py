"""What a new index does not hold: the kinds of goods that none of its products is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hybridsearch.encoders.goods import kinds, tells_goods
from hybridsearch.engines.base import Engine
from hybridsearch.runtime.batches import batches
from hybridsearch.schema import Schema
from hybridsearch.search.clauses import Counted, Match, Words
from hybridsearch.search.plan import Plan
from hybridsearch.texts import text

AT_ONCE = 128
"""Kinds that are counted in one request."""


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


def named(called: Mapping[str, str], schema: Schema) -> Match:
    """Return the clause that a title, or the text where there are no titles, has all words of a kind of goods."""
    field = "title" if schema.fields.title else "text"
    tokens = {language: text.sequence(called[language], language) for language in schema.fields.languages}
    return Match(field, tuple(Words.alike(name, [(each,) for each in found]) for name, found in tokens.items()))
