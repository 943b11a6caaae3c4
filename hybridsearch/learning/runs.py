"""The runs of the compared systems: their rankings of the judged queries, through the engine, on the full index."""

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
from hybridsearch.query_sources import QUERY_SOURCES
from hybridsearch.runtime.progress import Progress
from hybridsearch.schema import Schema
from hybridsearch.search.plan import Plan
from hybridsearch.search.signals import FAMILY, LEADS, is_cosine, signal_names
from hybridsearch.search.weights import Weights
from hybridsearch.shop.shop import Shop

KEYWORD = Weights(signals={"text": 1.0}, coverage=0.0, proof=0.0)
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
class Runs:
    """The ranking of each query by each system.

    Attributes:
        asked: The queries that every system answered in full.
        rankings: By system, in the order of the queries. `vector`, `rrf` and `single` need a vector leg.
        candidates: Of each query under the plan that a search uses.
        features: The same candidates with their grades.
        current: The weights in use, (signals,) in the order of the features; without those of single kinds.
        partial: Number of queries skipped because an answer was partial.
    """

    asked: tuple[PreparedQuery, ...]
    rankings: Rankings
    candidates: tuple[ResultList, ...]
    features: Features
    current: NDArray[np.float64]
    partial: int


def retrieve(
    shop: Shop,
    asked: Sequence[PreparedQuery],
    weights: Weights,
    cache: ResultCache,
    progress: Progress,
    keyword_query: KeywordQuery | None = None,
) -> Runs:
    """Ask every system every query; at most three requests per query, none for what is in the cache.

    What words name beside a photo takes one more, in any case.

    Args:
        shop: The shop to ask.
        asked: The queries.
        weights: Those in use.
        cache: Keeps the answers.
        progress: Called after every answer.
        keyword_query: The shop's own query; default: BM25 over all fields.

    Raises:
        EngineError: The engine cannot be reached; the answers until then are in the cache.
    """
    schema = shop.engine.schema()
    names = signal_names(schema)
    parts = list(ask(shop, schema, asked, weights, cache, progress, keyword_query))
    complete = [number for number in range(len(asked)) if all(part[number] is not None for part in parts)]
    kept = tuple(asked[number] for number in complete)
    candidates, *lists = ([results for number in complete if (results := part[number])] for part in parts)
    by_word, *by_vector = ([results.ids for results in answers] for answers in lists)
    features = build(names, candidates, [query.judged for query in kept], [query.kind for query in kept])
    features = replace(features, written=frozenset(shop.settings.weights.signals))
    rankings: dict[str, Sequence[Sequence[str]]] = {"keyword": by_word}
    for near in by_vector:
        rankings["vector"] = near
        rankings["rrf"] = [fuse(words, vectors) for words, vectors in zip(by_word, near, strict=True)]
        rankings["single"] = best_single_weight(features, candidates)
    rankings["current"] = [
        window.ranked(vector_of(weights.of(query.kind), names), names)[:DEPTH]
        for query, window in zip(kept, candidates, strict=True)
    ]
    return Runs(kept, rankings, tuple(candidates), features, vector_of(weights, names), len(asked) - len(kept))


def ask(
    shop: Shop,
    schema: Schema,
    asked: Sequence[PreparedQuery],
    weights: Weights,
    cache: ResultCache,
    progress: Progress,
    keyword_query: KeywordQuery | None,
) -> Iterator[list[ResultList | None]]:
    """Yield, for every query, the window, the hits of keywords and, if there are vector legs, the hits of vectors."""
    systems = 3 if schema.legs else 2

    def tell(part: int) -> Progress:
        return lambda stage, done, *_: progress(stage, part * len(asked) + done, systems * len(asked))

    windows = (probe(query.searched(shop.engine, schema, bare(weights))) for query in asked)
    yield list(collect(shop.engine, list(windows), signal_names(schema), cache, tell(0), weights.alike))
    if keyword_query:
        yield list(keyword_query.collect([query.query.typed for query in asked], DEPTH, cache, tell(1)))
    else:
        plans = [first_hits(uncoded(replace(query, vectors={}).plan(schema, KEYWORD))) for query in asked]
        yield list(collect(shop.engine, plans, (), cache, tell(1)))
    if schema.legs:
        cosines = cosines_only()
        plans = [first_hits(uncoded(vectors_only(query.plan(schema, cosines)))) for query in asked]
        yield list(collect(shop.engine, plans, (), cache, tell(2)))


def cosines_only() -> Weights:
    """Return equal weights for all cosines, without a floor, and none for other signals."""
    every = {source + FAMILY: 1.0 for source in QUERY_SOURCES}
    return Weights(signals=every, floors=dict.fromkeys(QUERY_SOURCES, -1.0), proof=0.0)


def first_hits(plan: Plan) -> Plan:
    """Return the plan that asks for the first hits, and for their order only."""
    return replace(plan, offset=0, size=DEPTH, facets=(), compared=(), sort=(), rows=False)


def uncoded(plan: Plan) -> Plan:
    """Return the plan whose order no typed code leads: systems that the shop is compared with do not know of codes."""
    return replace(plan, signals=tuple(signal for signal in plan.signals if signal.name not in LEADS))


def vectors_only(plan: Plan) -> Plan:
    """Return the plan with candidates by vector only; unchanged without vectors, as for a product code."""
    return replace(plan, keyword=None, codes=None) if plan.neighbours else plan


def vector_of(weights: Weights, names: Sequence[str]) -> NDArray[np.float64]:
    """Return the weight of each signal, (signals,)."""
    return np.array([weights.weight(name) for name in names])


def fuse(*lists: Sequence[str]) -> list[str]:
    """Return the reciprocal rank fusion of rankings; tied products keep the order of the first ranking."""
    scores: dict[str, float] = defaultdict(float)
    for ids in lists:
        for rank, product in enumerate(ids[:DEPTH], 1):
            scores[product] += 1 / (RRF_K + rank)
    return sorted(scores, key=lambda product: -scores[product])[:DEPTH]


def best_single_weight(features: Features, candidates: Sequence[ResultList]) -> list[list[str]]:
    """Return the rankings under the best single weight: BM25 against all cosines, chosen on the other folds."""
    cosine = np.array([is_cosine(name) for name in features.names])
    text = np.array([name == "text" for name in features.names])
    mixes = [share * cosine + (1 - share) * text for share in MIXES]
    scores = np.array([features.ndcg(mix) for mix in mixes])
    rankings: list[list[str]] = [[] for _ in candidates]
    for train, test in folds(features.groups, FOLDS, 0):
        best = mixes[int(np.argmax(scores[:, train].mean(axis=1)))] if len(train) else mixes[len(mixes) // 2]
        for number in test:
            rankings[number] = candidates[number].ranked(best, features.names)[:DEPTH]
    return rankings
