"""Facets on the command line: commas before a known option part them."""

from hybridsearch.cli.facets import read_facets


def test_what_is_no_option_of_a_facet_is_part_of_a_name_or_a_value() -> None:
    assert read_facets(["a,b", "tree,below=Food, Drinks > x=1,depth=2", "brand,containing=,size=5"]) == {
        "a,b": {},
        "tree": {"below": "Food, Drinks > x=1", "depth": 2},
        "brand": {"containing": "", "size": 5},
    }
