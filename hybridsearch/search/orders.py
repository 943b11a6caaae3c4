"""Orders: by which field, and in which direction, hits are sorted instead of by their score."""

from __future__ import annotations

from hybridsearch.search.plan import Sort
from hybridsearch.search.uses import kinds_of
from hybridsearch.sections import Fields


def read_sort(sort: str | None, fields: Fields, configured: Fields | None = None) -> Sort | None:
    """Return the order that `field:asc` or `field:desc` asks for; arguments and errors as in `read_filters`."""
    if not sort:
        return None
    name, _, direction = sort.rpartition(":") if sort.endswith((":asc", ":desc")) else (sort, "", "asc")
    return Sort(name, direction == "desc", kinds_of(name, fields, "sort", configured)[0].role)
