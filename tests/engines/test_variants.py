"""Variants on both engines: filters hold within one of them, products are counted, and the one that fits is shown."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from hybridsearch import HybridSearch
from tests.engines.builders import on_both_engines
from tests.engines.test_facets import in_order, known

Shops = tuple[HybridSearch, HybridSearch]

COLORS, SIZES, BRANDS = ("red", "blue", "green", "Red"), ("S", "M", "L"), ("Acme", "Borealis", "Zeta")


def product(number: int) -> dict[str, Any]:
    """Return a product with none to four variants, some of which lack a field."""
    variants = [
        {
            "sku": f"PS-{number:03}-{place}",
            "color": COLORS[(number * 5 + place * 3) % 4],
            "size": SIZES[(number + place * 2) % 3],
            "price": None if (number + place) % 9 == 0 else 10.0 + (number * 7 + place * 13) % 50,
            "in_stock": (number + place) % 3 > 0,
            "since": f"{2020 + (number + place) % 4}-05-01",
        }
        for place in range(number % 5)
    ]
    return {"id": f"{number:03}", "title": "Polo shirt", "brand": BRANDS[number % 3], "variants": variants}


PRODUCTS = [product(number) for number in range(60)]
FIELDS = {
    "title": "title",
    "codes": ["variants.sku"],
    "facets": ["brand", "variants.color", "variants.size"],
    "numbers": ["variants.price"],
    "booleans": ["variants.in_stock"],
    "dates": ["variants.since"],
}
FACETS: dict[str, dict[str, Any]] = {
    "brand": {},
    "variants.color": {"order": "desc"},
    "variants.size": {},
    "variants.price": {"ranges": [20, 40]},
    "variants.in_stock": {},
    "variants.since": {"by": "year"},
}


@pytest.fixture(scope="module")
def shops(es_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    """The catalogue on the embedded engine and on a server."""
    with on_both_engines(tmp_path_factory.mktemp("variants"), es_url, PRODUCTS, fields=FIELDS) as both:
        yield both


def having(**wanted: Any) -> list[str]:
    """Return the products of which one variant is as wanted."""
    return [
        row["id"]
        for row in PRODUCTS
        if any(all(variant[name] == value for name, value in wanted.items()) for variant in row["variants"])
    ]


@pytest.mark.parametrize("text", ["", "polo"])
def test_filters_on_variants_hold_within_one_of_them(shops: Shops, text: str) -> None:
    """Case variants-in-a-list: a red S and a blue L are no red L."""
    expected = having(color="red", size="L")
    assert 0 < len(expected) < len(set(having(color="red")) & set(having(size="L")))
    for shop in shops:
        page = shop.search(text, filters={"variants.color": "red", "variants.size": "L"}, size=100)
        assert sorted(hit.id for hit in page) == expected
        assert page.total == len(expected)
        for hit in page:
            assert hit.variant is not None
            assert (hit.variant["color"], hit.variant["size"]) == ("red", "L")


def test_all_numbers_of_the_variants_are_compared(shops: Shops) -> None:
    dear = [row["id"] for row in PRODUCTS if any((each["price"] or 0) >= 50 for each in row["variants"])]
    for shop in shops:
        assert sorted(hit.id for hit in shop.search(filters={"variants.price": {"gte": 50}}, size=100)) == dear


def test_none_and_missing_ask_for_a_variant_that_is_so(shops: Shops) -> None:
    """A product without variants is one of which nothing is known."""
    other = [r["id"] for r in PRODUCTS if any(v["color"] != "red" for v in r["variants"] or [{"color": None}])]
    unpriced = [r["id"] for r in PRODUCTS if any(v["price"] is None for v in r["variants"] or [{"price": None}])]
    for shop in shops:
        found = shop.search(filters={"variants.color": {"none": "red"}}, size=100)
        assert sorted(hit.id for hit in found) == other
        found = shop.search(filters={"variants.price": {"missing": True}}, size=100)
        assert sorted(hit.id for hit in found) == unpriced


def test_a_group_is_joined_with_the_filters_around_it(shops: Shops) -> None:
    filters = {"variants.size": "L", "any": [{"variants.color": "red"}, {"brand": "Zeta", "variants.color": "green"}]}
    zeta = {row["id"] for row in PRODUCTS if row["brand"] == "Zeta"}
    expected = set(having(size="L", color="red")) | (set(having(size="L", color="green")) & zeta)
    for shop in shops:
        assert {hit.id for hit in shop.search(filters=filters, size=100)} == expected


PICKED: list[dict[str, Any]] = [
    {"brand": "Acme"},
    {"variants.color": "red"},
    {"variants.color": ["red", "blue"], "variants.size": "L"},
    {"variants.size": {"none": "M"}, "variants.price": {"gte": 15, "lt": 45}, "brand": ["Acme", "Zeta"]},
    {"variants.in_stock": True, "variants.since": ["2021", "2022"], "variants.color": "blue"},
    {"any": [{"variants.color": "red"}, {"variants.size": "S"}], "variants.in_stock": True},
]


@pytest.mark.parametrize("text", ["", "polo"])
@pytest.mark.parametrize("filters", PICKED, ids=str)
def test_a_count_is_the_number_of_products_after_the_click(shops: Shops, text: str, filters: dict[str, Any]) -> None:
    for shop in shops:
        page = shop.search(text, filters=filters, facets=FACETS)
        assert page.total == shop.search(text, filters=filters).total > 0
        for field, counts in page.facets.items():
            assert counts
            for value, count in counts.items():
                click = page.details[field].filters.get(value, value)
                assert count == shop.search(text, filters={**filters, field: click}).total, (field, value)


@pytest.mark.parametrize("filters", [{}, *PICKED], ids=str)
def test_both_engines_find_count_and_show_the_same(shops: Shops, filters: dict[str, Any]) -> None:
    sorts = [None, "variants.price:asc", "variants.price:desc", ["variants.color:desc", "variants.since"], "brand"]
    for text, sort in itertools.product(("", "polo", "red polo"), sorts):
        if not (text or sort or filters):
            continue
        ours, theirs = (shop.search(text, filters=filters, facets=FACETS, sort=sort, size=100) for shop in shops)
        assert in_order(ours.facets) == in_order(theirs.facets)
        assert ours.total == theirs.total
        assert [(hit.id, hit.variant) for hit in ours] == [(hit.id, hit.variant) for hit in theirs]
        assert ours.notes == theirs.notes
        for field, details in ours.details.items():
            assert known(details) == pytest.approx(known(theirs.details[field]))


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_products_are_in_order_of_the_variant_that_passes_the_filters(shops: Shops, direction: str) -> None:
    extreme = max if direction == "desc" else min
    prices = {
        row["id"]: extreme(found)
        for row in PRODUCTS
        if (found := [v["price"] for v in row["variants"] if v["color"] == "blue" and v["price"] is not None])
    }
    expected = sorted(prices, key=lambda key: ((-1 if direction == "desc" else 1) * prices[key], key))
    for shop in shops:
        page = shop.search(filters={"variants.color": "blue"}, sort=f"variants.price:{direction}", size=100)
        assert [hit.id for hit in page][: len(expected)] == expected
        assert [hit.variant["price"] for hit in page if hit.variant][: len(expected)] == [prices[k] for k in expected]
        assert all(hit.id not in prices for hit in page[len(expected) :])


def test_a_code_of_a_variant_finds_the_product_and_shows_the_variant(shops: Shops) -> None:
    for shop in shops:
        for typed in ("PS-014-2", "ps 014 2"):
            hit = shop.search(typed)[0]
            assert (hit.id, (hit.variant or {})["sku"]) == ("014", "PS-014-2")


def test_the_variant_with_the_words_of_the_query_is_shown(shops: Shops) -> None:
    for shop in shops:
        hits = [hit for hit in shop.search("green polo", size=100) if hit.id in having(color="green")]
        assert hits
        assert {(hit.variant or {})["color"] for hit in hits} == {"green"}


def test_a_product_without_variants_shows_none_and_is_found(shops: Shops) -> None:
    for shop in shops:
        hits = {hit.id: hit.variant for hit in shop.search("polo", size=100)}
        assert len(hits) == len(PRODUCTS)
        assert hits["005"] is None
        assert hits["006"] == PRODUCTS[6]["variants"][0]


def test_another_case_of_a_value_is_told_of(shops: Shops) -> None:
    for shop in shops:
        (note,) = shop.search(filters={"variants.size": "s"}).notes
        assert note == "filter 'variants.size': 's' was asked for, and differs from 'S' in case only"


def settle(shop: HybridSearch) -> None:
    """Wait until what was written can be searched."""
    (live,) = [each for each in shop.engine.generations() if each.state == "live"]
    shop.engine.refresh(live.name)


def test_a_changed_product_has_its_new_variants(shops: Shops) -> None:
    new = {"id": "007", "title": "Polo shirt", "brand": "Acme", "variants": [{"color": "violet", "size": "L"}]}
    for shop in shops:
        assert shop.upsert(new).written == 1
        settle(shop)
        assert [hit.id for hit in shop.search(filters={"variants.color": "violet", "variants.size": "L"})] == ["007"]
        assert shop.search(filters={"variants.color": "violet", "variants.size": "M"}).total == 0
        assert shop.update("007", {"variants": [{"color": "violet", "size": "M", "price": 3}]}).written == 1
        settle(shop)
        (hit,) = shop.search(filters={"variants.color": "violet", "variants.size": "M"})
        assert hit.variant == {"color": "violet", "size": "M", "price": 3}
        assert shop.upsert(PRODUCTS[7]).written == 1
        settle(shop)
        assert shop.search(filters={"variants.color": "violet"}).total == 0


@pytest.mark.parametrize("filters", [{"brand": "Acme"}, *PICKED[1:5]], ids=str)
def test_bars_and_values_that_contain_what_is_typed_count_products_too(shops: Shops, filters: dict[str, Any]) -> None:
    facets = {"variants.price": {"bars": 5}, "variants.color": {"containing": "re"}}
    pages = [shop.search("polo", filters=filters, facets=facets) for shop in shops]
    assert in_order(pages[0].facets) == in_order(pages[1].facets)
    assert set(pages[0].facets["variants.color"]) <= {"red", "Red", "green"}
    for shop, page in zip(shops, pages, strict=True):
        for field, counts in page.facets.items():
            assert counts
            for value, count in counts.items():
                click = page.details[field].filters.get(value, value)
                assert count == shop.search("polo", filters={**filters, field: click}).total, (field, value)
