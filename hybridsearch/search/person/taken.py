"""Taken: what it says of a person which variants of products they took, such as a size. Pure functions of values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from hybridsearch import document
from hybridsearch.fields.facets import KIND as FACETS
from hybridsearch.inputs.rows import strings
from hybridsearch.roles import Fields
from hybridsearch.search.person.history import Variant
from hybridsearch.search.shared import leaves
from hybridsearch.texts import text
from hybridsearch.values import Row

LOOKED_AT = 100
"""Variants of a product from which on nothing is said of all of them: somebody waits while fifty products are read."""
Values = dict[str, tuple[str, ...]]
"""Of facets of variants, by field."""


def of_all(row: Row, fields: Fields) -> Values:
    """Return the values that all variants of a product have: which of them was taken makes no difference."""
    first, *others = variants(row, fields) or [{}]
    if len(others) >= LOOKED_AT:
        return {}
    shared = values_of([first], fields)
    for variant in others:
        if not shared:
            break
        shared = in_both(shared, values_of([variant], fields))
    return shared


def in_both(one: Values, other: Values) -> Values:
    """Return the values that both have."""
    both = {name: tuple(value for value in own if value in other.get(name, ())) for name, own in one.items()}
    return {name: own for name, own in both.items() if own}


def named(row: Row, taken: Iterable[Variant], fields: Fields) -> list[Row]:
    """Return the variants that events are about: those whose code is named, and what an event itself says of one."""
    return [found for each in taken for found in one_named(row, each, fields)]


def one_named(row: Row, taken: Variant, fields: Fields) -> Iterator[Row]:
    """Yield the variant that an event is about, if the product has it."""
    if isinstance(taken, Mapping):
        yield taken
        return
    code = text.code(taken)
    for variant in variants(row, fields):
        if code in document.codes(document.as_row(variant, fields), fields):
            yield variant
            return


def variants(row: Row, fields: Fields) -> list[Row]:
    """Return the variants of a product."""
    try:
        return document.variants(row, fields) if fields.has_variants else []
    except ValueError:  # it was changed by somebody else since it was indexed
        return []


def values_of(found: Sequence[Row], fields: Fields) -> Values:
    """Return the values of facets that any of some variants has; of a path its deepest node."""
    values: dict[str, dict[str, None]] = {}
    for variant in found:
        try:
            kept = document.read(
                document.as_row(variant, fields), fields.in_variants.get(FACETS.role, ()), FACETS, fields
            )
        except ValueError:  # an event may say anything
            continue
        for name, own in kept.items():
            values.setdefault(name, {}).update(dict.fromkeys(leaves(strings(own), fields.format(name).joint)))
    return {name: tuple(own) for name, own in values.items()}
