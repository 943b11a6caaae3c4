"""Because you looked at: which product of a person's history lifted a hit. Pure functions of values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hybridsearch.search.plan import Plan
from hybridsearch.search.taste import Taste
from hybridsearch.values import TASTE, Hit, Indexed, Page

NOTICED = 0.25
"""Share of the bound from which on a product is said to be lifted because of what was looked at."""


def lifting(plan: Plan) -> bool:
    """Tell whether what a person looked at lifts products in a plan."""
    return any(signal.name.startswith(TASTE) for signal in plan.signals)


def explained(plan: Plan, page: Page, found: Mapping[str, Indexed]) -> Page:
    """Return a page whose hits say because of which product of the history they were lifted, those that were.

    Args:
        plan: What was done.
        page: As it was found.
        found: The hits with their vectors, by id.
    """
    bound = sum(signal.weight for signal in plan.signals if signal.name.startswith(TASTE))
    return replace(page, hits=tuple(because(hit, plan.taste, bound, found.get(hit.id)) for hit in page))


def because(hit: Hit, taste: Taste, bound: float, product: Indexed | None) -> Hit:
    """Return a hit with the product of a history that lifted it most, if the history did.

    It is the nearest one in the leg that lifted it, or the most important of those that have with it what is liked.
    """
    given = {name: value for name, value in hit.signals.items() if name.startswith(TASTE)}
    if sum(given.values()) < NOTICED * bound:
        return hit
    liked = {part.name: part.by for part in taste.liked}
    for name in given:  # the largest first
        by = liked.get(name) or nearest(name.removeprefix(f"{TASTE}."), taste, product)
        if others := [each for each in by if each != own_name(hit, taste)]:
            return replace(hit, looked_at=others[0])
    return hit


def own_name(hit: Hit, taste: Taste) -> str | None:
    """Return what the history calls a hit; None where it is not in it."""
    return next((each.name for each in taste.seen if each.product.id == hit.id), None)


def nearest(leg: str, taste: Taste, product: Indexed | None) -> tuple[str, ...]:
    """Return the names of the products of a history, the nearest to a product in a leg first."""
    if product is None or leg not in product.vectors:
        return ()
    row = product.vectors[leg].array
    near = [each for each in taste.seen if leg in each.product.vectors]
    return tuple(each.name for each in sorted(near, key=lambda each: -float(each.product.vectors[leg].array @ row)))
