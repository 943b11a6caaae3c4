"""Facets on a terminal."""

from hybridsearch.cli import show
from hybridsearch.values import FacetDetails


def test_a_facet_shows_the_nodes_above_what_it_counts() -> None:
    nodes = {"Home": 6, "Home > Kitchen": 4}
    shown = show.facet({"Home > Kitchen > Pans": 1}, FacetDetails(2, nodes=nodes))
    assert shown == "in Home (6), Home > Kitchen (4): Home > Kitchen > Pans (1), others (2)"
    assert show.facet({}, FacetDetails(nodes=nodes)) == "in Home (6), Home > Kitchen (4)"
    assert show.facet({"Acme": 1}, FacetDetails()) == "Acme (1)"
