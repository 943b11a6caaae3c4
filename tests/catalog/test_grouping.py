"""Rows of one id that follow each other are one product: nothing of them is lost, and places still grow."""

from typing import Any

import pytest

from hybridsearch.catalog.arranged import grouping
from hybridsearch.catalog.arranged.grouping import Grouping, merged
from hybridsearch.roles import Fields
from hybridsearch.values import Product, Reject

gathered = Grouping("handle").grouped


def row(key: str, place: int, **fields: Any) -> Product:
    return Product(key, {"handle": key, **fields}, f"shop.csv:{place}", place=place)


def reject(place: int) -> Reject:
    return Reject(f"shop.csv:{place}", None, "read", "not CSV", place=place)


def test_rows_of_one_id_become_a_product_at_the_place_of_the_last() -> None:
    rows = [row("hat", 2, title="Hat", sku="A1"), row("hat", 3, sku="A2"), row("coat", 4, title="Coat")]
    first, second = gathered(rows)
    assert first == Product("hat", {"handle": "hat", "title": "Hat", "sku": ["A1", "A2"]}, "shop.csv:2")
    assert (first.place, second) == (3, rows[2])


def test_a_row_that_stands_apart_from_the_others_of_its_product_is_a_reject() -> None:
    first, second, apart = gathered([row("a", 1), row("b", 2), row("a", 3)])
    assert (first.id, second.id, apart.place) == ("a", "b", 3)
    assert isinstance(apart, Reject)
    others = "it stands apart from the other rows with 'a'; sort the catalogue by 'handle'"
    assert apart.reason == f"{others}, or set 'gather = true' under [catalog], for a database key = 'handle'"


def test_each_row_with_a_column_of_variants_is_a_variant_with_all_in_which_it_differs() -> None:
    fields = Fields(title="title", group="handle", facets=("variants.color",), numbers=("variants.price",))
    rows = [
        row("hat", 1, title="Hat", color="red", price="20", image="a.jpg"),
        row("hat", 2, title="", color="blue", price="20", image="b.jpg"),
        row("hat", 3, image="c.jpg"),
        row("cap", 4, title="Cap", price="9"),
    ]
    hat, cap = Grouping.of(fields).grouped(rows)  # type: ignore[union-attr]
    assert hat.row == {
        "handle": "hat",
        "title": "Hat",
        "color": ["red", "blue"],
        "price": "20",
        "image": ["a.jpg", "b.jpg", "c.jpg"],
        "variants": [
            {"color": "red", "price": "20", "image": "a.jpg"},
            {"color": "blue", "price": "20", "image": "b.jpg"},
        ],
    }
    assert cap.row == {"handle": "cap", "title": "Cap", "price": "9", "variants": [{"price": "9"}]}


def test_a_product_that_an_index_gave_back_stays_as_it_is() -> None:
    whole = row("a", 1, color=["red", "blue"], variants=[{"color": "red"}, {"color": "blue"}])
    assert list(Grouping("handle", "variants", frozenset({"color"})).grouped([whole])) == [whole]


def test_a_row_that_has_a_list_of_variants_is_a_reject() -> None:
    (found,) = Grouping("handle", "variants", frozenset({"color"})).grouped([row("a", 1, variants="3")])
    assert isinstance(found, Reject)
    assert found.reason == "it has a field 'variants' already; call the list of variants otherwise in 'fields.variants'"


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


def test_a_product_whose_first_row_is_a_reject_with_its_title_is_one() -> None:
    """It went live without a title."""
    fields = Fields(title="title", group="handle")
    lost = "none of its rows has a 'title', and the one before them, shop.csv:2, is a reject; correct that one"
    known = Reject("shop.csv:2", None, "read", "", {"handle": "a"}, 2)

    def found(*rows: Product | Reject) -> list[str | None]:
        read = Grouping.of(fields).grouped(rows)  # type: ignore[union-attr]
        return [each.reason if isinstance(each, Reject) else None for each in read]

    assert found(row("z", 1, title="Z"), reject(2), row("a", 3), row("a", 4), row("b", 5)) == [
        None,
        "not CSV",
        lost,
        None,
    ]
    assert found(known, row("a", 3), reject(4)) == ["", lost, "not CSV"]
    assert found(reject(2), row("a", 3), row("a", 4, title="A")) == ["not CSV", None]
    assert found(known, row("b", 3)) == ["", None]
    assert found(row("a", 1, title="A"), reject(2), row("a", 3)) == ["not CSV", None]
    assert found(row("a", 1)) == [None]


def test_a_product_is_complete_after_many_rejects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "MOST_REJECTS", 2)
    rows: list[Product | Reject] = [row("a", 1), reject(2), reject(3), reject(4), row("a", 5)]
    assert [each.place for each in gathered(rows)] == [1, 2, 3, 4, 5]


def test_a_row_that_makes_its_product_too_heavy_is_a_reject(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "HEAVIEST_ROW", 2_000)
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
