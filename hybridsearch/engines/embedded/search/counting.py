"""Counting: how many documents have which value of a field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.embedded.arrays.chosen import FEW, Chosen
from hybridsearch.engines.embedded.arrays.postings import Ordinals
from hybridsearch.engines.embedded.compiled.packed import Words, holding, of_numbers, of_ranges, of_terms
from hybridsearch.engines.embedded.compiled.tables import MANY, Table, Variants
from hybridsearch.engines.embedded.compiled.view import View
from hybridsearch.engines.embedded.search.filters import packed, variants_of
from hybridsearch.fields import KINDS, FieldKind
from hybridsearch.search.bars import fit, scaled
from hybridsearch.search.facets.counts import Facet
from hybridsearch.search.filters.conditions import Filter
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
    table = view.table(plan, facet.field)
    if not plan.of_variants(facet.field):
        return in_rows(table, facet, chosen)
    variants, matching = view.variants, plan.matching(facet)
    known = in_words(variants, facet, matching, chosen)
    if known is None:
        rows = variants_of(chosen, matching, variants)
        return in_rows(table, facet, Chosen(table.rows, rows), variants.owners.take(rows))
    kind, (values, counts, words) = KINDS[facet.role], known
    if kind.multiple:
        return by_term(table, facet, counts)
    if not kind.measured:
        return by_value(facet, kind, values, counts)
    numbers = variants.column(facet.role, facet.field)
    if matching or chosen.count < chosen.documents:
        numbers = numbers.take(variants.packing.rows(words))
    return measured(facet, *known_of(numbers, None), counts.tolist())


def in_rows(table: Table, facet: Facet, rows: Chosen, owners: Ordinals | None = None) -> Counted:
    """Return what is counted of some rows of a table, given the document of each where they are variants."""
    kind = KINDS[facet.role]
    if kind.multiple:
        return by_term(table, facet, term_counts(table, facet, rows, owners))
    numbers, owners = known_of(table.column(facet.role, facet.field).take(rows.docs), owners)
    if kind.measured:
        return measured(facet, numbers, owners, None)
    values, places = np.unique(begun(facet, kind, numbers), return_inverse=True)
    return by_value(facet, kind, values, documents(places, owners, len(values)))


def known_of(numbers: NDArray[np.float64], owners: Ordinals | None) -> tuple[NDArray[np.float64], Ordinals | None]:
    """Return the numbers that there are, and the documents that they belong to."""
    there = ~np.isnan(numbers)
    if there.all():  # to leave none out takes twenty times as long as to see that
        return numbers, owners
    return numbers[there], None if owners is None else owners[there]


def in_words(
    variants: Variants, facet: Facet, matching: Iterable[Filter], chosen: Chosen
) -> tuple[NDArray[Any], NDArray[np.int64], Words] | None:
    """Return the values of a field of variants, and of how many among many documents a variant has each.

    Args:
        variants: Of all documents.
        facet: What is counted.
        matching: What a variant that counts passes.
        chosen: The documents.

    Returns:
        Terms by their number, and ranges by their lower end; the counts; the words of the variants that count. None
        where documents or values do not suit that.
    """
    packing, kind = variants.packing, KINDS[facet.role]
    ranges = bool(facet.cuts) and not facet.bars  # bars seldom come again
    if not packing.possible or MANY * chosen.count < chosen.documents or (kind.measured and not ranges):
        return None
    if kind.multiple:
        make = partial(of_terms, variants.postings(facet.role, facet.field), variants.rows)
    elif kind.measured:
        make = partial(of_ranges, variants.column(facet.role, facet.field), facet.cuts)
    else:
        make = partial(of_numbers, variants.column(facet.role, facet.field), partial(begun, facet, kind))
    divided = (facet.cuts, facet.by) if facet.cuts or facet.by else ()
    found = packing.of_values((facet.role, facet.field, *divided), make)
    if found is None:
        return None
    values, own = found
    words = packed(matching, variants) * chosen.mask
    return values, holding(words, own), words


def term_counts(table: Table, facet: Facet, rows: Chosen, owners: Ordinals | None) -> NDArray[np.int64]:
    """Return how many documents have each term of a field."""
    postings = table.postings(facet.role, facet.field)
    if not len(postings):
        return np.zeros(0, np.int64)
    if owners is None and FEW * rows.count > table.rows:
        return np.add.reduceat(rows.mask[postings.docs], postings.starts[:-1], dtype=np.int64)
    terms, held = table.terms_of(facet.role, facet.field, rows.docs)
    return documents(terms, owners if owners is None or held is None else np.repeat(owners, held), len(postings))


def by_term(table: Table, facet: Facet, counts: NDArray[np.int64]) -> Counted:
    """Return the counts by values of which a row may have several."""
    postings = table.postings(facet.role, facet.field)
    places = {node: postings.find(node) for node in facet.within.nodes}
    nodes = {node: 0 if place is None else int(counts[place]) for node, place in places.items()}
    if facet.within.some and len(counts):
        counts[table.left_out(facet.role, facet.field, facet.within)] = 0
    _, values, details = shown(facet, counts, postings.term)
    return facet, values, replace(details, nodes=nodes)


def begun(facet: Facet, kind: FieldKind, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what numbers are counted by: themselves, or the beginning of the period that each lies in."""
    return kind.begin(numbers, facet.by) if facet.by and kind.begin else numbers


def by_value(facet: Facet, kind: FieldKind, values: NDArray[np.float64], counts: NDArray[np.int64]) -> Counted:
    """Return the counts by numbers, or by the periods that they lie in."""
    label = kind.periods[facet.by] if facet.by and kind.begin else kind.label or str
    return shown(facet, counts, lambda place: label(float(values[place])))


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


def measured(
    facet: Facet, numbers: NDArray[np.float64], owners: Ordinals | None, counts: Sequence[int] | None
) -> Counted:
    """Return the counts in ranges of numbers, which may be known, and their smallest, largest and mean."""
    details = FacetDetails()
    if len(numbers):
        details = FacetDetails(0, float(numbers.min()), float(numbers.max()), mean(numbers))
    if facet.bars and not facet.cuts:
        facet = fit(facet, within(scaled(facet), numbers, owners), details)
    if counts is None:
        counts = within(facet, numbers, owners)[1 if facet.bars else 0 :]
    return facet, dict(zip(facet.ranges, counts, strict=False)), replace(details, filters=facet.ranges)


def mean(numbers: NDArray[np.float64]) -> float:
    """Return the mean of some numbers, whose sum may be beyond what a number can be."""
    with np.errstate(over="ignore"):
        total = numbers.sum()
    if not np.isfinite(total):
        total = numbers.sum(dtype=np.longdouble)  # 18 times as long
    return float(total / len(numbers))


def within(facet: Facet, numbers: NDArray[np.float64], owners: Ordinals | None) -> list[int]:
    """Return how many documents have a number before, between and after the cuts of a facet."""
    places = np.searchsorted(facet.cuts, numbers, side="right")
    return list(map(int, documents(places, owners, len(facet.cuts) + 1)))
