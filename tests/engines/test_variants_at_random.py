"""Variants on both engines, against lists of Python: what is found, counted and first, whatever is asked.

Requests take several ways: by the values that a product has of all its variants, by those of each variant, and on the
embedded engine, where many are found, by the bits of one number.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from hybridsearch import HybridSearch
from tests.engines.builders import on_both_engines

Shops = tuple[HybridSearch, HybridSearch]
Variant = Mapping[str, Any]
Test = Callable[[Variant], bool]

COLORS, SIZES, BRANDS = ["red", "blue", "green", "black"], ["S", "M", "L"], ["Acme", "Borealis"]
FIELDS = {
    "title": "title",
    "facets": ["brand", "variants.color", "variants.size"],
    "numbers": ["variants.price"],
    "booleans": ["variants.in_stock"],
    "dates": ["variants.since"],
}
CUTS = [20, 40]


def products(chance: random.Random) -> list[dict[str, Any]]:
    """Return products with up to five variants, of which some have two colours, and some lack a field."""

    def variant() -> dict[str, Any]:
        own = {
            "color": chance.sample(COLORS, chance.choice([1, 1, 1, 2])),
            "size": chance.choice(SIZES),
            "price": chance.randrange(1_000, 6_000) / 100,
            "in_stock": chance.random() < 0.6,
            "since": f"{chance.randrange(2020, 2024)}-05-01",
        }
        return {name: value for name, value in own.items() if chance.random() < 0.9}

    return [
        {
            "id": f"{number:03}",
            "title": "Polo shirt",
            "brand": chance.choice(BRANDS),
            "variants": [variant() for _ in range(chance.choice([0, 1, 2, 3, 5]))],
        }
        for number in range(150)
    ]


PRODUCTS = products(random.Random(15))


@pytest.fixture(scope="module")
def shops(es_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    """The catalogue on the embedded engine and on a server."""
    with on_both_engines(tmp_path_factory.mktemp("at-random"), es_url, PRODUCTS, fields=FIELDS) as both:
        yield both


def colors(chance: random.Random) -> tuple[Any, Test]:
    some = chance.sample(COLORS, chance.choice([1, 1, 2]))
    return some, lambda variant: bool(set(some) & set(variant.get("color", ())))


def other_colors(chance: random.Random) -> tuple[Any, Test]:
    color = chance.choice(COLORS)
    return {"none": color}, lambda variant: color not in variant.get("color", ())


def sizes(chance: random.Random) -> tuple[Any, Test]:
    some = chance.sample(SIZES, chance.choice([1, 2]))
    return some, lambda variant: variant.get("size") in some


def no_size(_: random.Random) -> tuple[Any, Test]:
    return {"missing": True}, lambda variant: "size" not in variant


def prices(chance: random.Random) -> tuple[Any, Test]:
    low, high = chance.choice([(-1, 45), (15, 99), (20, 45)])
    bounds = {**({"gte": low} if low > 0 else {}), **({"lt": high} if high < 99 else {})}
    return bounds, lambda variant: low <= variant.get("price", -5) < high


def in_stock(_: random.Random) -> tuple[Any, Test]:
    return True, lambda variant: variant.get("in_stock") is True


ASKED: list[tuple[str, Callable[[random.Random], tuple[Any, Test]]]] = [
    ("color", colors),
    ("color", other_colors),
    ("size", sizes),
    ("size", no_size),
    ("price", prices),
    ("in_stock", in_stock),
]
COUNTED: dict[str, Callable[[Variant], list[str]]] = {
    "color": lambda variant: variant.get("color", []),
    "size": lambda variant: [variant["size"]] if "size" in variant else [],
    "in_stock": lambda variant: [str(variant["in_stock"]).lower()] if "in_stock" in variant else [],
    "since": lambda variant: [variant["since"][:4]] if "since" in variant else [],
    "price": lambda variant: (
        [("..20", "20..40", "40..")[sum(variant["price"] >= cut for cut in CUTS)]] if "price" in variant else []
    ),
}


def variants(row: Mapping[str, Any]) -> list[Variant]:
    """Return the variants of a product; one that lists none is one of which nothing is known."""
    return row["variants"] or [{}]


def first_price(row: Mapping[str, Any], tests: Mapping[str, Test], descending: bool) -> tuple[bool, float, str]:
    """Return what a product is put in order by."""
    found = [own["price"] for own in variants(row) if "price" in own and all(test(own) for test in tests.values())]
    best = (max if descending else min)(found, default=0)
    return not found, -best if descending else best, row["id"]


@pytest.mark.parametrize("seed", range(30))
def test_what_is_found_counted_and_first_is_what_lists_say(shops: Shops, seed: int) -> None:
    chance = random.Random(seed)
    filters: dict[str, Any] = {}
    tests: dict[str, Test] = {}
    for name, asked in chance.sample(ASKED, chance.choice([0, 1, 2, 2, 3])):
        if name not in tests:
            filters[f"variants.{name}"], tests[name] = asked(chance)
    brand = chance.choice([None, None, "Acme"])
    descending = chance.random() < 0.5
    among = [row for row in PRODUCTS if brand in (None, row["brand"])]
    found = [row for row in among if any(all(test(own) for test in tests.values()) for own in variants(row))]
    expected = sorted(found, key=lambda row: first_price(row, tests, descending))
    text = chance.choice(["", "polo"])
    for shop in shops:
        page = shop.search(
            text,
            filters={**filters, **({"brand": brand} if brand else {})},
            facets={f"variants.{name}": {"ranges": CUTS} if name == "price" else {} for name in COUNTED},
            sort=f"variants.price:{'desc' if descending else 'asc'}",
            size=chance.choice([3, 20]) if shop is shops[0] else 20,
        )
        assert page.total == len(found)
        assert [hit.id for hit in page] == [row["id"] for row in expected][: len(page.hits)]
        for name, values in COUNTED.items():
            others = [test for field, test in tests.items() if field != name]
            counts: dict[str, int] = {}
            for row in among:
                passing = [own for own in variants(row) if all(test(own) for test in others)]
                for value in {value for own in passing for value in values(own)}:
                    counts[value] = counts.get(value, 0) + 1
            shown = {value: count for value, count in page.facets[f"variants.{name}"].items() if count}
            assert shown == counts, name
