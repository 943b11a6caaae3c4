"""Numbers: prices, ratings, stock."""

from __future__ import annotations

import math
from typing import Any

from hybridsearch.fields.base import FieldKind
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


def values(value: Any) -> tuple[str | float, ...]:
    """Return the distinct numbers that a filter asks for.

    Raises:
        ValueError: One of them is none.
    """
    listed = value if isinstance(value, list | tuple) else [value]
    return tuple(dict.fromkeys(bound(part, False) for part in listed))


KIND = FieldKind(
    role="numbers",
    name="number",
    expected="a number",
    shape="a number, a list of numbers, or bounds such as {'gte': 10, 'lt': 50}",
    read=number,
    values=values,
    bound=bound,
    measured=True,
)
