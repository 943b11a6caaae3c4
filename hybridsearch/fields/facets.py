"""Facets: values as the shop writes them, such as brands and colours; a product may have several."""

from __future__ import annotations

from datetime import date
from typing import Any

from hybridsearch import text
from hybridsearch.fields.base import FieldKind
from hybridsearch.fields.formats import Format
from hybridsearch.rows import strings

MOST = 100
"""Values that are kept of one product."""
LENGTH = 256
"""Characters that are kept of one value."""


def read(value: Any) -> tuple[str, ...] | None:
    """Return the distinct values of a product; None when it has none."""
    return distinct(value)[:MOST] or None


def distinct(value: Any) -> tuple[str, ...]:
    """Return distinct values in the form in which they are kept and filtered by."""
    cleaned = (text.clean(each, LENGTH) for each in strings(value))
    return tuple(dict.fromkeys(filter(None, cleaned)))


def meaning(value: Any, form: Format) -> Any:
    """Return the values of a column in which one text may hold several."""
    return form.split(value)


def values(value: Any) -> tuple[str | float, ...]:
    """Return what a filter asks for.

    Raises:
        ValueError: It is a date, of which no product has a spelling.
    """
    if isinstance(value, date):
        raise ValueError("expected a value as the shop writes it")
    return distinct(value)


KIND = FieldKind(
    role="facets",
    name="facet",
    expected="text",
    shape="a value or a list of values",
    read=read,
    meaning=meaning,
    values=values,
    multiple=True,
    searched=True,
)
