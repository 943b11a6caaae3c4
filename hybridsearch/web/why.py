"""Why a product is where it is, or nowhere: facts from the engine, and a sentence that they decide."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hybridsearch.async_client import AsyncHybridSearch
from hybridsearch.search import explain
from hybridsearch.search.conditions import Ids
from hybridsearch.search.plan import Plan
from hybridsearch.values import Hit, Row


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
        because: Rules and history that lifted it.
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
    because: tuple[str, ...] = ()
    plan: str = ""
    request: str = ""


def verdict(why: Why) -> str:
    """Return where a product is, or why it is nowhere, and what changes that."""
    if why.row is None:
        return "It is not in the index. Look for it in the catalogue, and in the rejects of the last reindex."
    if why.failed:
        return f"The filter on {', '.join(why.failed)} leaves it out. Remove that filter to see it."
    if why.hidden:
        return "A rule of the shop hides it here, or no variant of it passes all filters together."
    if not why.found:
        lacking = f" It lacks: {', '.join(why.missing)}." if why.missing else ""
        return f"It has too few of the query's words, and no vector of it is near enough.{lacking}"
    if why.place is None:
        first = f"first {min(why.window, why.total):,} of {why.total:,} places"
        return f"It fits the search, but is not in the {first}: others have more of what is weighed, or come nearer."
    return f"It is at place {why.place:,} of {why.total:,}."


async def why_of(shop: AsyncHybridSearch, key: str, text: str, asked: Mapping[str, Any]) -> Why:
    """Return what is known of a product and a search.

    Args:
        shop: Where it is searched.
        key: The id of the product.
        text: Words of the query.
        asked: The other arguments of the search: filters, sort.

    Raises:
        HybridSearchError: As of `search`.
    """
    row = (await shop.get([key])).get(key)
    plan = await shop.plan(text, **asked)
    known = Why(key, row, plan=str(plan), request=str(await asyncio.to_thread(shop.engine.request, plan)))
    if row is None:
        return known
    words = explain.words(plan.spelled or plan.query, row, shop.settings.fields, shop.guidance.synonyms[0])
    known = replace(known, matched=words.matched, missing=words.missing)
    failed = [name for name, value in (asked.get("filters") or {}).items() if not await passes(shop, key, name, value)]
    if failed:
        return replace(known, failed=tuple(failed))
    own = (await shop.engine.search_async(alone(plan, key))).hits
    if not own:
        browsed = await shop.plan(filters=asked.get("filters"))
        hidden = not (await shop.engine.search_async(alone(browsed, key))).total
        return replace(known, hidden=hidden or key in hidden_by(plan))
    return await placed(shop, plan, own[0], known)


async def passes(shop: AsyncHybridSearch, key: str, name: str, value: object) -> bool:
    """Tell whether a product passes one filter."""
    plan = await shop.plan(filters={name: value})
    return (await shop.engine.search_async(alone(plan, key))).total > 0


def alone(plan: Plan, key: str) -> Plan:
    """Return the plan that looks at one product alone, on the first page."""
    found = replace(plan, filters=(*plan.filters, Ids((key,))), offset=0, size=1, after=None, facets=(), diverse=None)
    return replace(found, proof=None, compared=())


def hidden_by(plan: Plan) -> tuple[str, ...]:
    """Return the ids that rules hide."""
    return tuple(key for each in plan.ruled.filters for key in ids_in(each))


def ids_in(clause: object) -> tuple[str, ...]:
    """Return the ids that a filter names."""
    inner = getattr(clause, "clause", clause)
    return inner.values if isinstance(inner, Ids) else ()


async def placed(shop: AsyncHybridSearch, plan: Plan, hit: Hit, known: Why) -> Why:
    """Return at which place a product is that a search finds, and its signals."""
    window = plan.window
    wide = replace(plan, offset=0, size=window, after=None, facets=(), rows=False, diverse=None)
    page = await shop.engine.search_async(wide)
    place = next((place for place, each in enumerate(page, 1) if each.id == hit.id), None)
    weights = {signal.name: signal.weight for signal in plan.signals}
    bars = [Bar(name, weight, hit.signals.get(name, 0.0)) for name, weight in weights.items()]
    return replace(
        known,
        found=page.total > 0,
        place=place,
        window=window,
        total=page.total,
        bars=tuple(sorted(bars, key=lambda bar: (-bar.added, -bar.weight, bar.name))),
        score=hit.score,
        because=hit.because,
    )
