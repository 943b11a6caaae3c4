"""Numbers: their values are those of `rows.number` where a text is clear; their bounds are finite."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch import document
from hybridsearch.fields import Format, UnclearError, numbers
from hybridsearch.roles import Fields


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_its_own_lower_and_upper_bound(number: float) -> None:
    assert numbers.bound(number, False) == numbers.bound(str(number), True) == number


@pytest.mark.parametrize("value", ["cheap", "", None, True, math.nan, math.inf, "1,99", [1], {"gte": 1}])
def test_what_is_no_number_is_no_bound(value: Any) -> None:
    with pytest.raises(ValueError, match=r"float|finite"):
        numbers.bound(value, False)


def test_a_bound_of_minus_zero_is_zero() -> None:
    assert [math.copysign(1, numbers.bound(zero, True)) for zero in (-0.0, "-0", 0)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("written", "expected"),
    [("$1,299", 1299.0), ("1.299 €", 1299.0), ("1.299", 1.299), ("0,250", 0.25), ("1 299", 1299.0), (["", "1,5"], 1.5)],
)
def test_a_text_that_can_mean_one_number_alone_needs_no_format(written: Any, expected: float) -> None:
    assert numbers.KIND.kept(written) == expected


@pytest.mark.parametrize("written", ["1,083", "KWD 1.250", [None, "1,083"]])
def test_a_text_that_may_mean_two_numbers_is_none_until_a_format_says_which(written: Any) -> None:
    with pytest.raises(UnclearError, match=r'which may be 1...(3|) \(decimal = "."\) or 1...(3|) \(decimal = ","\)'):
        numbers.KIND.kept(written)
    assert numbers.KIND.kept(written, Format(decimal=".")) in (1083.0, 1.25)


def test_the_reason_says_both_numbers_and_where_to_choose() -> None:
    with pytest.raises(ValueError, match="'weight' is '1,083', which may be ") as refused:
        document.read({"weight": "1,083"}, ["weight"], numbers.KIND, Fields(title="title", numbers=("weight",)))
    assert str(refused.value) == (
        "'weight' is '1,083', which may be 1083 (decimal = \".\") or 1.083 (decimal = \",\"); "
        "say which for 'weight' under [fields.formats]"
    )
