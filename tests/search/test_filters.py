"""Filters: names and values become clauses that say which kind of field is meant.

What they are made of, `conditions`, and what a field can be used for, `uses`, are tested with them.
"""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from hybridsearch.errors import QueryError
from hybridsearch.roles import Fields
from hybridsearch.search.filters.conditions import AnyOf, Exists, Filter, Not, Range, Terms, simple
from hybridsearch.search.filters.filters import read_filters
from tests.search.builders import FIELDS

NEW_YEAR = 1_735_689_600_000
"""2025-01-01T00:00:00Z."""
DAY = 86_400_000
DATES = "a date, a list of dates, or bounds such as {'gte': '2025-01-01', 'lt': '2025-07-01'}"


def read(**filters: Any) -> list[Filter]:
    return list(read_filters(filters, FIELDS))


@pytest.mark.parametrize(
    ("value", "gte", "lte"),
    [
        ({"gte": "2025-01-01"}, NEW_YEAR, None),
        ({"lte": "2025-01-01"}, None, NEW_YEAR + DAY - 1),
        ({"lte": "2025-01-01T00:00:00Z"}, None, NEW_YEAR),
        ({"gte": date(2025, 1, 1), "lte": date(2025, 1, 1)}, NEW_YEAR, NEW_YEAR + DAY - 1),
        ({"gte": datetime(2025, 1, 1, tzinfo=UTC)}, NEW_YEAR, None),
        ({"gte": 1_735_689_600, "lte": "1735689600000"}, NEW_YEAR, NEW_YEAR),
        ("2025-01-01", NEW_YEAR, NEW_YEAR + DAY - 1),
        (date(2025, 1, 1), NEW_YEAR, NEW_YEAR + DAY - 1),
        ("2025", NEW_YEAR, NEW_YEAR + 365 * DAY - 1),
        ("2025-01-01T00:00:00", NEW_YEAR, NEW_YEAR),
    ],
)
def test_a_date_filter_includes_the_whole_of_the_days_that_it_names(value: Any, gte: Any, lte: Any) -> None:
    assert read(released=value) == [Range("released", gte, lte, "dates")]


@pytest.mark.parametrize(
    ("value", "values"),
    [(True, (True,)), ("nein", (False,)), (["yes", "否"], (True, False)), (0, (False,)), ([], ()), ("", ())],
)
def test_a_boolean_filter_is_any_of_the_answers(value: Any, values: tuple[bool, ...]) -> None:
    assert read(in_stock=value) == [Terms("in_stock", values, "booleans")]


@pytest.mark.parametrize(
    ("operators", "clauses"),
    [
        ({"any": ["Acme", "Zeta"]}, [Terms("brand", ("Acme", "Zeta"))]),
        ({"any": "Acme"}, [Terms("brand", ("Acme",))]),
        ({"none": ["Acme"]}, [Not(Terms("brand", ("Acme",)))]),
        ({"none": "Acme"}, [Not(Terms("brand", ("Acme",)))]),
        ({"exists": True}, [Exists("brand")]),
        ({"exists": "no"}, [Not(Exists("brand"))]),
        ({"missing": 1}, [Not(Exists("brand"))]),
        ({"missing": False}, [Exists("brand")]),
        (
            {"any": ["Acme"], "none": [], "exists": True},
            [Terms("brand", ("Acme",)), Not(Terms("brand", ())), Exists("brand")],
        ),
    ],
)
def test_all_operators_of_a_filter_must_hold(operators: dict[str, Any], clauses: list[Filter]) -> None:
    assert read(brand=operators) == clauses


@pytest.mark.parametrize(
    ("bounds", "clause"),
    [
        ({"gt": 5}, Range("price", gt=5)),
        ({"lt": "7.5"}, Range("price", lt=7.5)),
        ({"gt": 5, "lte": 9}, Range("price", gt=5, lte=9)),
        ({"gte": 5, "lt": 9}, Range("price", gte=5, lt=9)),
    ],
)
def test_bounds_are_included_or_not(bounds: dict[str, Any], clause: Range) -> None:
    assert read(price=bounds) == [clause]


def test_after_a_day_is_after_all_of_it_and_before_a_day_is_before_it_begins() -> None:
    assert read(released={"gt": "2025-01-01"}) == [Range("released", gt=NEW_YEAR + DAY - 1, role="dates")]
    assert read(released={"lt": "2025-01-01"}) == [Range("released", lt=NEW_YEAR, role="dates")]


def test_any_of_several_dates_is_any_of_their_periods() -> None:
    day, moment = Range("released", NEW_YEAR, NEW_YEAR + DAY - 1, "dates"), Range("released", 0, 0, "dates")
    assert read(released=["2025-01-01", "1970-01-01T00:00:00Z"]) == [AnyOf(((day,), (moment,)))]
    assert read(released={"none": "2025-01-01"}) == [Not(day)]
    assert read(released=[]) == [AnyOf(())]


def test_of_groups_of_filters_one_must_hold() -> None:
    acme, cheap, red = Terms("brand", ("Acme",)), Range("price", lt=5), Terms("size", ("red",))
    assert read(any=[{"brand": "Acme", "price": {"lt": 5}}, {"size": "red"}], brand="Acme") == [
        AnyOf(((acme, cheap), (red,))),
        acme,
    ]
    assert read(any=[{"any": [{"brand": "Acme"}]}, {}]) == [AnyOf(((AnyOf(((acme,),)),), ()))]
    assert read(any=[]) == [AnyOf(())]


def test_a_field_called_any_is_told_from_groups_by_its_values() -> None:
    fields = Fields(title="title", facets=("any", "brand"))
    assert list(read_filters({"any": ["x"]}, fields)) == [Terms("any", ("x",))]
    assert list(read_filters({"any": {"any": "x"}}, fields)) == [Terms("any", ("x",))]
    assert list(read_filters({"any": [{"any": "x"}]}, fields)) == [AnyOf(((Terms("any", ("x",)),),))]


def test_filters_are_made_of_clauses_on_one_field_each() -> None:
    acme, cheap, red = Terms("brand", ("Acme",)), Range("price", lt=5), Exists("size")
    assert list(simple([Not(acme), AnyOf(((cheap, Not(red)), (acme,)))])) == [acme, cheap, red, acme]


def test_of_the_kinds_that_a_field_has_the_first_that_can_read_the_filter_is_meant() -> None:
    assert read(size=40) == [Terms("size", ("40",), "facets")]
    assert read(size={"gte": 40}) == [Range("size", 40, None, "numbers")]
    assert read(season="2025-01-01") == [Terms("season", ("2025-01-01",), "facets")]
    assert read(season={"gte": "2025-01-01"}) == [Range("season", NEW_YEAR, None, "dates")]
    assert read(season=date(2025, 1, 1)) == [Range("season", NEW_YEAR, NEW_YEAR + DAY - 1, "dates")]
    assert read(stamp={"gte": 5}) == [Range("stamp", 5, None, "numbers")]
    assert read(size={"any": 40, "gte": 40}) == [Terms("size", ("40",)), Range("size", 40)]
    assert read(stamp=[5, 7]) == [Terms("stamp", (5.0, 7.0), "numbers")]
    assert read(stamp={"gte": "2025-01-01"}) == [Range("stamp", NEW_YEAR, None, "dates")]
    assert read(gift="yes") == [Terms("gift", ("yes",), "facets")]


@pytest.mark.parametrize(
    ("filters", "sentence"),
    [
        (
            {"released": "soon"},
            f"Filter 'released' is 'soon', expected {DATES}.",
        ),
        (
            {"released": {"gte": True}},
            "Filter 'released' has the bound True, expected a date such as 2025-01-31 or 2025-01-31T09:30:00Z.",
        ),
        (
            {"released": ["2025", None]},
            f"Filter 'released' is ['2025', None], expected {DATES}.",
        ),
        (
            {"released": {"from": "2025"}},
            "Filter 'released' is {'from': '2025'}, expected some of: any, none, gt, gte, lt, lte, exists, missing.",
        ),
        (
            {"price": {"gt": 1, "gte": 2}},
            "Filter 'price' is {'gt': 1, 'gte': 2}, expected one lower and one upper bound at most.",
        ),
        ({"price": {"exists": "perhaps"}}, "Filter 'price' is {'exists': 'perhaps'}, expected true or false."),
        ({"price": {"missing": None}}, "Filter 'price' is {'missing': None}, expected true or false."),
        ({"released": {"none": ["2025"] * 101}}, "Filter 'released' has 101 values; at most 100 are allowed."),
        ({"any": [{"brnd": "x"}]}, "Unknown filter field 'brnd'. Did you mean 'brand'?"),
        (
            {"any": "x"},
            "Unknown filter field 'any'. The index has: brand, size, season, gift, category, price, stamp, released, "
            "in_stock.",
        ),
        ({"in_stock": "perhaps"}, "Filter 'in_stock' is 'perhaps', expected true or false."),
        ({"in_stock": None}, "Filter 'in_stock' is None, expected true or false."),
        ({"in_stock": {"gte": 0}}, "Filter 'in_stock' is {'gte': 0}, expected true or false."),
        (
            {"brand": date(2025, 1, 1)},
            "Filter 'brand' is datetime.date(2025, 1, 1), expected a value or a list of values.",
        ),
        ({"size": {"gte": "large"}}, "Filter 'size' has the bound 'large', expected a number."),
        ({"relesed": "2025"}, "Unknown filter field 'relesed'. Did you mean 'released'?"),
    ],
)
def test_what_cannot_be_filtered_is_said_in_a_sentence(filters: dict[str, Any], sentence: str) -> None:
    with pytest.raises(QueryError) as refused:
        read(**filters)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("filters", "sentence"),
    [
        ({"brand": "x" * 1_001}, "Filter 'brand' has a value of 1,001 characters; at most 1,000 are allowed."),
        ({"brand": ["x", "y" * 2_000]}, "Filter 'brand' has a value of 2,000 characters; at most 1,000 are allowed."),
        ({"price": {"gte": "1" * 9_999}}, "Filter 'price' has a value of 9,999 characters; at most 1,000 are allowed."),
        ({"brand": ["x"] * 65_537}, "Filter 'brand' has 65,537 values; at most 65,536 are allowed."),
        ({f"f{number}": "x" for number in range(101)}, "101 filters were given; at most 100 are allowed."),
        (
            {"any": [{"brand": "x"}] * 60},
            "121 filters were given, the fields in groups of 'any', these groups and each 'any' counted; at most 100 ",
        ),
        ({"brand": {"none": ["y" * 2_000]}}, "Filter 'brand' has a value of 2,000 characters; at most 1,000 are "),
        ({"n" * 9_999: "x"}, f"Unknown filter field '{'n' * 27}...{'n' * 28}'. "),
    ],
)
def test_filters_are_capped_in_number_and_length_as_their_names_are(filters: dict[str, Any], sentence: str) -> None:
    """Faults 72 and 74."""
    with pytest.raises(QueryError) as refused:
        read(**filters)
    assert str(refused.value).startswith(sentence)
    assert len(str(refused.value)) < 300


def test_a_filter_of_a_thousand_values_of_a_thousand_characters_is_read() -> None:
    values = tuple(f"{number:04}" for number in range(1_000))
    assert read(brand=values) == [Terms("brand", values)]
    assert read(brand="x" * 1_000) == [Terms("brand", ("x" * 256,))]


@pytest.mark.parametrize(
    "pasted", ['{"$gt": ""}', '{"match_all": {}}', "doc['price'].value", "1; DROP TABLE", "*", "a OR b"]
)
def test_json_scripts_and_syntax_in_a_filters_value_are_that_value(pasted: str) -> None:
    """Fault 72."""
    assert read(brand=pasted) == [Terms("brand", (pasted,))]
    with pytest.raises(QueryError, match="has the bound"):
        read(price={"gte": pasted})


@pytest.mark.parametrize(
    "bounds", [{"$gt": 1}, {"gte": 1, "script": "x"}, {"term": {"brand": "x"}}, {"gte": {"lte": 1}}]
)
def test_operators_are_a_closed_list(bounds: dict[str, Any]) -> None:
    """Fault 72."""
    with pytest.raises(QueryError):
        read(price=bounds)
