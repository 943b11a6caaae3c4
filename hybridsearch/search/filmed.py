"""Filmed: the second of a product's video that is the most like the query. Pure functions of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hybridsearch.query_sources import PHOTO
from hybridsearch.schema import Schema
from hybridsearch.search.clauses import Cosine, Signal
from hybridsearch.search.plan import Plan
from hybridsearch.values import Hit, Page
from hybridsearch.video.moments import Moments


def filmed_legs(signals: Sequence[Signal], schema: Schema) -> tuple[str, ...]:
    """Return the legs that keep frames and are compared with a photo, the one that counts most first.

    Words alone are no reason to read frames: that takes half as long as their search, and a photo's no time beside it.
    """
    if not any(signal.name.startswith(f"{PHOTO.name}.") for signal in signals):
        return ()
    keeping = {leg.name for leg in schema.legs if leg.frames}
    compared = [signal for signal in signals if isinstance(signal, Cosine) and signal.leg in keeping]
    return tuple(dict.fromkeys(signal.leg for signal in sorted(compared, key=lambda each: -each.weight)))


def with_moments(plan: Plan, page: Page) -> Page:
    """Return a page whose hits say which second of their video is the most like the query, where one is like it."""
    if not plan.filmed:
        return page
    by_leg = {
        leg: [each for each in plan.signals if isinstance(each, Cosine) and each.leg == leg] for leg in plan.filmed
    }
    return replace(page, hits=tuple(with_moment(hit, by_leg) for hit in page))


def with_moment(hit: Hit, by_leg: Mapping[str, Sequence[Cosine]]) -> Hit:
    """Return a hit with the moment that adds most to the signals of the first leg that keeps its frames."""
    for leg, compared in by_leg.items():
        stored = hit.moments.get(leg)
        moments = Moments.read(stored, len(compared[0].vector)) if stored else None
        if moments and any(each.name in hit.signals for each in compared):
            steps = [each.vector.array * (each.weight / (each.high - each.low)) for each in compared]
            return replace(hit, moments={}, frame=moments.nearest(sum(steps[1:], steps[0])), video=moments.video)
    return replace(hit, moments={})
