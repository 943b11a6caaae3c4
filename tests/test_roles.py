"""Which field is the price: one rule for the cheapest offer, for matching and for a person's taste."""

from __future__ import annotations

from typing import Any

import pytest

from hybridsearch.matching.items import item
from hybridsearch.roles import Fields, is_price


def fields(*numbers: str, **more: Any) -> Fields:
    """Return roles with these numbers."""
    return Fields(title="title", numbers=numbers, **more)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("price", True),
        ("offer.price", True),
        ("Regular price", True),
        ("salePrice", True),
        ("Verkaufspreis", True),
        ("价格", True),
        ("Price (EUR)", False),
        ("priceless", False),
        ("price_rank", False),
        ("", False),
    ],
)
def test_a_price_is_known_by_its_name_in_six_languages(name: str, expected: bool) -> None:
    assert is_price(name) is expected


def test_what_the_configuration_says_counts_first() -> None:
    assert fields("price", "gain").price_in() == "price"
    assert fields("price", "gain", price="gain").price_in() == "gain"
    assert fields("gain").price_in() is None


def test_one_that_is_called_price_alone_comes_before_one_whose_name_ends_so() -> None:
    assert fields("list price", "now.price").price_in() == "now.price"
    assert fields("weight", "Listenpreis", "list price").price_in() == "list price"


def test_of_offers_it_is_the_first_number_unless_it_is_said() -> None:
    assert fields("price", "offers.total", "offers.price", offers="offers").price_in(offers=True) == "offers.total"
    said = fields("price", "offers.total", "offers.price", offers="offers", price="offers.price")
    assert (said.price_in(offers=True), said.price_in()) == ("offers.price", "price")
    assert fields("price").price_in(offers=True) is None


@pytest.mark.parametrize("more", [{"price": "gain"}, {"price": "variants.price"}])
def test_a_price_that_is_no_number_of_products_or_offers_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="none of the 'numbers' of products; add it there"):
        fields("price", "variants.price", **more)


def test_offers_are_compared_by_the_price_that_the_configuration_names() -> None:
    row = {"title": "Umbrella", "price": 30, "netto": "12,50"}
    said = fields("price", "netto", price="netto", formats={"netto": {"decimal": ","}})
    assert item("acme", "1", row, said).price == 12.5
    assert item("acme", "1", {**row, "netto": None}, said).price == 30
    assert item("acme", "1", row, fields("netto")).price == 30
