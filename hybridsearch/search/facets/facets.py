"""Facets: the names of fields whose values are to be counted, and how, become clauses."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from hybridsearch.errors import QueryError
from hybridsearch.fields import FieldKind, Format
from hybridsearch.inputs.json_values import brief
from hybridsearch.roles import Fields
from hybridsearch.search.facets.counts import FACET_VALUES, ORDERS, Facet
from hybridsearch.search.facets.within import EVERY_VALUE, Within
from hybridsearch.search.filters.conditions import Filter, Terms
from hybridsearch.search.filters.filters import LONGEST
from hybridsearch.search.filters.uses import kinds_of

MOST_FACETS = 100
MOST_SHOWN = 10_000
"""Values that all facets of a search show together; a server refuses a few times as many."""
MOST_CUTS = 100
"""Where ranges end and begin; or bars."""
FEWEST_BARS = 2
"""0 is always an end: one is for what lies below it, and one for the rest."""
MOST_LEVELS = 20
"""Of a tree, shown at once."""
OTHERS = "Trees have below and depth besides, numbers ranges or bars, dates by."
"""What facets of other fields take."""

FacetNames = Sequence[str] | Mapping[str, Mapping[str, Any]]
"""Names of fields, or for each name its options: `size`, `order` and `containing`, `below` and `depth` of a tree,
`ranges` or `bars` of numbers, `by` of dates."""


def read_facets(
    asked: FacetNames, fields: Fields, configured: Fields | None = None, filters: Sequence[Filter] = ()
) -> Iterator[Facet]:
    """Yield the fields whose values are to be counted, given the filters that were read.

    Arguments and errors are otherwise those of `read_filters`.
    """
    if len(asked) > MOST_FACETS:
        raise QueryError(f"{len(asked):,} facets were given; at most {MOST_FACETS} are allowed.")
    options = asked if isinstance(asked, Mapping) else {name: {} for name in asked}
    facets = [
        read_facet(name, options[name], kinds_of(name, fields, "facet", configured), fields.format(name), filters)
        for name in asked
    ]
    if (shown := sum(facet.size for facet in facets)) > MOST_SHOWN:
        raise QueryError(f"Facets of {shown:,} values were asked for; at most {MOST_SHOWN:,} are allowed together.")
    yield from facets


def read_facet(
    name: str, options: Mapping[str, Any], kinds: Sequence[FieldKind], form: Format, filters: Sequence[Filter]
) -> Facet:
    """Return the clause of the first kind of a field that takes all options."""
    kind = next((kind for kind in kinds if options.keys() <= set(options_of(kind, form))), None)
    if kind is None:
        expected = " or ".join(", ".join(options_of(kind, form)) for kind in kinds)
        raise QueryError(
            f"Facet '{name}' has the options {brief(dict(options))}, expected some of: {expected}. {OTHERS}"
        )
    if {"ranges", "bars"} <= options.keys():
        raise QueryError(f"Facet '{name}' has both ranges and bars, expected one of them.")
    read = {option: READ[option](name, value, kind) for option, value in options.items()}
    return Facet(
        name,
        kind.role,
        read.get("size", FACET_VALUES),
        read.get("order", "desc" if kind.periods else "count"),
        read.get("ranges", ()),
        read.get("by", next(iter(kind.periods), "")),
        read.get("bars", 0),
        within(name, read, form, filters) if kind.multiple else EVERY_VALUE,
    )


def within(name: str, read: Mapping[str, Any], form: Format, filters: Sequence[Filter]) -> Within:
    """Return which values of a facet are shown, of a tree the next level below the node that is asked for or chosen."""
    containing = read.get("containing", "")
    if not form.levels:
        return Within(containing)
    below = form.path(read["below"]) if "below" in read else chosen(name, filters)
    return Within(containing, form.joint, below, read.get("depth", 0 if containing else 1))


def chosen(name: str, filters: Sequence[Filter]) -> str:
    """Return the one value that the filters on a field ask for; nothing where they ask for none or several."""
    values = [each.values for each in filters if isinstance(each, Terms) and each.field == name]
    return str(values[0][0]) if len(values) == 1 and len(values[0]) == 1 else ""


def options_of(kind: FieldKind, form: Format) -> tuple[str, ...]:
    """Return the options that a facet of a kind and a format takes."""
    if kind.measured:
        return ("ranges", "bars")
    if kind.multiple:
        return ("size", "order", "containing", *(("below", "depth") if form.levels else ()))
    return ("size", "order", "by") if kind.periods else ("size", "order")


def whole(option: str, most: int, least: int = 1) -> Callable[[str, Any, FieldKind], int]:
    """Return what reads an option that is a whole number."""

    def read(name: str, value: Any, _: FieldKind) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise unusable(name, option, value, f"a whole number from {least} to {most:,}")
        return value

    return read


def words(option: str) -> Callable[[str, Any, FieldKind], str]:
    """Return what reads an option that is any text."""

    def read(name: str, value: Any, _: FieldKind) -> str:
        if not isinstance(value, str) or len(value) > LONGEST:
            raise unusable(name, option, value, f"a text of at most {LONGEST:,} characters")
        return value.strip()

    return read


def order(name: str, value: Any, _: FieldKind) -> str:
    """Return the order of the values."""
    if value not in ORDERS:
        raise unusable(name, "order", value, f"one of: {', '.join(ORDERS)}")
    return str(value)


def by(name: str, value: Any, kind: FieldKind) -> str:
    """Return the period that dates are counted in."""
    if value not in list(kind.periods):
        raise unusable(name, "by", value, f"one of: {', '.join(kind.periods)}")
    return str(value)


def ranges(name: str, value: Any, _: FieldKind) -> tuple[float, ...]:
    """Return where ranges end and begin."""
    cuts = value if isinstance(value, list | tuple) else [value]
    numbers = all(isinstance(cut, int | float) and not isinstance(cut, bool) and math.isfinite(cut) for cut in cuts)
    if not numbers or not 1 <= len(cuts) <= MOST_CUTS or any(low >= high for low, high in pairwise(cuts)):
        raise unusable(name, "ranges", value, f"up to {MOST_CUTS} numbers in ascending order, such as [20, 50, 100]")
    return tuple(float(cut) + 0.0 for cut in cuts)


READ: dict[str, Callable[[str, Any, FieldKind], Any]] = {
    "size": whole("size", MOST_SHOWN),
    "order": order,
    "containing": words("containing"),
    "below": words("below"),
    "depth": whole("depth", MOST_LEVELS),
    "ranges": ranges,
    "bars": whole("bars", MOST_CUTS, FEWEST_BARS),
    "by": by,
}
"""What reads each option."""


def unusable(name: str, option: str, value: object, expected: str) -> QueryError:
    """Return the error that an option is not what it should be."""
    return QueryError(f"Facet '{name}' has the {option} {brief(value)}, expected {expected}.")
