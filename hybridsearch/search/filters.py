"""Filters, facets and orders: what a caller writes becomes typed clauses, or an error that names the field."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from hybridsearch.document import facet_values
from hybridsearch.errors import QueryError
from hybridsearch.search.plan import Filter, Range, Sort, Terms
from hybridsearch.settings import Fields

MOST_FILTERS = 100

FilterValue = str | float | bool | Sequence[str | float | bool] | Mapping[str, float]
"""One value, any of several, or {"gte": 10, "lte": 50}."""


def read_filters(filters: Mapping[str, FilterValue], fields: Fields) -> Iterator[Filter]:
    """Yield the filters as typed clauses; names and shapes come from a closed list."""
    if len(filters) > MOST_FILTERS:
        raise QueryError(f"{len(filters)} filters were given; at most {MOST_FILTERS} are allowed.")
    for name, value in filters.items():
        known(name, (*fields.facets, *fields.numbers), "filter")
        if name in fields.facets and isinstance(value, str | int | float | list | tuple):
            yield Terms(name, facet_values(value))
        elif name in fields.numbers and isinstance(value, Mapping):
            yield read_range(name, value)
        elif name in fields.numbers and isinstance(value, str | int | float):
            yield Range(name, gte=bound(name, value), lte=bound(name, value))
        else:
            wanted = "{'gte': 10, 'lte': 50}" if name in fields.numbers else "a value or a list of values"
            raise QueryError(f"Filter '{name}' is {value!r}, expected {wanted}.")


def read_range(name: str, value: Mapping[str, float]) -> Range:
    """Return the bounds of a number filter."""
    unknown = set(value) - {"gte", "lte"}
    if unknown or not value:
        raise QueryError(f"Filter '{name}' is {dict(value)!r}, expected 'gte', 'lte' or both.")
    bounds = {key: bound(name, each) for key, each in value.items()}
    return Range(name, gte=bounds.get("gte"), lte=bounds.get("lte"))


def bound(name: str, value: object) -> float:
    """Return a bound of a number filter as a finite number."""
    try:
        number = float(str(value))
    except ValueError:
        number = float("nan")
    if not np.isfinite(number):
        raise QueryError(f"Filter '{name}' has the bound {value!r}, expected a number.")
    return number


def read_sort(sort: str | None, fields: Fields) -> Sort | None:
    """Return the order that `field:asc` or `field:desc` asks for."""
    if not sort:
        return None
    name, _, direction = sort.rpartition(":") if sort.endswith((":asc", ":desc")) else (sort, "", "asc")
    return Sort(known(name, fields.numbers, "sort"), direction == "desc")


def known(name: str, names: Sequence[str], role: str) -> str:
    """Return the name if the index has it in that role."""
    if name in names:
        return name
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"The index has: {', '.join(names) or 'none'}."
    raise QueryError(f"Unknown {role} field '{name}'. {hint}")
