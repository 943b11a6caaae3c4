"""Facets: names of fields become clauses that say which kind of field is counted."""

from typing import Any

import pytest

from hybridsearch.errors import QueryError
from hybridsearch.search.counts import Facet
from hybridsearch.search.facets import read_facets
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
    with pytest.raises(QueryError, match=r"^Unknown facet field 'title'. The index has: brand, size, season, gift, "):
        list(read_facets(["title"], FIELDS))


def test_options_say_how_much_is_shown_and_how() -> None:
    assert read(brand={"size": 200, "order": "asc"}) == [Facet("brand", size=200, order="asc")]
    assert read(released={"by": "month", "order": "asc", "size": 12}) == [
        Facet("released", "dates", size=12, order="asc", by="month")
    ]
    assert read(price={"ranges": [20, 50.5]}) == [Facet("price", "numbers", cuts=(20.0, 50.5))]
    assert read(price={"ranges": 20}) == [Facet("price", "numbers", cuts=(20.0,))]
    assert read(brand={}, in_stock={"order": "desc"}) == [Facet("brand"), Facet("in_stock", "booleans", order="desc")]


def test_of_the_kinds_of_a_field_the_first_that_takes_the_options_is_counted() -> None:
    assert read(size={"ranges": [40]}) == [Facet("size", "numbers", cuts=(40.0,))]
    assert read(season={"by": "year"}) == [Facet("season", "dates", order="desc", by="year")]
    assert read(season={"size": 5}) == [Facet("season", size=5)]


@pytest.mark.parametrize(
    ("facets", "sentence"),
    [
        (
            {"brand": {"ranges": [1]}},
            "Facet 'brand' has the options {'ranges': [1]}, expected some of: size, order.",
        ),
        (
            {"size": {"by": "year"}},
            "Facet 'size' has the options {'by': 'year'}, expected some of: size, order or ranges.",
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
