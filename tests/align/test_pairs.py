"""The words of a product; tests/align/test_run.py gathers whole catalogues."""

from __future__ import annotations

from hybridsearch.align.pairs import attributes, description
from hybridsearch.roles import Fields


def test_attributes_are_facets_and_short_texts_with_a_letter_in_them() -> None:
    fields = Fields(title="title", text=("brand", "about", "attr_*"), facets=("color", "size"))
    row = {
        "brand": "Acme",
        "about": "Long " * 20,
        "attr_a": "wool",
        "attr_b": "7",
        "color": ["red", "blue"],
        "size": 42,
    }
    assert attributes(row, fields) == {"color": ("red", "blue"), "brand": ("Acme",), "attr_*": ("wool",)}


def test_attribute_values_stand_in_for_a_missing_title() -> None:
    fields = Fields(title="title", facets=("color", "kind"))
    assert description({"title": "A\n mug"}, fields) == "A mug"
    assert description({"color": "red", "kind": "mug"}, fields) == "red mug"
    assert description({}, fields) == ""
