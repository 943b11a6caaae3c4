"""Whether several rows are one product, as a shop system exports its variants and pictures."""

from __future__ import annotations

from collections.abc import Sequence

from hybridsearch.propose.columns import MOSTLY, Column, columns
from hybridsearch.propose.roles import rank
from hybridsearch.propose.words import ID, PARENT, TITLE
from hybridsearch.rows import strings
from hybridsearch.values import Row

FEWEST = 2
"""Later rows of products, and rows with a title, that a sample must hold."""


def key_of_products(rows: Sequence[Row]) -> str | None:
    """Return the field that names the product of a row, where products have several; None where each row is one.

    It is the same in rows that follow each other, and only the first of them has a title.
    """
    sampled = columns(rows, {})
    titles = [column for column in sampled if column.says(TITLE) is not None and column.filled < 1]
    keys = (column for column in sampled if column.says(ID) is not None and column.filled == 1 and column.single)
    fitting = [key for key in keys if any(begins_with(key, title) for title in titles)]
    return min(fitting, key=lambda key: rank(key, ID)).name if fitting else None


def begins_with(key: Column, title: Column) -> bool:
    """Tell whether the rows with one value of a key follow each other, and only the first of them has a title."""
    values = [strings(value) for value in key.values]
    firsts = {place for place, value in enumerate(values) if place == 0 or value != values[place - 1]}
    titled = {place for place, value in zip(title.places, title.values, strict=True) if strings(value)}
    later = len(values) - len(firsts)
    return len(firsts) == key.distinct and later >= FEWEST and len(titled) >= FEWEST and titled <= firsts


def parent_of_variants(rows: Sequence[Row]) -> tuple[str, str] | None:
    """Return the field that names a row's product, and the one that it names it by; None where each row is one.

    Most of those that are named are there; in a catalogue of which these are the first rows, others may follow.
    """
    sampled = columns(rows, {})
    parents = [column for column in sampled if column.says(PARENT) is not None and column.filled < 1 and column.single]
    keys = [column for column in sampled if column.says(ID) is not None and column.filled > 0.9 and column.single]
    fitting = ((parent, key) for parent in parents for key in keys if names_others(parent, key))
    return next(((parent.name, key.name) for parent, key in fitting), None)


def names_others(parent: Column, key: Column) -> bool:
    """Tell whether most values of a column are keys of other rows, which name none themselves."""
    own = zip(parent.places, parent.values, strict=True)
    named = {place: names for place, value in own if (names := strings(value))}
    keys = {strings(value) for place, value in zip(key.places, key.values, strict=True) if place not in named}
    there = sum(names in keys for names in named.values())
    return there >= max(FEWEST, MOSTLY * len(named))
