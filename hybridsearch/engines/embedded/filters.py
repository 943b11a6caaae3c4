"""Filters: which rows of a view pass them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from hybridsearch.engines.embedded.cells import Mask
from hybridsearch.engines.embedded.tables import Table
from hybridsearch.fields import KINDS
from hybridsearch.search.conditions import COMPARE, AnyOf, Exists, Filter, Ids, Not, OneVariant, Range, Terms


def passing(filters: Iterable[Filter], table: Table) -> Mask:
    """Return which rows pass all filters."""
    allowed = np.ones(table.rows, np.bool_)
    for clause in filters:
        allowed &= table.mask(clause, holding)
    return allowed


def holding(clause: Filter, table: Table) -> Mask:
    """Return for which rows a filter holds."""
    match clause:
        case Terms():
            return having(clause, table)
        case Range():
            return between(clause, table)
        case Exists():
            return existing(clause, table)
        case Not():
            return ~table.mask(clause.clause, holding)
        case AnyOf():
            mask = np.zeros(table.rows, np.bool_)
            for group in clause.groups:
                mask |= passing(group, table)
            return mask
        case Ids():
            mask = np.zeros(table.rows, np.bool_)
            mask[table.find(clause.values)] = True
            return mask
        case OneVariant():
            assert table.variants is not None
            return table.variants.owning(passing(clause.filters, table.variants))


def having(clause: Terms, table: Table) -> Mask:
    """Return which rows have one of the values of a filter."""
    if not KINDS[clause.role].multiple:
        return np.isin(table.column(clause.role, clause.field), np.array(clause.values, np.float64))
    mask = np.zeros(table.rows, np.bool_)
    mask[table.postings(clause.role, clause.field).having(map(str, clause.values))] = True
    return mask


def between(clause: Range, table: Table) -> Mask:
    """Return which rows lie between the bounds of a filter; those without the field do not."""
    column = table.column(clause.role, clause.field)
    mask = ~np.isnan(column)
    for side, bound in clause.bounds.items():
        mask &= COMPARE[side](column, bound)
    return mask


def existing(clause: Exists, table: Table) -> Mask:
    """Return which rows have a field."""
    if not KINDS[clause.role].multiple:
        return ~np.isnan(table.column(clause.role, clause.field))
    mask = np.zeros(table.rows, np.bool_)
    mask[table.postings(clause.role, clause.field).docs] = True
    return mask
