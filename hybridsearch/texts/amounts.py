"""Numbers as people write them: with a decimal mark, thousands apart, and a currency or a unit beside them."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from hybridsearch.texts.units import UNITS

Mark = Literal[".", ","]
MARKS: tuple[Mark, ...] = (".", ",")
"""What stands before the decimals; the other one may stand between thousands."""
LONGEST_NUMBER = 100
"""Characters of a number that a person or a program wrote."""

ISO_4217 = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF "
    "CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD "
    "HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL "
    "LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR "
    "PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP "
    "TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWL"
)
THREE_DECIMALS = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}
"""Currencies with thousandths."""
SYMBOLS = "$¢¥฿₠₡₢₣₤₥₦₧₨₩₪₫₭₮₯₰₱₲₳₴₵₶₷₸₺₻₼₽₾₿"
FORMS = {
    **{name: name for name in (*ISO_4217.split(), *SYMBOLS, "kr", "zł", "Kč", "Rs", "Fr")},
    "EUR": "EUR € Euro euro euros",
    "USD": "USD US$",
    "GBP": "GBP £",
    "JPY": "JPY 円",
    "CNY": "CNY 元",
    "INR": "INR ₹",
    "AUD": "AUD A$ AU$",
    "CAD": "CAD C$ CA$",
    "NZD": "NZD NZ$",
    "HKD": "HKD HK$",
    "BRL": "BRL R$",
}
CURRENCIES = {form: name for name, forms in FORMS.items() for form in forms.split()}
"""How each currency is written, and what it is called here; `$` and `¥` are of several countries."""
MONEY = frozenset(CURRENCIES.values())
OTHER_UNITS = {
    "%": "%",
    "°": "°",
    "°c": "°C",
    '"': "inch",
    "″": "inch",
    "in": "inch",
    "m²": "m²",
    "qm": "m²",
    "bar": "bar",
}
KNOWN = MONEY.union(UNITS.values(), OTHER_UNITS.values())
"""The names of all currencies and units."""
SCALES: tuple[dict[str, int], ...] = (
    {"mg": 1, "g": 1_000, "kg": 1_000_000},
    {"ml": 1, "cl": 10, "l": 1_000},
    {"mm": 1, "cm": 10, "m": 1_000, "km": 1_000_000},
    {"w": 1, "kw": 1_000},
    {"wh": 1, "kwh": 1_000},
    {"mah": 1, "ah": 1_000},
    {"hz": 1, "khz": 1_000, "mhz": 1_000_000, "ghz": 1_000_000_000},
    {"mb": 1, "gb": 1_000, "tb": 1_000_000},
)
"""Units of which each is a whole number of smaller ones, so that `500 g` is 0.5 in a column of kilograms."""

ALIKE = str.maketrans("０１２３４５６７８９，．￥＄￡￠−’", "0123456789,.¥$£¢-'")
"""Characters of East Asian and typographic writing, and those that they are read as."""
# Possessive wherever something repeats, so that what was read once is never tried in another way.
SPACES = " \xa0\u2009\u202f"
PARTS = re.compile(
    r"(?P<before>[^\d.,+-]*+)(?:(?<=[^\W\d_A-Z])\.)?+(?P<sign>[+-]?+)(?P<between>[^\d.,+-]*+)"
    rf"(?P<digits>[\d.,][\d.,'{SPACES}]*+)(?P<power>[eE][+-]?\d++)?+(?:(?<=[.,])[-–—]{{1,2}}+)?+(?P<after>\D*+)"
)
"""A number, and what stands around it; `12,-` and `12.–` are whole amounts, and `Rs.500` is not 0.5."""


def digits_before(mark: Mark) -> str:
    """Return the pattern of digits with a decimal mark, thousands apart or not, also as in India (`1,00,000.00`)."""
    apart = other(mark)
    return (
        rf"(?P<whole>[1-9]\d{{0,2}}(?P<apart>[{SPACES}{apart}'])\d{{3}}(?:(?P=apart)\d{{3}})*+"
        rf"|[1-9]\d?[{apart}](?:\d\d[{apart}])++\d{{3}}|\d++)?+(?:[{mark}](?P<part>\d*+))?+"
    )


def other(mark: Mark) -> Mark:
    """Return the mark that may stand between thousands beside this one before the decimals."""
    return "," if mark == "." else "."


DIGITS = {mark: re.compile(digits_before(mark)) for mark in MARKS}


@dataclass(frozen=True, slots=True)
class Amount:
    """What a text may mean as a number.

    Attributes:
        meanings: By the mark that would stand before the decimals, in the form that `float` reads; at least one.
        likely: The mark that is meant where nothing else is known.
        unit: What stands beside it, as `named` calls it; empty for nothing. Before the number stands a currency only.
        written: The text.
    """

    meanings: Mapping[Mark, str]
    likely: Mark
    unit: str = ""
    written: str = ""

    @property
    def ambiguous(self) -> bool:
        """Whether the marks make a difference."""
        return len({*self.meanings.values()}) > 1

    @property
    def unclear(self) -> bool:
        """Whether it says neither by itself: no price has thousandths, and programs write `1.299` with a dot."""
        money = self.unit in MONEY - THREE_DECIMALS
        return self.ambiguous and not money and (self.unit != "" or "," in self.written)


@functools.lru_cache(maxsize=4_096)
def amount(text: str) -> Amount | None:
    """Return what a text may mean as a number; None when it is none, as "free", "10-20" or "1,99,99"."""
    written = text.strip().translate(ALIKE)
    parts = PARTS.fullmatch(written) if len(written) <= LONGEST_NUMBER else None
    if parts is None:
        return None
    before = {*filter(None, (named(parts["before"]), named(parts["between"])))}
    units = {*before, *filter(None, [named(parts["after"])])}
    digits = parts["digits"].strip(SPACES)
    read = {mark: plain for mark in MARKS if (plain := digits_with(digits, mark))}
    meanings = {mark: f"{parts['sign']}{plain}{parts['power'] or ''}" for mark, plain in read.items()}
    if len(units) > 1 or not before <= MONEY or not meanings:
        return None
    unit = next(iter(units), "")
    return Amount(meanings, likely(meanings, digits, unit), unit, written)


def digits_with(digits: str, mark: Mark) -> str | None:
    """Return digits in the form that `float` reads; None when the mark cannot stand before their decimals."""
    match = DIGITS[mark].fullmatch(digits)
    if match is None or not (match["whole"] or match["part"]):
        return None
    return f"{''.join(filter(str.isdecimal, match['whole'] or '0'))}.{match['part'] or 0}"


def likely(meanings: Mapping[Mark, str], digits: str, unit: str) -> Mark:
    """Return the mark that stands before the decimals where nothing but one text is known.

    A dot does, as programs write it, unless a currency without thousandths stands beside exactly three digits after it.
    A comma before exactly three digits does not.
    """
    if len(meanings) == 1:
        return next(iter(meanings))
    money = unit in MONEY - THREE_DECIMALS
    return "," if money and "." in digits else "."


def named(unit: str) -> str:
    """Return the one name of a currency or a unit, however it is written; what is neither keeps its own."""
    bare = unit.strip().rstrip(".")
    return CURRENCIES.get(bare) or UNITS.get(bare.lower()) or OTHER_UNITS.get(bare.lower()) or unit.strip()


def number(text: str, mark: Mark | None = None, unit: str | None = None) -> float:
    """Return the number that a person wrote; it may be infinite.

    Args:
        text: Such as "1,99", "1,299.00", "1.299,00", "1 299,00", "€ 12.50" or "12.50 EUR".
        mark: What stands before the decimals; None decides by this text alone, see `likely`.
        unit: The currency or unit that it is counted in; another of its scale is converted. None allows any currency.

    Raises:
        ValueError: It is none, or written in another way.
    """
    found = amount(text)
    if found is None or (mark or found.likely) not in found.meanings:
        raise ValueError("expected a number")
    plain = float(found.meanings[mark or found.likely])
    if not found.unit or (unit is None and found.unit in MONEY):
        return plain
    size, counted = ratio(found.unit, named(unit or ""))
    return plain if size == counted else plain * size / counted


def ratio(unit: str, other: str) -> tuple[int, int]:
    """Return the sizes of two units of one scale.

    Raises:
        ValueError: They are of none.
    """
    for scale in ({unit: 1}, *SCALES):
        if unit in scale and other in scale:
            return scale[unit], scale[other]
    raise ValueError("expected a number")
