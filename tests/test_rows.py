"""Values inside rows: names, texts, numbers, and what makes a row a reject."""

import json
import math
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.catalog.base import product
from hybridsearch.inputs.rows import DEEPEST, field, number, strings, tidy
from hybridsearch.values import Product, Reject

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"attrs": {"color": "red"}}, "red"),
        ({"attrs.color": "red", "attrs": {"color": "blue"}}, "red"),
        ({"attrs": [{"color": "red"}, {"size": 1}, {"color": "blue"}]}, ["red", "blue"]),
        ({"attrs": [{"size": 1}]}, None),
        ({"attrs": "red"}, None),
        ({}, None),
    ],
)
def test_dotted_name_reaches_into_objects(row: dict[str, Any], expected: Any) -> None:
    assert field(row, "attrs.color") == expected


def test_dots_may_be_spelled_or_nested_in_the_same_name() -> None:
    assert field({"a.b": {"c": 1}}, "a.b.c") == field({"a": {"b.c": 1}}, "a.b.c") == 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" red ", ("red",)),
        (["red", ["blue", None, " "], {"name": "green"}], ("red", "blue")),
        (6.0, ("6",)),
        ([6.5, 7, True], ("6.5", "7", "true")),
        (None, ()),
    ],
)
def test_every_text_of_a_value_is_found(value: Any, expected: tuple[str, ...]) -> None:
    assert strings(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, 5.0),
        ("1.99", 1.99),
        ("1,99", 1.99),
        ("1,299.00", 1299.0),
        ("1.299,00", 1299.0),
        ("1.299.000", 1299000.0),
        ("1 299,00", 1299.0),
        ("1\u202f299,00 €", 1299.0),
        ("1'299.00 CHF", 1299.0),
        ("€ 12.50", 12.5),
        ("-$5", -5.0),
        ("1,299", 1299.0),
        ("1.299", 1.299),
        ("1.299 €", 1299.0),
        ("1.250 KWD", 1.25),
        ("KWD 12.125", 12.125),
        ("0.500 KWD", 0.5),
        ("0,125", 0.125),
        ("1e3", 1000.0),
        ([None, "2,50", "3"], 2.5),
        ("", None),
        ("nan", None),
        ([], None),
        (None, None),
    ],
)
def test_number_is_read_as_people_write_it(value: Any, expected: float | None) -> None:
    assert number(value) == expected


@pytest.mark.parametrize("value", ["free", "1,99,99", "1,2.3,4", "10 20", "12 cm", True, {"amount": 1}, "٫"])
def test_what_is_no_number_is_refused(value: Any) -> None:
    """Fault 61."""
    with pytest.raises(ValueError, match="expected a number"):
        number(value)


@pytest.mark.parametrize("value", [math.nan, -math.inf, "1e400", 10**400])
def test_number_that_is_not_finite_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="expected a finite number"):
        number(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_number_reads_back_every_float(value: float) -> None:
    assert number(value) == number(repr(value)) == value


@given(st.integers(0, 10**12), st.sampled_from([",.", ".,", " ,", "'."]))
def test_grouped_number_reads_back(cents: int, marks: str) -> None:
    written = f"{cents / 100:_.2f}".replace(".", marks[1]).replace("_", marks[0])
    assert number(written) == cents / 100


@given(st.text())
def test_any_text_is_a_finite_number_or_refused(text: str) -> None:
    """Fault 61."""
    with suppress(ValueError):
        assert math.isfinite(number(text) or 0)


def test_characters_that_cannot_be_shown_are_removed() -> None:
    assert tidy({"ti\0tle": "re\x00d\u202e dress\x0bnew\ud800\tline\n"}) == {"title": "red dress new\ufffd\tline\n"}


def test_integer_beyond_64_bits_keeps_its_digits_as_text() -> None:
    assert tidy([2**64, 2**64 - 1, -(2**63)]) == ["18446744073709551616", 2**64 - 1, -(2**63)]


def test_dates_become_the_text_that_json_has_for_them() -> None:
    row = {"day": date(2025, 1, 31), "moment": [datetime(2025, 1, 31, 9, 30, tzinfo=UTC)]}
    assert tidy(row) == {"day": "2025-01-31", "moment": ["2025-01-31T09:30:00+00:00"]}


@given(JSON)
def test_tidy_value_is_valid_utf8_and_stays_as_it_is(value: Any) -> None:
    """Fault 62."""
    with suppress(ValueError):
        clean = tidy(value)
        assert tidy(clean) == clean
        assert json.dumps(clean, ensure_ascii=False, allow_nan=False).encode()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"title": "red"}, "'id' is missing or empty, expected an id"),
        ({"id": "  "}, "'id' is missing or empty, expected an id"),
        ({"id": True}, "'id' is missing or empty, expected an id"),
        ({"id": ["1", "2"]}, "'id' holds 2 values, expected one id"),
        ({"id": "é" * 257}, "'id' has 514 bytes, expected an id of at most 512"),
        ({"id": "1", "price": math.nan}, "holds nan, expected finite numbers"),
        (["1"], "found list \"['1']\", expected an object of fields"),
    ],
)
def test_row_that_is_no_product_is_a_reject_with_its_reason(row: Any, reason: str) -> None:
    """Fault 60."""
    reject = product(row, "id", "shop.jsonl:7")
    assert isinstance(reject, Reject)
    assert (reject.where, reject.reason) == ("shop.jsonl:7", reason)


def test_row_nested_too_deep_is_a_reject() -> None:
    row: Any = "red"
    for _ in range(DEEPEST + 1):
        row = {"a": row}
    reject = product(row, None, "shop.jsonl:7")
    assert isinstance(reject, Reject)
    assert reject.reason == "nested more than 50 levels deep"


@pytest.mark.parametrize(("value", "name"), [(12, "12"), (12.0, "12"), (" a ", "a"), (["a"], "a")])
def test_id_becomes_text(value: Any, name: str) -> None:
    read = product({"sku": value}, "sku", "shop.jsonl:7")
    assert isinstance(read, Product)
    assert read.id == name


def test_a_number_is_never_less_than_zero_and_zero() -> None:
    assert [math.copysign(1, cast(float, number(zero))) for zero in (-0.0, "-0", "-0.0", [-0.0], -1e-400)] == [1] * 5
