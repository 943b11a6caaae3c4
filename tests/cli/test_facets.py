"""Facets on the command line: commas before a known option part them."""

from hybridsearch.cli import show
from hybridsearch.search.written_facets import read_facets
from hybridsearch.values import FacetDetails


def test_what_is_no_option_of_a_facet_is_part_of_a_name_or_a_value() -> None:
    assert read_facets(["a,b", "tree,below=Food, Drinks > x=1,depth=2", "brand,containing=,size=5"]) == {
        "a,b": {},
        "tree": {"below": "Food, Drinks > x=1", "depth": 2},
        "brand": {"containing": "", "size": 5},
    }


def test_a_facet_shows_the_nodes_above_what_it_counts() -> None:
    nodes = {"Home": 6, "Home > Kitchen": 4}
    shown = show.facet({"Home > Kitchen > Pans": 1}, FacetDetails(2, nodes=nodes))
    assert shown == "in Home (6), Home > Kitchen (4): Home > Kitchen > Pans (1), others (2)"
    assert show.facet({}, FacetDetails(nodes=nodes)) == "in Home (6), Home > Kitchen (4)"
    assert show.facet({"Acme": 1}, FacetDetails()) == "Acme (1)"
