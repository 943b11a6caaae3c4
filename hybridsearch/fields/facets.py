"""Facets: values as the shop writes them, such as brands and colours; a product may have several.

Where the values are paths, a product has each level of its paths, so that a node of the tree is a value as any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import accumulate, takewhile
from typing import Any

from hybridsearch.fields.base import FieldKind
from hybridsearch.fields.formats import Format
from hybridsearch.inputs.rows import strings
from hybridsearch.texts import text

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
    """Return the values of a column in which one text may hold several, or be a path; of a path each level."""
    parts = form.split(value)
    return [node for path in strings(parts) for node in nodes(path, form)] if form.levels else parts


def nodes(path: str, form: Format) -> Iterator[str]:
    """Yield each level of a path with those above it, as far as it is not too long: `Home`, `Home > Kitchen`."""
    names = (name[:LENGTH] for name in form.steps(path))
    joined = accumulate(names, lambda above, name: f"{above}{form.joint}{name}")
    return takewhile(lambda node: len(node) <= LENGTH, joined)


def spelled(value: Any, form: Format) -> Any:
    """Return a filter's value, or list of values, with each path as it is kept, however its levels are apart."""
    if not form.levels or isinstance(value, date):
        return value
    return [node for path in strings(value) for node in [*nodes(path, form)][-1:]]


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
    spelled=spelled,
    values=values,
    multiple=True,
    searched=True,
)
