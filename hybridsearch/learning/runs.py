"""The systems that are compared, each through the engine, on the full index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hybridsearch.learning.features import Features, build
from hybridsearch.learning.folds import folds
from hybridsearch.learning.keyword_query import KeywordQuery
from hybridsearch.learning.prepared import PreparedQuery
from hybridsearch.learning.result_lists import ResultCache, ResultList, bare, collect, probe
from hybridsearch.progress import Progress
from hybridsearch.query_sources import QUERY_SOURCES
from hybridsearch.schema import Schema
from hybridsearch.search.plan import Plan
from hybridsearch.search.signals import FAMILY, is_cosine, signal_names
from hybridsearch.search.weights import Weights
from hybridsearch.shop import Shop

KEYWORD = Weights(signals={"text": 1.0}, share=0.0)
"""BM25 over all fields, any word of the query."""
DEPTH = 100
"""Hits of each system that are measured, and that rank fusion sees."""
RRF_K = 60
"""Cormack, Clarke and Büttcher, 2009."""
MIXES = np.linspace(0, 1, 21)
"""Shares of the cosine that are tried for the best single weight."""
FOLDS = 5

Rankings = Mapping[str, Sequence[Sequence[str]]]
"""Product ids by system and query, best first."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What each system answered to each query.

    Attributes:
        asked: The queries that every system answered in full.
        rankings: By system, in the order of the queries. `vector`, `rrf` and `single` need a vector leg.
        candidates: Of each query under the plan that serves.
        table: The same candidates with their grades.
        current: The weights in use, (signals,) in the order of the table; those of single kinds are not among them.
        partial: Queries left out because an answer was not whole.
    """

    asked: tuple[PreparedQuery, ...]
    rankings: Rankings
    candidates: tuple[ResultList, ...]
    table: Features
    current: NDArray[np.float64]
    partial: int


def answers(
    shop: Shop,
    asked: Sequence[PreparedQuery],
    weights: Weights,
    cache: ResultCache,
    progress: Progress,
    own: KeywordQuery | None = None,
) -> Answers:
    """Ask every system every query; three requests each at most, none for what the cache knows.

    Args:
        shop: Where to ask.
        asked: The queries.
        weights: Those in use.
        cache: Where answers are kept.
        progress: Is told how many answers are there.
        own: The shop's own query; left out: BM25 over all fields.

    Raises:
        EngineError: The engine cannot be reached; what was answered until then is in the cache.
    """
    schema = shop.engine.schema()
    names = signal_names(schema)
    parts = list(ask(shop, schema, asked, weights, cache, progress, own))
    whole = [place for place in range(len(asked)) if all(part[place] is not None for part in parts)]
    kept = tuple(asked[place] for place in whole)
    candidates, *lists = ([found for place in whole if (found := part[place])] for part in parts)
    by_word, *by_vector = ([each.ids for each in found] for found in lists)
    table = build(names, candidates, [each.judged for each in kept], [each.kind for each in kept])
    rankings: dict[str, Sequence[Sequence[str]]] = {"keyword": by_word}
    for near in by_vector:
        rankings["vector"] = near
        rankings["rrf"] = [fuse(one, other) for one, other in zip(by_word, near, strict=True)]
        rankings["single"] = single(table, candidates)
    rankings["current"] = [
        window.ranked(vector_of(weights.of(each.kind), names))[:DEPTH]
        for each, window in zip(kept, candidates, strict=True)
    ]
    return Answers(kept, rankings, tuple(candidates), table, vector_of(weights, names), len(asked) - len(kept))


def ask(
    shop: Shop,
    schema: Schema,
    asked: Sequence[PreparedQuery],
    weights: Weights,
    cache: ResultCache,
    progress: Progress,
    own: KeywordQuery | None,
) -> Iterator[list[ResultList | None]]:
    """Yield the window of every query, what keywords find, and, where there are vectors, what these find."""
    rounds = 3 if schema.legs else 2

    def tell(part: int) -> Progress:
        return lambda stage, done, *_: progress(stage, part * len(asked) + done, rounds * len(asked))

    windows = [probe(each.plan(schema, bare(weights))) for each in asked]
    yield list(collect(shop.engine, windows, signal_names(schema), cache, tell(0)))
    if own:
        yield list(own.collect([each.query.typed for each in asked], DEPTH, cache, tell(1)))
    else:
        plans = [listed(replace(each, vectors={}).plan(schema, KEYWORD)) for each in asked]
        yield list(collect(shop.engine, plans, (), cache, tell(1)))
    if schema.legs:
        alone = cosines_alone()
        plans = [listed(by_vector_alone(each.plan(schema, alone))) for each in asked]
        yield list(collect(shop.engine, plans, (), cache, tell(2)))


def cosines_alone() -> Weights:
    """Return the weights under which every cosine counts alike, however far a neighbour is, and nothing else does."""
    return Weights(
        signals={source + FAMILY: 1.0 for source in QUERY_SOURCES}, floors=dict.fromkeys(QUERY_SOURCES, -1.0)
    )


def listed(plan: Plan) -> Plan:
    """Return the plan that asks for the first hits, and for nothing but their order."""
    return replace(plan, offset=0, size=DEPTH, facets=(), sort=None, rows=False)


def by_vector_alone(plan: Plan) -> Plan:
    """Return the plan with candidates by vector alone; one that has no vectors, as for a product code, stays."""
    return replace(plan, keyword=None, codes=None) if plan.neighbours else plan


def vector_of(weights: Weights, names: Sequence[str]) -> NDArray[np.float64]:
    """Return the weight of each signal, (signals,)."""
    return np.array([weights.weight(name) for name in names])


def fuse(*lists: Sequence[str]) -> list[str]:
    """Return the reciprocal rank fusion of rankings; what is level keeps the order of the first."""
    scores: dict[str, float] = defaultdict(float)
    for ids in lists:
        for rank, each in enumerate(ids[:DEPTH], 1):
            scores[each] += 1 / (RRF_K + rank)
    return sorted(scores, key=lambda each: -scores[each])[:DEPTH]


def single(table: Features, candidates: Sequence[ResultList]) -> list[list[str]]:
    """Return the rankings under the best single weight: BM25 against all cosines, chosen on the other folds."""
    cosine = np.array([is_cosine(name) for name in table.names])
    text = np.array([name == "text" for name in table.names])
    mixes = [share * cosine + (1 - share) * text for share in MIXES]
    scores = np.array([table.ndcg(mix) for mix in mixes])
    rankings: list[list[str]] = [[] for _ in candidates]
    for train, test in folds(table.groups, FOLDS, 0):
        best = mixes[int(np.argmax(scores[:, train].mean(axis=1)))] if len(train) else mixes[len(mixes) // 2]
        for place in test:
            rankings[place] = candidates[place].ranked(best)[:DEPTH]
    return rankings
