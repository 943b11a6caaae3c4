"""Bars of numbers on both engines: the same round bounds, fitted to what was found, with the counts of a click."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hybridsearch import HybridSearch
from tests.engines.builders import on_both_engines

PRODUCTS: list[dict[str, Any]] = [
    {
        "id": f"{number:03}",
        "title": f"{('red', 'blue')[number % 2]} {('hat', 'coat', 'shoe')[number % 3]}",
        "brand": ("Acme", "Zeta")[number % 5 == 0],
        "price": round(5 + number * 0.75, 2) if number % 11 else None,
        "depth": 0.1 * (number % 4),
        "weight": {19: 9_000}.get(number, number + 1) if number < 20 else None,
    }
    for number in range(120)
]
FIELDS = {"title": "title", "facets": ["brand"], "numbers": ["price", "depth", "weight"]}
BARS = {"price": {"bars": 10}, "depth": {"bars": 4}, "brand": {}}


@pytest.fixture(scope="module")
def shops(es_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HybridSearch, HybridSearch]]:
    """The catalogue on the embedded engine and on a server."""
    with on_both_engines(tmp_path_factory.mktemp("bars"), es_url, PRODUCTS, fields=FIELDS) as both:
        yield both


@pytest.mark.parametrize("sort", [None, "price"])
@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("", {"brand": "Zeta"}),
        ("hat", {}),
        ("red hat", {"price": {"lt": 30}}),
        ("red coat", {"price": {"lt": 30}, "depth": 0.2, "brand": "Acme"}),
    ],
)
def test_bars_are_the_same_on_both_engines_and_each_count_is_the_total_after_the_click(
    shops: tuple[HybridSearch, HybridSearch], text: str, filters: dict[str, Any], sort: str | None
) -> None:
    ours, theirs = (shop.search(text, filters=filters, facets=BARS, sort=sort) for shop in shops)
    assert [list(counts.items()) for counts in ours.facets.values()] == [
        list(counts.items()) for counts in theirs.facets.values()
    ]
    assert (ours.total, [hit.id for hit in ours]) == (theirs.total, [hit.id for hit in theirs])
    for field in ("price", "depth"):
        assert 1 <= len(ours.facets[field]) <= BARS[field]["bars"]
        assert ours.details[field].filters == theirs.details[field].filters
        if sort is None:
            for name, count in ours.facets[field].items():
                click = {**filters, field: ours.details[field].filters[name]}
                assert [shop.search(text, filters=click).total for shop in shops] == [count, count]


def test_bars_fit_what_was_found_and_not_the_whole_shop(shops: tuple[HybridSearch, HybridSearch]) -> None:
    """All prices lie between 5 and 95; those of the first 13 products between 5.75 and 14."""
    for shop in shops:
        everything = shop.search(facets={"price": {"bars": 10}}, sort="depth", size=0)
        assert list(everything.facets["price"]) == [f"{low}..{low + 10}" for low in range(0, 100, 10)]
        numbers = [f"{number:03}" for number in range(1, 13)]
        cheap = {"any": [{"price": {"lt": 14.5}, "depth": {"exists": True}}]}
        page = shop.search(filters=cheap, facets={"price": {"bars": 6}}, size=50)
        assert {hit.id for hit in page} == {number for number in numbers if number != "011"}
        assert page.facets["price"] == {"4..6": 1, "6..8": 2, "8..10": 3, "10..12": 3, "12..14": 1, "14..16": 1}
        assert page.details["price"].filters["4..6"] == {"gte": 4.0, "lt": 6.0}


def test_a_few_prices_far_beyond_the_others_are_one_bar(shops: tuple[HybridSearch, HybridSearch]) -> None:
    """Of 20 products one weighs 9,000."""
    for shop in shops:
        page = shop.search(filters={"weight": {"gte": 1}}, facets={"weight": {"bars": 4}}, size=0)
        assert page.facets["weight"] == {"0..10": 9, "10..20": 10, "20..": 1}
        assert page.details["weight"].filters["20.."] == {"gte": 20.0}


def test_where_nothing_is_found_there_are_no_bars(shops: tuple[HybridSearch, HybridSearch]) -> None:
    for shop in shops:
        page = shop.search("hat", filters={"brand": "Nobody"}, facets={"price": {"bars": 5}})
        assert (page.facets, page.details["price"].filters) == ({"price": {}}, {})
        assert shop.search("xylophone", facets=BARS).facets == {"price": {}, "depth": {}, "brand": {}}


def test_the_request_that_is_shown_has_the_bars(shops: tuple[HybridSearch, HybridSearch]) -> None:
    for shop in shops:
        request = shop.engine.request(shop.plan("hat", facets={"price": {"bars": 2}}))
        counts = request.body["aggs"]["facet0"]["aggs"]["counts"]["range"]
        assert counts["ranges"] == [{"from": 0.0, "to": 50.0}, {"from": 50.0, "to": 100.0}]
