"""Aggregations: what is counted beside the hits."""

from __future__ import annotations

from hybridsearch.engines.elasticsearch.aggregations import aggregations, written
from hybridsearch.search.conditions import Terms
from hybridsearch.search.plan import Plan


def test_values_in_another_case_are_looked_for_in_the_whole_index() -> None:
    plan = Plan("browse", "", compared=(Terms("brand", ("acme",)),))
    forms = [{"term": {"hybrid.facets.brand": {"value": form, "case_insensitive": True}}} for form in FORMS]
    values = {"values": {"terms": {"field": "hybrid.facets.brand", "size": 100}}}
    same = {"same": {"filter": {"bool": {"should": forms}}, "aggs": values}}
    assert aggregations(plan) == {"case0": {"global": {}, "aggs": same}}
    buckets = {"buckets": [{"key": "Acme", "doc_count": 2}, {"key": "Zeta", "doc_count": 1}]}
    assert written(plan, {"case0": {"doc_count": 9, "same": {"doc_count": 2, "values": buckets}}}) == [["Acme", "Zeta"]]


FORMS = ("acme", "ACME", "Acme")
