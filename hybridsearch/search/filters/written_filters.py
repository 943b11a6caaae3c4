"""Filters as people write them: a field, one of a closed list of operators, and a value that is never syntax."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from hybridsearch.errors import QueryError
from hybridsearch.search.filters.filters import ANY, FilterValue

_FILTER = re.compile(r"(?P<name>(?:[^=<>!]|!(?!=))++)(?P<operator>!=|>=|<=|[=<>])(?P<value>.*+)", re.DOTALL)

LISTED = {"=": ANY, "!=": "none"}
"""Operators that a field may be given several times with: any of the values, or none of them."""
BOUNDS = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
EXPECTED = f"FIELD, then one of {' '.join((*LISTED, *BOUNDS))}, then a value"


def read_filters(
    filters: Sequence[str], either: Sequence[str] = (), exists: Sequence[str] = (), missing: Sequence[str] = ()
) -> dict[str, FilterValue]:
    """Return filters, of which all must hold.

    Args:
        filters: Such as `price>=10`; of a field that is given several times any value will do, within its bounds.
        either: Such filters, of which one must hold.
        exists: Fields that a product must have.
        missing: Fields that it must lack.

    Raises:
        QueryError: One has no operator or no field, or a field has two bounds of a kind.
    """
    by_field: dict[str, dict[str, Any]] = {}
    for argument in filters:
        name, operator, value = parts(argument)
        operators = by_field.setdefault(name, {})
        if operator in LISTED:
            operators.setdefault(LISTED[operator], []).append(value)
        elif BOUNDS[operator] in operators:
            raise QueryError(f"filter: found two bounds '{name}{operator}', expected one. Leave one out.")
        else:
            operators[BOUNDS[operator]] = value
    for named, wanted in ((exists, "exists"), (missing, "missing")):
        for name in named:
            by_field.setdefault(name, {})[wanted] = True
    return {**by_field, **({ANY: [read_filters([argument]) for argument in either]} if either else {})}


def parts(argument: str) -> tuple[str, str, str]:
    """Return the field, the operator and the value of a filter.

    Raises:
        QueryError: It has no operator, or no field.
    """
    match = _FILTER.fullmatch(argument)
    if not match:
        raise QueryError(f"filter: found '{argument}', expected {EXPECTED}.")
    return match["name"].strip(), match["operator"], match["value"].strip()
