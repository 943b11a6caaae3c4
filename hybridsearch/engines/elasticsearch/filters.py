"""Filters of a plan as clauses of Elasticsearch. Pure functions."""

from __future__ import annotations

from typing import Any

from hybridsearch.engines.elasticsearch.mapping import field_path
from hybridsearch.search.conditions import AnyOf, Exists, Filter, Not, Range, Terms

Clause = dict[str, Any]

EXISTS = "doc[params.f].size() > 0"


def filter_clause(clause: Filter) -> Clause:
    """Return a filter; user input is only ever a value."""
    match clause:
        case Terms():
            return {"terms": {field_path(clause.role, clause.field): list(clause.values)}}
        case Range():
            return {"range": {field_path(clause.role, clause.field): clause.bounds}}
        case Exists():
            return exists(field_path(clause.role, clause.field))
        case Not():
            return {"bool": {"must_not": [filter_clause(clause.clause)]}}
        case AnyOf():
            groups = [{"bool": {"filter": [filter_clause(each) for each in group]}} for group in clause.groups]
            return {"bool": {"should": groups, "minimum_should_match": 1}} if groups else {"match_none": {}}


def exists(path: str) -> Clause:
    """Return the filter that a product has a field; an `exists` would take a `*` in its name for a pattern."""
    if "*" not in path:
        return {"exists": {"field": path}}
    return {"script": {"script": {"source": EXISTS, "params": {"f": path}}}}
