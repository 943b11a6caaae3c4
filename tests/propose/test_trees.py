"""Columns of paths, and what stands between their levels."""

from __future__ import annotations

import pytest

from hybridsearch.fields import Format
from hybridsearch.propose.configuration import propose
from hybridsearch.propose.trees import tree
from hybridsearch.values import Row

WOO = [
    "Clothing > Hoodies, Clothing > Men",
    "Clothing > Shirts",
    "Music",
    "Clothing > Hats, Music",
    "Music",
    "Clothing",
]
"""WooCommerce's `Categories`."""
MAGENTO = [
    "Default Category/Gear,Default Category/Gear/Bags",
    "Default Category/Gear,Default Category/Gear/Fitness",
    "Default Category/Women/Tops,Default Category/Collections/New",
]
"""Magento's `categories`."""
GOOGLE = [
    "Home & Garden > Kitchen & Dining > Tools, Gadgets & More",
    "Food, Beverages & Tobacco > Beverages > Water",
    "Food, Beverages & Tobacco > Food Items",
]
"""Google Merchant's `google_product_category`: the commas are parts of names."""


@pytest.mark.parametrize(
    ("cells", "named", "expected"),
    [
        (WOO, True, Format(separators=(",",), levels=">")),
        (WOO, False, Format(separators=(",",), levels=">")),
        (MAGENTO, True, Format(separators=(",",), levels="/")),
        (GOOGLE, False, Format(levels=">")),
        (["Home › Kitchen", "Home › Garden"], False, Format(levels="›")),
        (["Home|Kitchen", "Home|Garden", "Home|Kitchen"], True, Format(levels="|")),
        (["A > B | C > D", "C > D | A > B"], False, Format(separators=("|",), levels=">")),
        (MAGENTO, False, None),
        (["Black/White", "White/Black", "Black/Red", "Red/White"], True, None),
        (["<p>Airy <b>linen</b></p>", "<p>Warm</p>"], True, None),
        (["https://shop.example/a/b", "https://shop.example/a/c"], True, None),
        (["pictures/a/b.jpg", "pictures/a/c.jpg"], True, None),
        (["5 > 3 is so, and it says much about what one should expect of it"] * 5, False, None),
        (["AC/DC", "Blur", "Pulp", "Oasis"], True, None),
        (["Summer/23", "Summer/24", "Winter/23", "Winter/24"], True, None),
        (["red", "blue"], True, None),
        ([], True, None),
    ],
)
def test_cells_of_paths_tell_what_stands_between_their_levels(
    cells: list[str], named: bool, expected: Format | None
) -> None:
    assert tree(cells, named) == expected


def test_a_column_of_paths_is_proposed_as_a_tree_with_an_example_before_all_other_facets() -> None:
    rows: list[Row] = [
        {"id": f"P{n}", "title": f"nice thing number {n}", "brand": ("Acme", "Zeta")[n % 2], "Categories": cell}
        for n, cell in enumerate(WOO)
    ]
    found = propose(rows)
    assert found.fields.facets == ("Categories", "brand")
    assert found.fields.format("Categories") == Format(separators=(",",), levels=">")
    assert found.examples["Categories"] == (
        "Clothing > Hoodies, Clothing > Men is in Clothing, Clothing > Hoodies, Clothing > Men"
    )


def test_a_title_stays_one_whatever_is_in_it() -> None:
    rows: list[Row] = [{"id": f"P{n}", "title": f"Phones > Case number {n}", "brand": "Acme"} for n in range(9)]
    found = propose(rows)
    assert (found.fields.title, found.fields.formats) == ("title", {})


def test_lists_of_paths_are_a_tree_too() -> None:
    rows: list[Row] = [
        {"title": f"nice thing number {n}", "shelves": shelves}
        for n, shelves in enumerate([["Home > Kitchen", "Sale"], ["Home > Garden"], ["Home"], ["Sale"]])
    ]
    assert propose(rows).fields.format("shelves") == Format(levels=">")
