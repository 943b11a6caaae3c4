"""Numbers as people write them: what a text may mean, with which mark and which unit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.texts.amounts import Mark, amount, number


@pytest.mark.parametrize(
    ("text", "meanings", "unit"),
    [
        ("0,250", {",": "0.250"}, ""),
        ("1,083", {".": "1083.0", ",": "1.083"}, ""),
        ("1.299,00 €", {",": "1299.00"}, "EUR"),
        ("EUR 12.50", {".": "12.50"}, "EUR"),
        ("12.50 Euro", {".": "12.50"}, "EUR"),
        ("1\xa0299,00", {",": "1299.00"}, ""),
        ("1 299", {".": "1299.0", ",": "1299.0"}, ""),
        ("1’299.00", {".": "1299.00"}, ""),
        ("1,00,000.50", {".": "100000.50"}, ""),
        ("¥1,200", {".": "1200.0", ",": "1.200"}, "¥"),
        ("１，２００円", {".": "1200.0", ",": "1.200"}, "JPY"),
        ("3.5 kg", {".": "3.5"}, "kg"),
        ("3,5 Kilogramm", {",": "3.5"}, "kg"),
        ("20%", {".": "20.0", ",": "20.0"}, "%"),
        ("12,- €", {",": "12.0"}, "EUR"),
        ("CHF 12.–", {".": "12.0"}, "CHF"),
        ("Rs.500", {".": "500.0", ",": "500.0"}, "Rs"),
        ("$.99", {".": "0.99"}, "$"),
        ("-$5", {".": "-5.0", ",": "-5.0"}, "$"),
        ("1,5E+10", {",": "1.5E+10"}, ""),
        ("5 Stück", {".": "5.0", ",": "5.0"}, "Stück"),
    ],
)
def test_a_text_means_what_its_marks_allow(text: str, meanings: dict[Mark, str], unit: str) -> None:
    found = amount(text)
    assert found is not None
    assert (found.meanings, found.unit) == (meanings, unit)


@pytest.mark.parametrize(
    "text", ["", "-", "$", "free", "10-20 €", "1,99,99", "AB-1000", "iPhone 12", "1\n299", "€ 5 $", "5 kg 3", "1" * 101]
)
def test_what_is_no_number_means_none(text: str) -> None:
    assert amount(text) is None


@pytest.mark.parametrize(
    ("text", "mark", "unit", "expected"),
    [
        ("1,083", ",", None, 1.083),
        ("1,083", ".", None, 1083.0),
        ("1.299", ",", None, 1299.0),
        ("3.5 kg", ".", "kilo", 3.5),
        ("3.5", ".", "kg", 3.5),
        ("5 Stück", None, "Stück", 5.0),
        ("EUR 7", ".", "€", 7.0),
        ("500 g", ".", "kg", 0.5),
        ("1,5 kg", ",", "g", 1500.0),
        ("33 cl", None, "ml", 330.0),
        ("$ 7", ".", None, 7.0),
    ],
)
def test_the_mark_and_the_unit_of_a_column_decide(text: str, mark: Mark, unit: str, expected: float) -> None:
    assert number(text, mark, unit) == expected


@pytest.mark.parametrize(
    ("text", "mark", "unit"),
    [
        ("1.29", ",", None),
        ("1,29", ".", None),
        ("500 ml", ".", "kg"),
        ("5 lb", ".", "kg"),
        ("$ 7", ".", "EUR"),
        ("3.5 kg", ".", None),
    ],
)
def test_a_number_that_is_written_in_another_way_is_refused(text: str, mark: Mark, unit: str | None) -> None:
    with pytest.raises(ValueError, match="expected a number"):
        number(text, mark, unit)


@given(st.integers(-(10**12), 10**12), st.sampled_from([",.", ".,", " ,", "'."]), st.sampled_from(["", " €", " kg"]))
def test_what_is_grouped_and_has_decimals_means_one_number(thousandths: int, marks: str, unit: str) -> None:
    written = f"{thousandths / 100:_.2f}".replace(".", marks[1]).replace("_", marks[0])
    found = amount(written + unit)
    assert found is not None
    assert {mark: float(text) for mark, text in found.meanings.items()} == {marks[1]: thousandths / 100}
