"""The order of hits that a cursor can continue: numbers of each document that ascend in it, the last that of its id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.embedded.arrays.chosen import Chosen
from hybridsearch.engines.embedded.arrays.postings import Ordinals
from hybridsearch.engines.embedded.arrays.ranks import least_of
from hybridsearch.engines.embedded.compiled.tables import MANY
from hybridsearch.engines.embedded.compiled.view import View
from hybridsearch.engines.embedded.search.filters import telling, variants_of
from hybridsearch.engines.embedded.search.window import Window, contributions, total
from hybridsearch.fields import KINDS
from hybridsearch.search.filters.cursor import Key, Place
from hybridsearch.search.plan import SCORE, Plan, Sort

Numbers = NDArray[Any]
"""One of each document."""
SAMPLE = 1024
"""Variants of all whose values tell how far the first ones may reach."""


def in_order(plan: Plan, view: View, chosen: Chosen) -> tuple[Ordinals, tuple[Key, ...]]:
    """Return those of some documents that a plan wants, in its order, and the keys of the last one of the page."""
    wanted = plan.skipped + plan.wanted
    docs = leading(plan, view, chosen, wanted)
    makers: list[Callable[[Ordinals], Numbers]] = [
        *(partial(numbers, sort, plan, view) for sort in plan.order),
        view.order.__getitem__,
    ]
    place = bounds(plan.after, plan, view) if plan.after else None
    first = makers[0](docs)
    near = possible(first, wanted, place[0] if place else None)
    docs = docs[near]
    columns = [first[near], *(make(docs) for make in makers[1:])]
    if place:
        left = behind(columns, place)
        docs, columns = docs[left], [column[left] for column in columns]
    places = first_of(columns, wanted)[plan.skipped :]
    last = places[: plan.size][-1:]
    return docs[places], tuple(
        key_of(float(column[place]), sort, plan, view)
        for place in last
        for sort, column in zip(plan.order, columns, strict=False)
    )


def leading(plan: Plan, view: View, chosen: Chosen, wanted: int) -> Ordinals:
    """Return those of many documents that may be among the first `wanted` in the order of a field of variants.

    Where enough of them have a variant that passes and comes up to some value, all others come behind these. The value
    is looked for in a sample: few variants are looked at one by one.
    """
    few = MANY * chosen.count < chosen.documents
    if few or plan.after or not plan.sort or not plan.of_variants(plan.sort[0].field):
        return chosen.docs
    sort, variants = plan.sort[0], view.variants
    values = variants.ranks(sort.role, sort.field, sort.descending)
    values = -values if sort.descending else values
    step = max(1, len(values) // SAMPLE)
    ends = np.sort(values[::step])
    passes, place = telling(plan.matching(), variants), MANY * (1 + wanted // step)
    while MANY * place < np.count_nonzero(~np.isnan(ends)):
        rows = np.flatnonzero(values <= ends[place])
        owners = variants.owners[rows[passes(rows)]]
        docs = owners[np.diff(owners, prepend=-1) != 0]
        near: Ordinals = docs[chosen.mask[docs]]
        if len(near) >= wanted:
            return near
        place = MANY * (place + 1)
    return chosen.docs


def numbers(sort: Sort, plan: Plan, view: View, docs: Ordinals) -> Numbers:
    """Return the numbers that put documents in order of a field, infinite for those without it, or of the score.

    Of the variants of a document those count that pass the filters.
    """
    if sort == SCORE:
        return -total(contributions(plan, Window(view, docs)))
    rows = owners = docs
    if plan.of_variants(sort.field):
        rows = variants_of(Chosen(view.documents, docs), plan.matching(), view.variants)
        owners = view.variants.owners.take(rows)
    values = view.table(plan, sort.field).ranks(sort.role, sort.field, sort.descending)[rows]
    keys = np.where(np.isnan(values), np.inf, -values if sort.descending else values)
    return keys if rows is docs else view.variants.least(owners, keys)


def possible(column: Numbers, reach: int, bound: float | None) -> NDArray[np.bool_]:
    """Tell which documents may be among the first `reach`, behind those whose number is lower than a bound.

    Where it is that of the bound, or of the last one, what follows in the order decides.
    """
    behind_it = column if bound is None else column[column > bound]
    last = -least_of(-behind_it, reach) if 0 < reach < len(behind_it) else np.inf
    near = np.asarray(column <= last)
    return near if bound is None else near & (column >= bound)


def first_of(columns: Sequence[Numbers], reach: int) -> NDArray[np.intp]:
    """Return the positions of the first `reach` documents, in order of the first column, then of the next."""
    if 0 < reach < len(columns[0]):
        within = np.flatnonzero(columns[0] <= np.partition(columns[0], reach - 1)[reach - 1])
    else:
        within = np.arange(len(columns[0]))
    return within[np.lexsort([column[within] for column in reversed(columns)])][:reach]


def behind(columns: Sequence[Numbers], place: Sequence[float]) -> NDArray[np.bool_]:
    """Tell for each document whether it comes behind a place in the order."""
    later = np.zeros(len(columns[0]), np.bool_)
    for column, bound in reversed(list(zip(columns, place, strict=True))):
        later = (column > bound) | ((column == bound) & later)
    return later


def bounds(place: Place, plan: Plan, view: View) -> list[float]:
    """Return the numbers of a place, the last that of its id; no document needs to have them any more."""
    keys = zip(place.keys, plan.order, strict=True)
    return [*(number_of(key, sort, plan, view) for key, sort in keys), view.place_of(place.id)]


def number_of(key: Key, sort: Sort, plan: Plan, view: View) -> float:
    """Return the number of a key in the order of a field or the score."""
    if key is None:
        return np.inf
    number = view.table(plan, sort.field).postings(sort.role, sort.field).place_of(key) if isinstance(key, str) else key
    return -number if sort.descending else number


def key_of(number: float, sort: Sort, plan: Plan, view: View) -> Key:
    """Return the key of a document that has a number in the order of a field or the score."""
    if np.isinf(number):
        return None
    value = -number if sort.descending else number
    return (
        view.table(plan, sort.field).postings(sort.role, sort.field).term(int(value))
        if KINDS[sort.role].multiple
        else value
    )
