"""Filters as people write them, on the command line and in addresses of the page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.errors import QueryError
from hybridsearch.search.filters.written_filters import parts, read_filters


def test_values_of_a_field_are_alternatives_and_bounds_hold_together() -> None:
    assert read_filters(["brand=Acme", "brand = Borealis", "brand!=Cumulus", "price>=10", "price<50"]) == {
        "brand": {"any": ["Acme", "Borealis"], "none": ["Cumulus"]},
        "price": {"gte": "10", "lt": "50"},
    }
    assert read_filters([], ["brand=Acme", "price<5"], ["note"], ["image"]) == {
        "note": {"exists": True},
        "image": {"missing": True},
        "any": [{"brand": {"any": ["Acme"]}}, {"price": {"lt": "5"}}],
    }


@pytest.mark.parametrize("written", [["price"], ["=5"], [""], ["price>1", "price>2"]])
def test_what_is_no_filter_is_refused_with_what_is_expected(written: list[str]) -> None:
    with pytest.raises(QueryError, match=r"filter: found .*expected"):
        read_filters(written)


@given(
    st.text(min_size=1, max_size=20).filter(lambda name: not set(name) & set("=<>!") and name == name.strip()),
    st.text(),
)
def test_any_value_is_read_as_it_was_written(name: str, value: str) -> None:
    assert parts(f"{name}={value}") == (name, "=", value.strip())
