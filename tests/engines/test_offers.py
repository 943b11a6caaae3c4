"""Offers of several sellers on both engines: filters hold within one, products are counted, the cheapest is shown."""

from collections.abc import Iterator
from typing import Any

import pytest

from hybridsearch import HybridSearch
from tests.engines.builders import on_both_engines
from tests.engines.test_variants import settle

Shops = tuple[HybridSearch, HybridSearch]

SELLERS = ("acme", "beta", "zeta")


def product(number: int) -> dict[str, Any]:
    """Return a product with one to three offers; some have no price."""
    offers = [
        {
            "source": SELLERS[(number + place) % 3],
            "sku": f"{SELLERS[(number + place) % 3]}-{number}",
            "price": None if (number + place) % 7 == 0 else 10 + (number * 7 + place * 5) % 30,
            "in_stock": (number + place) % 2 == 0,
            "prices": [{"day": "2026-11-01", "price": 99}],
        }
        for place in range(1 + number % 3)
    ]
    return {"id": f"{number:02}", "title": "Polo shirt", "offers": offers}


PRODUCTS = [product(number) for number in range(30)]
FIELDS = {
    "title": "title",
    "codes": ["offers.sku"],
    "facets": ["offers.source"],
    "numbers": ["offers.price"],
    "booleans": ["offers.in_stock"],
    "offers": "offers",
}


@pytest.fixture(scope="module")
def shops(es_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    """The catalogue on the embedded engine and on a server."""
    with on_both_engines(tmp_path_factory.mktemp("offers"), es_url, PRODUCTS, fields=FIELDS) as both:
        yield both


def cheapest(row: dict[str, Any], **wanted: Any) -> float | None:
    """Return the lowest price of those offers of a product that are as wanted."""
    prices = [each["price"] for each in row["offers"] if wanted.items() <= each.items()]
    return min((price for price in prices if price is not None), default=None)


def test_a_hit_shows_the_cheapest_offer_and_all_of_them(shops: Shops) -> None:
    for shop in shops:
        for hit in shop.search("polo", size=100):
            row = next(row for row in PRODUCTS if row["id"] == hit.id)
            assert hit.variant == hit.offers[0]
            assert hit.offers[0]["price"] == cheapest(row)
            assert sorted(map(repr, hit.offers)) == sorted(map(repr, row["offers"]))
            known = [each["price"] for each in hit.offers if each["price"] is not None]
            assert known == sorted(known) == [each["price"] for each in hit.offers[: len(known)]]
            assert hit.to_json()["offers"] == list(hit.offers)
            assert hit.offers[0]["prices"] == [{"day": "2026-11-01", "price": 99}]


def test_filters_hold_within_one_offer_and_the_cheapest_that_passes_leads(shops: Shops) -> None:
    filters = {"offers.source": "acme", "offers.in_stock": True}
    expected = {row["id"]: cheapest(row, source="acme", in_stock=True) for row in PRODUCTS
                if any(each["source"] == "acme" and each["in_stock"] for each in row["offers"])}  # fmt: skip
    for shop in shops:
        page = shop.search("polo", filters=filters, size=100)
        assert {hit.id: hit.offers[0]["price"] for hit in page} == expected
        assert any(cheapest(dict(hit.product)) != hit.offers[0]["price"] for hit in page)


def test_the_order_of_a_price_is_that_of_the_best_offer_that_passes(shops: Shops) -> None:
    for wanted, filters in (({}, None), ({"source": "zeta"}, {"offers.source": "zeta"})):
        priced = {
            row["id"]: cheapest(row, **wanted)
            for row in PRODUCTS
            if any(wanted.items() <= o.items() for o in row["offers"])
        }
        in_order = sorted(priced, key=lambda key: (priced[key] is None, priced[key] or 0, key))
        for shop in shops:
            page = shop.search(filters=filters, sort="offers.price", size=100)
            assert [hit.id for hit in page] == in_order


def test_facets_count_products_and_not_offers(shops: Shops) -> None:
    counts = {name: sum(any(o["source"] == name for o in row["offers"]) for row in PRODUCTS) for name in SELLERS}
    for shop in shops:
        page = shop.search("polo", facets=["offers.source"])
        assert page.total == len(PRODUCTS)
        assert page.facets["offers.source"] == counts


def test_a_code_of_one_seller_shows_its_offer(shops: Shops) -> None:
    for shop in shops:
        hit = shop.search("beta-4")[0]
        assert (hit.id, hit.offers[0]["sku"]) == ("04", "beta-4")


def test_a_new_price_of_one_offer_is_shown_at_once(shops: Shops) -> None:
    for shop in shops:
        before = next(hit for hit in shop.search(size=100) if len(hit.offers) == 3)
        last = before.offers[-1]["source"]
        offers = [{**each, "price": 1} if each["source"] == last else each for each in before.product["offers"]]
        assert not shop.update(before.id, {"offers": offers}).rejects
        settle(shop)
        page = shop.search(sort="offers.price")
        assert (page[0].id, page[0].offers[0]["source"], page[0].offers[0]["price"]) == (before.id, last, 1)
        shop.update(before.id, {"offers": before.product["offers"]})
        settle(shop)
