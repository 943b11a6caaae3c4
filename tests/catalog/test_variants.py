"""Rows that name the product before them become its variants; `arranged` does it beside the other arrangements."""

from __future__ import annotations

from typing import Any

import pytest

from hybridsearch.catalog import variants
from hybridsearch.catalog.arranged import AS_READ, Arrangement
from hybridsearch.catalog.grouping import Grouping
from hybridsearch.catalog.variants import with_variants
from hybridsearch.sections import Pairs
from hybridsearch.values import Product, Reject


def row(key: str, parent: str = "", **more: Any) -> Product:
    """Return a row."""
    return Product(key, {"sku": key, **({"parent": parent} if parent else {}), **more}, f"shop:{key}")


def made(*rows: Product | Reject) -> dict[str, list[str]]:
    """Return the variants of each product, and of each reject its place."""
    found: dict[str, list[str]] = {}
    for each in with_variants(rows, "parent", "variants"):
        listed = each.row.get("variants", []) if isinstance(each, Product) else []
        found[each.id or each.where] = [variant["sku"] for variant in listed]
    return found


def test_rows_that_name_the_product_before_them_are_its_variants() -> None:
    rows = row("hat"), row("hat-r", "hat"), row("hat-b", "hat"), row("coat"), row("coat-r", "coat")
    assert made(*rows) == {"hat": ["hat-r", "hat-b"], "coat": ["coat-r"]}


def test_a_row_apart_from_its_product_is_one_of_its_own() -> None:
    assert made(row("hat"), row("coat"), row("hat-r", "hat"), row("hat-b", "hat")) == {
        "hat": [],
        "coat": [],
        "hat-r": [],
        "hat-b": [],
    }


def test_a_reject_keeps_its_place() -> None:
    broken = Reject("shop:2", None, "read", "no CSV")
    assert made(row("hat"), broken, row("hat-r", "hat")) == {"hat": [], "shop:2": [], "hat-r": []}


def test_the_product_stands_at_the_place_of_its_last_variant() -> None:
    rows = [Product("hat", {}, "shop:1", place=1), Product("hat-r", {"parent": "hat"}, "shop:2", place=2)]
    (product,) = with_variants(rows, "parent", "variants")
    assert (product.where, product.place) == ("shop:1", 2)


def test_a_list_of_variants_that_is_there_stays_as_it_is() -> None:
    (product,) = with_variants([row("hat", variants="own"), row("hat-r", "hat")], "parent", "variants")
    assert isinstance(product, Product)
    assert product.row["variants"] == "own"


def test_a_product_takes_no_more_than_a_row_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variants, "HEAVIEST_ROW", 2_000)
    assert made(row("hat"), row("hat-r", "hat"), row("hat-b", "hat", text="x" * 2_000)) == {
        "hat": ["hat-r"],
        "hat-b": [],
    }


def test_properties_are_read_before_rows_come_together() -> None:
    rows = [
        Product("hat", {"name": "Color", "value": "red"}, "1"),
        Product("hat", {"value": "blue"}, "2"),
        Product("hat-s", {"parent": "hat", "name": "Size", "value": "S"}, "3"),
    ]
    pairs = (Pairs(into="props", names="name", values="value"),)
    (product,) = Arrangement(pairs, Grouping("name of the product"), parent="parent")(rows)
    assert isinstance(product, Product)
    assert product.row["props"] == [{"Color": "red"}, {"Color": "blue"}]
    assert [variant["props"] for variant in product.row["variants"]] == [{"Size": "S"}]


def test_without_any_each_row_is_a_product() -> None:
    rows = [row("hat"), row("hat"), row("hat-r", "hat")]
    assert list(AS_READ(rows)) == rows
