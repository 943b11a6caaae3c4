"""Filters: which rows of a view pass them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial, reduce

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.embedded.arrays.cells import Mask
from hybridsearch.engines.embedded.arrays.chosen import Chosen
from hybridsearch.engines.embedded.arrays.postings import Ordinals
from hybridsearch.engines.embedded.compiled.packed import Words
from hybridsearch.engines.embedded.compiled.tables import MANY, Table, Variants
from hybridsearch.fields import KINDS
from hybridsearch.search.filters.conditions import (
    COMPARE,
    AnyOf,
    Exists,
    Filter,
    Ids,
    Not,
    OneVariant,
    Range,
    Sampled,
    Terms,
)


def passing(filters: Iterable[Filter], table: Table) -> Mask:
    """Return which rows pass all filters."""
    allowed = table.everything()
    for clause in filters:
        if isinstance(clause, Not) and isinstance(clause.clause, Ids):  # what a rule hides: a few of all
            allowed[table.find(clause.clause.values)] = False
        else:
            allowed &= table.mask(clause, holding)
    return allowed


def packed(filters: Iterable[Filter], variants: Variants) -> Words:
    """Return which variants pass all filters, packed; as each is remembered so, those of a facet are joined anew."""
    return reduce(np.bitwise_and, [variants.words(clause, holding) for clause in filters], variants.packing.full)


def telling(filters: Iterable[Filter], variants: Variants) -> Callable[[Ordinals], Mask]:
    """Return what tells which of some variants pass all filters."""
    if variants.packing.possible:
        return partial(variants.marked, packed(filters, variants))
    return passing(filters, variants).__getitem__


def variants_of(chosen: Chosen, filters: Sequence[Filter], variants: Variants) -> Ordinals:
    """Return the variants of some documents, beside each other, that pass all filters.

    Of many documents it is faster to look at every variant than to list theirs.
    """
    if MANY * chosen.count >= chosen.documents:
        return variants.among(chosen, passing(filters, variants) if filters else None)
    rows = variants.of(chosen.docs)
    return rows[telling(filters, variants)(rows)] if filters else rows


def among(filters: Iterable[Filter], table: Table, rows: Ordinals) -> Mask:
    """Return which of a few rows, which ascend, pass all filters: of a large table far fewer are looked at."""
    held = [holding(clause, table, rows) for clause in filters]
    return held[0] if len(held) == 1 else np.logical_and.reduce([np.ones(len(rows), np.bool_), *held])


def holding(clause: Filter, table: Table, rows: Ordinals | None = None) -> Mask:
    """Return for which rows a filter holds: for all of the table, or for some, which ascend."""
    match clause:
        case Terms() if KINDS[clause.role].multiple:
            return those_in(table.postings(clause.role, clause.field).having(map(str, clause.values)), table, rows)
        case Terms():
            return equal(column(clause, table, rows), clause.values)
        case Range():
            return between(clause, column(clause, table, rows))
        case Exists() if KINDS[clause.role].multiple:
            return those_in(table.postings(clause.role, clause.field).docs, table, rows)
        case Exists():
            return ~np.isnan(column(clause, table, rows))
        case Not():
            return ~all_pass([clause.clause], table, rows)
        case AnyOf():
            groups = [all_pass(group, table, rows) for group in clause.groups]
            return np.any(groups, axis=0) if groups else np.zeros(table.rows if rows is None else len(rows), np.bool_)
        case Ids():
            return those_in(table.find(clause.values), table, rows)
        case Sampled():
            return those_in(table.sampled(clause.below), table, rows)
        case OneVariant():
            assert table.variants is not None
            return owning(clause.filters, table.variants, rows)


def owning(filters: Sequence[Filter], variants: Variants, docs: Ordinals | None) -> Mask:
    """Return which documents have a variant that passes all filters: of all that there are, or of some."""
    if docs is not None:
        return variants.some(docs, among(filters, variants, variants.of(docs)))
    if variants.packing.possible:
        return np.asarray(packed(filters, variants) != 0)
    return variants.owning(passing(filters, variants))


def all_pass(filters: Iterable[Filter], table: Table, rows: Ordinals | None) -> Mask:
    """Return which rows pass all filters: of all of the table, or of some."""
    return passing(filters, table) if rows is None else among(filters, table, rows)


def those_in(some: Ordinals, table: Table, rows: Ordinals | None) -> Mask:
    """Return which rows are among some: of all of the table, or of others, which ascend."""
    mask = np.zeros(table.rows if rows is None else len(rows), np.bool_)
    mask[some if rows is None else places_of(some, rows)] = True
    return mask


def places_of(some: Ordinals, rows: Ordinals) -> NDArray[np.intp]:
    """Return the places of those of some rows that are among others, which ascend."""
    if not len(rows):
        return np.zeros(0, np.intp)
    places = np.minimum(rows.searchsorted(some), len(rows) - 1)
    return np.asarray(places[rows[places] == some])


def column(clause: Terms | Range | Exists, table: Table, rows: Ordinals | None) -> NDArray[np.float64]:
    """Return the number of each row in the field of a filter, NaN where there is none."""
    numbers = table.column(clause.role, clause.field)
    return numbers if rows is None else numbers[rows]


def equal(numbers: NDArray[np.float64], values: Sequence[str | float]) -> Mask:
    """Return which numbers are one of some values."""
    only = np.array(values, np.float64)
    return np.asarray(numbers == only if len(only) == 1 else np.isin(numbers, only))


def between(clause: Range, numbers: NDArray[np.float64]) -> Mask:
    """Return which numbers lie between the bounds of a filter; NaN does not."""
    masks: list[Mask] = [COMPARE[side](numbers, bound) for side, bound in clause.bounds.items()]
    return masks[0] if len(masks) == 1 else np.logical_and.reduce([~np.isnan(numbers), *masks])
