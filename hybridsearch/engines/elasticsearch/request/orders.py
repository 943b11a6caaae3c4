"""The order of hits that a cursor can continue: by fields, or by a score that every product has. Pure functions."""

from __future__ import annotations

import math
from typing import Any

from hybridsearch.engines.elasticsearch.mapping import ID, VARIANTS, field_path, variant_path
from hybridsearch.engines.elasticsearch.request.filters import Clause, all_of
from hybridsearch.engines.elasticsearch.transport.answers import reading
from hybridsearch.engines.elasticsearch.transport.shapes import HitInOrder
from hybridsearch.fields import KINDS
from hybridsearch.search.filters.conditions import Filter, Range
from hybridsearch.search.filters.cursor import Key
from hybridsearch.search.plan import SCORE, Plan, Sort

SORT_OPTIONS = {"date": {"format": "strict_date_optional_time"}}
"""By type. In its first format, a number, 8.16 cannot print what stands for a missing date, the latest first."""
LAST = {"number": ("-Infinity", "Infinity")}
"""What stands for a missing value behind all others: in descending order, and in ascending."""
LAST_WHOLE = (-(2**63), 2**63 - 1)
"""The same of the types that are whole numbers inside, dates and truth values."""


def order(plan: Plan) -> dict[str, Any]:
    """Return the part of a request that puts hits in order, and begins behind a place."""
    body: dict[str, Any] = {"sort": [*(sort_key(sort, plan) for sort in plan.order), {ID: "asc"}]}
    if plan.least:
        body["track_scores"] = True
    if plan.after:
        body["search_after"] = [*map(to_server, plan.order, plan.after.keys), plan.after.id]
    return body


def sort_key(sort: Sort, plan: Plan) -> Clause:
    """Return one key of an order; of the variants of a product those count that pass the filters."""
    if sort == SCORE:
        return {"_score": {"order": "desc"}}
    options: Clause = {"order": "desc" if sort.descending else "asc", "missing": "_last"}
    options |= SORT_OPTIONS.get(KINDS[sort.role].name, {})
    if not plan.of_variants(sort.field):
        return {field_path(sort.role, sort.field): options}
    path, matching = variant_path(sort.role, sort.field), plan.matching()
    if all(keeps_first(each, sort) for each in matching):
        return {path: options}  # the product has the values of all its variants
    return {path: {**options, "nested": {"path": VARIANTS, "filter": all_of(matching, variant_path)}}}


def keeps_first(clause: Filter, sort: Sort) -> bool:
    """Tell whether the first variant of a product in an order passes a filter that any of them passes."""
    further = {"gt", "gte"} if sort.descending else {"lt", "lte"}
    return isinstance(clause, Range) and clause.field == sort.field and clause.bounds.keys() <= further


def keys(plan: Plan, hit: HitInOrder) -> tuple[Key, ...]:
    """Return what a hit is put in order by, before its id.

    Raises:
        UnexpectedAnswer: The server does not say.
    """
    with reading("the order of the hits"):
        *values, _ = hit["sort"]
        return tuple(from_server(sort, value) for sort, value in zip(plan.order, values, strict=True))


def to_server(sort: Sort, key: Key) -> Key:
    """Return a key as the server takes it, which has no way to say that a number is missing."""
    if key is None and not KINDS[sort.role].multiple:
        return LAST.get(KINDS[sort.role].name, LAST_WHOLE)[not sort.descending]
    return key


def from_server(sort: Sort, value: str | float | None) -> Key:
    """Return a key from what a server says: a text, a number, or a moment as text.

    What no field can hold stands for a missing number: infinity, and a year beyond 9999.
    """
    if value is None or KINDS[sort.role].multiple:
        return value
    try:
        kept = KINDS[sort.role].read(value)
    except ValueError:
        return None
    return float(kept) if isinstance(kept, int | float) and math.isfinite(kept) else None
