"""What is counted beside the hits: from a plan to aggregations of Elasticsearch, and back. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from hybridsearch.engines.elasticsearch.mapping import VARIANTS, field_path, variant_path
from hybridsearch.engines.elasticsearch.request.filters import Clause, all_of, filter_clause
from hybridsearch.engines.elasticsearch.request.patterns import exclude, include
from hybridsearch.engines.elasticsearch.transport.answers import read, reading
from hybridsearch.engines.elasticsearch.transport.shapes import BUCKETS, CASES, STATISTICS
from hybridsearch.fields import KINDS
from hybridsearch.search.facets.counts import FACET_VALUES, Facet
from hybridsearch.search.facets.facets import MOST_SHOWN
from hybridsearch.search.facets.within import Within
from hybridsearch.search.filters import letter_case
from hybridsearch.search.filters.conditions import Filter, OneVariant, Terms, apart, simple, together
from hybridsearch.search.plan import Plan
from hybridsearch.values import FacetDetails

COUNTS, STATS, NODES = "counts", "stats", "nodes"
"""Names of those that a facet may consist of."""
INSIDE, MATCHING = "variants", "matching"
"""Names of those for a field of variants: all of them, and those that pass the filters."""
RANGE_ENDS = {"gte": "from", "lt": "to"}
ORDER = {
    "count": [{"_count": "desc"}, {"_key": "asc"}],
    "asc": [{"_key": "asc"}],
    "desc": [{"_key": "desc"}],
}


def aggregations(plan: Plan, left_out: Sequence[Filter], shards: int = 1) -> dict[str, Clause]:
    """Return the aggregations of a plan by name, given its `loose` filters, which do not stand in the query."""
    return {
        **{
            name: facet_clause(plan, facet, others(plan, facet, left_out), shards) for name, facet in named_facets(plan)
        },
        **{name: case_clause(plan, terms) for name, terms in named_cases(plan)},
    }


def loose(plan: Plan) -> list[Filter]:
    """Return the filters that are left out where a facet of their own field is counted: of those on variants all."""
    own = [each for facet in plan.facets for each in plan.own(facet)]
    inside = any(plan.of_variants(part.field) for part in simple(own))
    return [each for each in plan.filters if each in own or (inside and touches_variants(each, plan))]


def touches_variants(clause: Filter, plan: Plan) -> bool:
    """Tell whether a filter is on a field of variants, among others or not."""
    return any(plan.of_variants(part.field) for part in simple([clause]))


def others(plan: Plan, facet: Facet, left_out: Sequence[Filter]) -> list[Clause]:
    """Return those of the filters that were left out that count for one facet.

    What a variant has to pass stands beside what is counted of variants.
    """
    own = plan.own(facet) if left_out else ()
    counting = together([each for each in left_out if each not in own], plan.of_variants)
    inside = plan.of_variants(facet.field)
    return [filter_clause(part) for each in counting for part in (sparing(each) if inside else (each,))]


def sparing(clause: Filter) -> Iterator[Filter]:
    """Yield what a product passes if a variant of it passes a filter, where that spares more than it takes.

    One value does: with red and L, half as many variants are looked at. Several values, or a range, which most products
    have anyway, take a seventh more than they spare.
    """
    for part in apart(clause):
        if not isinstance(part, OneVariant) or all(
            isinstance(each, Terms) and len(each.values) == 1 for each in part.filters
        ):
            yield part


def named_facets(plan: Plan) -> Iterator[tuple[str, Facet]]:
    """Yield each facet with the name of its aggregation, in which some characters of a field's name have a meaning."""
    return ((f"facet{place}", facet) for place, facet in enumerate(plan.facets))


def named_cases(plan: Plan) -> Iterator[tuple[str, Terms]]:
    """Yield each filter whose values are looked for in another case with the name of its aggregation."""
    return ((f"case{place}", terms) for place, terms in enumerate(plan.compared))


def facet_clause(plan: Plan, facet: Facet, filters: Sequence[Clause], shards: int = 1) -> Clause:
    """Return the aggregation that counts by a field what passes some filters."""
    if not plan.of_variants(facet.field):
        parts = facet_parts(facet, field_path(facet.role, facet.field), shards)
    elif not (matching := plan.matching(facet)):
        parts = facet_parts(
            facet, variant_path(facet.role, facet.field), shards
        )  # the product has what all its variants have
    else:
        parts = variant_parts(facet, matching, shards)
    if not filters and set(parts) == {COUNTS}:
        return parts[COUNTS]
    return {"filter": {"bool": {"filter": list(filters)}}, "aggs": parts}


def variant_parts(facet: Facet, matching: Iterable[Filter], shards: int) -> dict[str, Clause]:
    """Return the aggregation by a field of those variants that pass some filters, in which products are counted.

    A server puts values in order of variants, so that all are asked for.
    """
    whole = replace(facet, size=MOST_SHOWN, order="asc")
    parts = facet_parts(whole, variant_path(facet.role, facet.field), shards)
    for name in {COUNTS, NODES} & parts.keys():
        parts[name]["aggs"] = {"products": {"reverse_nested": {}}}
    passing = {"filter": all_of(matching, variant_path), "aggs": parts}
    return {INSIDE: {"nested": {"path": VARIANTS}, "aggs": {MATCHING: passing}}}


def facet_parts(facet: Facet, path: str, shards: int) -> dict[str, Clause]:
    """Return the aggregations of a field that a facet consists of, by name.

    Each of several shards gives the counts of as many values as a search may show: with the most frequent ones alone,
    those of the whole would be too low, and nothing would say so.
    """
    kind, field = KINDS[facet.role], {"field": path}
    parts: dict[str, Clause] = {}
    if facet.by:
        parts[COUNTS] = {"date_histogram": {**field, "calendar_interval": facet.by, "min_doc_count": 1}}
    elif facet.cuts:
        ranges = [{RANGE_ENDS[side]: end for side, end in each.items()} for each in facet.ranges.values()]
        parts[COUNTS] = {"range": {**field, "ranges": ranges}}
    elif kind.by_value:
        parts[COUNTS] = {"terms": {**field, "size": facet.size, "order": ORDER[facet.order], **shown(facet.within)}}
        if shards > 1:
            parts[COUNTS]["terms"]["shard_size"] = MOST_SHOWN
        if nodes := facet.within.nodes:
            parts[NODES] = {"terms": {**field, "size": len(nodes), "include": list(nodes)}}
    if kind.measured:
        parts[STATS] = {"stats": field}
    return parts


def shown(within: Within) -> Clause:
    """Return the patterns that say which values of a facet are shown."""
    patterns = {"include": include(within), "exclude": exclude(within)}
    return {name: pattern for name, pattern in patterns.items() if pattern}


def case_clause(plan: Plan, terms: Terms) -> Clause:
    """Return the aggregation that lists values of the whole index that equal one of a filter's but for their case.

    Products with a value just as it was asked for are left out: to count all of a large brand takes a few ms. So a
    spelling that only they have beside it is not found. Other values of the rest are left out later.
    """
    path = (variant_path if plan.of_variants(terms.field) else field_path)(terms.role, terms.field)
    same = [{"term": {path: {"value": value, "case_insensitive": True}}} for value in letter_case.spellings(terms)]
    other = {"bool": {"should": same, "minimum_should_match": 1, "must_not": [{"terms": {path: list(terms.values)}}]}}
    values = {"values": {"terms": {"field": path, "size": FACET_VALUES}}}
    return {"global": {}, "aggs": {"same": {"filter": other, "aggs": values}}}


def facets(plan: Plan, aggregations: Mapping[str, Any]) -> tuple[dict[str, dict[str, int]], dict[str, FacetDetails]]:
    """Return the count of each value of each facet, and what else is known of each facet."""
    with reading("the facets"):
        parts = {facet: aggregations[name] for name, facet in named_facets(plan)}
        parts = {facet: part[INSIDE][MATCHING] if INSIDE in part else part for facet, part in parts.items()}
        known = {facet: (*counts(facet, part.get(COUNTS, part)), part) for facet, part in parts.items()}
        return (
            {facet.field: values for facet, (values, _, _) in known.items()},
            {facet.field: details(facet, other, part) for facet, (_, other, part) in known.items()},
        )


def written(plan: Plan, aggregations: Mapping[str, Any]) -> list[list[str]]:
    """Return for each filter that is compared the values that may differ from its own in case only."""
    with reading("how values are written"):
        found = [read(CASES, aggregations[name])["same"]["values"]["buckets"] for name, _ in named_cases(plan)]
        return [[str(bucket["key"]) for bucket in buckets] for buckets in found]


def counts(facet: Facet, aggregation: Mapping[str, Any]) -> tuple[dict[str, int], int]:
    """Return the counts that a facet shows, by value, and the sum of the others."""
    kind = KINDS[facet.role]
    if not (facet.by or facet.cuts or kind.by_value):
        return {}, 0
    answer = read(BUCKETS, aggregation)
    buckets = answer["buckets"]
    inside = any("products" in bucket for bucket in buckets)
    numbers = [bucket.get("products", bucket)["doc_count"] for bucket in buckets]
    keys = [bucket["key"] for bucket in buckets]
    if facet.cuts:
        return dict(zip(facet.ranges, numbers, strict=True)), 0
    if facet.by:
        places = facet.shown(np.array(numbers, np.int64))
        shown = {kind.periods[facet.by](keys[place]): numbers[place] for place in places}
        return shown, sum(numbers) - sum(shown.values())
    label = kind.label or str
    if inside:
        places = facet.shown(np.array(numbers, np.int64))
        return {label(keys[place]): numbers[place] for place in places}, sum(numbers) - sum(
            numbers[place] for place in places
        )
    return dict(zip(map(label, keys), numbers, strict=True)), answer.get("sum_other_doc_count", 0)


def details(facet: Facet, other: int, aggregation: Mapping[str, Any]) -> FacetDetails:
    """Return what is known of a facet beside its counts."""
    if STATS in aggregation:
        found = read(STATISTICS, aggregation[STATS])
        return FacetDetails(other, found["min"], found["max"], found["avg"], facet.ranges)
    if NODES in aggregation:
        buckets = read(BUCKETS, aggregation[NODES])["buckets"]
        counted = {bucket["key"]: bucket.get("products", bucket)["doc_count"] for bucket in buckets}
        return FacetDetails(other, nodes={node: counted.get(node, 0) for node in facet.within.nodes})
    return FacetDetails(other)
