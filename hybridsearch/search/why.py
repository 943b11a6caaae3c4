"""Why a product is where it is, or nowhere: what is known of it and a search, and the sentence that this decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hybridsearch.search.filters.conditions import Ids
from hybridsearch.search.plan import Plan
from hybridsearch.values import Hit, Page, Row

FIRST = 10
"""Places that are looked at first: what stands behind them is told what it lacks to be among them."""
NAMED = 3
"""Signals that a sentence names."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One signal of a product: what it adds to the score, and what it could add at most."""

    name: str
    weight: float
    added: float


@dataclass(frozen=True, slots=True)
class Why:
    """What is known of a product and a search.

    Attributes:
        row: The product; None where the index has none of this id.
        failed: Fields by which the filters leave it out.
        hidden: Whether a rule of the shop, or its filters together, leave it out though each alone does not.
        found: Whether it is among what the search finds.
        place: In the order of the hits, from 1; None beyond the window.
        window: Places that were looked at.
        total: Products that the search finds.
        matched: Words of the query that it has.
        missing: Words that it lacks.
        bars: Its signals, the largest first.
        behind: By signal what the product at place FIRST has more of, the most first, where this one is behind it.
        because: Rules and history that lifted it.
        plan: What the search does, for people.
        request: The exact request by which it does it, for people.
    """

    id: str
    row: Row | None = None
    failed: tuple[str, ...] = ()
    hidden: bool = False
    found: bool = False
    place: int | None = None
    window: int = 0
    total: int = 0
    matched: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    bars: tuple[Bar, ...] = ()
    score: float = 0.0
    behind: tuple[tuple[str, float], ...] = ()
    because: tuple[str, ...] = ()
    plan: str = ""
    request: str = ""

    @property
    def verdict(self) -> str:
        """Where the product is, or why it is nowhere, and what changes that."""
        if self.row is None:
            return "It is not in the index. Look for it in the catalogue, and in the rejects of the last reindex."
        if self.failed:
            return f"The filter on {', '.join(self.failed)} leaves it out. Remove that filter to see it."
        if self.hidden:
            return "A rule of the shop hides it here, or no variant of it passes all filters together."
        if not self.found:
            lacking = f" It lacks: {', '.join(self.missing)}." if self.missing else ""
            return f"It has too few of the query's words, and no vector of it is near enough.{lacking}"
        if self.place is None:
            first = f"first {min(self.window, self.total):,} of {self.total:,} places"
            said = (
                f"It fits the search, but is not in the {first}: others have more of what is weighed, or come nearer."
            )
        else:
            said = f"It is at place {self.place:,} of {self.total:,}."
        lacks = ", ".join(f"{name} by {more:.3f}" for name, more in self.behind[:NAMED])
        return f"{said} What is at place {FIRST} has more of: {lacks}." if lacks else said

    def to_json(self) -> dict[str, Any]:
        """Return the object that `search --why-not --json` prints."""
        names = ("id", "verdict", "found", "place", "total", "window", "hidden", "score")
        lists = {name: list(getattr(self, name)) for name in ("failed", "matched", "missing", "because")}
        signals = [{"name": bar.name, "weight": bar.weight, "added": bar.added} for bar in self.bars]
        whole = {name: getattr(self, name) for name in names} | {"indexed": self.row is not None}
        return {**whole, **lists, "signals": signals, "behind": dict(self.behind)}


def alone(plan: Plan, key: str) -> Plan:
    """Return the plan that looks at one product alone, on the first page."""
    found = replace(plan, filters=(*plan.filters, Ids((key,))), offset=0, size=1, after=None, facets=(), diverse=None)
    return replace(found, proofs=(), compared=())


def whole_window(plan: Plan) -> Plan:
    """Return the plan that gives all hits that get the full score, without their rows."""
    return replace(plan, offset=0, size=plan.window, after=None, facets=(), rows=False, diverse=None)


def hides(plan: Plan, key: str) -> bool:
    """Tell whether a rule of the shop hides a product."""
    return any(key in ids_in(each) for each in plan.ruled.filters)


def ids_in(clause: object) -> tuple[str, ...]:
    """Return the ids that a filter names."""
    inner = getattr(clause, "clause", clause)
    return inner.values if isinstance(inner, Ids) else ()


def placed(known: Why, plan: Plan, hit: Hit, page: Page) -> Why:
    """Return at which place a product is that a search finds, its signals, and what it lacks to be among the first.

    Args:
        known: What is known already.
        plan: Of the search.
        hit: The product as `alone` finds it.
        page: All hits that get the full score.
    """
    place = next((place for place, each in enumerate(page, 1) if each.id == hit.id), None)
    bars = [Bar(signal.name, signal.weight, hit.signals.get(signal.name, 0.0)) for signal in plan.signals]
    last = page[FIRST - 1] if not plan.sort and len(page) >= FIRST and (place is None or place > FIRST) else hit
    more = ((name, added - hit.signals.get(name, 0.0)) for name, added in last.signals.items())
    return replace(
        known,
        found=page.total > 0,
        place=place,
        window=plan.window,
        total=page.total,
        bars=tuple(sorted(bars, key=lambda bar: (-bar.added, -bar.weight, bar.name))),
        score=hit.score,
        behind=by_size([(name, gap) for name, gap in more if gap > 0]),
        because=hit.because,
    )


def by_size(gaps: Sequence[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    """Return differences by signal, the largest first, ties in order of names."""
    return tuple(sorted(gaps, key=lambda gap: (-gap[1], gap[0])))
