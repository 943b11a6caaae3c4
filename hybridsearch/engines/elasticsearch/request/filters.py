"""Filters of a plan as clauses of Elasticsearch. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from hybridsearch.engines.elasticsearch.mapping import ID, VARIANTS, field_path, variant_path
from hybridsearch.search.filters.conditions import (
    AnyOf,
    Exists,
    Filter,
    Ids,
    Not,
    OneVariant,
    Range,
    Sampled,
    Terms,
    apart,
)
from hybridsearch.search.suggest.sampled import BITS, SPREADING

Clause = dict[str, Any]

EXISTS = "doc[params.f].size() > 0"
SAMPLED = f"doc[params.f].value.hashCode() * {SPREADING - 2**32} >>> {32 - BITS} < params.below"
"""Every product has an id. Numbers are those of `sampled.numbers`: an `int` of 32 bits, which overflows as there."""


def all_of(filters: Iterable[Filter], path: Callable[[str, str], str] = field_path) -> Clause:
    """Return the clause that all of some filters hold."""
    return {"bool": {"filter": [filter_clause(each, path) for each in filters]}}


def filter_clause(clause: Filter, path: Callable[[str, str], str] = field_path) -> Clause:
    """Return a filter; user input is only ever a value.

    Args:
        clause: The filter.
        path: Returns the path of a field by role and name: of products, or of variants.
    """
    match clause:
        case Terms():
            return {"terms": {path(clause.role, clause.field): list(clause.values)}}
        case Range():
            return {"range": {path(clause.role, clause.field): clause.bounds}}
        case Exists():
            return exists(path(clause.role, clause.field))
        case Not():
            return {"bool": {"must_not": [filter_clause(clause.clause, path)]}}
        case AnyOf():
            groups = [all_of(group, path) for group in clause.groups]
            return {"bool": {"should": groups, "minimum_should_match": 1}} if groups else {"match_none": {}}
        case Ids():
            return {"terms": {ID: list(clause.values)}}
        case Sampled():
            return {"script": {"script": {"source": SAMPLED, "params": {"f": ID, "below": clause.below}}}}
        case OneVariant():
            own = all_of(clause.filters, variant_path)
            # The product has the values of all its variants under the same paths.
            return own if apart(clause) == (clause,) else {"nested": {"path": VARIANTS, "query": own}}


def exists(path: str) -> Clause:
    """Return the filter that a product has a field; an `exists` would take a `*` in its name for a pattern."""
    if "*" not in path:
        return {"exists": {"field": path}}
    return {"script": {"script": {"source": EXISTS, "params": {"f": path}}}}
