"""Aggregations: what is counted beside the hits."""

from __future__ import annotations

from typing import Any

import pytest

from hybridsearch.engines.elasticsearch.request.aggregations import aggregations, facets, loose, written
from hybridsearch.search.facets.counts import Facet
from hybridsearch.search.facets.within import Within
from hybridsearch.search.filters.conditions import Filter, Range, Terms
from hybridsearch.search.plan import Plan
from hybridsearch.values import FacetDetails

DATES, PRICE = "hybrid.dates.released", "hybrid.numbers.price"
BRANDS = {"field": "hybrid.facets.brand", "size": 100, "order": [{"_count": "desc"}, {"_key": "asc"}]}
EVERYTHING: dict[str, Any] = {"bool": {"filter": []}}


@pytest.mark.parametrize(
    ("facet", "clause"),
    [
        (
            Facet("brand", size=5, order="desc"),
            {"terms": {"field": "hybrid.facets.brand", "size": 5, "order": [{"_key": "desc"}]}},
        ),
        (
            Facet("brand", within=Within("x1")),
            {"terms": {**BRANDS, "include": ".*[Xx\u1e8a-\u1e8d]1.*"}},
        ),
        (Facet("brand", within=Within(joint=" > ", depth=1)), {"terms": {**BRANDS, "exclude": r".*\ \>\ .*"}}),
        (
            Facet("brand", within=Within(joint=" > ", below="a > b")),
            {
                "filter": EVERYTHING,
                "aggs": {
                    "counts": {"terms": {**BRANDS, "include": r"a\ \>\ b\ \>\ .+"}},
                    "nodes": {"terms": {"field": "hybrid.facets.brand", "size": 2, "include": ["a", "a > b"]}},
                },
            },
        ),
        (
            Facet("released", "dates", by="month"),
            {"date_histogram": {"field": DATES, "calendar_interval": "month", "min_doc_count": 1}},
        ),
        (Facet("price", "numbers"), {"filter": EVERYTHING, "aggs": {"stats": {"stats": {"field": PRICE}}}}),
        (
            Facet("price", "numbers", cuts=(20.0,)),
            {
                "filter": EVERYTHING,
                "aggs": {
                    "counts": {"range": {"field": PRICE, "ranges": [{"to": 20.0}, {"from": 20.0}]}},
                    "stats": {"stats": {"field": PRICE}},
                },
            },
        ),
    ],
    ids=str,
)
def test_a_facet_is_an_aggregation(facet: Facet, clause: dict[str, Any]) -> None:
    assert aggregations(Plan("browse", "", facets=(facet,)), left_out=()) == {"facet0": clause}


@pytest.mark.parametrize(
    ("filters", "looked_at"),
    [
        ((), None),
        ((Terms("v.color", ("red",)),), None),
        ((Terms("v.color", ("red",)), Terms("v.size", ("L",))), [{"terms": {"hybrid.variants.facets.v.size": ["L"]}}]),
        ((Terms("v.color", ("red",)), Terms("v.size", ("M", "L"))), []),
        ((Terms("v.color", ("red",)), Range("v.price", lte=9)), []),
    ],
    ids=str,
)
def test_variants_are_looked_at_of_products_that_have_the_one_value(
    filters: tuple[Filter, ...], looked_at: list[dict[str, Any]] | None
) -> None:
    """Without filters on others, the product has what all its variants have."""
    plan = Plan("browse", "", filters=filters, facets=(Facet("v.color"),), variants="v.")
    clause = aggregations(plan, loose(plan))["facet0"]
    if looked_at is None:
        assert clause["terms"]["field"] == "hybrid.variants.facets.v.color"
    else:
        assert clause["filter"]["bool"]["filter"] == [{"bool": {"filter": [each]}} for each in looked_at or ()]
        assert clause["aggs"]["variants"]["nested"] == {"path": "hybrid.variants"}


def buckets(**counts: int) -> list[dict[str, Any]]:
    return [{"key": key, "doc_count": count} for key, count in counts.items()]


def test_the_counts_that_are_not_shown_are_added_up() -> None:
    plan = Plan("browse", "", facets=(Facet("brand"), Facet("released", "dates", by="year", size=1, order="desc")))
    years = [{"key": -86_400_000, "doc_count": 3}, {"key": 0, "doc_count": 2}]
    answers = {"facet0": {"sum_other_doc_count": 40, "buckets": buckets(Acme=9)}, "facet1": {"buckets": years}}
    assert facets(plan, answers) == (
        {"brand": {"Acme": 9}, "released": {"1970": 2}},
        {"brand": FacetDetails(40), "released": FacetDetails(3)},
    )


def test_nodes_that_nothing_lies_in_count_0() -> None:
    plan = Plan("browse", "", facets=(Facet("brand", within=Within(joint=" > ", below="a > b")),))
    answer = {"doc_count": 1, "counts": {"buckets": []}, "nodes": {"buckets": buckets(a=1)}}
    assert facets(plan, {"facet0": answer}) == ({"brand": {}}, {"brand": FacetDetails(nodes={"a": 1, "a > b": 0})})


def test_numbers_have_a_mean_and_ranges_the_filters_that_find_them() -> None:
    plan = Plan("browse", "", facets=(Facet("price", "numbers", cuts=(20.0,)),))
    counts = {"buckets": [{"key": "*-20.0", "doc_count": 1}, {"key": "20.0-*", "doc_count": 0}]}
    stats = {"count": 1, "min": 5.0, "max": 5.0, "avg": 5.0, "sum": 5.0}
    assert facets(plan, {"facet0": {"doc_count": 1, "counts": counts, "stats": stats}}) == (
        {"price": {"..20": 1, "20..": 0}},
        {"price": FacetDetails(0, 5.0, 5.0, 5.0, {"..20": {"lt": 20.0}, "20..": {"gte": 20.0}})},
    )


def test_values_in_another_case_are_looked_for_in_the_whole_index() -> None:
    plan = Plan("browse", "", compared=(Terms("brand", ("acme",)),))
    any_case = [{"term": {"hybrid.facets.brand": {"value": "acme", "case_insensitive": True}}}]
    exact = [{"terms": {"hybrid.facets.brand": ["acme"]}}]
    values = {"values": {"terms": {"field": "hybrid.facets.brand", "size": 100}}}
    other = {"bool": {"should": any_case, "minimum_should_match": 1, "must_not": exact}}
    same = {"same": {"filter": other, "aggs": values}}
    assert aggregations(plan, left_out=()) == {"case0": {"global": {}, "aggs": same}}
    answer = {"case0": {"doc_count": 9, "same": {"doc_count": 2, "values": {"buckets": buckets(Acme=2, Zeta=1)}}}}
    assert written(plan, answer) == [["Acme", "Zeta"]]
