"""Facets: names of fields become clauses that say which kind of field is counted."""

import pytest

from hybridsearch.errors import QueryError
from hybridsearch.search.facets import read_facets
from hybridsearch.search.plan import Facet
from hybridsearch.sections import Fields

FIELDS = Fields(
    title="title",
    facets=("brand", "size", "season", "gift"),
    numbers=("price", "size", "stamp"),
    dates=("released", "season", "stamp"),
    booleans=("in_stock", "gift"),
)


def test_facets_and_booleans_are_counted() -> None:
    assert list(read_facets(["brand", "in_stock", "gift"], FIELDS)) == [
        Facet("brand"),
        Facet("in_stock", "booleans"),
        Facet("gift"),
    ]
    with pytest.raises(QueryError, match=r"^Unknown facet field 'price'. The index has: brand, size, season, gift"):
        list(read_facets(["price"], FIELDS))


def test_facets_are_capped() -> None:
    """Fault 74."""
    with pytest.raises(QueryError, match=r"^101 facets were given; at most 100 are allowed\.$"):
        list(read_facets(["brand"] * 101, FIELDS))
