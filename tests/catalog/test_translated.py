"""Rows that translate another one become part of it, and wipe nothing."""

from __future__ import annotations

from typing import Any

import pytest

from hybridsearch.catalog.arranged import variants
from hybridsearch.catalog.arranged.arranged import Arrangement
from hybridsearch.catalog.arranged.translated import with_translations
from hybridsearch.values import Product, Reject


def row(key: str, view: str = "", **more: Any) -> Product:
    """Return a row."""
    return Product(key, {"sku": key, "view": view, **more}, f"shop:{key}", place=1)


def test_a_translation_is_part_of_its_product_and_what_it_leaves_out_stays() -> None:
    rows = row("hat", name="Hat", price=5), row("hat", "de", name="Hut", price=None), row("hat", "fr", name="Hat")
    (product,) = with_translations(rows, "view")
    assert product.row == {
        "sku": "hat",
        "view": "",
        "name": "Hat",
        "price": 5,
        "translations": {"de": {"name": "Hut"}},
    }


def test_without_a_row_of_its_own_the_first_one_is_the_product() -> None:
    (product,) = with_translations([row("hat", "en", name="Hat"), row("hat", "de", name="Hut")], "view")
    assert product.row == {"sku": "hat", "view": "en", "name": "Hat", "translations": {"de": {"name": "Hut"}}}


def test_rows_of_one_id_that_are_no_translations_stay_what_they_were() -> None:
    rows = [row("hat", name="Hat"), row("hat", name="Cap"), row("coat", name="Coat")]
    assert [*with_translations(rows, "view")] == rows


def test_rows_may_stand_apart_and_rejects_stay() -> None:
    rows: list[Product | Reject] = [
        Product("hat", {"sku": "hat", "view": "de", "name": "Hut"}, "shop:1", place=1),
        Reject("shop:2", None, "read", "no CSV", place=2),
        Product("coat", {"sku": "coat", "name": "Coat"}, "shop:3", place=3),
        Product("hat", {"sku": "hat", "name": "Hat"}, "shop:4", place=4),
    ]
    hat, reject, coat = Arrangement(views="view", gather=True)(rows)
    assert hat.row == {"sku": "hat", "name": "Hat", "translations": {"de": {"name": "Hut"}}}
    assert (hat.place, reject, coat.id) == (1, rows[1], "coat")


def test_a_product_takes_no_more_than_a_row_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variants, "HEAVIEST_ROW", 2_000)
    product, reject = with_translations([row("hat"), row("hat", "de", name="x" * 2_000)], "view")
    assert isinstance(product, Product)
    assert isinstance(reject, Reject)
    assert reject.reason == "the translations of 'hat' take more than 0 MB in memory"
