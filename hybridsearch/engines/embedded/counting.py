"""Counting: how many documents have which value of a field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.embedded.chosen import FEW, Chosen
from hybridsearch.engines.embedded.filters import passing
from hybridsearch.engines.embedded.postings import Ordinals
from hybridsearch.engines.embedded.tables import MANY, Table
from hybridsearch.engines.embedded.view import View
from hybridsearch.fields import KINDS, FieldKind
from hybridsearch.search.bars import fit, scaled
from hybridsearch.search.counts import Facet
from hybridsearch.search.plan import Plan
from hybridsearch.values import FacetDetails

Counted = tuple[Facet, dict[str, int], FacetDetails]
"""What was counted by, with its bars, the counts by value, and what else is known."""


MOST_CELLS = 8_000_000
"""Documents times places of which a table is made: 8 MB, which is faster to fill than so many rows are sorted."""


def count(view: View, plan: Plan, facet: Facet, chosen: Chosen) -> Counted:
    """Return how many of some documents have each value of a field, and what else is known of it.

    Of the variants of a document those count that pass the filters.
    """
    kind, table = KINDS[facet.role], view.table(plan, facet.field)
    owners = None
    if plan.of_variants(facet.field):
        matching = plan.matching(facet)
        rows, owners = view.variants.among(chosen.docs, passing(matching, table) if matching else None)
        chosen = Chosen(table.rows, rows)
    if kind.multiple:
        return by_term(table, facet, chosen, owners)
    numbers = table.column(facet.role, facet.field)[chosen.docs]
    there = ~np.isnan(numbers)
    numbers, owners = numbers[there], None if owners is None else owners[there]
    return measured(facet, numbers, owners) if kind.measured else by_number(facet, kind, numbers, owners)


def by_term(table: Table, facet: Facet, rows: Chosen, owners: Ordinals | None) -> Counted:
    """Return the counts by values of which a row may have several."""
    postings = table.postings(facet.role, facet.field)
    if not len(postings):
        return facet, {}, FacetDetails(nodes=dict.fromkeys(facet.within.nodes, 0))
    if owners is None and FEW * rows.count > table.rows:
        counts = np.add.reduceat(rows.mask[postings.docs], postings.starts[:-1], dtype=np.int64)
    else:
        terms, held = table.terms_of(facet.role, facet.field, rows.docs)
        counts = documents(terms, owners if owners is None or held is None else np.repeat(owners, held), len(postings))
    places = {node: postings.find(node) for node in facet.within.nodes}
    nodes = {node: 0 if place is None else int(counts[place]) for node, place in places.items()}
    if facet.within.some:
        counts[table.left_out(facet.role, facet.field, facet.within)] = 0
    _, values, details = shown(facet, counts, postings.term)
    return facet, values, replace(details, nodes=nodes)


def by_number(facet: Facet, kind: FieldKind, numbers: NDArray[np.float64], owners: Ordinals | None) -> Counted:
    """Return the counts by numbers, or by the periods that they lie in."""
    if facet.by and kind.begin:
        numbers, label = kind.begin(numbers, facet.by), kind.periods[facet.by]
    else:
        label = kind.label or str
    values, places = np.unique(numbers, return_inverse=True)
    return shown(facet, documents(places, owners, len(values)), lambda place: label(float(values[place])))


def documents(places: NDArray[np.integer], owners: Ordinals | None, size: int) -> NDArray[np.int64]:
    """Return how many different documents have each of `size` places.

    Args:
        places: One of each row.
        owners: The document of each row, ascending; None where the rows are documents.
        size: How many places there are.
    """
    if owners is None or not len(owners):
        return np.bincount(places, minlength=size)
    number = owners - owners[0]
    if MANY * len(owners) < number[-1]:  # else most documents have one
        number = np.cumsum(np.diff(owners, prepend=owners[0]) != 0)  # of each row's document, among those that have one
    held = int(number[-1]) + 1
    if held * size > MOST_CELLS:
        return np.bincount(np.unique(number * np.int64(size) + places) % size, minlength=size)
    cells = np.zeros(size * held, np.bool_)
    cells[places * np.int64(held) + number] = True
    seen = cells.reshape(size, held)
    if size > held:
        counts: NDArray[np.int64] = seen.sum(axis=1)
        return counts
    return np.array([np.count_nonzero(row) for row in seen], np.int64)  # far faster for few long rows


def shown(facet: Facet, counts: NDArray[np.integer], name: Callable[[int], str]) -> Counted:
    """Return the counts that a facet shows, by value, and the sum of the others."""
    values = {name(int(place)): int(counts[place]) for place in facet.shown(counts)}
    return facet, values, FacetDetails(int(counts.sum()) - sum(values.values()))


def measured(facet: Facet, numbers: NDArray[np.float64], owners: Ordinals | None) -> Counted:
    """Return the counts in ranges of numbers, and their smallest, largest and mean."""
    details = FacetDetails()
    if len(numbers):
        mean = numbers.sum(dtype=np.longdouble) / len(numbers)
        details = FacetDetails(0, float(numbers.min()), float(numbers.max()), float(mean))
    if facet.bars and not facet.cuts:
        facet = fit(facet, within(scaled(facet), numbers, owners), details)
    counts = within(facet, numbers, owners)[1 if facet.bars else 0 :]
    return facet, dict(zip(facet.ranges, counts, strict=False)), replace(details, filters=facet.ranges)


def within(facet: Facet, numbers: NDArray[np.float64], owners: Ordinals | None) -> list[int]:
    """Return how many documents have a number before, between and after the cuts of a facet."""
    places = np.searchsorted(facet.cuts, numbers, side="right")
    return list(map(int, documents(places, owners, len(facet.cuts) + 1)))
