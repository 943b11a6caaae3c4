"""Units: a number and its unit are one word, as `5 kg`, `5kg` and `5 kilo`, or `1,40 m` and `1.4m`.

So are fractions and signs: `1 1/2"` is `1.5 inch`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from hybridsearch.texts.languages import CJK

FORMS = {
    "mg": "mg",
    "g": "g gr gram grams gramm gramme grammes gramo gramos",
    "kg": "kg kgs kilo kilos kilogram kilograms kilogramm kilogramme kilogrammes kilogramo kilogramos",
    "oz": "oz ounce ounces",
    "lb": "lb lbs pound pounds",
    "ml": "ml milliliter milliliters millilitre millilitres",
    "cl": "cl",
    "l": "l ltr liter liters litre litres litro litros",
    "mm": "mm millimeter millimeters millimetre millimetres",
    "cm": "cm centimeter centimeters centimetre centimetres zentimeter",
    "m": "m meter meters metre metres mètre mètres metro metros",
    "km": "km",
    "inch": "inch inches zoll pouce pouces pulgada pulgadas",
    "ft": "ft foot feet",
    "w": "w watt watts",
    "kw": "kw",
    "kwh": "kwh",
    "wh": "wh",
    "v": "v volt volts voltio voltios",
    "ah": "ah",
    "mah": "mah",
    "hz": "hz",
    "khz": "khz",
    "mhz": "mhz",
    "ghz": "ghz",
    "mb": "mb",
    "gb": "gb gigabyte gigabytes",
    "tb": "tb terabyte terabytes",
    "mp": "mp mpx megapixel megapixels",
    "lm": "lm lumen lumens",
    "db": "db",
    "rpm": "rpm",
    "psi": "psi",
}
"""How each unit is written, in lower case."""
UNITS = {form: unit for unit, forms in FORMS.items() for form in forms.split()}
IN_RUNS = {
    "mg": "毫克",
    "g": "克 グラム",
    "kg": "公斤 千克 キログラム キロ",
    "ml": "毫升 ミリリットル",
    "l": "公升 升 リットル",
    "mm": "毫米 ミリメートル ミリ",
    "cm": "厘米 公分 センチメートル センチ",
    "m": "米 メートル",
    "inch": "英寸 寸 吋 インチ",
    "w": "瓦 ワット",
    "v": "伏 ボルト",
    "mah": "毫安时 毫安",
}
"""The same in Chinese and Japanese, where the text goes on behind a unit without a space."""
UNITS_IN_RUNS = {form: unit for unit, forms in IN_RUNS.items() for form in forms.split()}
THOUSANDS = 3
"""Digits after a separator that may be one of thousands: `1.000` is not 1."""
DENOMINATORS = (2, 3, 4, 8, 16)
"""Of fractions that people write instead of a decimal number; `31/32` is a size of trousers."""

LATIN = "|".join(UNITS)
_WORD = f"[^\\W_{CJK}]"
# What must not stand before the first digit is looked at after it: so a text is searched for digits alone.
_BEFORE = r"(?:(?<![^\W_]\d)|(?<=\d[x×*]\d))"
_WITH_UNIT = re.compile(rf"(\d{_BEFORE}(?<!\d[.,]\d)\d*+)(?:[.,](\d++))?+(?:[ -]?({LATIN})|-?in(?!-| 1\b))(?!{_WORD})")
_IN_RUN = re.compile(rf"(\d) ?({'|'.join(sorted(UNITS_IN_RUNS, key=len, reverse=True))})")
_MAY_BE_SEPARATED = re.compile(r"[.,]\d{3}[.,]\d")
_SEPARATED = re.compile(r"(?<![\w.,])[1-9]\d{0,2}(?:(?:,\d{3})++\.|(?:\.\d{3})++,)\d{1,2}(?![\d.,]\d|\d)")
"""Thousands and a part of one, `1,299.00` or `1.299,00`: which of the signs is which is sure."""
_FRACTION = re.compile(
    r"(?:(?<![\w/.,])(\d{1,3})[ -])?(?<![\w/.,])(\d{1,2})[/\u2044](\d{1,2})"
    rf"(?:(?=(?:{LATIN}|in)(?!{_WORD}))|(?![\w/\u2044]|[.,-]\d))"
)
_MAY_BE_FRACTION = re.compile(r"\d[/\u2044]\d")
_MAY_BE_INCHES = re.compile(r"\d(?:[\"\u201d\u2032]|'')")
_QUOTED_OR_INCHES = re.compile(r"""(?<![^\s(\[])"[^"]*"|(?<=\d)(?:["\u201d]|\u2032\u2032|'')""")
"""What stands in quotation marks, whose second one says nothing of the number before it; or a sign for inches."""


def plain_amounts(text: str) -> str:
    """Return a text in lower case with fractions as decimal numbers, and with signs and runs for units as words.

    Where a number has signs for thousands and for a part of one, the former are left out.
    """
    if "," in text and _MAY_BE_SEPARATED.search(text):
        text = _SEPARATED.sub(without_thousands, text)
    if _MAY_BE_FRACTION.search(text):
        text = _FRACTION.sub(decimal, text)
    if _MAY_BE_INCHES.search(text):
        text = _QUOTED_OR_INCHES.sub(lambda found: found[0] if found[0][0] == '"' != found[0] else " inch ", text)
    return text if text.isascii() else in_latin(text)


def without_thousands(number: re.Match[str]) -> str:
    """Return a number that has both signs without that for thousands, and with a point."""
    whole, _, rest = number[0].replace(",", ".").rpartition(".")
    return f"{whole.replace('.', '')}.{rest}"


def decimal(fraction: re.Match[str]) -> str:
    """Return a fraction as a decimal number, where it is one that people write so."""
    whole, above, below = (int(each or 0) for each in fraction.groups())
    if below not in DENOMINATORS or not 0 < above < below or math.gcd(above, below) > 1:
        return fraction[0]
    return f"{whole + above / below:.4f}".rstrip("0")


def in_latin(text: str) -> str:
    """Return a text with units of Chinese and Japanese behind numbers as those of the others: `500毫升` is `500ml `."""
    return _IN_RUN.sub(lambda found: f"{found[1]}{UNITS_IN_RUNS[found[2]]} ", text)


def measures(text: str) -> Iterator[str]:
    """Yield each measure in a text in lower case, as one word; one that may be `1.5 kg` or `1500 kg` as both."""
    for found in _WITH_UNIT.finditer(text):
        yield joined(found)
        if len(found[2] or "") == THOUSANDS and int(found[1]):
            yield f"{found[1]}.{found[2]}".rstrip("0").rstrip(".") + UNITS[found[3] or "inch"]


def is_measure(text: str) -> bool:
    """Tell whether a text in lower case is a measure and nothing else."""
    return _WITH_UNIT.fullmatch(text) is not None


def with_measures(text: str) -> str:
    """Return a text in lower case with each measure as one word."""
    return _WITH_UNIT.sub(joined, text)


def joined(measure: re.Match[str]) -> str:
    """Return a measure as one word; three digits behind a separator are thousands, unless there is no number before."""
    whole, rest, unit = measure[1], measure[2] or "", measure[3] or "inch"
    if len(rest) == THOUSANDS and int(whole):
        return f"{whole}{rest}{UNITS[unit]}"
    rest = rest.rstrip("0")
    return f"{whole}{'.' if rest else ''}{rest}{UNITS[unit]}"
