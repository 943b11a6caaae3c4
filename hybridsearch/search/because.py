"""Because you looked at: which product of a person's history lifted a hit. Pure functions of values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

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
    names = {each.product.id: each.name for each in taste.seen}
    near = {leg: Near(leg, taste) for leg in lifting_legs(signals)}
    liked = {part.name: part.by for part in taste.liked}
    return tuple(because(hit, names, liked, bound, near, vectors.get(hit.id, {})) for hit in hits)


def because(
    hit: Hit,
    names: Mapping[str, str],
    liked: Mapping[str, Sequence[str]],
    bound: float,
    near: Mapping[str, Near],
    vectors: Mapping[str, Vector],
) -> Hit:
    """Return a hit with the product of a history that lifted it most, if the history did.

    It is the nearest one in the leg that lifted it, or the most important of those that have with it what is liked.

    Args:
        hit: As it was found.
        names: Of the products of the history, by id.
        liked: The products that have what is liked, by the name of the signal.
        bound: Of what the history adds.
        near: By leg.
        vectors: Of the hit, by leg.
    """
    given = {name: value for name, value in hit.signals.items() if name.startswith(TASTE)}
    if sum(given.values()) < NOTICED * bound:
        return hit
    own = names.get(hit.id)
    for name in given:  # the largest first
        leg = name.removeprefix(LEG)
        by = liked.get(name) or (near[leg].to(vectors[leg]) if leg in vectors and leg in near else ())
        if other := next((each for each in by if each != own), None):
            return replace(hit, looked_at=other)
    return hit


class Near:
    """The products of a history that have a vector of a leg."""

    def __init__(self, leg: str, taste: Taste) -> None:
        there = [each for each in taste.seen if leg in each.product.vectors]
        self._names = [each.name for each in there]
        self._rows = np.array([each.product.vectors[leg].array for each in there])

    def to(self, vector: Vector) -> Iterator[str]:
        """Yield their names, the nearest to a vector first."""
        if self._names:
            yield from (self._names[place] for place in np.argsort(-(self._rows @ vector.array), kind="stable"))
