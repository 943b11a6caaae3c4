"""The filters of a plan: what a product must be, or must not be, to be found at all."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


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


@dataclass(frozen=True, slots=True)
class Exists:
    """A field has a value."""

    field: str
    role: str = "facets"


@dataclass(frozen=True, slots=True)
class Not:
    """A filter does not hold; for a filter on a field that a product lacks this is so."""

    clause: Filter


@dataclass(frozen=True, slots=True)
class AnyOf:
    """All filters of at least one group hold; without groups nothing is found, and an empty group always holds."""

    groups: tuple[tuple[Filter, ...], ...]


Simple = Terms | Range | Exists
Filter = Simple | Not | AnyOf


def simple(filters: Iterable[Filter]) -> Iterator[Simple]:
    """Yield the clauses on one field each that filters are made of."""
    for clause in filters:
        match clause:
            case Not():
                yield from simple([clause.clause])
            case AnyOf():
                yield from simple(itertools.chain.from_iterable(clause.groups))
            case _:
                yield clause
