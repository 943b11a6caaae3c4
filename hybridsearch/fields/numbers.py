"""Numbers: prices, ratings, stock."""

from __future__ import annotations

import math
from typing import Any

from hybridsearch.fields.base import FieldKind
from hybridsearch.fields.formats import Format
from hybridsearch.rows import number


def bound(value: Any, upper: bool) -> float:  # noqa: ARG001 - a number is its own lower and upper bound
    """Return a bound as a finite number.

    Raises:
        ValueError: It is none.
    """
    limit = float(str(value)) + 0.0  # servers hold -0.0 to be less than 0
    if not math.isfinite(limit):
        raise ValueError("expected a finite number")
    return limit


def meaning(value: Any, form: Format) -> float | None:
    """Return a value of a column with a decimal mark and a unit of its own as a number.

    Raises:
        ValueError: It is none, or written in another way.
    """
    return number(value, form.decimal, form.unit)


KIND = FieldKind(
    role="numbers",
    name="number",
    expected="a number",
    shape="{'gte': 10, 'lte': 50}",
    read=number,
    meaning=meaning,
    bound=bound,
)
