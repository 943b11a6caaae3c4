"""Facets: values as the shop writes them."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.fields import facets


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("Acme", ("Acme",)),
        (["Acme ", "acme", "Acme", "Ａｃｍｅ", None, 6.0], ("Acme", "acme", "6")),
        (True, ("true",)),
        (None, None),
        ([" ", {"a": 1}], None),
    ],
)
def test_distinct_values_are_kept_in_the_shops_spelling(value: Any, kept: tuple[str, ...] | None) -> None:
    assert facets.read(value) == kept


@given(st.lists(st.text(max_size=300) | st.integers() | st.booleans(), max_size=120))
def test_a_filter_by_any_value_of_a_product_finds_it(values: list[Any]) -> None:
    kept = facets.read(values) or ()
    assert len(kept) <= facets.MOST
    for value in values:
        asked = facets.values(value)
        assert set(asked) <= set(kept) or len(kept) == facets.MOST


def test_a_date_is_no_facet_value() -> None:
    with pytest.raises(ValueError, match="as the shop writes it"):
        facets.values(date(2025, 1, 31))
