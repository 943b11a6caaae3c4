"""What is to be made of the rows of a catalogue, before it is looked at what their columns are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hybridsearch.propose.columns import Column, columns
from hybridsearch.propose.pairs import find_pairs
from hybridsearch.propose.together import group_of_variants, key_of_products, parent_of_variants
from hybridsearch.roles import Fields
from hybridsearch.sections import Catalog, Pairs
from hybridsearch.values import Row

VARIANTS = Fields(title="title").list_of_variants
"""The list that the variants of grouped rows become."""


def arrange(rows: Sequence[Row], catalog: Catalog) -> tuple[Catalog, Fields | None]:
    """Return the section with what it should say of its rows, and the fields that name products of several rows.

    Args:
        rows: That follow each other in the catalogue.
        catalog: The file, index or database that they are of.
    """
    if catalog.index is not None:
        return catalog, None
    pairs = find_pairs(columns(rows, {}), [name for row in rows for name in row])
    named = fields_of_groups(rows) if catalog.path else None
    parent = parent_of_variants(rows) if catalog.path and named is None else None
    said = {
        "pairs": pairs,
        "parent": parent.field if parent else None,
        "named_by": parent.named_by if parent else (),
    }
    return catalog.model_copy(update=said), Fields(id=parent.key, title=parent.key) if parent else named


def fields_of_groups(rows: Sequence[Row]) -> Fields | None:
    """Return the fields by which rows that follow each other are one product; None where each row is one."""
    if key := key_of_products(rows):
        return Fields(group=key, id=key, title=key)
    group = group_of_variants(rows)
    return Fields(group=group.field, id=group.key, title=group.title) if group else None


def grouped(catalog: Catalog, key: str | None) -> bool:
    """Tell whether rows that follow each other with one key are one product."""
    return key is not None and catalog.parent is None


def read_as_pairs(column: Column, pairs: Sequence[Pairs]) -> bool:
    """Tell whether a column is read as names or values of properties."""
    name = column.name.removeprefix(f"{VARIANTS}.")
    return any(name in (pair.names, pair.values, pair.text) for pair in pairs)


def said_of(catalog: Catalog, key: str | None, key_of_one: str | None = None) -> Iterator[str]:
    """Say which rows are read as one product, and what becomes fields.

    Args:
        catalog: What was made of the rows.
        key: Names a product.
        key_of_one: Names each row, where these have titles of their own.
    """
    if grouped(catalog, key):
        titles = "its title is what theirs have in common" if key_of_one else "only the first has a title"
        yield (
            f"Rows that follow each other with one '{key}' are one product: {titles}. What differs "
            f"in them, as far as it has a role, is said of its variants: their fields begin with '{VARIANTS}.'."
        )
        if key_of_one:
            yield f"A row without '{key}' is a product of its own, which '{key_of_one}' names."
    if catalog.parent:
        yield (
            f"Rows whose '{catalog.parent}' is the '{key}' of a product are its variants: "
            f"their fields begin with '{VARIANTS}.'."
        )
    for pair in catalog.pairs:
        where = f"'{pair.text}'" if pair.text else f"'{pair.names}' and '{pair.values}'"
        yield f"Names and values in {where} become fields that begin with '{pair.into}.'."
