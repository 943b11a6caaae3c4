"""Facets: the names of fields whose values are to be counted, and how, become clauses."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from hybridsearch.errors import QueryError
from hybridsearch.fields import FieldKind
from hybridsearch.json_values import brief
from hybridsearch.search.counts import FACET_VALUES, ORDERS, Facet
from hybridsearch.search.uses import kinds_of
from hybridsearch.sections import Fields

MOST_FACETS = 100
MOST_SHOWN = 10_000
"""Values that all facets of a search show together; a server refuses a few times as many."""
MOST_CUTS = 100

FacetNames = Sequence[str] | Mapping[str, Mapping[str, Any]]
"""Names of fields, or for each name its options: `size` and `order`, `ranges` of numbers, `by` of dates."""


def read_facets(asked: FacetNames, fields: Fields, configured: Fields | None = None) -> Iterator[Facet]:
    """Yield the fields whose values are to be counted; arguments and errors are those of `read_filters`."""
    if len(asked) > MOST_FACETS:
        raise QueryError(f"{len(asked):,} facets were given; at most {MOST_FACETS} are allowed.")
    options = asked if isinstance(asked, Mapping) else {name: {} for name in asked}
    facets = [read_facet(name, options[name], kinds_of(name, fields, "facet", configured)) for name in asked]
    if (shown := sum(facet.size for facet in facets)) > MOST_SHOWN:
        raise QueryError(f"Facets of {shown:,} values were asked for; at most {MOST_SHOWN:,} are allowed together.")
    yield from facets


def read_facet(name: str, options: Mapping[str, Any], kinds: Sequence[FieldKind]) -> Facet:
    """Return the clause of the first kind of a field that takes all options."""
    kind = next((kind for kind in kinds if options.keys() <= set(options_of(kind))), None)
    if kind is None:
        expected = " or ".join(", ".join(options_of(kind)) for kind in kinds)
        raise QueryError(f"Facet '{name}' has the options {brief(dict(options))}, expected some of: {expected}.")
    read = {option: READ[option](name, value, kind) for option, value in options.items()}
    return Facet(
        name,
        kind.role,
        read.get("size", FACET_VALUES),
        read.get("order", "desc" if kind.periods else "count"),
        read.get("ranges", ()),
        read.get("by", next(iter(kind.periods), "")),
    )


def options_of(kind: FieldKind) -> tuple[str, ...]:
    """Return the options that a facet of a kind takes."""
    if kind.measured:
        return ("ranges",)
    return ("size", "order", "by") if kind.periods else ("size", "order")


def size(name: str, value: Any, _: FieldKind) -> int:
    """Return how many values are shown."""
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_SHOWN:
        raise unusable(name, "size", value, f"a whole number from 1 to {MOST_SHOWN:,}")
    return value


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


READ: dict[str, Callable[[str, Any, FieldKind], Any]] = {"size": size, "order": order, "ranges": ranges, "by": by}
"""What reads each option."""


def unusable(name: str, option: str, value: object, expected: str) -> QueryError:
    """Return the error that an option is not what it should be."""
    return QueryError(f"Facet '{name}' has the {option} {brief(value)}, expected {expected}.")
