"""Facets: the names of fields whose values are to be counted become clauses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hybridsearch.errors import QueryError
from hybridsearch.search.plan import Facet
from hybridsearch.search.uses import kinds_of
from hybridsearch.sections import Fields

MOST_FACETS = 100


def read_facets(names: Sequence[str], fields: Fields, configured: Fields | None = None) -> Iterator[Facet]:
    """Yield the fields whose values are to be counted; arguments and errors are those of `read_filters`."""
    if len(names) > MOST_FACETS:
        raise QueryError(f"{len(names):,} facets were given; at most {MOST_FACETS} are allowed.")
    for name in names:
        yield Facet(name, kinds_of(name, fields, "facet", configured)[0].role)
