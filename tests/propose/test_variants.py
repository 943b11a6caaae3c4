"""Which columns of grouped rows are those of variants, and which list of objects holds variants."""

from __future__ import annotations

from typing import Any

import pytest

from hybridsearch.propose.configuration import propose
from hybridsearch.propose.variants import as_listed, columns_of_variants, without

ROWS: list[dict[str, Any]] = [
    {
        "handle": "shirt",
        "title": "Shirt",
        "vendor": "Nordhem",
        "size": "S",
        "price": "39",
        "sku": "S-1",
        "image": "a.jpg",
        "place": "1",
    },
    {"handle": "shirt", "size": "M", "price": "39", "sku": "S-2", "image": "b.jpg", "place": "2"},
    {"handle": "shirt", "image": "c.jpg", "place": "3"},
    {
        "handle": "hat",
        "title": "Hat",
        "vendor": "Kaldvik",
        "size": "one",
        "price": "19",
        "sku": "H-1",
        "image": "d.jpg",
    },
    {"handle": "coat", "title": "Coat", "size": "L", "price": "99", "sku": "C-1"},
    {"handle": "coat", "size": "XL", "price": "109", "sku": "C-2"},
]


def test_columns_that_differ_within_a_product_are_those_of_variants_but_for_those_of_its_pictures() -> None:
    assert columns_of_variants(ROWS, "handle") == ["size", "price", "sku"]


def test_rows_that_differ_in_nothing_that_is_sold_have_no_variants() -> None:
    rows = [{"handle": "a", "title": "A", "note": "x"}, {"handle": "a", "note": "y"}, {"handle": "b", "title": "B"}]
    assert columns_of_variants(rows, "handle") == []


def test_what_variants_say_is_left_out_of_the_product() -> None:
    row = {"id": "1", "size": ["S", "M"], "options": [{"Color": "red"}], "brand": "Acme"}
    assert without(row, ["size", "options.Color"]) == {"id": "1", "brand": "Acme"}


def shop(**lists: Any) -> list[dict[str, Any]]:
    """Return products with lists of objects."""
    return [
        {"id": f"p{n}", "title": f"The dress of summer number {n}", **{name: made(n) for name, made in lists.items()}}
        for n in range(40)
    ]


def variants(n: int) -> list[dict[str, Any]]:
    return [{"sku": f"D-{n}-{size}", "size": size, "price": 10 + n} for size in "SML"]


def reviews(n: int) -> list[dict[str, Any]]:
    return [{"stars": 1 + (n + k) % 5, "text": f"A fine thing to have, number {n} {k}"} for k in range(3)]


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ({"variants": variants}, "variants"),
        ({"skus": variants, "reviews": reviews}, "skus"),
        ({"reviews": reviews}, None),
        ({"data": lambda n: {"models": variants(n)}}, "data.models"),
        ({"models": variants, "variants": variants}, "variants"),
        ({"price": lambda n: {"sku": f"D-{n}"}}, None),
    ],
    ids=["variants", "skus", "reviews", "inside", "two", "one object"],
)
def test_the_list_of_variants_is_the_one_with_prices_stock_or_codes(
    lists: dict[str, Any], expected: str | None
) -> None:
    assert propose(shop(**lists)).fields.variants == expected


def test_fields_of_variants_get_their_roles() -> None:
    fields = propose(shop(skus=variants)).fields
    assert (fields.codes, fields.facets, fields.numbers) == (("skus.sku",), ("skus.size",), ("skus.price",))


def test_dates_and_truth_values_of_variants_are_proposed() -> None:
    def made(n: int) -> list[dict[str, Any]]:
        return [
            {"sku": f"D-{n}-{k}", "stock": (n + k) % 2 == 0, "since": f"2024-{1 + (n + k) % 12:02}-01"}
            for k in range(2)
        ]

    fields = propose(shop(variants=made)).fields
    assert (fields.booleans, fields.dates) == (("variants.stock",), ("variants.since",))


def test_what_variants_repeat_is_said_of_the_product_alone() -> None:
    """A property that no product lists besides stays among those of the product, beside those of variants."""
    same = {"online": 1}
    made: list[dict[str, Any]] = [
        {
            **same,
            "sku": f"{n}",
            "attributes": {"color": "red, blue", "brand": "Acme"},
            "weight": n,
            "featured": n % 2,
            "variants": [
                {
                    **same,
                    "sku": f"{n}-{each}",
                    "attributes": {"color": each, "brand": "Acme"},
                    "weight": 9,
                    "featured": 0,
                }
                for each in ("red", "blue")
            ],
        }
        for n in range(6)
    ]
    first = as_listed(made, "variants", "sku", "")[1]
    assert first == {
        "sku": "1",
        "attributes": {"brand": "Acme"},
        "online": 1,
        "featured": 1,
        "variants": [
            {"sku": f"1-{each}", "attributes": {"color": each}, "weight": 9, "featured": 0} for each in ("red", "blue")
        ],
    }


def test_what_products_without_variants_say_is_that_of_their_only_one() -> None:
    """A simple product has its price where a variable one has none; titles and codes of products stay."""
    rows: list[dict[str, Any]] = [
        {"sku": "A", "name": "Hat", "color": "red, blue", "variants": [
            {"sku": "A-r", "name": "Hat, red", "color": "red", "price": 5, "Parent": "A"},
            {"sku": "A-b", "name": "Hat, blue", "color": "blue", "price": 6, "Parent": "A"},
        ]},
        {"sku": "B", "name": "Coat", "color": "green", "price": 7},
    ]  # fmt: skip
    hat, coat = as_listed(rows, "variants", "sku", "Parent")
    assert (hat["name"], hat["sku"], "color" in hat) == ("Hat", "A", False)
    assert [variant["price"] for variant in hat["variants"]] == [5, 6]
    assert coat == {"sku": "B", "name": "Coat", "variants": [{"color": "green", "price": 7}]}
    assert as_listed(rows[1:], "variants", "sku", "Parent") == rows[1:]
