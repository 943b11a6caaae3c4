"""Orders that a cursor continues, as Elasticsearch takes them and says them back."""

from __future__ import annotations

import pytest

from hybridsearch.engines.elasticsearch.request.orders import from_server, keys, order, to_server
from hybridsearch.engines.elasticsearch.transport.answers import UnexpectedAnswer
from hybridsearch.search.clauses import Number
from hybridsearch.search.filters.conditions import Filter, Range, Terms
from hybridsearch.search.filters.cursor import Key, Place
from hybridsearch.search.plan import Plan, Sort

RELEASED = Sort("released", True, "dates")
SORTS = (Sort("brand", role="facets"), Sort("price"), RELEASED)


def test_the_next_page_begins_behind_the_last_product() -> None:
    plan = Plan("browse", "", sort=SORTS, after=Place("17", ("Acme", None, 1_735_689_600_000.0), 10))
    assert order(plan) == {
        "sort": [
            {"hybrid.facets.brand": {"order": "asc", "missing": "_last"}},
            {"hybrid.numbers.price": {"order": "asc", "missing": "_last"}},
            {"hybrid.dates.released": {"order": "desc", "missing": "_last", "format": "strict_date_optional_time"}},
            {"hybrid.id": "asc"},
        ],
        "search_after": ["Acme", "Infinity", 1_735_689_600_000.0, "17"],
    }


@pytest.mark.parametrize(
    ("direction", "filters", "inside"),
    [
        ("asc", (), False),
        ("asc", (Terms("brand", ("Acme",)),), False),
        ("asc", (Range("v.price", lte=90),), False),
        ("asc", (Range("v.price", gte=20, lte=90),), True),
        ("desc", (Range("v.price", gte=20),), False),
        ("desc", (Range("v.price", lt=90),), True),
        ("asc", (Terms("v.color", ("red",)),), True),
    ],
    ids=str,
)
def test_only_filters_that_leave_out_the_first_variant_are_asked_of_each(
    direction: str, filters: tuple[Filter, ...], inside: bool
) -> None:
    """The product has the values of all its variants."""
    plan = Plan("browse", "", filters=filters, sort=(Sort("v.price", direction == "desc"),), variants="v.")
    (key, options) = next(iter(order(plan)["sort"][0].items()))
    assert (key, options["order"]) == ("hybrid.variants.numbers.v.price", direction)
    assert ("nested" in options) == inside


def test_a_shop_is_browsed_in_the_order_of_ids_or_of_what_its_numbers_score() -> None:
    assert order(Plan("browse", "")) == {"sort": [{"hybrid.id": "asc"}]}
    scored = Plan("browse", "", signals=(Number("number.sold", 0.5, "sold", 8.0),), after=Place("17", (0.25,), 10))
    assert order(scored) == {
        "sort": [{"_score": {"order": "desc"}}, {"hybrid.id": "asc"}],
        "search_after": [0.25, "17"],
    }


@pytest.mark.parametrize(
    ("sort", "key", "value"),
    [
        (Sort("price"), None, "Infinity"),
        (Sort("price", True), None, "-Infinity"),
        (Sort("price"), 9.5, 9.5),
        (Sort("released", role="dates"), None, 2**63 - 1),
        (Sort("in_stock", True, "booleans"), None, -(2**63)),
        (Sort("brand", role="facets"), None, None),
    ],
)
def test_what_is_missing_is_behind_all_that_is_there(sort: Sort, key: Key, value: Key) -> None:
    assert to_server(sort, key) == value


@pytest.mark.parametrize(
    ("sort", "value", "key"),
    [
        (Sort("price"), 9.5, 9.5),
        (Sort("price"), "Infinity", None),
        (Sort("price", True), "-Infinity", None),
        (RELEASED, "2025-01-01T00:00:00.123Z", 1_735_689_600_123.0),
        (RELEASED, "1969-12-31T23:59:59.995Z", -5.0),
        (RELEASED, "0001-01-01T00:00:00.000Z", -62_135_596_800_000.0),
        (RELEASED, "-292275055-05-16T16:47:04.192Z", None),
        (RELEASED, None, None),
        (Sort("in_stock", role="booleans"), 1, 1.0),
        (Sort("in_stock", role="booleans"), 0, 0.0),
        (Sort("in_stock", role="booleans"), 2**63 - 1, None),
        (Sort("brand", role="facets"), "Acme", "Acme"),
        (Sort("brand", role="facets"), None, None),
    ],
)
def test_a_value_is_read_whatever_a_server_says_for_a_missing_one(sort: Sort, value: Key, key: Key) -> None:
    assert from_server(sort, value) == key


def test_a_server_that_does_not_say_the_order_is_an_unexpected_answer() -> None:
    plan = Plan("browse", "", sort=SORTS)
    for hit in ({"_id": "1"}, {"_id": "1", "sort": ["Acme", "1"]}):
        with pytest.raises(UnexpectedAnswer, match="the order of the hits cannot be read"):
            keys(plan, hit)  # type: ignore[arg-type]
