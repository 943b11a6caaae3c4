"""Histories: the searches of sessions that had done something before, asked again with that.

Each is asked once, of the products that it was shown: then the score under any strength of the taste is a sum. What was
never shown is no part of it, as nobody knows who would have clicked it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import fsum
from pathlib import Path

import numpy as np

from hybridsearch.engines.base import Engine
from hybridsearch.errors import ConfigError
from hybridsearch.learning.features import build
from hybridsearch.learning.prepared import PreparedQuery, prepare
from hybridsearch.learning.result_lists import ResultList
from hybridsearch.learning.sources.judgments import Judgments
from hybridsearch.learning.sources.queries import JudgedQuery
from hybridsearch.learning.taste import BOTH, NAMES, Sessions, Strength
from hybridsearch.runtime.progress import Progress
from hybridsearch.schema import Schema
from hybridsearch.search.filters.conditions import Ids
from hybridsearch.search.person.because import LEG, lifting
from hybridsearch.search.person.taste import INDIFFERENT, Taste, taste_of
from hybridsearch.search.plan import Plan
from hybridsearch.search.weights import Weights
from hybridsearch.shop.shop import Shop
from hybridsearch.values import Indexed, Page

REMEMBERED = 2_000
"""Products of histories that are remembered: with 512 dims some 10 MB."""


def ask(shop: Shop, judgments: Judgments, weights: Weights, folder: Path, progress: Progress) -> Sessions:
    """Ask what each session asked, of the products that it was shown; what an index cannot answer is left out.

    Args:
        shop: The shop to ask.
        judgments: With the queries of persons.
        weights: Those that a search counts with.
        folder: Where relative paths of photos start.
        progress: Called after every answer.

    Raises:
        EngineError: The engine cannot be reached.
    """
    schema = shop.engine.schema()
    lists, queries, kinds = [], [], []
    for found, query, kind in answers(shop, schema, prepared(shop, judgments, folder), weights, progress):
        lists.append(found)
        queries.append(query)
        kinds.append(kind)
    sessions = {name: number for number, name in enumerate(dict.fromkeys(query.session for query in queries))}
    groups = np.array([sessions[query.session] for query in queries], np.int64)
    return Sessions(replace(build(NAMES, lists, queries, kinds), groups=groups))


def prepared(shop: Shop, judgments: Judgments, folder: Path) -> tuple[PreparedQuery, ...]:
    """Return the queries of persons that the index can answer."""
    if not judgments.personal:
        return ()
    try:
        return prepare(shop, Judgments(judgments.personal, 0), folder).asked
    except ConfigError:  # none
        return ()


def answers(
    shop: Shop, schema: Schema, queries: Sequence[PreparedQuery], weights: Weights, progress: Progress
) -> Iterator[tuple[ResultList, JudgedQuery, str]]:
    """Yield each query whose history says something of a taste, with its answer and kind."""
    products: dict[str, Indexed] = {}
    whole = Strength(1.0, 0.5).set_in(weights)
    for number, query in enumerate(queries, 1):
        progress("asking again with histories", number, len(queries))
        plan = query.plan(schema, whole, taste(shop.engine, products, query, schema))
        names = lifting(plan.signals)
        if not names:
            continue
        page = shop.engine.search(among(plan, query.judged.grades))
        found = replace(query.judged, grades={hit.id: query.judged.grades[hit.id] for hit in page})
        if page.degraded or len(set(found.grades.values())) < 2:
            continue
        legs = [name for name in names if name.startswith(LEG)]
        both = 0 < len(legs) < len(names)
        yield parts(page, legs, names, 0.5 if both else 1.0), found, BOTH if both else query.kind


def taste(engine: Engine, products: dict[str, Indexed], query: PreparedQuery, schema: Schema) -> Taste:
    """Return the taste of the history before a query; its products are read unless they are among those known."""
    ids = query.judged.history.ids
    if len(products) > REMEMBERED:
        products.clear()
    if unknown := [key for key in ids if key not in products]:
        products |= engine.indexed(unknown)
    return taste_of(query.judged.history, products, schema, query.lexicon)


def among(plan: Plan, shown: Mapping[str, float]) -> Plan:
    """Return the plan that asks for the scores of some products alone."""
    return replace(
        plan,
        filters=(*plan.filters, Ids(tuple(shown))),
        size=len(shown),
        proofs=(),
        compared=(),
        rows=False,
        taste=INDIFFERENT,
    )


def parts(page: Page, legs: Sequence[str], names: Sequence[str], strength: float) -> ResultList:
    """Return what each product gets by the search itself, by vectors and by values of a taste of full strength.

    What the search gives is added up, not what is left of the score: products that it cannot tell apart stay so.

    Args:
        page: The answer.
        legs: Signals of vectors.
        names: Signals of the taste, those of vectors too.
        strength: Of each of both in the answer.
    """
    rows = []
    for hit in page:
        own = fsum(value for name, value in hit.signals.items() if name not in names)
        near = fsum(hit.signals.get(name, 0.0) for name in legs)
        liked = fsum(hit.signals.get(name, 0.0) for name in names if name not in legs)
        rows.append((own, near / strength, liked / strength))
    return ResultList(tuple(hit.id for hit in page), np.array(rows, np.float32).reshape(len(rows), len(NAMES)))
