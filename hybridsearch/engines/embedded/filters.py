"""Filters: which documents of a view pass them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from hybridsearch.engines.embedded.vectors import Mask
from hybridsearch.engines.embedded.view import View
from hybridsearch.fields import KINDS
from hybridsearch.search.conditions import AnyOf, Exists, Filter, Not, Range, Terms

COMPARE = {"gt": np.greater, "gte": np.greater_equal, "lt": np.less, "lte": np.less_equal}


def passing(filters: Iterable[Filter], view: View) -> Mask:
    """Return which documents pass all filters."""
    allowed = np.ones(view.documents, np.bool_)
    for clause in filters:
        allowed &= holding(clause, view)
    return allowed


def holding(clause: Filter, view: View) -> Mask:
    """Return for which documents a filter holds."""
    match clause:
        case Terms():
            return having(clause, view)
        case Range():
            return between(clause, view)
        case Exists():
            return existing(clause, view)
        case Not():
            return ~holding(clause.clause, view)
        case AnyOf():
            mask = np.zeros(view.documents, np.bool_)
            for group in clause.groups:
                mask |= passing(group, view)
            return mask


def having(clause: Terms, view: View) -> Mask:
    """Return which documents have one of the values of a filter."""
    if not KINDS[clause.role].multiple:
        return np.isin(view.column(clause.role, clause.field), np.array(clause.values, np.float64))
    mask = np.zeros(view.documents, np.bool_)
    mask[view.postings(clause.role, clause.field).having(map(str, clause.values))] = True
    return mask


def between(clause: Range, view: View) -> Mask:
    """Return which documents lie between the bounds of a filter; those without the field do not."""
    column = view.column(clause.role, clause.field)
    mask = ~np.isnan(column)
    for side, bound in clause.bounds.items():
        mask &= COMPARE[side](column, bound)
    return mask


def existing(clause: Exists, view: View) -> Mask:
    """Return which documents have a field."""
    if not KINDS[clause.role].multiple:
        return ~np.isnan(view.column(clause.role, clause.field))
    mask = np.zeros(view.documents, np.bool_)
    mask[view.postings(clause.role, clause.field).docs] = True
    return mask
