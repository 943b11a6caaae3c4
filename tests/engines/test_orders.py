"""Orders on both engines: by several fields, by text, with what lacks a field last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hybridsearch import HybridSearch
from tests.engines.builders import on_both_engines

PRODUCTS: list[dict[str, Any]] = [
    {"id": "1", "title": "red hat", "brand": "Zeta", "color": ["red", "blue"], "price": 5, "released": "2025"},
    {"id": "2", "title": "red hat", "brand": "Acme", "color": "green", "price": 5, "released": "2024"},
    {"id": "3", "title": "red hat", "brand": "acme", "price": 9, "released": "2025"},
    {"id": "4", "title": "red hat", "color": ["Red", "跑步"], "price": 9},
    {"id": "5", "title": "red hat", "brand": "Zeta", "color": "été", "released": "2024"},
    {"id": "6", "title": "red hat", "brand": "Acme", "color": "green", "price": 7},
]
FIELDS = {"title": "title", "facets": ["brand", "color"], "numbers": ["price"], "dates": ["released"]}


@pytest.fixture(scope="module")
def shops(es_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HybridSearch, HybridSearch]]:
    """The catalogue on the embedded engine and on a server."""
    with on_both_engines(tmp_path_factory.mktemp("orders"), es_url, PRODUCTS, fields=FIELDS) as both:
        yield both


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("brand", "261534"),
        ("brand:desc", "315264"),
        (["brand", "price:desc"], "621534"),
        (["brand:desc", "price:asc"], "315264"),
        (["price:desc", "brand:desc"], "346125"),
        (["released", "brand", "price"], "251364"),
        (["released:desc", "price:desc", "brand"], "312546"),
        ("color", "412653"),
        ("color:desc", "451263"),
        (["price:desc"], "346125"),
    ],
    ids=str,
)
def test_what_is_equal_in_one_field_is_in_order_of_the_next(
    shops: tuple[HybridSearch, HybridSearch], sort: str | list[str], expected: str
) -> None:
    """Capitals come before small letters; of several colours the first in the direction counts."""
    for shop in shops:
        assert "".join(hit.id for hit in shop.search(sort=sort)) == expected
        pages = [hit.id for page in (1, 2, 3) for hit in shop.search("red hat", sort=sort, page=page, size=2)]
        assert "".join(pages) == expected


def test_the_note_names_all_fields(shops: tuple[HybridSearch, HybridSearch]) -> None:
    for shop in shops:
        (note,) = shop.search("red hat", sort=["brand", "price:desc"]).notes
        assert note == "in order of brand and price: of 6 products those that score 65% of the best"
