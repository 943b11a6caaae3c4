"""Orders: names of fields and directions become clauses that say which kind of field is meant."""

import pytest

from hybridsearch.errors import QueryError
from hybridsearch.search.orders import read_sort
from hybridsearch.search.plan import Sort
from tests.search.builders import FIELDS


def test_every_kind_is_sorted_by_and_numbers_before_text() -> None:
    assert read_sort("size:desc", FIELDS) == (Sort("size", True),)
    assert read_sort("released:desc", FIELDS) == (Sort("released", True, "dates"),)
    assert read_sort("in_stock", FIELDS) == (Sort("in_stock", False, "booleans"),)
    assert read_sort(["brand:desc", "price"], FIELDS) == (Sort("brand", True, "facets"), Sort("price"))
    with pytest.raises(QueryError, match=r"^Unknown sort field 'title'. The index has: brand, size, season, gift, cat"):
        read_sort("title", FIELDS)
    with pytest.raises(QueryError, match=r"^An order by 11 fields was given; at most 10 are allowed\.$"):
        read_sort(["brand"] * 11, FIELDS)
