"""Because you looked at: which product of a person's history lifted a hit. Pure functions of values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from hybridsearch.search.clauses import Signal
from hybridsearch.search.taste import Taste
from hybridsearch.values import TASTE, Hit, Vector

LEG = f"{TASTE}."
"""What the names of the signals of vector legs begin with."""

NOTICED = 0.25
"""Share of the bound from which on a product is said to be lifted because of what was looked at."""


def lifting(signals: Iterable[Signal]) -> tuple[str, ...]:
    """Return the names of the signals by which what a person looked at lifts products; none where nothing does."""
    return tuple(signal.name for signal in signals if signal.name.startswith(TASTE))


def lifting_legs(signals: Iterable[Signal]) -> tuple[str, ...]:
    """Return the legs whose vectors tell which product of a history lifted a hit."""
    return tuple(name.removeprefix(LEG) for name in lifting(signals) if name.startswith(LEG))


def explained(
    hits: Sequence[Hit], taste: Taste, signals: Sequence[Signal], vectors: Mapping[str, Mapping[str, Vector]]
) -> tuple[Hit, ...]:
    """Return hits that say because of which product of the history they were lifted, those that were.

    Args:
        hits: As they were found.
        taste: Of the person.
        signals: Of the plan.
        vectors: Of the hits, by id and leg.
    """
    bound = sum(signal.weight for signal in signals if signal.name.startswith(TASTE))
    return tuple(because(hit, taste, bound, vectors.get(hit.id, {})) for hit in hits)


def because(hit: Hit, taste: Taste, bound: float, vectors: Mapping[str, Vector]) -> Hit:
    """Return a hit with the product of a history that lifted it most, if the history did.

    It is the nearest one in the leg that lifted it, or the most important of those that have with it what is liked.
    """
    given = {name: value for name, value in hit.signals.items() if name.startswith(TASTE)}
    if sum(given.values()) < NOTICED * bound:
        return hit
    liked, own = {part.name: part.by for part in taste.liked}, own_name(hit, taste)
    for name in given:  # the largest first
        by = liked.get(name) or nearest(name.removeprefix(LEG), taste, vectors)
        if other := next((each for each in by if each != own), None):
            return replace(hit, looked_at=other)
    return hit


def own_name(hit: Hit, taste: Taste) -> str | None:
    """Return what the history calls a hit; None where it is not in it."""
    return next((each.name for each in taste.seen if each.product.id == hit.id), None)


def nearest(leg: str, taste: Taste, vectors: Mapping[str, Vector]) -> tuple[str, ...]:
    """Return the names of the products of a history, the nearest to a product in a leg first."""
    if leg not in vectors:
        return ()
    row = vectors[leg].array
    near = [each for each in taste.seen if leg in each.product.vectors]
    return tuple(each.name for each in sorted(near, key=lambda each: -float(each.product.vectors[leg].array @ row)))
