"""The one request: from a plan to the body that Elasticsearch runs. Pure functions."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from hybridsearch.document import RESERVED
from hybridsearch.engines.base import Request
from hybridsearch.engines.elasticsearch.mapping import CODES, field_path, moments_path, text_path, vector_path
from hybridsearch.engines.elasticsearch.request.aggregations import aggregations, loose
from hybridsearch.engines.elasticsearch.request.beside import with_counts
from hybridsearch.engines.elasticsearch.request.filters import Clause, all_of, filter_clause
from hybridsearch.engines.elasticsearch.request.matches import best_of, counting, match_clause
from hybridsearch.engines.elasticsearch.request.orders import order
from hybridsearch.fields.dates import DAY
from hybridsearch.search.clauses import (
    NEIGHBOUR_LIFT,
    PIN_LIFT,
    Codes,
    Condition,
    Cosine,
    Neighbours,
    Number,
    Passing,
    Proof,
    Rating,
    Recency,
    Saturated,
    Signal,
)
from hybridsearch.search.filters.conditions import Filter, Ids, together
from hybridsearch.search.plan import FIRST_PASS_SHARE, Plan

PROOF = "proof"
"""Name of its aggregation."""

SATURATE = "params.w * _score / (_score + params.k)"
COSINE = "params.w * Math.max(0.0, (dotProduct(params.q, params.f) - params.lo) / (params.hi - params.lo))"
NUMBER = (
    "def numbers = doc[params.f]; if (numbers.size() == 0) { return 0.0; } "
    "double v = Math.max(0.0, numbers.value); return params.w * v / (v + params.k)"
)
RATING = (
    "def rated = doc[params.f]; def counts = doc[params.c]; "
    "double n = rated.size() == 0 || counts.size() == 0 ? 0.0 : Math.max(0.0, counts.value); "
    "double v = n == 0 ? params.m : params.m + (rated.value - params.m) * n / (n + params.k); "
    "return params.w * Math.min(1.0, Math.max(0.0, (v - params.lo) / (params.hi - params.lo)))"
)
RECENCY = (
    "def dates = doc[params.f]; if (dates.size() == 0) { return 0.0; } "
    "double age = Math.max(0.0, (double) (params.now - dates.value.toInstant().toEpochMilli())); "
    "return params.w * Math.pow(0.5, age / params.k)"
)
"""The scripts are the same in every shop: names of fields are parameters. Products without the number get here too: a
clause that asks whether a field exists takes a `*` in its name for a pattern."""


def parameters(plan: Plan) -> dict[str, Any]:
    """Return the request parameters: word statistics of all shards together, and each signal's value beside each hit.

    All pages of a query go to the same copies of the shards: others may order equal scores differently, and page 2
    would repeat hits of page 1. A page without words, as of a category, needs no such statistics: the server remembers
    it until the index changes.
    """
    browsing = {"search_type": "query_then_fetch", "request_cache": True}
    return {
        **(browsing if plan.kind == "browse" else {"search_type": "dfs_query_then_fetch"}),
        "include_named_queries_score": True,
        "preference": f"query-{zlib.crc32(plan.query.encode(errors='replace'))}",
    }


def to_request(plan: Plan, index: str, body: Mapping[str, Any]) -> Request:
    """Return the request that runs a plan, whose body `to_elasticsearch` made, on an index or alias."""
    return Request("POST", f"/{index}/_search", parameters(plan), body)


def to_elasticsearch(
    plan: Plan, *, shards: int = 1, knn_has_k: bool = True, seconds: float | None = None
) -> dict[str, Any]:
    """Return the request body for a plan.

    Args:
        plan: What to do. Vectors go out as float32 arrays, which the client's OrjsonSerializer writes.
        shards: Shards of the index; each is asked for its part of the neighbours.
        knn_has_k: Whether the server's knn clause takes `k` (8.15 and later).
        seconds: How long the server may search before it answers with what it has; left out: without limit.
    """
    left_out = loose(plan)
    body: dict[str, Any] = {
        "query": found(plan, left_out, shards, knn_has_k),
        "from": plan.skipped,
        "size": plan.wanted,
        "track_total_hits": True,
        "_source": source(plan),
    }
    if wanted := [*map(vector_path, plan.shown_legs), *map(moments_path, plan.filmed if plan.rows else ())]:
        body["fields"] = wanted
    if seconds is not None:
        body["timeout"] = f"{max(1, round(seconds * 1000))}ms"
    if left_out:
        body["post_filter"] = all_of(together(left_out, plan.of_variants))
    if plan.is_steady:
        body |= order(plan)
    elif plan.signals:
        body["rescore"] = rescore(plan)
    counted = aggregations(plan, left_out, shards)
    if plan.proofs:
        counted[PROOF] = proof_clause(plan.proofs, plan.window)
    if counted:
        body["aggs"] = counted
    return with_counts(body, plan) if plan.counted else body


def source(plan: Plan) -> Any:
    """Return what of a product comes with a hit."""
    if not plan.rows:
        return False
    return {"excludes": [RESERVED]} if not plan.only else {"includes": list(plan.only), "excludes": [RESERVED]}


def proof_clause(proofs: Sequence[Proof], window: int) -> Clause:
    """Return the aggregation that counts the products of the window that have what each proof needs."""
    each = {"filters": {"filters": [enough(proof) for proof in proofs]}}
    return {"sampler": {"shard_size": window}, "aggs": {"each": each}}


def enough(proof: Proof) -> Clause:
    """Return the clause that matches the products that have what a proof needs."""
    field = proof.words.field
    parts = [best_of([counting(text_path(field, words.language), words) for words in proof.words.everywhere])]
    if proof.near:
        parts.append(best_of([cosine_clause(cosine) for cosine in proof.near]))
    if proof.codes:
        parts.append({"constant_score": {"filter": codes(proof.codes), "boost": proof.needed}})
    return {"function_score": {"query": {"bool": {"should": parts}}, "min_score": proof.needed}}


def found(plan: Plan, left_out: Sequence[Filter], shards: int, knn_has_k: bool) -> Clause:
    """Return the query whose matches are found: the candidates, where a score is needed those that reach it."""
    query = candidates(plan, left_out, shards, knn_has_k)
    if not plan.least:
        return query
    scored = {"bool": {"filter": [query], "should": signals(plan)}}
    return {"function_score": {"query": scored, "min_score": plan.least}}


def candidates(plan: Plan, left_out: Sequence[Filter], shards: int, knn_has_k: bool) -> Clause:
    """Return the query whose matches are the candidates: by words, by code, by vector; all of them pass the filters.

    Where a facet counts without a filter of its own, the candidates without this filter match too, with a score of 0
    from the neighbours among them, and `post_filter` leaves them out of hits and total. What they add that passes all
    filters is among the k nearest of fewer, and so a candidate anyway.
    """
    asked = [*(each for each in plan.filters if each not in left_out), *plan.ruled.filters]
    filters = [filter_clause(each) for each in together(asked, plan.of_variants)]
    if plan.kind == "browse":
        everything = {"bool": {"filter": [{"match_all": {}}, *filters]}}
        return {"bool": {**everything["bool"], "should": signals(plan)}} if plan.scores_all else everything
    clauses: list[Clause] = []
    if plan.keyword:
        clauses.append(match_clause(plan.keyword))
    if plan.ruled.pins:
        pinned = filter_clause(Ids(tuple(pin.id for pin in plan.ruled.pins)))
        clauses.append({"constant_score": {"filter": pinned, "boost": PIN_LIFT}})
    if plan.codes:
        parts = plan.codes.by_lift()
        clauses += [{"constant_score": {"filter": codes(part), "boost": lift}} for part, lift in parts]
    clauses += nearest(plan, shards, knn_has_k)
    wider = (plan.as_counted(facet).filters for facet in plan.facets if plan.own(facet)) if left_out else ()
    for filters_left in dict.fromkeys(wider):
        clauses += [
            {"bool": {"filter": [clause]}} for clause in nearest(replace(plan, filters=filters_left), shards, knn_has_k)
        ]
    if not clauses:
        return {"match_none": {}}
    return {"bool": {"should": clauses, "minimum_should_match": 1, "filter": filters}}


def nearest(plan: Plan, shards: int, knn_has_k: bool) -> list[Clause]:
    """Return the nearest-neighbour clauses of a plan."""
    return [knn(each, passed(each, plan), shards, knn_has_k) for each in plan.neighbours]


def passed(neighbours: Neighbours, plan: Plan) -> list[Clause]:
    """Return what products must pass to be among the neighbours."""
    return [*map(filter_clause, plan.among(neighbours)), *map(match_clause, neighbours.texts)]


def knn(neighbours: Neighbours, filters: list[Clause], shards: int, knn_has_k: bool) -> Clause:
    """Return a nearest-neighbour clause; its own copy of the filters keeps k neighbours that pass them."""
    k = math.ceil(neighbours.k / shards)
    clause = {
        "field": vector_path(neighbours.leg),
        "query_vector": neighbours.vector.array,
        # Before 8.15 there is no k: every vector that is looked at is a candidate.
        **({"k": k, "num_candidates": max(k, neighbours.explore)} if knn_has_k else {"num_candidates": k}),
        "similarity": neighbours.floor,
        "boost": NEIGHBOUR_LIFT,
        **({"rescore_vector": {"oversample": neighbours.oversample}} if neighbours.oversample else {}),
    }
    return {"knn": {**clause, "filter": filters} if filters else clause}


def rescore(plan: Plan) -> Clause:
    """Return the second pass: inside the window the score is the sum of the signals."""
    return {
        "window_size": plan.window,
        "query": {
            "query_weight": FIRST_PASS_SHARE,
            "rescore_query_weight": 1.0,
            "score_mode": "total",
            "rescore_query": {"bool": {"should": signals(plan)}},
        },
    }


def signals(plan: Plan) -> list[Clause]:
    """Return the clauses whose scores add up to the score."""
    return [signal_clause(signal) for signal in plan.signals]


def signal_clause(signal: Signal) -> Clause:
    """Return the named clause whose score is the signal's contribution."""
    match signal:
        case Saturated():
            query = match_clause(signal.match)
            clause = script(query, SATURATE, {"w": signal.weight, "k": signal.half})
        case Cosine():
            clause = cosine_clause(signal)
        case Number():
            path = field_path("numbers", signal.field)
            params = {"w": signal.weight, "k": signal.half, "f": path}
            clause = script({"exists": {"field": path}}, NUMBER, params)
        case Rating():
            clause = rating_clause(signal)
        case Recency():
            path = field_path("dates", signal.field)
            params = {"w": signal.weight, "k": signal.half * DAY, "f": path, "now": signal.today}
            clause = script({"exists": {"field": path}}, RECENCY, params)
        case Passing():
            inner = all_of(signal.filters)
            inner = inner if signal.holds else {"bool": {"must_not": [inner]}}
            clause = {"constant_score": {"filter": inner, "boost": signal.weight}}
        case Condition():
            inner = codes(signal.clause) if isinstance(signal.clause, Codes) else match_clause(signal.clause)
            clause = {"constant_score": {"filter": inner, "boost": signal.weight}}
    (body,) = clause.values()
    body["_name"] = signal.name
    return clause


def cosine_clause(signal: Cosine) -> Clause:
    """Return the clause whose score is the contribution of a cosine."""
    path = vector_path(signal.leg)
    params = {"w": signal.weight, "q": signal.vector.array, "f": path, "lo": signal.low, "hi": signal.high}
    return script({"exists": {"field": path}}, COSINE, params)


def rating_clause(signal: Rating) -> Clause:
    """Return the clause whose score is the contribution of a rating: products without one have that of all products."""
    paths = {"f": field_path("numbers", signal.field), "c": field_path("numbers", signal.count)}
    scale = {"m": signal.mean, "lo": signal.low, "hi": signal.high}
    return script({"match_all": {}}, RATING, {"w": signal.weight, "k": signal.half, **paths, **scale})


def script(query: Clause, source: str, params: Mapping[str, Any]) -> Clause:
    """Return a clause that scores the matches of a query by a script."""
    return {"script_score": {"query": query, "script": {"source": source, "params": params}}}


def codes(clause: Codes) -> Clause:
    """Return the clause that matches products with one of the codes, or with one that begins so."""
    either: list[Clause] = [{"terms": {CODES: list(clause.values)}}] if clause.values else []
    either += [{"prefix": {CODES: {"value": prefix}}} for prefix in clause.prefixes]
    return either[0] if len(either) == 1 else {"bool": {"should": either}}
