"""Facets on both engines: a count is the total after a click, and what is not shown is not hidden.

The `counting` of the embedded engine is compared with the aggregations of a server.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch
from hybridsearch.values import FacetDetails
from tests.engines.builders import on_both_engines
from tests.shops import quietly, settings, write_products

BRANDS, COLORS = ("Acme", "Borealis", "Cumulus", "Zeta"), ("red", "green", "blue")
PRODUCTS: list[dict[str, Any]] = [
    {
        "id": f"{number:03}",
        "title": f"{COLORS[number % 3]} {('hat', 'coat')[number % 2]}",
        "brand": BRANDS[number * 7 % 11 % 4] if number % 13 else None,
        "color": [COLORS[number % 3], COLORS[number * 5 % 7 % 3]],
        "series": f"S{number % 110:03}",
        "price": (number * 37 % 100) - 5.5 if number % 7 else None,
        "released": f"{1968 + number % 5}-{number % 12 + 1:02}-15T12:00:00Z" if number % 4 else None,
        "in_stock": (True, False, None)[number % 3],
    }
    for number in range(160)
]
FIELDS = {
    "title": "title",
    "facets": ["brand", "color", "series"],
    "numbers": ["price"],
    "dates": ["released"],
    "booleans": ["in_stock"],
}
FACETS: dict[str, dict[str, Any]] = {
    "brand": {},
    "color": {"order": "desc"},
    "price": {"ranges": [0, 20, 50.5]},
    "released": {"by": "month"},
    "in_stock": {"order": "asc"},
}


@pytest.fixture(scope="module")
def shops(es_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HybridSearch, HybridSearch]]:
    """The catalogue on the embedded engine and on a server."""
    with on_both_engines(tmp_path_factory.mktemp("facets"), es_url, PRODUCTS, fields=FIELDS) as both:
        yield both


PICKED: list[dict[str, Any]] = [
    {"series": {"exists": True}},
    {"brand": "Acme"},
    {"brand": ["Acme", "Zeta"], "color": "red"},
    {"brand": {"none": "Acme"}, "price": {"gte": 20}, "in_stock": True},
    {"released": ["1970", "1972"], "price": {"lt": 60}},
    {"any": [{"brand": "Acme"}, {"color": "red"}], "brand": "Zeta"},
]


@pytest.mark.parametrize("text", ["", "red hat"])
@pytest.mark.parametrize("filters", PICKED, ids=str)
def test_a_count_is_the_total_after_the_click(
    shops: tuple[HybridSearch, HybridSearch], text: str, filters: dict[str, Any]
) -> None:
    for shop in shops:
        page = shop.search(text, filters=filters, facets=FACETS)
        assert page.total == shop.search(text, filters=filters).total > 0
        for field, counts in page.facets.items():
            for value, count in counts.items():
                click = page.details[field].filters.get(value, value)
                assert count == shop.search(text, filters={**filters, field: click}).total, (field, value)


@pytest.mark.parametrize("filters", PICKED, ids=str)
def test_both_engines_count_the_same(shops: tuple[HybridSearch, HybridSearch], filters: dict[str, Any]) -> None:
    for text, sort, size in itertools.product(("", "red hat"), (None, "price:asc"), (0, 7)):
        ours, theirs = (shop.search(text, filters=filters, facets=FACETS, sort=sort, size=size) for shop in shops)
        assert in_order(ours.facets) == in_order(theirs.facets)
        assert (ours.total, [hit.id for hit in ours]) == (theirs.total, [hit.id for hit in theirs])
        for field, details in ours.details.items():
            assert known(details) == pytest.approx(known(theirs.details[field]))
            assert details.filters == theirs.details[field].filters


def in_order(facets: Mapping[str, Mapping[str, int]]) -> dict[str, list[tuple[str, int]]]:
    return {name: list(counts.items()) for name, counts in facets.items()}


def known(details: FacetDetails) -> list[float]:
    numbers = (details.minimum, details.maximum, details.mean)
    return [details.other, *(number for number in numbers if number is not None)]


def test_pages_and_facets_do_not_change_what_is_found(shops: tuple[HybridSearch, HybridSearch]) -> None:
    for shop in shops:
        plain = shop.search("red hat", filters={"brand": "Acme"}, size=50)
        counted = [
            hit
            for page in range(1, 6)
            for hit in shop.search("red hat", filters={"brand": "Acme"}, facets=FACETS, size=10, page=page)
        ]
        assert [(hit.id, hit.score) for hit in plain] == [(hit.id, hit.score) for hit in counted]


def test_of_140_values_a_page_shows_100_and_says_so(shops: tuple[HybridSearch, HybridSearch]) -> None:
    """Case many-facet-values: 100 of 140 brands came back in silence."""
    for shop in shops:
        page = shop.search(facets=["series"], sort="price", size=0)
        counts = page.facets["series"]
        assert len(counts) == 100
        assert sum(counts.values()) + page.details["series"].other == page.total
        (note,) = page.notes
        assert note == (
            "facet 'series' shows 100 of its values, the counts of the others add up to "
            f"{page.details['series'].other}; a larger size shows more"
        )
        whole = shop.search(facets={"series": {"size": 200}}, sort="price", size=0)
        assert (len(whole.facets["series"]), whole.details["series"].other, whole.notes) == (110, 0, ())


def test_a_size_that_was_asked_for_needs_no_note(shops: tuple[HybridSearch, HybridSearch]) -> None:
    for shop in shops:
        page = shop.search(facets={"brand": {"size": 1}}, sort="price", size=0)
        assert (len(page.facets["brand"]), page.notes) == (1, ())
        assert page.details["brand"].other == sum(bool(row["brand"]) for row in PRODUCTS) - max(
            page.facets["brand"].values()
        )


def test_numbers_are_counted_in_ranges_and_measured(shops: tuple[HybridSearch, HybridSearch]) -> None:
    prices = [row["price"] for row in PRODUCTS if row["price"] is not None]
    for shop in shops:
        page = shop.search(facets={"price": {"ranges": [0, 20]}}, sort="price", size=0)
        assert page.facets["price"] == {
            "..0": sum(price < 0 for price in prices),
            "0..20": sum(0 <= price < 20 for price in prices),
            "20..": sum(price >= 20 for price in prices),
        }
        details = page.details["price"]
        assert (details.minimum, details.maximum) == (min(prices), max(prices))
        assert details.mean == pytest.approx(sum(prices) / len(prices))
        plain = shop.search(facets=["price"], sort="price", size=0)
        assert (plain.facets, plain.details["price"].maximum) == ({"price": {}}, max(prices))
        empty = shop.search(facets=["price"], filters={"color": "none"}, size=0).details["price"]
        assert (empty.minimum, empty.maximum, empty.mean) == (None, None, None)


def test_dates_are_counted_by_year_the_latest_first_and_by_month(shops: tuple[HybridSearch, HybridSearch]) -> None:
    dates = [row["released"] for row in PRODUCTS if row["released"]]
    for shop in shops:
        years = shop.search(facets=["released"], sort="price", size=0).facets["released"]
        expected = {str(year): sum(date.startswith(str(year)) for date in dates) for year in range(1972, 1967, -1)}
        assert list(years.items()) == list(expected.items())
        page = shop.search(facets={"released": {"by": "month", "size": 2, "order": "asc"}}, sort="price", size=0)
        months = sorted({date[:7] for date in dates})[:2]
        assert list(page.facets["released"]) == months
        assert page.details["released"].other == len(dates) - sum(page.facets["released"].values())


def test_details_are_in_json(shops: tuple[HybridSearch, HybridSearch]) -> None:
    for shop in shops:
        data = shop.search(facets={"brand": {"size": 2}, "price": {"ranges": [20]}}, sort="price", size=0).to_json()
        assert set(data["facets"]["brand"]) <= set(BRANDS)
        other = sum(bool(row["brand"]) for row in PRODUCTS) - sum(data["facets"]["brand"].values())
        assert data["facet_details"]["brand"] == {"other": other}
        price = data["facet_details"]["price"]
        assert (price["minimum"], price["filters"]) == (-5.5, {"..20": {"lt": 20.0}, "20..": {"gte": 20.0}})


def test_counts_are_right_on_an_index_of_several_shards(es_url: str, tmp_path: Path) -> None:
    """Each shard gave its most frequent values alone: a third of the counts were too low."""
    rows = [{"id": str(n), "title": "hat", "brand": f"b{n * n % 211}"} for n in range(600)]
    engine = {"url": es_url, "index": f"test-{tmp_path.name.replace('_', '-')}-shards", "shards": 3, "replicas": 0}
    write_products(tmp_path / "products.jsonl", rows)
    with HybridSearch.open(settings(tmp_path, fields={"title": "title", "facets": ["brand"]}, engine=engine)) as shop:
        report = shop.reindex(options=quietly())
        expected = Counter(row["brand"] for row in rows)
        page = shop.search("hat", facets={"brand": {"size": 10}}, size=0)
        assert page.facets["brand"] == dict(sorted(expected.items(), key=lambda pair: (-pair[1], pair[0]))[:10])
        assert page.details["brand"].other == 600 - sum(page.facets["brand"].values())
        shop.engine.discard(report.generation)
