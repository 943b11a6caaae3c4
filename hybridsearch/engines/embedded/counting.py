"""Counting: how many documents have which value of a field."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.embedded.postings import Ordinals
from hybridsearch.engines.embedded.view import View
from hybridsearch.fields import KINDS, FieldKind
from hybridsearch.search.counts import Facet
from hybridsearch.values import FacetDetails

Counted = tuple[dict[str, int], FacetDetails]


def count(view: View, facet: Facet, docs: Ordinals) -> Counted:
    """Return how many of some documents have each value of a field, and what else is known of it."""
    kind = KINDS[facet.role]
    if kind.multiple:
        return by_term(view, facet, docs)
    column = view.column(facet.role, facet.field)[docs]
    numbers = column[~np.isnan(column)]
    return measured(facet, numbers) if kind.measured else by_number(facet, kind, numbers)


def by_term(view: View, facet: Facet, docs: Ordinals) -> Counted:
    """Return the counts by values of which a document may have several."""
    postings = view.postings(facet.role, facet.field)
    if not len(postings):
        return {}, FacetDetails()
    chosen = np.zeros(view.documents, np.bool_)
    chosen[docs] = True
    counts = np.add.reduceat(chosen[postings.docs], postings.starts[:-1], dtype=np.int32)
    return shown(facet, counts, postings.term)


def by_number(facet: Facet, kind: FieldKind, numbers: NDArray[np.float64]) -> Counted:
    """Return the counts by numbers, or by the periods that they lie in."""
    if facet.by and kind.begin:
        numbers, label = kind.begin(numbers, facet.by), kind.periods[facet.by]
    else:
        label = kind.label or str
    values, counts = np.unique(numbers, return_counts=True)
    return shown(facet, counts, lambda place: label(float(values[place])))


def shown(facet: Facet, counts: NDArray[np.integer], name: Callable[[int], str]) -> Counted:
    """Return the counts that a facet shows, by value, and the sum of the others."""
    values = {name(int(place)): int(counts[place]) for place in facet.shown(counts)}
    return values, FacetDetails(int(counts.sum()) - sum(values.values()))


def measured(facet: Facet, numbers: NDArray[np.float64]) -> Counted:
    """Return the counts in ranges of numbers, and their smallest, largest and mean."""
    within = np.bincount(np.searchsorted(facet.cuts, numbers, side="right"), minlength=len(facet.ranges))
    values = dict(zip(facet.ranges, within.tolist(), strict=False))
    if not len(numbers):
        return values, FacetDetails(filters=facet.ranges)
    mean = math.fsum(numbers) / len(numbers)
    return values, FacetDetails(0, float(numbers.min()), float(numbers.max()), mean, facet.ranges)
