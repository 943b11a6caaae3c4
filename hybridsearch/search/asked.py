"""What a program passes to a search becomes a query of plain values; what is nothing of the kind is said, and no more.

Here alone a search meets objects of somebody else: behind it texts are `str`, numbers are `int` and `float`, and lists
are lists, whatever subclass, scalar of NumPy or number of a database they were.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from datetime import date, datetime
from functools import partial
from numbers import Integral
from typing import Any

import numpy as np

from hybridsearch.errors import QueryError
from hybridsearch.inputs.given import flag, instance, read
from hybridsearch.inputs.given import text as text_of
from hybridsearch.inputs.json_values import brief, json_value
from hybridsearch.search.facets.facets import FacetNames
from hybridsearch.search.filters.filters import FilterValue, require_few
from hybridsearch.search.planner import Query
from hybridsearch.search.weights import Weights
from hybridsearch.transcript import Transcript

LEFT_TO_THE_FIELD = (set, frozenset, bytes, bytearray)

DEEPEST = 5
"""Levels of groups of filters inside of each other; no page of a shop has two."""
SHAPES = "a value, a list of values, or an object such as {'gte': 10, 'lt': 50} or {'none': ['Acme']}"

LARGEST = 10**9
"""Of a page and its size; no index has as many products, and what is beyond is the same."""


def asked(
    text: object,
    filters: object,
    facets: object,
    sort: object,
    page: object,
    size: object,
    cursor: object,
    diverse: object = False,
    heard: Transcript | None = None,
) -> Query:
    """Return the query that the arguments of a search stand for; what was heard comes behind its text.

    Raises:
        QueryError: One of them is nothing of its kind.
    """
    typed = read("text", text, text_of, "text")
    return Query(
        with_heard(typed, heard),
        filters=read("filters", filters, by_field, "an object such as {'brand': 'Acme', 'price': {'lte': 50}}"),
        facets=read(
            "facets", facets, counted, "names of fields, or {'brand': {'size': 200}, 'price': {'ranges': [20, 50]}}"
        ),
        sort=read("sort", sort, names, "text such as 'price:asc', or a list of such"),
        page=read("page", page, count_of, "a whole number from 1"),
        size=read("size", size, count_of, "a whole number from 0"),
        cursor=read("cursor", cursor, token, "the cursor of a page"),
        diverse=flag("diverse", diverse),
        heard=heard,
    )


def with_heard(typed: str, heard: Transcript | None) -> str:
    """Return the text of a query: what was heard behind what was typed."""
    return f"{typed} {heard.text}".strip() if heard else typed


def begun(text: object, filters: object, size: object) -> Query:
    """Return the query that the arguments of a request for suggestions stand for.

    Raises:
        QueryError: One of them is nothing of its kind.
    """
    return asked(text, filters, (), None, 1, size, None)


def own_weights(weights: object) -> Weights | None:
    """Return the weights that a caller gives, if any.

    Raises:
        QueryError: These are none.
    """
    return None if weights is None else read("weights", weights, instance(Weights), "the Weights of a weights file")


def count_of(value: Any) -> int:
    """Return a whole number, one beyond LARGEST as that."""
    return max(-LARGEST, min(operator.index(value), LARGEST))


def token(value: Any) -> str:
    """Return a cursor, an empty one where none is given."""
    return "" if value is None else text_of(value)


def names(value: Any) -> tuple[str, ...]:
    """Return names, each once; a single text is one of them."""
    if value is None:
        return ()
    return tuple(dict.fromkeys(map(text_of, [value] if isinstance(value, str) else value)))


def counted(value: Any) -> FacetNames:
    """Return names of fields, each once, or the options by name; a single text is one name."""
    if isinstance(value, Mapping):
        return {text_of(name): options(part) for name, part in value.items()}
    return names(value)


def options(value: Any) -> dict[str, Any]:
    """Return the options of a facet by name."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise TypeError
    return {text_of(name): listed(part) for name, part in value.items()}


def by_field(value: Any, levels: int = DEEPEST) -> dict[str, FilterValue]:
    """Return filters with plain values, groups of filters included, which may hold groups so many levels deep.

    Raises:
        QueryError: There are too many, or a value cannot be read.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise TypeError
    if levels == 0:
        raise QueryError(f"Groups of filters lie more than {DEEPEST} levels deep.")
    given = {text_of(name): part for name, part in value.items()}
    plain = {
        name: read(f"filters[{brief(name)}]", part, partial(wanted, levels), SHAPES) for name, part in given.items()
    }
    require_few(plain)
    return plain


def wanted(levels: int, value: Any) -> Any:
    """Return what a filter wants: a value, a list of values, an object of operators, or a list of groups of filters."""
    if isinstance(value, Mapping):
        return {text_of(operator): listed(part) for operator, part in value.items()}
    if isinstance(value, list | tuple) and any(isinstance(part, Mapping) for part in value):
        return [by_field(part, levels - 1) for part in value]
    return listed(value)


def listed(value: Any) -> Any:
    """Return a value, or a list of values."""
    return [single(part) for part in value] if isinstance(value, list | tuple | np.ndarray) else single(value)


def single(value: Any) -> Any:
    """Return one value of a filter; what none can be is left for the filter's field to refuse, which says why.

    Raises:
        ValueError: It is a list inside of a list, or an object of which nothing is known.
    """
    if isinstance(value, str):
        return str.__str__(value)
    if value is None or isinstance(value, bool) or type(value) in LEFT_TO_THE_FIELD:
        return value
    if isinstance(value, date):
        return day_or_moment(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, float):
        return float.__float__(value)
    known = json_value(value)
    if isinstance(known, dict | list):
        raise ValueError
    return single(known)


def day_or_moment(value: date) -> date:
    """Return a date or a moment of Python's own, whatever subclass and whoever's time zone it was.

    Raises:
        ValueError: It is none, such as NaT of pandas.
    """
    if value != value:
        raise ValueError
    kind = datetime if isinstance(value, datetime) else date
    return kind.fromisoformat(kind.isoformat(value))
