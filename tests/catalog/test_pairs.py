"""Names and values of properties that stand beside each other in a row become fields of its own."""

from __future__ import annotations

from typing import Any

import pytest

from hybridsearch.catalog.arranged.pairs import parsed, unfolded, with_pairs
from hybridsearch.errors import ConfigError
from hybridsearch.sections import Catalog, Pairs
from hybridsearch.settings import checked
from hybridsearch.values import Product, Reject

OPTIONS = (
    Pairs(into="options", names="Option1 Name", values="Option1 Value"),
    Pairs(into="options", names="Option2 Name", values="Option2 Value"),
)
TEXT = (Pairs(into="props", text="more"),)


def added(row: dict[str, Any], pairs: tuple[Pairs, ...]) -> dict[str, Any]:
    """Return what is added to a row."""
    return {name: value for name, value in unfolded(row, row, pairs).items() if name not in row}


def test_two_columns_are_the_name_and_the_value_of_a_field() -> None:
    row = {"Option1 Name": "Color", "Option1 Value": "red", "Option2 Name": "Size", "Option2 Value": 38}
    assert added(row, OPTIONS) == {"options": {"Color": "red", "Size": 38}}


def test_properties_of_one_name_are_a_list_and_those_without_a_name_or_a_value_are_left_out() -> None:
    row = {"Option1 Name": "Color", "Option1 Value": "red", "Option2 Name": "Color", "Option2 Value": ["blue"]}
    assert added(row, OPTIONS) == {"options": {"Color": ["red", "blue"]}}
    assert added({"Option1 Value": "red", "Option2 Name": "Size", "Option2 Value": " "}, OPTIONS) == {}


def test_objects_in_a_list_are_read_one_by_one() -> None:
    listed = [
        {"name": "Color", "value": "red"},
        {"name": "Size"},
        {"value": "M"},
        "x",
        {"name": "Fit", "value": "slim"},
    ]
    pairs = (Pairs(into="by_name", names="props.name", values="props.value"),)
    assert added({"props": listed}, pairs) == {"by_name": {"Color": "red", "Fit": "slim"}}


def test_a_text_of_properties_is_taken_apart() -> None:
    row = {"more": "color=red,material=wool, cotton,new=Yes,pattern="}
    assert added(row, TEXT) == {"props": {"color": "red", "material": "wool, cotton", "new": "Yes"}}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Color: red; Size: M", [("Color", "red"), ("Size", "M")]),
        ("red; Size: M", [("Size", "M")]),
        ("red", []),
    ],
)
def test_parts_without_a_sign_go_on_with_the_value_before_them(text: str, found: list[tuple[str, str]]) -> None:
    assert parsed(text, ";", ": ") == found


def test_a_field_that_is_there_already_stays_as_it_is() -> None:
    row = {"more": "color=red", "props": "own"}
    assert unfolded(row, row, TEXT) == row


def test_later_rows_of_a_product_may_leave_the_names_out() -> None:
    rows: list[Product | Reject] = [
        Product("hat", {"Option1 Name": "Color", "Option1 Value": "red"}, "1"),
        Reject("2", None, "read", "no CSV"),
        Product("hat", {"Option1 Value": "blue"}, "3"),
        Product("coat", {"Option1 Value": "green"}, "4"),
    ]
    made = [row.row and row.row.get("options") for row in with_pairs(rows, OPTIONS)]
    assert made == [{"Color": "red"}, None, {"Color": "blue"}, None]


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"into": "a", "names": "b"}, "give 'names' and 'values' together, or 'text'"),
        ({"into": "a"}, "give 'names' and 'values' together, or 'text'"),
        ({"into": "a", "names": "b", "values": "c", "text": "d"}, "give 'names' and 'values' together, or 'text'"),
    ],
)
def test_pairs_stand_in_two_fields_or_in_a_text(table: dict[str, str], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        checked(Catalog, path="shop.csv", pairs=[table])


def test_documents_of_an_index_are_kept_as_they_are() -> None:
    with pytest.raises(ConfigError, match="'pairs' are not for an index"):
        checked(Catalog, index="shop", pairs=[{"into": "props", "text": "more"}])
