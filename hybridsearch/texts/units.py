"""Units: a number and its unit are one word, as `5 kg`, `5kg` and `5 kilo`, or `1,40 m` and `1.4m`."""

from __future__ import annotations

import re
from collections.abc import Iterator

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
THOUSANDS = 3
"""Digits after a separator that may be one of thousands: `1.000` is not 1."""

# What must not stand before the first digit is looked at after it: so a text is searched for digits alone.
_WITH_UNIT = re.compile(rf"(\d(?<![^\W_]\d)(?<!\d[.,]\d)\d*+)(?:[.,](\d++))?+ ?({'|'.join(UNITS)})(?![^\W_])")


def measures(text: str) -> Iterator[str]:
    """Yield each measure in a text in lower case, as one word."""
    return map(joined, _WITH_UNIT.finditer(text))


def is_measure(text: str) -> bool:
    """Tell whether a text in lower case is a measure and nothing else."""
    return _WITH_UNIT.fullmatch(text) is not None


def with_measures(text: str) -> str:
    """Return a text in lower case with each measure as one word."""
    return _WITH_UNIT.sub(joined, text)


def joined(measure: re.Match[str]) -> str:
    """Return a measure as one word."""
    whole, rest, unit = measure.groups(default="")
    if len(rest) != THOUSANDS:
        rest = rest.rstrip("0")
    return f"{whole}{'.' if rest else ''}{rest}{UNITS[unit]}"
