"""Numbers: their values are those of `rows.number`; their bounds are finite."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.fields import numbers


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_its_own_lower_and_upper_bound(number: float) -> None:
    assert numbers.bound(number, False) == numbers.bound(str(number), True) == number


@pytest.mark.parametrize("value", ["cheap", "", None, True, math.nan, math.inf, "1,99", [1], {"gte": 1}])
def test_what_is_no_number_is_no_bound(value: Any) -> None:
    with pytest.raises(ValueError, match=r"float|finite"):
        numbers.bound(value, False)


def test_a_bound_of_minus_zero_is_zero() -> None:
    assert [math.copysign(1, numbers.bound(zero, True)) for zero in (-0.0, "-0", 0)] == [1, 1, 1]
