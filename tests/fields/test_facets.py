"""Facets: values as the shop writes them."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.fields import Format, facets


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


TREE = Format(levels=">", separators=("|",))


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("Home > Kitchen", ("Home", "Home > Kitchen")),
        ("Home>Kitchen>", ("Home", "Home > Kitchen")),
        ("\uff1e Home \uff1e\uff1e Caf\u0065\u0301", ("Home", "Home > Caf\u00e9")),
        ("Home > Kitchen | Home > Garden", ("Home", "Home > Kitchen", "Home > Garden")),
        (["Sale", "Home > Sale"], ("Sale", "Home", "Home > Sale")),
        (f"a > {'b' * 252} > c", ("a", f"a > {'b' * 252}")),
        (f"{'a' * 300} > b", ("a" * 256,)),
        ("Home", ("Home",)),
        (5, ("5",)),
        (" > ", None),
        (None, None),
    ],
)
def test_of_a_path_each_level_is_kept(value: Any, kept: tuple[str, ...] | None) -> None:
    assert facets.KIND.kept(value, TREE) == kept


@pytest.mark.parametrize(
    ("levels", "node"), [("/", "a / b > c"), (" / ", "a/b > c"), ("/b >", "a /b > c"), (">", "a/b > c")]
)
def test_levels_are_apart_as_the_column_says(levels: str, node: str) -> None:
    assert list(facets.nodes("a/b > c", Format(levels=levels)))[-1] == node


@given(st.lists(st.text("ab> |/", max_size=40) | st.text(max_size=300), max_size=9))
def test_a_filter_by_any_path_of_a_product_finds_it(paths: list[str]) -> None:
    for levels in (">", "/", " / "):
        form = Format(levels=levels)
        kept = facets.read(facets.meaning(paths, form)) or ()
        for path in paths:
            asked = facets.values(facets.spelled(path, form))
            assert set(asked) <= set(kept) or len(kept) == facets.MOST


def test_a_date_is_no_facet_value() -> None:
    with pytest.raises(ValueError, match="as the shop writes it"):
        facets.values(facets.spelled(date(2025, 1, 31), TREE))
