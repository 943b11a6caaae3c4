"""Facets: names of fields become clauses that say which kind of field is counted."""

from typing import Any

import pytest

from hybridsearch.errors import QueryError
from hybridsearch.search.facets.counts import Facet
from hybridsearch.search.facets.facets import OTHERS, read_facets
from hybridsearch.search.facets.within import Within
from hybridsearch.search.filters.conditions import Filter, Not, Terms
from tests.search.builders import FIELDS


def read(**facets: Any) -> list[Facet]:
    return list(read_facets(facets, FIELDS))


def test_the_first_kind_of_a_field_is_counted() -> None:
    assert list(read_facets(["brand", "in_stock", "gift", "price", "released", "size"], FIELDS)) == [
        Facet("brand"),
        Facet("in_stock", "booleans"),
        Facet("gift"),
        Facet("price", "numbers"),
        Facet("released", "dates", order="desc", by="year"),
        Facet("size"),
    ]
    with pytest.raises(QueryError, match=r"^Unknown facet field 'title'. The index has: brand, size, season, "):
        list(read_facets(["title"], FIELDS))


def test_options_say_how_much_is_shown_and_how() -> None:
    assert read(brand={"size": 200, "order": "asc"}) == [Facet("brand", size=200, order="asc")]
    assert read(released={"by": "month", "order": "asc", "size": 12}) == [
        Facet("released", "dates", size=12, order="asc", by="month")
    ]
    assert read(price={"ranges": [20, 50.5]}) == [Facet("price", "numbers", cuts=(20.0, 50.5))]
    assert read(price={"ranges": 20}) == [Facet("price", "numbers", cuts=(20.0,))]
    assert read(brand={}, in_stock={"order": "desc"}) == [Facet("brand"), Facet("in_stock", "booleans", order="desc")]


def test_a_facet_is_searched_within_and_numbers_have_bars() -> None:
    assert read(brand={"containing": " ac "}) == [Facet("brand", within=Within("ac"))]
    assert read(price={"bars": 10}) == [Facet("price", "numbers", bars=10)]


@pytest.mark.parametrize(
    ("options", "filters", "within"),
    [
        ({}, (), Within("", " > ", "", 1)),
        ({"below": "Home>Garden", "depth": 3}, (), Within("", " > ", "Home > Garden", 3)),
        ({}, (Terms("category", ("Home",)),), Within("", " > ", "Home", 1)),
        ({"below": ""}, (Terms("category", ("Home",)),), Within("", " > ", "", 1)),
        ({}, (Terms("category", ("Home", "Sale")),), Within("", " > ", "", 1)),
        ({}, (Terms("brand", ("Home",)), Not(Terms("category", ("Home",)))), Within("", " > ", "", 1)),
        ({"containing": "kni"}, (), Within("kni", " > ", "", 0)),
    ],
    ids=str,
)
def test_of_a_tree_the_level_below_the_node_that_is_asked_for_or_chosen_is_shown(
    options: dict[str, Any], filters: tuple[Filter, ...], within: Within
) -> None:
    assert list(read_facets({"category": options}, FIELDS, filters=filters)) == [Facet("category", within=within)]


def test_of_the_kinds_of_a_field_the_first_that_takes_the_options_is_counted() -> None:
    assert read(size={"ranges": [40]}) == [Facet("size", "numbers", cuts=(40.0,))]
    assert read(season={"by": "year"}) == [Facet("season", "dates", order="desc", by="year")]
    assert read(season={"size": 5}) == [Facet("season", size=5)]


@pytest.mark.parametrize(
    ("facets", "sentence"),
    [
        (
            {"brand": {"ranges": [1]}},
            f"Facet 'brand' has the options {{'ranges': [1]}}, expected some of: size, order, containing. {OTHERS}",
        ),
        (
            {"size": {"by": "year"}},
            "Facet 'size' has the options {'by': 'year'}, expected some of: size, order, containing or ranges, bars. "
            "Trees have below and depth besides, numbers ranges or bars, dates by.",
        ),
        ({"brand": {"size": 0}}, "Facet 'brand' has the size 0, expected a whole number from 1 to 10,000."),
        ({"brand": {"size": True}}, "Facet 'brand' has the size True, expected a whole number from 1 to 10,000."),
        ({"brand": {"order": "up"}}, "Facet 'brand' has the order 'up', expected one of: count, asc, desc."),
        ({"released": {"by": ["day"]}}, "Facet 'released' has the by ['day'], expected one of: year, month."),
        *(
            (
                {"price": {"ranges": cuts}},
                f"Facet 'price' has the ranges {cuts}, expected up to 100 numbers in ascending order, "
                "such as [20, 50, 100].",
            )
            for cuts in ([], [5, 5], [5, 4], [True], [float("nan")])
        ),
        ({"price": {"bars": 1}}, "Facet 'price' has the bars 1, expected a whole number from 2 to 100."),
        ({"price": {"bars": 5, "ranges": [1]}}, "Facet 'price' has both ranges and bars, expected one of them."),
        (
            {"brand": {"containing": 5}},
            "Facet 'brand' has the containing 5, expected a text of at most 1,000 characters.",
        ),
        (
            {"brand": {"below": "Home"}},
            f"Facet 'brand' has the options {{'below': 'Home'}}, expected some of: size, order, containing. {OTHERS}",
        ),
        (
            {"category": {"limit": 5}},
            "Facet 'category' has the options {'limit': 5}, expected some of: size, order, containing, below, depth. "
            f"{OTHERS}",
        ),
        ({"category": {"depth": 21}}, "Facet 'category' has the depth 21, expected a whole number from 1 to 20."),
        (
            {"brand": {"size": 9_000}, "gift": {"size": 1_001}},
            "Facets of 10,001 values were asked for; at most 10,000 are allowed together.",
        ),
    ],
)
def test_options_are_a_closed_list_within_limits(facets: dict[str, Any], sentence: str) -> None:
    with pytest.raises(QueryError) as refused:
        read(**facets)
    assert str(refused.value) == sentence


def test_facets_are_capped() -> None:
    """Fault 74."""
    with pytest.raises(QueryError, match=r"^101 facets were given; at most 100 are allowed\.$"):
        list(read_facets(["brand"] * 101, FIELDS))
