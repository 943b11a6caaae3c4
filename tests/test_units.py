"""A number and its unit are one word, written the same way everywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.texts.units import UNITS, measures, with_measures


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("dog food 5 kg", "dog food 5kg"),
        ("board 1,40 m", "board 1.4m"),
        ("1.000 ml", "1.000ml"),
        ("2 litres", "2l"),
        ("a 5kgx b", "a 5kgx b"),
        ("3.5.1 mm", "3.5.1 mm"),
        ("5 red", "5 red"),
        ("15 zoll 8gb", "15inch 8gb"),
    ],
)
def test_a_measure_is_one_word(written: str, expected: str) -> None:
    assert with_measures(written) == expected


@given(st.integers(0, 10**6), st.sampled_from(sorted(UNITS)), st.sampled_from(["", " "]))
def test_any_number_with_any_unit_is_a_measure(number: int, unit: str, between: str) -> None:
    assert list(measures(f"{number}{between}{unit}")) == [f"{number}{UNITS[unit]}"]
