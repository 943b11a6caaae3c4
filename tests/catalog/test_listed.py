"""Rows that a product lists become its variants; `propose/listed.py` finds such lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hybridsearch.catalog.arranged import variants
from hybridsearch.catalog.arranged.listed import Listed, with_listed
from hybridsearch.errors import ConfigError
from hybridsearch.settings import Settings
from hybridsearch.values import Product, Reject

LISTED = Listed("children", "sku", "attributes")


def row(key: str, children: Any = "", **more: Any) -> Product:
    """Return a row."""
    return Product(key, {"sku": key, **({"children": children} if children else {}), **more}, f"shop:{key}")


def made(*rows: Product | Reject, listed: Listed = LISTED) -> dict[str, list[dict[str, Any]]]:
    """Return the variants of each product, and of each reject its place."""
    found = with_listed(rows, listed)
    return {each.id or each.where: (each.row or {}).get("variants", []) for each in found}


def test_rows_that_a_product_lists_are_its_variants_wherever_they_stand() -> None:
    rows = row("hat-s"), row("hat", "sku=hat-s,size=S|sku=hat-m,size=M"), row("coat"), row("hat-m")
    assert made(*rows) == {
        "hat": [{"sku": "hat-s", "attributes": {"size": "S"}}, {"sku": "hat-m", "attributes": {"size": "M"}}],
        "coat": [],
    }


def test_what_a_row_says_itself_counts_more_than_what_its_product_says_of_it() -> None:
    rows = row("hat", "sku=hat-s,size=S,color=red"), row("hat-s", attributes={"size": "Small"})
    assert made(*rows)["hat"] == [{"sku": "hat-s", "attributes": {"size": "Small", "color": "red"}}]
    flat = Listed("children", "sku")
    assert made(row("hat", "sku=hat-s,size=S"), row("hat-s"), listed=flat)["hat"] == [{"size": "S", "sku": "hat-s"}]


def test_a_variant_says_what_its_product_does_not_and_its_own_fields() -> None:
    rows = row("hat", "sku=hat-s", brand="Acme", price=5), row("hat-s", brand="Acme", price=5)
    own = Listed("children", "sku", "attributes", columns=frozenset({"price"}))
    assert made(*rows, listed=own)["hat"] == [{"sku": "hat-s", "price": 5}]


def test_a_variant_without_a_row_is_what_its_product_says_of_it() -> None:
    assert made(row("hat", "sku=hat-s,size=S"))["hat"] == [{"sku": "hat-s", "attributes": {"size": "S"}}]


@pytest.mark.parametrize("children", ["hat-s|hat-m", ["hat-s", "hat-m"], " hat-s | | hat-m "])
def test_ids_alone_are_a_list_too(children: Any) -> None:
    found = made(row("hat", children), row("hat-s", size="S"), row("hat-m", size="M"))
    assert found == {"hat": [{"sku": "hat-s", "size": "S"}, {"sku": "hat-m", "size": "M"}]}


def test_a_row_may_be_a_variant_of_several_products_and_none_of_one_that_lists_it_back() -> None:
    rows = row("a", "x"), row("b", "x"), row("x"), row("p", "q"), row("q", "p")
    assert made(*rows) == {"a": [{"sku": "x"}], "b": [{"sku": "x"}], "p": [], "q": []}


def test_of_rows_with_one_id_the_last_is_the_variant() -> None:
    assert made(row("hat", "x"), row("x", size="S"), row("x", size="M"))["hat"] == [{"sku": "x", "size": "M"}]


def test_rejects_keep_their_places_and_a_product_takes_no_more_than_a_row_may(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Reject("shop:2", None, "read", "no CSV")
    assert list(made(row("hat", "x"), broken, row("x"), row("coat"))) == ["hat", "shop:2", "coat"]
    monkeypatch.setattr(variants, "HEAVIEST_ROW", 2_000)
    product, reject = with_listed([row("hat", "x|y"), row("x"), row("y", text="x" * 2_000)], LISTED)
    assert isinstance(reject, Reject)
    assert reject.reason == "the variants of 'hat' take more than 0 MB in memory"
    assert (product.row or {})["variants"] == [{"sku": "x"}]


@pytest.mark.parametrize(
    ("catalog", "message"),
    [
        ({"path": "a.csv", "parent": "p", "children": {"field": "c"}}, "'parent' and 'children' both say"),
        ({"index": "shop", "views": "v"}, "'views' is for the rows of one file"),
        (
            {"url": "sqlite://", "query": "SELECT 1", "gather": True},
            "a database sorts them by the column that 'key' names",
        ),
    ],
)
def test_what_cannot_be_arranged_is_refused(catalog: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Settings.parse({"catalog": catalog, "fields": {"title": "t"}, "engine": {}}, folder=Path())
