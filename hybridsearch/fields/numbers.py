"""Numbers: prices, ratings, stock."""

from __future__ import annotations

import math
from typing import Any

from hybridsearch.fields.base import FieldKind, UnclearError, first
from hybridsearch.fields.formats import Format
from hybridsearch.inputs.rows import number
from hybridsearch.texts.amounts import MARKS, amount


def bound(value: Any, upper: bool) -> float:  # noqa: ARG001 - a number is its own lower and upper bound
    """Return a bound as a finite number.

    Raises:
        ValueError: It is none.
    """
    limit = float(str(value)) + 0.0  # servers hold -0.0 to be less than 0
    if not math.isfinite(limit):
        raise ValueError("expected a finite number")
    return limit


def values(value: Any) -> tuple[str | float, ...]:
    """Return the distinct numbers that a filter asks for.

    Raises:
        ValueError: One of them is none.
    """
    listed = value if isinstance(value, list | tuple) else [value]
    return tuple(dict.fromkeys(bound(part, False) for part in listed))


def meaning(value: Any, form: Format) -> float | None:
    """Return a value of a column with a decimal mark and a unit of its own as a number, of a list the first.

    Raises:
        ValueError: It is none, or written in another way.
        UnclearError: It may be one of two numbers, and no mark is said.
    """

    def single(part: Any) -> float | None:
        found = amount(part) if form.decimal is None and isinstance(part, str) else None
        if found and found.unclear:
            point, comma = (number(part, mark, form.unit) for mark in MARKS)
            raise UnclearError(f'which may be {point:.12g} (decimal = ".") or {comma:.12g} (decimal = ",")')
        return number(part, form.decimal, form.unit)

    return first(value, single)


KIND = FieldKind(
    role="numbers",
    name="number",
    expected="a number",
    shape="a number, a list of numbers, or bounds such as {'gte': 10, 'lt': 50}",
    read=number,
    values=values,
    meaning=meaning,
    bound=bound,
    measured=True,
)
