"""Trees of categories, and what is typed into a facet, on both engines: the same values, counts and products."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hybridsearch import HybridSearch, Page
from hybridsearch.fields import Format
from hybridsearch.roles import Fields
from tests.engines.builders import on_both_engines

TIN = 'Tin|c "#@&<1-9>~\\{2}^$?/'
"""All that has a meaning in patterns of Lucene or Python."""
PRODUCTS: list[dict[str, Any]] = [
    {"id": "0", "title": "chef knife", "category": "Home > Kitchen > Knives", "brand": "Größler", "path": "a/b"},
    {"id": "1", "title": "bread knife", "category": "Home>Kitchen>Knives | Sale > Kitchen", "brand": "Acme"},
    {"id": "2", "title": "pan", "category": ["Home > Kitchen > Pans", "Sale"], "brand": "ACME Köln", "path": "a/c/"},
    {"id": "3", "title": "rake", "category": "Home > Garden", "brand": "Jack & Jones", "path": "/a / c"},
    {"id": "4", "title": "garden knife", "category": "Home > Garden > Tools (hand)", "brand": "Jack.*"},
    {"id": "5", "title": "tin", "category": " > ", "brand": TIN, "path": "b > a/d"},
    {"id": "6", "title": "lamp", "category": "Home, Sweet Home > Lamps", "brand": "Mac\u30e1\u30ac", "path": "a/b"},
    {"id": "7", "title": "lid", "category": "Home > Kitchen", "brand": "Smørrebrød [x]"},
]
FIELDS = Fields(
    title="title",
    facets=("category", "path", "brand"),
    formats={"category": Format(levels=">", separators=("|",)), "path": Format(levels="/")},
)


@pytest.fixture(scope="module")
def shops(es_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HybridSearch, HybridSearch]]:
    """The catalogue on the embedded engine and on a server."""
    folder = tmp_path_factory.mktemp("within")
    fields = FIELDS.model_dump(mode="json")
    with on_both_engines(folder, es_url, PRODUCTS, fields=fields) as both:
        yield both


def ids(page: Page) -> list[str]:
    return sorted(hit.id for hit in page)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("Home", ["0", "1", "2", "3", "4", "7"]),
        ("Home > Kitchen", ["0", "1", "2", "7"]),
        ("Home>Kitchen >Knives", ["0", "1"]),
        ("Kitchen", []),
        (["Home > Garden", "Sale"], ["1", "2", "3", "4"]),
        ({"none": ["Home"]}, ["5", "6"]),
        ({"missing": True}, ["5"]),
        ("Home > Garden > Tools (hand)", ["4"]),
    ],
)
def test_a_filter_on_a_node_finds_everything_below_it(
    shops: tuple[HybridSearch, HybridSearch], wanted: Any, expected: list[str]
) -> None:
    for shop in shops:
        assert ids(shop.search(filters={"category": wanted})) == expected


TREES: list[tuple[dict[str, Any], dict[str, Any], dict[str, int], dict[str, int]]] = [
    ({}, {}, {"Home": 6, "Sale": 2, "Home, Sweet Home": 1}, {}),
    (
        {},
        {"depth": 2, "order": "asc"},
        {
            "Home": 6,
            "Home > Garden": 2,
            "Home > Kitchen": 4,
            "Home, Sweet Home": 1,
            "Home, Sweet Home > Lamps": 1,
            "Sale": 2,
            "Sale > Kitchen": 1,
        },
        {},
    ),
    ({}, {"below": "Home"}, {"Home > Kitchen": 4, "Home > Garden": 2}, {"Home": 6}),
    (
        {"category": "Home > Kitchen"},
        {},
        {"Home > Kitchen > Knives": 2, "Home > Kitchen > Pans": 1},
        {"Home": 6, "Home > Kitchen": 4},
    ),
    ({"category": "Home > Kitchen"}, {"below": ""}, {"Home": 6, "Sale": 2, "Home, Sweet Home": 1}, {}),
    ({"category": ["Home", "Sale"]}, {}, {"Home": 6, "Sale": 2, "Home, Sweet Home": 1}, {}),
    ({"category": "Home > Garden", "brand": "Acme"}, {"below": "Home"}, {"Home > Kitchen": 1}, {"Home": 1}),
    ({}, {"below": "Nowhere > At all"}, {}, {"Nowhere": 0, "Nowhere > At all": 0}),
    ({}, {"containing": "knive"}, {"Home > Kitchen > Knives": 2}, {}),
    ({}, {"containing": "kit", "below": "Home>Kitchen"}, {}, {"Home": 6, "Home > Kitchen": 4}),
    ({}, {"containing": "kit", "depth": 2}, {"Home > Kitchen": 4, "Sale > Kitchen": 1}, {}),
    ({}, {"containing": "(HAND)"}, {"Home > Garden > Tools (hand)": 1}, {}),
]


@pytest.mark.parametrize(("filters", "options", "expected", "nodes"), TREES, ids=str)
def test_a_tree_shows_the_levels_below_the_chosen_node_with_the_counts_of_products(
    shops: tuple[HybridSearch, HybridSearch],
    filters: dict[str, Any],
    options: dict[str, Any],
    expected: dict[str, int],
    nodes: dict[str, int],
) -> None:
    for shop in shops:
        page = shop.search(filters=filters, facets={"category": options}, sort="brand", size=0)
        assert list(page.facets["category"].items()) == list(expected.items())
        assert (page.details["category"].nodes, page.details["category"].other) == (nodes, 0)
        for value, count in expected.items():
            assert count == shop.search(filters={**filters, "category": value}).total


def test_a_tree_has_the_separator_that_its_column_has(shops: tuple[HybridSearch, HybridSearch]) -> None:
    for shop in shops:
        page = shop.search(filters={"path": "a"}, facets=["path"], sort="path")
        assert (page.facets, ids(page)) == ({"path": {"a / b": 2, "a / c": 2}}, ["0", "2", "3", "6"])
        assert shop.search(facets=["path"], sort="brand", size=0).facets == {"path": {"a": 4, "b > a": 1}}


def test_what_a_size_leaves_out_of_a_level_is_added_up(shops: tuple[HybridSearch, HybridSearch]) -> None:
    for shop in shops:
        page = shop.search(facets={"category": {"size": 1}}, sort="brand", size=0)
        assert (page.facets["category"], page.details["category"].other) == ({"Home": 6}, 3)
        assert page.to_json()["facet_details"]["category"] == {"other": 3}
        chosen = shop.search(facets={"category": {"below": "Home", "size": 1}}, sort="brand", size=0)
        assert chosen.to_json()["facet_details"]["category"] == {"other": 2, "nodes": {"Home": 6}}


TYPED: list[tuple[str, set[str]]] = [
    ("ac", {"Acme", "ACME Köln", "Jack & Jones", "Jack.*", "Mac\u30e1\u30ac"}),
    ("  ACME  ko ", {"ACME Köln"}),
    ("grös", {"Größler"}),
    ("gross", {"Größler"}),
    ("grosz", set()),
    ("Größ", {"Größler"}),
    ("smorrebrod", {"Smørrebrød [x]"}),
    ("d [x]", {"Smørrebrød [x]"}),
    ("jack &", {"Jack & Jones"}),
    (".*", {"Jack.*"}),
    (TIN[2:], {TIN}),
    ("a|c", set()),
    ("@", {TIN}),
    ("めガ", {"Mac\u30e1\u30ac"}),
    ("[a-z]", set()),
    ('"#~<>&@\\', set()),
    ("k" * 300, set()),
]


@pytest.mark.parametrize(("typed", "expected"), TYPED)
def test_a_facet_is_searched_within_by_what_its_values_contain(
    shops: tuple[HybridSearch, HybridSearch], typed: str, expected: set[str]
) -> None:
    for shop in shops:
        page = shop.search(facets={"brand": {"containing": typed}}, sort="brand", size=0)
        assert page.facets["brand"] == dict.fromkeys(sorted(expected), 1)
        assert page.details["brand"].other == 0


def test_what_is_typed_leaves_hits_and_other_facets_alone(shops: tuple[HybridSearch, HybridSearch]) -> None:
    for shop in shops:
        facets = {"brand": {"containing": "ac", "size": 2}, "category": {}}
        page = shop.search("knife", filters={"brand": ["Acme", "Größler"]}, facets=facets)
        assert (ids(page), page.facets["brand"]) == (["0", "1"], {"Acme": 1, "Jack.*": 1})
        assert page.facets["category"] == {"Home": 2, "Sale": 1}
