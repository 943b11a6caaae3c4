"""Filters, facets and orders: what a caller writes becomes typed clauses, or an error that names the field."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from hybridsearch.errors import QueryError
from hybridsearch.fields import KINDS, Bound, FieldKind
from hybridsearch.json_values import brief
from hybridsearch.search.plan import Facet, Filter, Range, Sort, Terms
from hybridsearch.sections import Fields

MOST_FILTERS = 100
MOST_FACETS = 100
MOST_VALUES = 65_536
"""Values of one filter: the most that Elasticsearch takes."""
LONGEST = 1_000
"""Characters of a value, or of the name of a field."""

Single = str | float | bool | date
"""A date may also be a moment: `datetime` is a `date`."""
FilterValue = Single | Sequence[Single] | Mapping[str, Single]
"""One value, any of several, or {"gte": 10, "lte": 50}."""


def read_filters(
    filters: Mapping[str, FilterValue], fields: Fields, configured: Fields | None = None
) -> Iterator[Filter]:
    """Yield the filters as typed clauses; names and shapes come from a closed list.

    Args:
        filters: As a caller writes them.
        fields: What the index has.
        configured: What it will have once it is rebuilt, for messages.

    Raises:
        QueryError: A name is not in the index, or a value is none that its field can have.
    """
    require_few(filters)
    for name, value in filters.items():
        yield read_filter(name, value, kinds_of(name, fields, "filter", configured))


def read_filter(name: str, value: FilterValue, kinds: Sequence[FieldKind]) -> Filter:
    """Return a filter as a clause of the first kind that can read it; where none can, the last one says why."""
    require_moderate(name, value)
    for kind in kinds[:-1]:
        try:
            return clause(name, value, kind)
        except QueryError:
            continue
    return clause(name, value, kinds[-1])


def clause(name: str, value: FilterValue, kind: FieldKind) -> Filter:
    """Return a filter on a field of one kind as a clause."""
    single = isinstance(value, str | int | float | date)
    if kind.values and (single or isinstance(value, list | tuple)):
        try:
            return Terms(name, kind.values(value), kind.role)
        except ValueError as error:
            raise unusable(name, value, kind.shape) from error
    if kind.bound and single:
        return range_clause(name, {"gte": value, "lte": value}, kind.bound, kind)
    if kind.bound and isinstance(value, Mapping):
        return range_clause(name, value, kind.bound, kind)
    raise unusable(name, value, kind.shape)


def range_clause(name: str, bounds: Mapping[str, object], read: Bound, kind: FieldKind) -> Range:
    """Return a filter by bounds as a clause."""
    if not bounds or set(bounds) - {"gte", "lte"}:
        raise unusable(name, dict(bounds), "'gte', 'lte' or both")
    limits: dict[str, float] = {}
    for side, value in bounds.items():
        try:
            limits[side] = read(value, side == "lte")
        except ValueError as error:
            raise QueryError(f"Filter '{name}' has the bound {brief(value)}, expected {kind.expected}.") from error
    return Range(name, limits.get("gte"), limits.get("lte"), kind.role)


def require_few(filters: Mapping[Any, Any]) -> None:
    """Check that there are no more filters than a page of a shop has, before any is read.

    Raises:
        QueryError: There are.
    """
    if len(filters) > MOST_FILTERS:
        raise QueryError(f"{len(filters):,} filters were given; at most {MOST_FILTERS} are allowed.")


def require_moderate(name: str, value: object) -> None:
    """Check that a filter is one that a person could mean, before anything reads it.

    Raises:
        QueryError: It has more than MOST_VALUES values, or one of more than LONGEST characters.
    """
    values = value if isinstance(value, list | tuple) else value.values() if isinstance(value, Mapping) else [value]
    if len(values) > MOST_VALUES:
        raise QueryError(f"Filter '{name}' has {len(values):,} values; at most {MOST_VALUES:,} are allowed.")
    longest = max((len(part) for part in values if isinstance(part, str)), default=0)
    if longest > LONGEST:
        raise QueryError(f"Filter '{name}' has a value of {longest:,} characters; at most {LONGEST:,} are allowed.")


def unusable(name: str, value: object, expected: str) -> QueryError:
    """Return the error that a filter is not what it should be."""
    return QueryError(f"Filter '{name}' is {brief(value)}, expected {expected}.")


def read_facets(names: Sequence[str], fields: Fields, configured: Fields | None = None) -> Iterator[Facet]:
    """Yield the fields whose values are to be counted; arguments and errors are those of `read_filters`."""
    if len(names) > MOST_FACETS:
        raise QueryError(f"{len(names):,} facets were given; at most {MOST_FACETS} are allowed.")
    for name in names:
        yield Facet(name, kinds_of(name, fields, "facet", configured)[0].role)


def read_sort(sort: str | None, fields: Fields, configured: Fields | None = None) -> Sort | None:
    """Return the order that `field:asc` or `field:desc` asks for; arguments and errors as in `read_filters`."""
    if not sort:
        return None
    name, _, direction = sort.rpartition(":") if sort.endswith((":asc", ":desc")) else (sort, "", "asc")
    return Sort(name, direction == "desc", kinds_of(name, fields, "sort", configured)[0].role)


USES: dict[str, Callable[[FieldKind], bool]] = {
    "filter": lambda kind: bool(kind.values or kind.bound),
    "facet": lambda kind: kind.countable,
    "sort": lambda kind: kind.sortable,
}
"""Which kinds of field can be used for what."""


def kinds_of(name: str, fields: Fields, use: str, configured: Fields | None = None) -> list[FieldKind]:
    """Return the kinds that a field has in the index, of those with this use; at least one.

    Raises:
        QueryError: It has none.
    """
    fit = {kind.role: kind for kind in KINDS.values() if USES[use](kind)}
    kinds = [kind for role, kind in fit.items() if name in fields.of(role)]
    if kinds:
        return kinds
    coming = [role for role in fit if configured and name in configured.of(role)]
    if coming:
        raise QueryError(
            f"'{name}' is configured under '{coming[0]}', but the live index was built without it. "
            "Bring it in with: hybridsearch reindex"
        )
    names = list(dict.fromkeys(field for role in fit for field in fields.of(role)))
    near = difflib.get_close_matches(name[:LONGEST], names, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"The index has: {', '.join(names) or 'none'}."
    raise QueryError(f"Unknown {use} field {brief(name)}. {hint}")
