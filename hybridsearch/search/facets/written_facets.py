"""Facets as people write them: a field, and options of a closed list behind it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from hybridsearch.errors import QueryError

EXPECTED = "FIELD, then options such as ,size=200 ,order=asc ,containing=ac ,ranges=20:50 ,bars=10 or ,by=month"

OPTIONS: dict[str, Callable[[str], Any]] = {
    "size": int,
    "order": str,
    "containing": str,
    "below": str,
    "depth": int,
    "ranges": lambda cuts: [float(cut) for cut in cuts.split(":")],
    "bars": int,
    "by": str,
}
"""What reads the value of each option."""
BEFORE_AN_OPTION = re.compile(f",(?=(?:{'|'.join(OPTIONS)})=)")
"""A comma elsewhere is a part of the name or of a value."""


def read_facets(arguments: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the options of each facet, such as `brand`, or `price,ranges=20:50`."""
    return dict(map(facet, arguments))


def facet(argument: str) -> tuple[str, dict[str, Any]]:
    """Return a field and the options behind it; what is no option is a part of its name.

    Raises:
        QueryError: A number is none.
    """
    name, *parts = BEFORE_AN_OPTION.split(argument)
    given = dict(part.split("=", 1) for part in parts)
    try:
        return name, {option: OPTIONS[option](value) for option, value in given.items()}
    except ValueError as error:
        raise QueryError(f"facet: found '{argument}', expected {EXPECTED}.") from error
