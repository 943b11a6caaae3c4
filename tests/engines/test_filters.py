"""Filters on both engines: what is found is what a reader of the catalogue would pick by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch
from tests.engines.builders import on_both_engines

PRODUCTS: list[dict[str, Any]] = [
    {"id": "1", "title": "red hat", "brand": "Acme", "color": ["red", "Blue"], "price": 5, "released": "2024-12-31"},
    {"id": "2", "title": "red coat", "brand": "ACME", "color": "red", "price": 5.5, "released": "2025-01-01T09:00:00Z"},
    {"id": "3", "title": "blue hat", "brand": "Zeta", "color": "blue", "price": -1, "in_stock": True},
    {"id": "4", "title": "blue coat", "brand": "Été", "price": 0, "released": "2025-01-02", "in_stock": False},
    {"id": "5", "title": "hat", "price": 100, "released": "2026", "any": "Acme", "a*b": "x", "axb": "y"},
    {"id": "6", "title": "coat", "color": [], "any": "other", "axb": "y"},
]
FIELDS = {
    "title": "title",
    "facets": ["brand", "color", "any", "a*b", "axb"],
    "numbers": ["price"],
    "dates": ["released"],
    "booleans": ["in_stock"],
}


@pytest.fixture(scope="module")
def shops(es_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HybridSearch, HybridSearch]]:
    """The catalogue on the embedded engine and on a server."""
    with on_both_engines(tmp_path_factory.mktemp("filters"), es_url, PRODUCTS, fields=FIELDS) as both:
        yield both


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"price": {"gt": 5}}, "25"),
        ({"price": {"gte": 5}}, "125"),
        ({"price": {"lt": 5}}, "34"),
        ({"price": {"lte": 5}}, "134"),
        ({"price": {"gt": -1, "lt": 5.5}}, "14"),
        ({"price": 5.5}, "2"),
        ({"price": [0, "100"]}, "45"),
        ({"price": {"none": [5, 5.5]}}, "3456"),
        ({"price": {"any": [5, 0], "gt": 0}}, "1"),
        ({"price": {"missing": True}}, "6"),
        ({"released": {"gt": "2025-01-01"}}, "45"),
        ({"released": {"gte": "2025-01-01"}}, "245"),
        ({"released": {"lt": "2025-01-01"}}, "1"),
        ({"released": {"lte": "2025-01-01"}}, "12"),
        ({"released": ["2024", "2026"]}, "15"),
        ({"released": {"none": "2025"}}, "1356"),
        ({"released": {"exists": True}}, "1245"),
        ({"in_stock": {"exists": True}}, "34"),
        ({"in_stock": {"none": False}}, "12356"),
        ({"brand": {"any": ["Acme", "Zeta"]}}, "13"),
        ({"brand": {"none": ["Acme", "Zeta"]}}, "2456"),
        ({"brand": {"none": []}}, "123456"),
        ({"brand": []}, ""),
        ({"brand": {"exists": True}}, "1234"),
        ({"brand": {"exists": False}}, "56"),
        ({"color": {"missing": True}}, "456"),
        ({"color": {"any": "red", "none": "Blue"}}, "2"),
        ({"a*b": {"exists": True}}, "5"),
        ({"a*b": {"missing": True}}, "12346"),
        ({"any": [{"brand": "Acme"}, {"price": {"gte": 100}}]}, "15"),
        ({"any": [{"brand": "Acme", "price": {"gt": 5}}, {"color": "blue"}]}, "3"),
        ({"any": [{"brand": "Acme"}, {"color": "blue"}], "price": {"lt": 5}}, "3"),
        ({"any": [{"any": [{"brand": "Acme"}, {"brand": "Zeta"}]}, {"price": 0}]}, "134"),
        ({"any": []}, ""),
        ({"any": [{}]}, "123456"),
        ({"any": "Acme"}, "5"),
        ({"any": {"none": ["Acme"], "exists": True}}, "6"),
    ],
    ids=str,
)
def test_what_passes_the_filters_is_found(
    shops: tuple[HybridSearch, HybridSearch], filters: dict[str, Any], expected: str
) -> None:
    for shop in shops:
        page = shop.search(filters=filters)
        assert ("".join(sorted(hit.id for hit in page)), page.total) == (expected, len(expected)), shop.engine
        hats = shop.search("hat", filters=filters)
        assert {hit.id for hit in hats} == set(expected) & set("135")


@pytest.mark.parametrize(
    ("filters", "notes"),
    [
        ({"brand": "acme"}, ["filter 'brand': 'acme' was asked for, and differs from 'ACME', 'Acme' in case only"]),
        ({"brand": "Acme"}, ["filter 'brand': 'Acme' was asked for, and differs from 'ACME' in case only"]),
        ({"brand": {"none": "ÉTÉ"}}, ["filter 'brand': 'ÉTÉ' was asked for, and differs from 'Été' in case only"]),
        ({"any": [{"brand": "ZETA"}]}, ["filter 'brand': 'ZETA' was asked for, and differs from 'Zeta' in case only"]),
        ({"color": "BLUE"}, ["filter 'color': 'BLUE' was asked for, and differs from 'Blue', 'blue' in case only"]),
        ({"brand": ["Zeta", "Acme", "ACME"], "color": {"none": "red"}}, []),
        ({"brand": "Acm"}, []),
    ],
    ids=str,
)
def test_values_are_compared_as_the_shop_writes_them_and_a_note_says_where_case_decides(
    shops: tuple[HybridSearch, HybridSearch], filters: dict[str, Any], notes: list[str]
) -> None:
    for shop in shops:
        assert list(shop.search("hat", filters=filters).notes) == notes
        assert list(shop.search(filters=filters, size=0).notes) == notes


def test_filters_of_judged_queries_are_read_as_those_of_a_search(
    shops: tuple[HybridSearch, HybridSearch], tmp_path: Path
) -> None:
    from hybridsearch.learning.sources.queries import read_query

    filters = {"any": [{"brand": ["Acme", "Zeta"]}, {"price": {"gt": 5}}], "color": {"exists": True}}
    query = read_query({"query": "hat", "filters": filters})
    for shop in shops:
        assert {hit.id for hit in shop.search("hat", filters=query.filters)} == {"1", "3"}
