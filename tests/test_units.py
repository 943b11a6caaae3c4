"""A number and its unit are one word, written the same way everywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.texts.units import UNITS, measures, plain_amounts, with_measures


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("dog food 5 kg", "dog food 5kg"),
        ("board 1,40 m", "board 1.4m"),
        ("1.000 ml", "1000ml"),
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


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('1/2" drill', ["0.5inch"]),
        ("1 1/2 inch pipe", ["1.5inch"]),
        ("1-3/4 zoll", ["1.75inch"]),
        ("0.5\u2044x", []),
        ('tv 55" led', ["55inch"]),
        ("tv 55\u2032\u2032", ["55inch"]),
        ("65in tv", ["65inch"]),
        ("2in1, 4-in-1, 3-in 1, 3 in a box", []),
        ("a 15.6-inch laptop, 27-in", ["15.6inch", "27inch"]),
        ("1/2kg 3/4in 1,200.50 kg 1.200,5 kg", ["0.5kg", "0.75inch", "1200.5kg", "1200.5kg"]),
        ('"iphone 15" case', []),
        ("10,000mah", ["10000mah", "10mah"]),
        ("1.500 kg", ["1500kg", "1.5kg"]),
        ("0,250 kg", ["0.25kg"]),
        ("6x330ml", ["330ml"]),
        ("500毫升水杯", ["500ml"]),
        ("15インチ", ["15inch"]),
    ],
)
def test_an_amount_is_one_measure_however_it_is_written(written: str, expected: list[str]) -> None:
    """An ambiguous one, such as `1.500 kg`, is both."""
    assert list(measures(plain_amounts(written))) == expected


@pytest.mark.parametrize("written", ["31/32 jeans", "24/7", "3/8/2024", "4/4", "2/4", "ac/dc", "1.1/2"])
def test_what_is_no_fraction_stays_as_it_is(written: str) -> None:
    assert plain_amounts(written) == written


@given(st.text(alphabet="0123456789/ .,x\"'inch⁄½毫升"))
def test_plain_amounts_are_plain(written: str) -> None:
    plain = plain_amounts(written)
    assert plain_amounts(plain) == plain
