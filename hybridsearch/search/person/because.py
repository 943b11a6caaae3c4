"""Because you looked at: which product of a person's history lifted a hit. Pure functions of values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import numpy as np

from hybridsearch.search.clauses import Signal
from hybridsearch.search.person.taste import Direction, Seen, Taste
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
    tasted = frozenset(lifting(signals))
    least = NOTICED * sum(signal.weight for signal in signals if signal.name in tasted)
    liked = {part.name: part.by for part in taste.liked}
    near = {leg: taste.directions[leg] for leg in lifting_legs(signals) if leg in taste.directions}
    names: dict[str, str] = {}
    told = []
    for hit in hits:
        by = lifter(hit, tasted, least, liked, near, vectors.get(hit.id, {}))
        if by is not None and by.id not in names:  # mostly one lifts several
            names[by.id] = by.name
        # As it was found, nothing else is known of it; `dataclasses.replace` would take twice as long.
        own = hit.id, hit.score, hit.signals, hit.product
        told.append(hit if by is None else Hit(*own, looked_at=names[by.id], moments=hit.moments))
    return tuple(told)


def lifter(
    hit: Hit,
    tasted: Collection[str],
    least: float,
    liked: Mapping[str, Sequence[Seen]],
    near: Mapping[str, Direction],
    vectors: Mapping[str, Vector],
) -> Seen | None:
    """Return the product of a history that lifted a hit most; None where the history hardly did.

    It is the nearest one in the leg that lifted it, or the most important of those that have with it what is liked.

    Args:
        hit: As it was found.
        tasted: The names of the signals by which the history lifts products.
        least: What they must add for that to be noticed.
        liked: The products that have what is liked, by the name of the signal.
        near: By leg.
        vectors: Of the hit, by leg.
    """
    given = [name for name in hit.signals if name in tasted]
    if sum(map(hit.signals.__getitem__, given)) < least:
        return None
    for name in given:  # the largest first
        leg = name.removeprefix(LEG)
        by = liked.get(name) or (nearest(near[leg], vectors[leg]) if leg in vectors and leg in near else ())
        for each in by:
            if each.id != hit.id:
                return each
    return None


def nearest(direction: Direction, vector: Vector) -> Iterator[Seen]:
    """Yield the products of a history that have a vector of a leg, the nearest to another one first."""
    yield from (direction.of[place] for place in np.argsort(-(direction.rows @ vector.array), kind="stable"))
