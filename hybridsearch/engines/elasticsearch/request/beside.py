"""Beside: what is counted of the whole index, whatever a search finds; as an aggregation, and back. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hybridsearch.engines.elasticsearch.mapping import text_path
from hybridsearch.engines.elasticsearch.request.filters import Clause, filter_clause
from hybridsearch.engines.elasticsearch.request.matches import form_clause, having
from hybridsearch.engines.elasticsearch.transport.answers import read, reading
from hybridsearch.engines.elasticsearch.transport.shapes import BESIDE
from hybridsearch.search.clauses import Counted, Words
from hybridsearch.search.filters.conditions import together
from hybridsearch.search.plan import Plan

COUNTED, EACH = "counted", "each"
"""Names of the aggregations: of the whole index, and in it or alone that of each that is counted."""
MOST_CLAUSES = 500
"""Words in one query: half of what the smallest server takes, as filters are clauses too."""


def with_counts(body: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """Return the body of a search that counts products beside its candidates too.

    The server looks at every product of an index for each that it counts there. Where it can, the query finds what is
    counted too, and a filter keeps that out of hits and total: then few products are looked at.

    Args:
        body: Finds the candidates.
        plan: What is counted.
    """
    each = [{"bool": {"filter": list(conditions(counted, plan))}} for counted in plan.counted]
    counts = {EACH: {"filters": {"filters": each}}}
    if not is_joined(plan):
        return {**body, "aggs": {**body.get("aggs", {}), COUNTED: {"global": {}, "aggs": counts}}}
    also = {"constant_score": {"filter": {"bool": {"should": each}}, "boost": 0.0}}
    query = body["query"]
    return {**body, "query": {"bool": {"should": [query, also]}}, "post_filter": query, "aggs": counts}


def is_joined(plan: Plan) -> bool:
    """Tell whether the query finds what is counted too.

    Not where it finds everything, would look for neighbours twice, or its candidates are counted by something else.
    """
    if plan.is_steady or plan.neighbours or plan.facets or plan.proofs or plan.compared:
        return False
    words = (words for counted in plan.counted if counted.words for words in counted.words.words)
    return sum(len(each.flat) for each in words) <= MOST_CLAUSES


def conditions(counted: Counted, plan: Plan) -> Iterator[Clause]:
    """Yield what a product must be to be counted."""
    if counted.words:
        parts = [all_words(counted.words.field, words) for words in counted.words.words]
        yield parts[0] if len(parts) == 1 else {"bool": {"should": parts}}
    yield from map(filter_clause, together(counted.filters, plan.of_variants))


def all_words(field: str, words: Words) -> Clause:
    """Return the filter that a product has all of some words."""
    path = text_path(field, words.language)
    parts = [having(path, tokens) if len(tokens) > 1 else form_clause(path, tokens[0]) for tokens in words.tokens]
    return parts[0] if len(parts) == 1 else {"bool": {"filter": parts}}


def numbers(plan: Plan, aggregations: Mapping[str, Any]) -> list[int]:
    """Return how many products there are of each that is counted beside the candidates.

    Raises:
        UnexpectedAnswer: The answer does not say.
    """
    if not plan.counted:
        return []
    with reading("what is counted"):
        buckets = read(BESIDE, aggregations.get(COUNTED, aggregations))["each"]["buckets"]
        return [bucket["doc_count"] for _, bucket in zip(plan.counted, buckets, strict=True)]
