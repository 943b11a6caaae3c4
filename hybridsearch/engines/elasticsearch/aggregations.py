"""What is counted beside the hits: from a plan to aggregations of Elasticsearch, and back. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hybridsearch.engines.elasticsearch.answers import read, reading
from hybridsearch.engines.elasticsearch.filters import Clause
from hybridsearch.engines.elasticsearch.mapping import field_path
from hybridsearch.engines.elasticsearch.shapes import BUCKETS, CASES, Buckets
from hybridsearch.fields import KINDS
from hybridsearch.search import letter_case
from hybridsearch.search.conditions import Terms
from hybridsearch.search.plan import FACET_VALUES, Facet, Plan


def aggregations(plan: Plan) -> dict[str, Clause]:
    """Return the aggregations of a plan by name."""
    return {
        **{name: facet_clause(facet) for name, facet in named_facets(plan)},
        **{name: case_clause(terms) for name, terms in named_cases(plan)},
    }


def named_facets(plan: Plan) -> Iterator[tuple[str, Facet]]:
    """Yield each facet with the name of its aggregation, in which some characters of a field's name have a meaning."""
    return ((f"facet{place}", facet) for place, facet in enumerate(plan.facets))


def named_cases(plan: Plan) -> Iterator[tuple[str, Terms]]:
    """Yield each filter whose values are looked for in another case with the name of its aggregation."""
    return ((f"case{place}", terms) for place, terms in enumerate(plan.compared))


def facet_clause(facet: Facet) -> Clause:
    """Return the aggregation that counts the values of a field."""
    order = [{"_count": "desc"}, {"_key": "asc"}]
    return {"terms": {"field": field_path(facet.role, facet.field), "size": FACET_VALUES, "order": order}}


def case_clause(terms: Terms) -> Clause:
    """Return the aggregation that lists values of the whole index that equal one of a filter's but for their case.

    A server folds the case of ASCII alone in some versions; other letters are found in their usual forms. Of products
    with several values the others come along, which are left out later.
    """
    path = field_path(terms.role, terms.field)
    same = [{"term": {path: {"value": value, "case_insensitive": True}}} for value in letter_case.spellings(terms)]
    values = {"values": {"terms": {"field": path, "size": FACET_VALUES}}}
    return {"global": {}, "aggs": {"same": {"filter": {"bool": {"should": same}}, "aggs": values}}}


def facets(plan: Plan, aggregations: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Return the count of each value of each facet."""
    with reading("the facets"):
        return {facet.field: counts(facet, read(BUCKETS, aggregations[name])) for name, facet in named_facets(plan)}


def written(plan: Plan, aggregations: Mapping[str, Any]) -> list[list[str]]:
    """Return for each filter that is compared the values that may differ from its own in case only."""
    with reading("how values are written"):
        found = [read(CASES, aggregations[name])["same"]["values"]["buckets"] for name, _ in named_cases(plan)]
        return [[str(bucket["key"]) for bucket in buckets] for buckets in found]


def counts(facet: Facet, aggregation: Buckets) -> dict[str, int]:
    """Return the count of each value."""
    label = KINDS[facet.role].label or str
    return {label(bucket["key"]): bucket["doc_count"] for bucket in aggregation["buckets"]}
