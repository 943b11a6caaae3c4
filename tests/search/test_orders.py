"""Orders: names of fields and directions become clauses that say which kind of field is meant."""

import pytest

from hybridsearch.errors import QueryError
from hybridsearch.search.orders import read_sort
from hybridsearch.search.plan import Sort
from hybridsearch.sections import Fields

FIELDS = Fields(
    title="title",
    facets=("brand", "size", "season", "gift"),
    numbers=("price", "size", "stamp"),
    dates=("released", "season", "stamp"),
    booleans=("in_stock", "gift"),
)


def test_numbers_dates_and_booleans_are_sorted_by() -> None:
    assert read_sort("size:desc", FIELDS) == Sort("size", True)
    assert read_sort("released:desc", FIELDS) == Sort("released", True, "dates")
    assert read_sort("in_stock", FIELDS) == Sort("in_stock", False, "booleans")
    with pytest.raises(QueryError, match=r"^Unknown sort field 'brand'. The index has: price, size, stamp, rel"):
        read_sort("brand", FIELDS)
