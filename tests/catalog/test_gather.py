"""Rows of one id that follow each other are one product: nothing of them is lost, and places still grow."""

from typing import Any

import pytest

from hybridsearch.catalog import gather
from hybridsearch.catalog.gather import gathered, merged
from hybridsearch.values import Product, Reject


def row(key: str, place: int, **fields: Any) -> Product:
    return Product(key, {"handle": key, **fields}, f"shop.csv:{place}", place=place)


def reject(place: int) -> Reject:
    return Reject(f"shop.csv:{place}", None, "read", "not CSV", place=place)


def test_rows_of_one_id_become_a_product_at_the_place_of_the_last() -> None:
    rows = [row("hat", 2, title="Hat", sku="A1"), row("hat", 3, sku="A2"), row("coat", 4, title="Coat")]
    first, second = gathered(rows)
    assert first == Product("hat", {"handle": "hat", "title": "Hat", "sku": ["A1", "A2"]}, "shop.csv:2")
    assert (first.place, second) == (3, rows[2])


def test_rows_of_one_id_that_do_not_follow_each_other_are_products_of_their_own() -> None:
    assert [product.id for product in gathered([row("a", 1), row("b", 2), row("a", 3)])] == ["a", "b", "a"]


def test_rejects_among_the_rows_part_no_product_and_places_grow() -> None:
    rows: list[Product | Reject] = [
        reject(1),
        row("a", 2),
        reject(3),
        row("a", 4, sku="A2"),
        reject(5),
        row("b", 6),
        reject(7),
    ]
    assert [(type(each), each.place) for each in gathered(rows)] == [
        *((Reject, 1), (Reject, 3), (Product, 4), (Reject, 5), (Product, 6), (Reject, 7))
    ]


def test_a_product_is_complete_after_many_rejects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "MOST_REJECTS", 2)
    rows: list[Product | Reject] = [row("a", 1), reject(2), reject(3), reject(4), row("a", 5)]
    assert [each.place for each in gathered(rows)] == [1, 2, 3, 4, 5]


def test_a_row_that_makes_its_product_too_heavy_is_a_reject(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "HEAVIEST_ROW", 2_000)
    light, heavy, later = gathered([row("a", 1, title="A"), row("a", 2, text="x" * 2_000), row("b", 3)])
    assert isinstance(heavy, Reject)
    assert (light.place, heavy.reason, later.place) == (1, "the rows of 'a' take more than 0 MB in memory", 3)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{"a": "x"}, {"a": "x"}], {"a": "x"}),
        ([{"a": "x"}, {"a": ""}, {"a": " "}, {"a": None}], {"a": "x"}),
        ([{"a": 1}, {"a": True}, {"a": 1}, {"a": 2}], {"a": [1, True, 2]}),
        ([{"a": ["x", "y"]}, {"a": "y"}, {"a": ["z"]}], {"a": ["x", "y", "z"]}),
        ([{"a": {"b": 1}}, {"a": {"b": 2}}], {"a": [{"b": 1}, {"b": 2}]}),
        ([{"a": None}, {"b": 1}], {"b": 1}),
    ],
)
def test_a_field_has_its_different_values_in_their_order(rows: list[dict[str, Any]], expected: dict[str, Any]) -> None:
    assert merged(rows) == expected
