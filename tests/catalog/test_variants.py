"""Rows that name a product become its variants; `arranged` does it beside the other arrangements."""

from __future__ import annotations

import sqlite3
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from hybridsearch.catalog.arranged import variants
from hybridsearch.catalog.arranged.arranged import AS_READ, Arrangement
from hybridsearch.catalog.arranged.grouping import Grouping
from hybridsearch.catalog.arranged.variants import Children, with_variants
from hybridsearch.errors import CatalogError
from hybridsearch.sections import Pairs
from hybridsearch.values import Product, Reject

CHILDREN = Children("parent")


def row(key: str, parent: str = "", **more: Any) -> Product:
    """Return a row."""
    return Product(key, {"sku": key, **({"parent": parent} if parent else {}), **more}, f"shop:{key}")


def made(*rows: Product | Reject) -> dict[str, list[str]]:
    """Return the variants of each product, and of each reject its place."""
    found: dict[str, list[str]] = {}
    for each in with_variants(rows, CHILDREN):
        listed = each.row.get("variants", []) if isinstance(each, Product) else []
        found[each.id or each.where] = [variant["sku"] for variant in listed]
    return found


def test_rows_that_name_a_product_are_its_variants_wherever_they_stand() -> None:
    rows = row("coat-r", "coat"), row("hat"), row("hat-r", "hat"), row("coat"), row("hat-b", "hat")
    assert made(*rows) == {"hat": ["hat-r", "hat-b"], "coat": ["coat-r"]}


def test_a_row_whose_product_is_not_there_or_is_a_variant_is_one_of_its_own() -> None:
    rows = row("hat"), row("hat-r", "hat"), row("hat-r-s", "hat-r"), row("lost", "x"), row("self", "self")
    assert made(*rows) == {"hat": ["hat-r"], "hat-r-s": [], "lost": [], "self": []}


def test_a_product_is_named_by_other_fields_too() -> None:
    """As WooCommerce does it: by its SKU, and where it has none by its number, `id:2`."""
    rows = [
        Product("1", {"ID": "1", "SKU": "hat"}, "shop:1"),
        Product("2", {"ID": "2"}, "shop:2"),
        Product("3", {"ID": "3", "SKU": "hat-r", "parent": "hat"}, "shop:3"),
        Product("4", {"ID": "4", "parent": "id:2"}, "shop:4"),
        Product("5", {"ID": "5", "parent": "2"}, "shop:5"),
        Product("6", {"ID": "6", "SKU": "self", "parent": "self"}, "shop:6"),
        Product("7", {"ID": "7", "parent": "id:99"}, "shop:7"),
    ]
    made_of = {
        each.id: [variant["ID"] for variant in each.row.get("variants", [])]
        for each in with_variants(rows, Children("parent", ("SKU", "ID")))
        if isinstance(each, Product)
    }
    assert made_of == {"1": ["3"], "2": ["4", "5"], "6": [], "7": []}


def test_rows_and_rejects_keep_their_order() -> None:
    broken = Reject("shop:2", None, "read", "no CSV")
    assert list(made(row("hat"), broken, row("hat-r", "hat"), row("coat"))) == ["hat", "shop:2", "coat"]


@pytest.mark.parametrize(("own", "expected"), [([], []), (None, []), ([{"sku": "hat-o"}], ["hat-o"])])
def test_rows_follow_the_variants_that_a_product_lists_already(own: Any, expected: list[str]) -> None:
    assert made(row("hat", variants=own), row("hat-r", "hat")) == {"hat": [*expected, "hat-r"]}


def test_a_product_takes_no_more_than_a_row_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variants, "HEAVIEST_ROW", 2_000)
    large = row("hat-b", "hat", text="x" * 2_000)
    product, reject = with_variants([row("hat"), row("hat-r", "hat"), large], CHILDREN)
    assert isinstance(product, Product)
    assert [variant["sku"] for variant in product.row["variants"]] == ["hat-r"]
    assert isinstance(reject, Reject)
    assert (reject.id, reject.reason) == ("hat-b", "the variants of 'hat' take more than 0 MB in memory")


def test_memory_does_not_grow_with_the_rows() -> None:
    def rows() -> Iterator[Product]:
        for n in range(2_000):
            yield row(f"hat-{n}", text="x" * 10_000)
        for n in range(2_000):
            yield row(f"red-{n}", f"hat-{n}", text="y" * 10_000)

    tracemalloc.start()
    try:
        assert sum(len(each.row["variants"]) for each in with_variants(rows(), CHILDREN) if each.row) == 2_000
        assert tracemalloc.get_traced_memory()[1] < 10_000_000  # of 40 MB
    finally:
        tracemalloc.stop()


def test_a_full_disk_is_an_error_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = sqlite3.connect

    def small(*_: Any, **more: Any) -> sqlite3.Connection:
        store: sqlite3.Connection = opened("", **more)
        store.execute("PRAGMA max_page_count = 3")
        return store

    monkeypatch.setattr(sqlite3, "connect", small)
    with pytest.raises(CatalogError, match=r"Cannot put the rows .* into a temporary file: .* SQLITE_TMPDIR"):
        made(*(row(f"hat-{n}", text="x" * 10_000) for n in range(9)))


def test_properties_are_read_before_rows_come_together() -> None:
    rows = [
        Product("hat", {"name": "Color", "value": "red"}, "1"),
        Product("hat", {"value": "blue"}, "2"),
        Product("hat-s", {"parent": "hat", "name": "Size", "value": "S"}, "3"),
    ]
    pairs = (Pairs(into="props", names="name", values="value"),)
    (product,) = Arrangement(pairs, Grouping("name of the product"), children=CHILDREN)(rows)
    assert isinstance(product, Product)
    assert product.row["props"] == [{"Color": "red"}, {"Color": "blue"}]
    assert [variant["props"] for variant in product.row["variants"]] == [{"Size": "S"}]


def test_without_any_each_row_is_a_product() -> None:
    rows = [row("hat"), row("hat"), row("hat-r", "hat")]
    assert list(AS_READ(rows)) == rows
