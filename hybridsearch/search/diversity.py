"""Diverse pages: the first hits in an order in which each adds something to those before it. Pure functions of values.

The order is that of maximal marginal relevance (Carbonell and Goldstein, 1998): next comes the product whose score,
less what it has in common with the most similar one before it, is the highest.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hybridsearch.inputs.rows import field, strings
from hybridsearch.search.signals import LEADS
from hybridsearch.texts import text
from hybridsearch.values import Hit, Vector

REACH = 50
"""Hits that are put in such an order; those behind them stay in the order of their scores."""
RELEVANCE = 0.8
"""What the score counts, of 1; the rest is what hits have in common."""
UNLIKE = 10
"""Percentile, over each two hits, of the cosine of products that have nothing in common: most hits may be the same,"""
HIGHEST = 0.95
"""or all of them."""

Likeness = NDArray[np.float64]
"""(hits, hits), from 0 for the least that hits have in common to 1 for the same."""


@dataclass(frozen=True, slots=True)
class Diverse:
    """What tells how alike two products are.

    Attributes:
        legs: Names of vector legs; the mean of those that both products have counts.
        title: The field whose words tell, where there are no such legs; None: nothing does.
        pinned: Ids of products that lead whatever the others are.
    """

    legs: tuple[str, ...]
    title: str | None = None
    pinned: frozenset[str] = frozenset()


def diversified(hits: Sequence[Hit], vectors: Sequence[Mapping[str, Vector]], diverse: Diverse) -> list[Hit]:
    """Return hits, the best first, in a diverse order; those behind REACH stay where they are.

    What leads as it was pinned or its code was typed stays too.

    Args:
        hits: With their rows.
        vectors: Of each of the hits by leg.
        diverse: What tells how alike two of them are.
    """
    hits, behind = hits[:REACH], hits[REACH:]
    leads = next((place for place, hit in enumerate(hits) if not is_lead(hit, diverse)), len(hits))
    best = max((hit.score for hit in hits[leads:]), default=0.0)
    if best <= 0:
        return [*hits, *behind]
    relevance = np.array([hit.score / best for hit in hits])
    alike = likeness(hits, vectors, diverse)
    common = alike[:leads].max(axis=0, initial=0.0)
    order, left = list(range(leads)), np.arange(leads, len(hits))
    while len(left):
        gain = RELEVANCE * relevance[left] - (1 - RELEVANCE) * common[left]
        place = int(left[np.argmax(gain)])  # of equal ones the first
        order.append(place)
        left = left[left != place]
        common = np.maximum(common, alike[place])
    return [*(hits[place] for place in order), *behind]


def is_lead(hit: Hit, diverse: Diverse) -> bool:
    """Tell whether a product comes first whatever the others are."""
    return hit.id in diverse.pinned or not hit.signals.keys().isdisjoint(LEADS)


def likeness(hits: Sequence[Hit], vectors: Sequence[Mapping[str, Vector]], diverse: Diverse) -> Likeness:
    """Return how alike each two of some products are."""
    by_leg = [cosines([own.get(leg) for own in vectors[: len(hits)]]) for leg in diverse.legs]
    if by_leg:
        known = np.isfinite(by_leg)
        sums = np.where(known, by_leg, 0.0).sum(axis=0)
        return np.asarray(sums / np.maximum(known.sum(axis=0), 1))
    if diverse.title is None:
        return np.zeros((len(hits), len(hits)))
    return shared_words([set(text.words(" ".join(strings(field(hit.product, diverse.title))))) for hit in hits])


def shared_words(words: Sequence[set[str]]) -> Likeness:
    """Return which share of the words of each two products both have (Jaccard)."""
    places = {word: place for place, word in enumerate(dict.fromkeys(itertools.chain.from_iterable(words)))}
    has = np.zeros((len(words), len(places)))
    for row, own in enumerate(words):
        has[row, [places[word] for word in own]] = 1
    both, counts = has @ has.T, has.sum(axis=1)
    return np.asarray(both / np.maximum(np.add.outer(counts, counts) - both, 1))


def cosines(vectors: Sequence[Vector | None]) -> Likeness:
    """Return the cosine of each two products, stretched so that UNLIKE gives 0; NaN where one has no vector."""
    places = [place for place, vector in enumerate(vectors) if vector is not None]
    alike = np.full((len(vectors), len(vectors)), np.nan)
    if len(places) > 1:
        rows = np.array([vector.array for vector in vectors if vector is not None], np.float64)
        values = rows @ rows.T
        low = min(float(np.percentile(values[~np.eye(len(places), dtype=np.bool_)], UNLIKE)), HIGHEST)
        alike[np.ix_(places, places)] = np.clip((values - low) / (1 - low), 0, 1)
    return alike
