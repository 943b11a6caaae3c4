"""How the texts of a column are written, as far as they tell: its numbers with their unit, its dates."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from hybridsearch.fields import AS_IT_IS, KINDS, Format
from hybridsearch.fields.days import Order, is_day
from hybridsearch.texts.amounts import KNOWN, MARKS, Amount, Mark, amount, other
from hybridsearch.values import Stored

PLAIN = re.compile(r"[+-]?(\d++(?:\.\d*+)?+|\.\d++)([eE][+-]?\d++)?")
"""A number as programs write it, which needs no format."""
ORDERS: tuple[Order | None, ...] = (None, "DMY", "MDY", "YMD")
"""Of dates, likely ones first; those that ISO 8601 writes need none."""
LOOKED_AT = 20
"""Texts of which one must look like a date for the others to be read as dates."""
APART = 2
"""In as many times more years than need be dates of one column do not lie."""
LEAST_APART = 1_000
"""The smallest number whose thousands can be apart."""


class Guess(NamedTuple):
    """A format, and a text that means something else in another one, where the column does not say which it is."""

    form: Format = AS_IT_IS
    doubtful: str = ""


def number_format(texts: Sequence[str], usual: Mark | None = None) -> Guess:
    """Return the format in which most of the texts can be read as numbers.

    Args:
        texts: Of a column; those that are no numbers say nothing.
        usual: The mark before the decimals in most other columns, where it is known.
    """
    amounts = {text: found for text in texts if (found := amount(text))}
    units = Counter(found.unit for found in amounts.values() if found.unit in KNOWN)
    unit = units.most_common(1)[0][0] if units else None
    mark, doubtful = decimal_mark(amounts, usual)
    if unit is None and mark != "," and all(map(PLAIN.fullmatch, amounts)):
        return Guess(AS_IT_IS, doubtful)
    return Guess(Format(decimal=mark, unit=unit), doubtful)


def decimal_mark(amounts: dict[str, Amount], usual: Mark | None = None) -> tuple[Mark | None, str]:
    """Return what stands before the decimals, None where that makes no difference, and a text that leaves it open."""
    readable = Counter(mark for found in amounts.values() for mark in found.meanings)
    most = max(readable.values(), default=0)
    possible = [mark for mark in MARKS if readable[mark] == most]
    ambiguous = [text for text, found in amounts.items() if found.ambiguous]
    if len(possible) == 1:
        return possible[0], ""
    if not ambiguous:
        return None if most == len(amounts) else possible[0], ""
    if (mark := mark_of_thousands(amounts, ambiguous)) is not None:
        return other(mark), ""
    return usual or Counter(amounts[text].likely for text in ambiguous).most_common(1)[0][0], ambiguous[0]


def mark_of_thousands(amounts: dict[str, Amount], ambiguous: Sequence[str]) -> Mark | None:
    """Return the mark that all numbers from 1,000 on have, if they do, and smaller ones show that they need none."""
    marks: set[Mark] = {"," if "," in text else "." for text in ambiguous}
    without = [abs(float(found.meanings["."])) for found in amounts.values() if not found.ambiguous]
    if len(marks) == 1 and without and max(without) < LEAST_APART:
        return next(iter(marks))
    return None


def date_format(texts: Sequence[str]) -> Guess:
    """Return the format in which most of the texts can be read as dates; none where day and month may change places."""
    if not any(map(is_day, texts[:LOOKED_AT])):
        return Guess()
    read = {order: {text: found for text in texts if (found := moment(text, order)) is not None} for order in ORDERS}
    most = max(map(len, read.values()))
    possible = sorted((order for order in ORDERS if len(read[order]) == most), key=lambda order: years(read[order]))
    order, others = possible[0], possible[1:]
    others = [each for each in others if years(read[each]) < APART * years(read[order])]
    unlike = [text for text, found in read[order].items() if any(read[each].get(text) != found for each in others)]
    mixed = most < len({*texts})
    if order is None or mixed or not unlike or all("." in text for text in unlike):  # with dots the day stands first
        return Guess(Format(date=order))
    return Guess(doubtful=unlike[0])


def years(read: Mapping[str, Stored]) -> int:
    """Return how many years some dates lie in: with two digits, days that are taken for years lie in many."""
    return len({KINDS["dates"].periods["year"](float(found)) for found in read.values() if isinstance(found, int)})


def moment(text: str, order: Order | None) -> Stored | None:
    """Return what a text means as a date in some order; None when it is none."""
    try:
        return KINDS["dates"].kept(text, Format(date=order))
    except ValueError:
        return None


def usual_mark(columns: Iterable[Sequence[str]]) -> Mark | None:
    """Return what stands before the decimals in most columns of numbers that leave no doubt."""
    marks: Counter[Mark] = Counter()
    for texts in columns:
        if not texts or amount(texts[0]) is None:
            continue
        amounts = {text: found for text in texts if (found := amount(text))}
        if len(amounts) == len({*texts}):
            mark, doubtful = decimal_mark(amounts)
            marks.update([mark] if mark and not doubtful else [])
    return marks.most_common(1)[0][0] if marks else None
