"""The variant that is shown: it passes the filters, has the code, comes first in the order, has the words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hybridsearch.roles import Fields
from hybridsearch.search.clauses import Codes, Match
from hybridsearch.search.filters.conditions import AnyOf, Exists, Filter, Not, OneVariant, Range, Terms, together
from hybridsearch.search.plan import Plan, Sort
from hybridsearch.search.variants import shown, with_variants
from hybridsearch.values import Hit, Page

FIELDS = Fields(
    title="title",
    codes=("variants.sku",),
    facets=("brand", "variants.color", "variants.size"),
    numbers=("variants.price",),
)
RED_S = {"sku": "P-R-S", "color": "Red", "size": "S", "price": 20}
BLUE_S = {"sku": "P-B-S", "color": "Blue", "size": "S", "price": 25}
BLUE_L = {"sku": "P-B-L-9", "color": "Blue", "size": "L", "price": 15}
GREEN = {"sku": "P-G", "color": "Green"}
ROW = {"id": "1", "title": "Polo", "variants": [RED_S, BLUE_S, BLUE_L, GREEN]}
WORDS = Match.alike("text", [("en", ["polo", "blue"])])


def plan(**changes: Any) -> Plan:
    return Plan("words", "", variants="variants.", **changes)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (plan(), RED_S),
        (plan(keyword=WORDS), BLUE_S),
        (plan(keyword=WORDS, filters=(Terms("variants.color", ("Red",)),)), RED_S),
        (plan(filters=(Terms("variants.size", ("L",)), Range("variants.price", lte=30))), BLUE_L),
        (plan(filters=(Not(Terms("variants.color", ("Red", "Blue"))),)), GREEN),
        (plan(filters=(Not(Exists("variants.price", "numbers")),)), GREEN),
        (plan(filters=(AnyOf(((Terms("variants.color", ("Green",)),), (Range("variants.price", lt=20),))),)), BLUE_L),
        (plan(filters=(Terms("brand", ("Acme",)),)), RED_S),
        (plan(codes=Codes(("pbs",))), BLUE_S),
        (plan(codes=Codes((), ("pbl",))), BLUE_L),
        (plan(codes=Codes(("pbs",)), filters=(Terms("variants.size", ("L",)),)), BLUE_L),
        (plan(sort=(Sort("variants.price"),), keyword=WORDS), BLUE_L),
        (plan(sort=(Sort("variants.price", descending=True),)), BLUE_S),
        (plan(sort=(Sort("variants.color", role="facets"), Sort("variants.price"))), BLUE_L),
        (plan(sort=(Sort("brand", role="facets"),)), RED_S),
    ],
    ids=str,
)
def test_the_variant_that_fits_best_is_shown(asked: Plan, expected: Mapping[str, Any]) -> None:
    assert shown(asked, ROW, FIELDS) == expected


def test_a_product_without_variants_shows_none() -> None:
    for variants in (None, [], [None], ""):
        assert shown(plan(keyword=WORDS), {"id": "1", "title": "Polo", "variants": variants}, FIELDS) is None
    assert shown(plan(), {"id": "1", "variants": GREEN}, FIELDS) == GREEN


def test_a_row_that_these_fields_cannot_read_shows_none() -> None:
    """The index was built by another configuration, whose rows are still there."""
    assert shown(plan(), {"id": "1", "variants": ["red"]}, FIELDS) is None
    odd = {"id": "1", "variants": [{"price": "soon"}, {"price": 3}]}
    assert shown(plan(filters=(Range("variants.price", lte=5),)), odd, FIELDS) is None


def test_pages_without_rows_or_variants_stay_as_they_are() -> None:
    page = Page("", (Hit("1", 0.0, {}, ROW),), 1)
    assert with_variants(plan(rows=False), page, FIELDS) is page
    assert with_variants(plan(), page, Fields(title="title")) is page
    assert with_variants(plan(), page, FIELDS)[0].variant == RED_S


def test_filters_on_variants_stand_together_and_groups_with_those_around_them() -> None:
    brand, red, large = Terms("brand", ("Acme",)), Terms("v.color", ("red",)), Terms("v.size", ("L",))

    def of_variants(name: str) -> bool:
        return name.startswith("v.")

    def joined(*filters: Filter) -> tuple[Filter, ...]:
        return together(filters, of_variants)

    assert joined(brand) == (brand,)
    assert joined(red, brand, Not(large)) == (brand, OneVariant((red, Not(large))))
    assert joined(AnyOf(((red,), (large,)))) == (OneVariant((AnyOf(((red,), (large,))),)),)
    assert joined(red, AnyOf(((brand, large), (brand,), ()))) == (
        OneVariant((red,)),
        AnyOf(((brand, OneVariant((large, red))), (brand, OneVariant((red,))), (OneVariant((red,)),))),
    )
    assert joined(AnyOf(())) == (AnyOf(()),)
