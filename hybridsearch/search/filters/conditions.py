"""The filters of a plan: what a product must be, or must not be, to be found at all."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

COMPARE: dict[str, Callable[..., Any]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
"""How a number, or an array of them, compares with a bound."""


@dataclass(frozen=True, slots=True)
class Terms:
    """A field has one of these values; no value is one that no product has.

    Attributes:
        role: Says which kind of field is meant, as a key of `KINDS`; so it does in the other clauses.
    """

    field: str
    values: tuple[str | float, ...]
    role: str = "facets"


@dataclass(frozen=True, slots=True)
class Range:
    """A field lies between bounds: from `gte` or beyond `gt`, to `lte` or below `lt`; None is no bound."""

    field: str
    gte: float | None = None
    lte: float | None = None
    role: str = "numbers"
    gt: float | None = None
    lt: float | None = None

    @property
    def bounds(self) -> dict[str, float]:
        """The bounds that there are, by name."""
        bounds = {"gt": self.gt, "gte": self.gte, "lt": self.lt, "lte": self.lte}
        return {name: value for name, value in bounds.items() if value is not None}

    def holds(self, number: float) -> bool:
        """Tell whether a number lies between the bounds."""
        return all(COMPARE[name](number, value) for name, value in self.bounds.items())


@dataclass(frozen=True, slots=True)
class Exists:
    """A field has a value."""

    field: str
    role: str = "facets"


@dataclass(frozen=True, slots=True)
class Ids:
    """The product is one of these."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sampled:
    """The number of the product's id, see `sampled.numbers`, is below this one; what facets count is not sampled."""

    below: int


@dataclass(frozen=True, slots=True)
class Not:
    """A filter does not hold; for a filter on a field that a product lacks this is so."""

    clause: Filter


@dataclass(frozen=True, slots=True)
class AnyOf:
    """All filters of at least one group hold; without groups nothing is found, and an empty group always holds."""

    groups: tuple[tuple[Filter, ...], ...]


@dataclass(frozen=True, slots=True)
class OneVariant:
    """Some variant of the product passes all of these filters on fields of variants."""

    filters: tuple[Filter, ...]


Simple = Terms | Range | Exists
Filter = Simple | Ids | Sampled | Not | AnyOf | OneVariant


def simple(filters: Iterable[Filter]) -> Iterator[Simple]:
    """Yield the clauses on one field each that filters are made of."""
    for clause in filters:
        match clause:
            case Not():
                yield from simple([clause.clause])
            case AnyOf():
                yield from simple(itertools.chain.from_iterable(clause.groups))
            case OneVariant():
                yield from simple(clause.filters)
            case Ids() | Sampled():
                pass
            case _:
                yield clause


def is_of(clause: Filter, field: str) -> bool:
    """Tell whether a filter is on one field alone, so that its facet counts without it."""
    return isinstance(clause, Sampled) or {part.field for part in simple([clause])} == {field}


def apart(clause: Filter) -> tuple[Filter, ...]:
    """Return what holds of a product for which a filter holds, each of it told by the values of all its variants.

    For a red L it is that some variant is red, and some variant an L.
    """
    if not isinstance(clause, OneVariant):
        return (clause,)
    return tuple(OneVariant((each,)) for each in clause.filters if is_of_one_value(each))


def is_of_one_value(clause: Filter) -> bool:
    """Tell whether a filter on variants holds for one of them exactly if it holds for a value that any of them has.

    Of no value it cannot be said that it is missing, nor of two that they belong together.
    """
    if isinstance(clause, AnyOf):
        return all(len(group) == 1 and is_of_one_value(group[0]) for group in clause.groups)
    return isinstance(clause, Simple)


def together(filters: Iterable[Filter], of_variants: Callable[[str], bool]) -> tuple[Filter, ...]:
    """Return filters with those on variants joined, so that one variant has to pass all that stand beside each other.

    Those of a group are joined with those around it, and so are those that are joined already.

    Args:
        filters: All of them must hold.
        of_variants: Tells whether a field is one of variants.
    """
    products: list[Filter] = []
    variants: list[Filter] = []
    mixed: list[Filter] = []
    for clause in filters:
        if isinstance(clause, OneVariant):
            variants += clause.filters
            continue
        places = {of_variants(part.field) for part in simple([clause])}
        (mixed if len(places) > 1 else variants if places == {True} else products).append(clause)
    groups = [tuple(together([*group, *variants], of_variants) for group in groups_of(clause)) for clause in mixed]
    return (*products, *([OneVariant(tuple(variants))] if variants else []), *map(AnyOf, groups))


def groups_of(clause: Filter) -> tuple[tuple[Filter, ...], ...]:
    """Return the groups of a filter on several fields: no other has several."""
    assert isinstance(clause, AnyOf)
    return clause.groups
