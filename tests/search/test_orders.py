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


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("-price", "Unknown sort field '-price'. Did you mean 'price:desc'?"),
        ("+price", "Unknown sort field '+price'. Did you mean 'price:asc'?"),
        ("price DESC", "Unknown sort field 'price DESC'. Did you mean 'price:desc'?"),
        ("price:descending", "Unknown sort field 'price:descending'. Did you mean 'price:desc'?"),
        ("price asc", "Unknown sort field 'price asc'. Did you mean 'price:asc'?"),
        ("_score", "No field is called '_score'. Leave 'sort' out for the order of the score."),
        ("relevance:desc", "No field is called 'relevance:desc'. Leave 'sort' out for the order of the score."),
    ],
)
def test_an_order_as_other_programs_write_it_is_an_error_that_says_how_it_is_written_here(
    written: str, hint: str
) -> None:
    with pytest.raises(QueryError) as raised:
        read_sort(written, FIELDS)
    assert str(raised.value) == hint
