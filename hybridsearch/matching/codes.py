"""Codes that name a product wherever it is sold: GTIN, EAN, UPC, ISBN, and the part numbers of manufacturers."""

from __future__ import annotations

import re

from hybridsearch.texts import stemming, text

LENGTHS = (8, 12, 13, 14)
"""Digits of a GTIN: GTIN-8, UPC, EAN or ISBN, and of a case."""
DIGITS = 14
SHOPS_OWN = ("02", "04", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "98", "99")
"""How the EANs begin that every shop may give as it likes, by weight too, and those of coupons."""
SHORTEST_PART = 4
"""Characters of a part number that is nobody else's."""
_BETWEEN = re.compile(r"[\s\-‐-―.]+")
_ISBN = re.compile(r"\d{9}[\dX]", re.ASCII)
_PART = re.compile(r"\d")
_LEGAL = re.compile(
    r"\b(?:inc|corp|corporation|co|ltd|llc|gmbh|ag|kg|sa|sarl|srl|bv|company|technologies|technology)\b"
)
_SIGNS = re.compile(r"[\W_]+")


def gtin(written: str) -> str | None:
    """Return a GTIN as 14 digits; None for what is none: another length, a wrong check digit, a shop's own number.

    An ISBN of ten signs is read as the EAN that it has. A number of a case, which begins with 1 to 9, stays one: a case
    of twelve is another product.

    Source: GS1 General Specifications, sections 1.4 (restricted numbers) and 7.9 (check digit).
    """
    code = _BETWEEN.sub("", written).upper()
    if len(code) == len("0306406152") and (of_book := from_isbn(code)):
        code = of_book
    if not (code.isascii() and code.isdigit() and len(code) in LENGTHS):
        return None
    whole = code.zfill(DIGITS)
    if len(set(code)) == 1 or check_digit(whole[:-1]) != int(whole[-1]) or is_shops_own(whole, len(code)):
        return None
    return whole


def check_digit(digits: str) -> int:
    """Return the digit that follows the others: they count three times and once, from the right."""
    return -sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))) % 10


def is_shops_own(whole: str, length: int) -> bool:
    """Tell whether a GTIN of 14 digits that was written with so many may stand for different goods in each shop."""
    if length == LENGTHS[0]:
        return whole[6] in "02"  # of GTIN-8 those that begin with 0 and 2
    return whole[1:3] in SHOPS_OWN


def from_isbn(code: str) -> str | None:
    """Return the EAN of an ISBN of ten signs, if it is one."""
    if not _ISBN.fullmatch(code):
        return None
    values = [10 if sign == "X" else int(sign) for sign in code]
    if sum(value * (10 - place) for place, value in enumerate(values)) % 11 or not any(values):
        return None
    body = f"978{code[:9]}"
    return f"{body}{check_digit(body)}"


def part_number(written: str) -> str | None:
    """Return the part number of a manufacturer in the form that is compared; None where it tells too little."""
    code = text.code(written)
    return code if len(code) >= SHORTEST_PART and _PART.search(code) and len(set(code)) > 1 else None


def brand(written: str) -> str:
    """Return the name of a brand in the form that is compared: `TP-Link Technologies Co., Ltd.` is `tplink`."""
    lowered = stemming.unaccented(text.lowered(written))
    return _SIGNS.sub("", _LEGAL.sub(" ", lowered.replace(".", ""))) or _SIGNS.sub("", lowered)
