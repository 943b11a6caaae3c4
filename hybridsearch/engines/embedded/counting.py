"""Counting: how many documents have which value of a field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.embedded.postings import Ordinals
from hybridsearch.engines.embedded.view import View
from hybridsearch.fields import KINDS, FieldKind
from hybridsearch.search.bars import fit, scaled
from hybridsearch.search.counts import Facet
from hybridsearch.values import FacetDetails

Counted = tuple[Facet, dict[str, int], FacetDetails]
"""What was counted by, with its bars, the counts by value, and what else is known."""


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
        return facet, {}, FacetDetails(nodes=dict.fromkeys(facet.within.nodes, 0))
    chosen = np.zeros(view.documents, np.bool_)
    chosen[docs] = True
    counts = np.add.reduceat(chosen[postings.docs], postings.starts[:-1], dtype=np.int32)
    places = {node: postings.find(node) for node in facet.within.nodes}
    nodes = {node: 0 if place is None else int(counts[place]) for node, place in places.items()}
    if facet.within.some:
        counts[view.left_out(facet.role, facet.field, facet.within)] = 0
    _, values, details = shown(facet, counts, postings.term)
    return facet, values, replace(details, nodes=nodes)


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
    return facet, values, FacetDetails(int(counts.sum()) - sum(values.values()))


def measured(facet: Facet, numbers: NDArray[np.float64]) -> Counted:
    """Return the counts in ranges of numbers, and their smallest, largest and mean."""
    details = FacetDetails()
    if len(numbers):
        mean = numbers.sum(dtype=np.longdouble) / len(numbers)
        details = FacetDetails(0, float(numbers.min()), float(numbers.max()), float(mean))
    if facet.bars and not facet.cuts:
        facet = fit(facet, within(scaled(facet), numbers), details)
    counts = within(facet, numbers)[1 if facet.bars else 0 :]
    return facet, dict(zip(facet.ranges, counts, strict=False)), replace(details, filters=facet.ranges)


def within(facet: Facet, numbers: NDArray[np.float64]) -> list[int]:
    """Return how many numbers lie before, between and after the cuts of a facet."""
    places = np.searchsorted(facet.cuts, numbers, side="right")
    return list(map(int, np.bincount(places, minlength=len(facet.cuts) + 1)))
