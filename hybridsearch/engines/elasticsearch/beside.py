"""Beside: what is counted of the whole index, whatever a search finds; as an aggregation, and back. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hybridsearch.engines.elasticsearch.answers import read, reading
from hybridsearch.engines.elasticsearch.filters import Clause, filter_clause
from hybridsearch.engines.elasticsearch.mapping import text_path
from hybridsearch.engines.elasticsearch.matches import form_clause, having
from hybridsearch.engines.elasticsearch.shapes import BESIDE
from hybridsearch.search.clauses import Counted, Words
from hybridsearch.search.conditions import together
from hybridsearch.search.plan import Plan

COUNTED = "counted"
"""Name of the aggregation."""


def counted_clause(plan: Plan) -> Clause:
    """Return the aggregation that counts products beside the candidates, of the whole index."""
    each = [{"bool": {"filter": list(conditions(counted, plan))}} for counted in plan.counted]
    return {"global": {}, "aggs": {"each": {"filters": {"filters": each}}}}


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
        buckets = read(BESIDE, aggregations[COUNTED])["each"]["buckets"]
        return [bucket["doc_count"] for _, bucket in zip(plan.counted, buckets, strict=True)]
