"""Orders: by which fields, and in which directions, hits are sorted instead of by their score."""

from __future__ import annotations

from collections.abc import Sequence

from hybridsearch.errors import QueryError
from hybridsearch.roles import Fields
from hybridsearch.search.filters.uses import kinds_of
from hybridsearch.search.plan import Sort

MOST_KEYS = 10
"""Fields of one order; no page of a shop has four."""


def read_sort(sort: str | Sequence[str] | None, fields: Fields, configured: Fields | None = None) -> tuple[Sort, ...]:
    """Return the order that `field:asc` or `field:desc`, or several of them, ask for, as in `read_filters`."""
    keys = [sort] if isinstance(sort, str) else sort or ()
    if len(keys) > MOST_KEYS:
        raise QueryError(f"An order by {len(keys):,} fields was given; at most {MOST_KEYS} are allowed.")
    return tuple(read_key(key, fields, configured) for key in keys if key)


def read_key(key: str, fields: Fields, configured: Fields | None) -> Sort:
    """Return one field of an order with its direction; of the kinds of a field a number is meant before text."""
    name, _, direction = key.rpartition(":") if key.endswith((":asc", ":desc")) else (key, "", "asc")
    kinds = sorted(kinds_of(name, fields, "sort", configured), key=lambda kind: kind.multiple)
    return Sort(name, direction == "desc", kinds[0].role)
