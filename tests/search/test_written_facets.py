"""Facets as people write them: commas before a known option part them."""

import pytest

from hybridsearch.errors import QueryError
from hybridsearch.search.facets.written_facets import read_facets


def test_what_is_no_option_of_a_facet_is_part_of_a_name_or_a_value() -> None:
    assert read_facets(["a,b", "tree,below=Food, Drinks > x=1,depth=2", "brand,containing=,size=5"]) == {
        "a,b": {},
        "tree": {"below": "Food, Drinks > x=1", "depth": 2},
        "brand": {"containing": "", "size": 5},
    }


def test_a_number_that_is_none_is_refused_with_what_is_expected() -> None:
    with pytest.raises(QueryError, match="facet: found 'price,bars=x', expected FIELD"):
        read_facets(["price,bars=x"])
