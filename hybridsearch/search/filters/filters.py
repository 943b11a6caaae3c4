"""Filters: what a caller writes becomes typed clauses, or an error that names the field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

from hybridsearch.errors import QueryError
from hybridsearch.fields import FieldKind, Format, booleans
from hybridsearch.inputs.json_values import brief
from hybridsearch.roles import Fields
from hybridsearch.search.filters.conditions import AnyOf, Exists, Filter, Not, Range, Terms
from hybridsearch.search.filters.uses import kinds_of

MOST_FILTERS = 100
"""Of one search, those inside of groups included."""
MOST_VALUES = 65_536
"""Values of one filter: the most that Elasticsearch takes."""
MOST_PERIODS = 100
"""Values of one filter on a field that compares with bounds alone: each is a clause of its own on a server."""
LONGEST = 1_000
"""Characters of a value."""

Single = str | float | bool | date
"""A date may also be a moment: `datetime` is a `date`."""
Wanted = Single | Sequence[Single]
"""One value, or any of several."""
FilterValue = Wanted | Mapping[str, Wanted] | Sequence[Mapping[str, Any]]
"""What is wanted, or an object of OPERATORS, all of which must hold; under the name ANY also a list of groups."""

ANY = "any"
"""In the place of a field: of the groups of filters in its list one must hold.

A field of this name is told apart by its values, none of which is an object.
"""
BOUNDS = {"gt": True, "gte": False, "lt": False, "lte": True}
"""Operators that compare, and whether with the end of what is named: later than a day is later than all of it."""
OPERATORS = (ANY, "none", *BOUNDS, "exists", "missing")


def read_filters(
    filters: Mapping[str, FilterValue], fields: Fields, configured: Fields | None = None
) -> Iterator[Filter]:
    """Yield the filters as typed clauses, all of which must hold; names and shapes come from a closed list.

    Args:
        filters: As a caller writes them.
        fields: What the index has.
        configured: What it will have once it is rebuilt, for messages.

    Raises:
        QueryError: A name is not in the index, or a value is none that its field can have.
    """
    require_few(filters)
    for name, value in filters.items():
        if (groups := groups_of(name, value)) is not None:
            yield AnyOf(tuple(tuple(read_filters(group, fields, configured)) for group in groups))
        else:
            yield from read_filter(name, value, kinds_of(name, fields, "filter", configured), fields.format(name))


def groups_of(name: str, value: object) -> Sequence[Mapping[str, Any]] | None:
    """Return the groups of filters of which one must hold, where these are some and no values of a field."""
    listed = isinstance(value, list | tuple) and all(isinstance(part, Mapping) for part in value)
    return value if name == ANY and listed else None  # type: ignore[return-value] # seen by all()


def read_filter(name: str, value: FilterValue, kinds: Sequence[FieldKind], form: Format) -> Iterator[Filter]:
    """Yield the filters on a field of some format, each as a clause of the first of its kinds that can read it."""
    require_moderate(name, value)
    operators = value if isinstance(value, Mapping) else {ANY: value}
    if not operators or set(operators) - set(OPERATORS):
        raise unusable(name, value, f"some of: {', '.join(OPERATORS)}")
    bounds = {side: operators[side] for side in BOUNDS if side in operators}
    if len(bounds) > len({side[0] for side in bounds}):
        raise unusable(name, value, "one lower and one upper bound at most")
    if ANY in operators:
        yield first_that_reads(kinds, lambda kind: any_of(name, operators[ANY], kind, form))
    if "none" in operators:
        yield Not(first_that_reads(kinds, lambda kind: any_of(name, operators["none"], kind, form)))
    if bounds:
        yield first_that_reads(kinds, lambda kind: between(name, bounds, kind))
    for operator, wanted in (("exists", True), ("missing", False)):
        if operator in operators:
            has = Exists(name, kinds[0].role)
            yield has if truth(name, operator, operators[operator]) is wanted else Not(has)


def first_that_reads(kinds: Sequence[FieldKind], read: Callable[[FieldKind], Filter]) -> Filter:
    """Return a filter as a clause of the first kind that can read it; where none can, the last one says why."""
    for kind in kinds[:-1]:
        with suppress(QueryError):
            return read(kind)
    return read(kinds[-1])


def any_of(name: str, value: Any, kind: FieldKind, form: Format) -> Filter:
    """Return the clause that a field of one kind and format has one of some values."""
    if not isinstance(value, str | int | float | date | list | tuple):
        raise unusable(name, value, kind.shape)
    try:
        if kind.values:
            return Terms(name, kind.values(kind.spelled(value, form)), kind.role)
        return any_period(name, value if isinstance(value, list | tuple) else [value], kind)
    except ValueError as error:
        raise unusable(name, value, kind.shape) from error


def any_period(name: str, values: Sequence[Any], kind: FieldKind) -> Filter:
    """Return the clause that a field lies within what one of some values names, from its beginning to its end."""
    if len(values) > MOST_PERIODS:
        raise QueryError(f"Filter '{name}' has {len(values):,} values; at most {MOST_PERIODS} are allowed.")
    assert kind.bound is not None
    read = kind.bound
    periods = [Range(name, read(value, False), read(value, True), kind.role) for value in values]
    return periods[0] if len(periods) == 1 else AnyOf(tuple((period,) for period in periods))


def between(name: str, bounds: Mapping[str, object], kind: FieldKind) -> Range:
    """Return the clause that a field of one kind lies between bounds."""
    if kind.bound is None:
        raise unusable(name, dict(bounds), kind.shape)
    limits: dict[str, float] = {}
    for side, value in bounds.items():
        try:
            limits[side] = kind.bound(value, BOUNDS[side])
        except ValueError as error:
            raise QueryError(f"Filter '{name}' has the bound {brief(value)}, expected {kind.expected}.") from error
    return Range(name, role=kind.role, **limits)


def truth(name: str, operator: str, value: object) -> bool:
    """Return whether a field must, or must not, have a value."""
    with suppress(ValueError):
        if (answer := booleans.read(value)) is not None:
            return answer
    raise unusable(name, {operator: value}, "true or false")


def require_few(filters: Mapping[Any, Any]) -> None:
    """Check that there are no more filters than a page of a shop has, before any is read.

    Raises:
        QueryError: There are.
    """
    if (count := number_of(filters)) > MOST_FILTERS:
        counted = ", the fields in groups of 'any', these groups and each 'any' counted" * (count > len(filters))
        raise QueryError(f"{count:,} filters were given{counted}; at most {MOST_FILTERS} are allowed.")


def number_of(filters: Mapping[Any, Any]) -> int:
    """Return how many filters there are, those inside of groups, and the groups, included."""
    inside = (group for name, value in filters.items() for group in groups_of(name, value) or ())
    return len(filters) + sum(1 + number_of(group) for group in inside)


def require_moderate(name: str, value: object) -> None:
    """Check that a filter is one that a person could mean, before anything reads it.

    Raises:
        QueryError: It has more than MOST_VALUES values, or one of more than LONGEST characters.
    """
    for part in value.values() if isinstance(value, Mapping) else [value]:
        values = part if isinstance(part, list | tuple) else [part]
        if len(values) > MOST_VALUES:
            raise QueryError(f"Filter '{name}' has {len(values):,} values; at most {MOST_VALUES:,} are allowed.")
        longest = max((len(each) for each in values if isinstance(each, str)), default=0)
        if longest > LONGEST:
            raise QueryError(f"Filter '{name}' has a value of {longest:,} characters; at most {LONGEST:,} are allowed.")


def unusable(name: str, value: object, expected: str) -> QueryError:
    """Return the error that a filter is not what it should be."""
    return QueryError(f"Filter '{name}' is {brief(value)}, expected {expected}.")
