"""Upper and lower case of filters: values are compared as the shop writes them, and a page says where that decided."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from hybridsearch.fields import KINDS
from hybridsearch.inputs.json_values import brief
from hybridsearch.search.filters.conditions import Filter, Terms, simple

MOST = 20
"""Filters, and values of each, that are looked for in another case: more than a person picks."""


def compared(filters: Iterable[Filter]) -> tuple[Terms, ...]:
    """Return the first values of the first filters that are compared as text, each filter once."""
    texts = (each for each in simple(filters) if isinstance(each, Terms) and KINDS[each.role].multiple and each.values)
    first = (Terms(each.field, each.values[:MOST], each.role) for each in texts)
    return tuple(itertools.islice(dict.fromkeys(first), MOST))


def notes(asked: Terms, written: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each value that was asked for and that the shop writes in another case, too or instead.

    Args:
        asked: The filter.
        written: Values of the index, those that are equal to a value of the filter but for their case among them.
    """
    known = sorted(set(written) - set(asked.values))
    for value in map(str, asked.values):
        if others := [other for other in known if other.casefold() == value.casefold()]:
            names = ", ".join(map(brief, others))
            yield f"filter '{asked.field}': {brief(value)} was asked for, and differs from {names} in case only"


def spellings(asked: Terms) -> tuple[str, ...]:
    """Return the values of a filter, those beyond ASCII in their usual forms too: a server may not fold their case."""
    return tuple(dict.fromkeys(itertools.chain.from_iterable(map(forms, map(str, asked.values)))))


def forms(value: str) -> tuple[str, ...]:
    """Return a value, and unless it is ASCII the value in lower and upper case and with capitals."""
    if value.isascii():
        return (value,)
    return value, value.lower(), value.upper(), value.title(), value.capitalize()
