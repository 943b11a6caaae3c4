"""What the rules that apply change of a search, together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hybridsearch.runtime.remembered import remembered
from hybridsearch.search.clauses import Passing
from hybridsearch.search.filters.conditions import Filter, Ids, Not
from hybridsearch.values import RULE

MOST_PINS = 100
PIN_WEIGHT = 1_000.0
"""What a pin adds to a score: more than all signals, so that pinned products lead in their order."""


@dataclass(frozen=True, slots=True)
class Pin:
    """A product that comes first."""

    id: str
    rule: str


@dataclass(frozen=True, slots=True)
class Ruled:
    """What the rules that apply change of a search.

    Attributes:
        names: Of the rules, in the order of the file.
        query: What is searched for instead; None where nothing is.
        pins: The products that come first.
        weights: Signals that lift products.
        filters: What products must be; no facet counts without them.
        redirect: Address to which a page sends the shopper; empty for none.
        banners: Data for the page.
        problems: Why rules, or parts of them, are not applied.
    """

    names: tuple[str, ...] = ()
    query: str | None = None
    pins: tuple[Pin, ...] = ()
    weights: tuple[Passing, ...] = ()
    filters: tuple[Filter, ...] = ()
    redirect: str = ""
    banners: tuple[Mapping[str, Any], ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def filtering(self) -> Ruled:
        """What of it holds for products beside others: what they must be, and nothing that leads or goes elsewhere."""
        return Ruled(names=self.names if self.filters else (), filters=self.filters)

    @property
    @remembered
    def signals(self) -> tuple[Passing, ...]:
        """What the rules add to scores."""
        pins = (
            Passing(f"{RULE}{pin.rule}: pin {pin.id}", PIN_WEIGHT - place, (Ids((pin.id,)),))
            for place, pin in enumerate(self.pins)
        )
        return (*pins, *self.weights)


@remembered  # searches of the same words have the same rules
def all_of(*effects: Ruled) -> Ruled:
    """Return what several rules change together, the first of them first."""
    filters = tuple(clause for each in effects for clause in each.filters)
    hidden = {key for clause in filters if isinstance(clause, Not) for key in ids_of(clause.clause)}
    pins: dict[str, Pin] = {}
    for pin in (pin for each in effects for pin in each.pins if pin.id not in hidden):
        pins.setdefault(pin.id, pin)
    return Ruled(
        names=tuple(name for each in effects for name in each.names),
        query=next((each.query for each in effects if each.query is not None), None),
        pins=tuple(pins.values())[:MOST_PINS],
        weights=tuple(signal for each in effects for signal in each.weights),
        filters=filters,
        redirect=next((each.redirect for each in effects if each.redirect), ""),
        banners=tuple(banner for each in effects for banner in each.banners),
    )


def ids_of(clause: Filter) -> tuple[str, ...]:
    """Return the ids that a filter names."""
    return clause.values if isinstance(clause, Ids) else ()
