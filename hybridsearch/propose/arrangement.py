"""What is to be made of the rows of a catalogue, before it is looked at what their columns are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from hybridsearch.catalog.arranged.translated import TRANSLATIONS
from hybridsearch.propose.columns import Column, columns
from hybridsearch.propose.listed import ListedVariants, listed_variants, views_of
from hybridsearch.propose.pairs import find_pairs, in_text
from hybridsearch.propose.together import group_of_variants, key_of_products, parent_of_variants, stand_apart
from hybridsearch.roles import Fields
from hybridsearch.sections import Catalog
from hybridsearch.values import Row

VARIANTS = Fields(title="title").list_of_variants
"""The list that the variants of grouped rows become."""


def arrange(rows: Sequence[Row], catalog: Catalog, spread: Sequence[Row] = ()) -> tuple[Catalog, Fields | None]:
    """Return the section with what it should say of its rows, and the fields that name products of several rows.

    Args:
        rows: That follow each other in the catalogue.
        catalog: The file, index or database that they are of.
        spread: Rows from all over the file, in which rows of one product may be that stand far apart.
    """
    if catalog.index is not None:
        return catalog, None
    sampled = columns(rows, {})
    pairs = find_pairs(sampled, [name for row in rows for name in row])
    in_file = catalog.path is not None
    if found := in_file and (listed_variants(sampled) or views_of(rows, sampled)):
        views = views_of(rows, sampled)
        whole = catalog.model_copy(update={"pairs": pairs, "views": views.field if views else None})
        return found.written(whole, sampled) if isinstance(found, ListedVariants) else whole, fields_of(found.key)
    named = fields_of_groups(rows) or fields_of_groups(spread)
    everywhere = [*sampled, *columns(spread, {})] if named else []
    parent = parent_of_variants(rows) if named is None and in_file else None
    apart = named is not None and any(stand_apart(c) for c in everywhere if c.name == named.key)
    said = {
        "pairs": pairs,
        "gather": apart and in_file,
        "key": named.key if named and apart and not in_file else catalog.key,
        "parent": parent.field if parent else None,
        "named_by": parent.named_by if parent else (),
    }
    return catalog.model_copy(update=said), fields_of(parent.key) if parent else named


def fields_of(key: str) -> Fields:
    """Return the fields of which it is known only what names a product."""
    return Fields(id=key, title=key)


def fields_of_groups(rows: Sequence[Row]) -> Fields | None:
    """Return the fields by which several rows are one product; None where each row is one."""
    if key := key_of_products(rows):
        return Fields(group=key, id=key, title=key)
    group = group_of_variants(rows)
    return Fields(group=group.field, id=group.key, title=group.title) if group else None


def grouped(catalog: Catalog, key: str | None) -> bool:
    """Tell whether rows with one key are one product."""
    return key is not None and not (catalog.parent or catalog.children or catalog.views)


def read_as_pairs(column: Column, catalog: Catalog) -> bool:
    """Tell whether a column is read as names or values of properties, or says something about these.

    So do those that begin alike, as `Attribute 1 visible` does, and what those of variants are called.
    """
    read = {name for pair in catalog.pairs for name in (pair.names, pair.values, pair.text) if name}
    read |= {catalog.children.field} if catalog.children else set()
    about = [beginning(pair.names, pair.values) for pair in catalog.pairs if pair.names and pair.values]
    named = any(f".{column.name}".endswith(f".{name}") for name in read)
    named = named or any(f".{start}" in f".{column.name}" for start in about if start)
    return named or (catalog.children is not None and any(in_text(column, ())))


def beginning(one: str, other: str) -> str:
    """Return what two names begin with, such as `Attribute 1 `."""
    return "".join(first for first, _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def said_of(catalog: Catalog, key: str | None, key_of_one: str | None = None) -> Iterator[str]:
    """Say which rows are read as one product, and what becomes fields.

    Args:
        catalog: What was made of the rows.
        key: Names a product.
        key_of_one: Names each row, where these have titles of their own.
    """
    if grouped(catalog, key):
        titles = "its title is what theirs have in common" if key_of_one else "only the first has a title"
        which = "Rows with one" if catalog.gather or catalog.key else "Rows that follow each other with one"
        yield (
            f"{which} '{key}' are one product: {titles}. What differs "
            f"in them, as far as it has a role, is said of its variants: their fields begin with '{VARIANTS}.'."
        )
        if catalog.gather:
            yield f"Rows of one '{key}' stand apart in the file: 'gather' puts all into a temporary one first."
        if catalog.key:
            yield f"Rows of one '{key}' stand apart in what the query gives: 'key' has the database sort them."
        if key_of_one:
            yield f"A row without '{key}' is a product of its own, which '{key_of_one}' names."
    if catalog.parent:
        yield (
            f"Rows whose '{catalog.parent}' is the '{key}' of a product are its variants: "
            f"their fields begin with '{VARIANTS}.'."
        )
    if catalog.children:
        yield (
            f"Rows that '{catalog.children.field}' of a product lists by '{key}' are its variants: "
            f"their fields begin with '{VARIANTS}.'."
        )
    if catalog.views:
        yield (
            f"Rows of one '{key}' with a '{catalog.views}' are translations of the one without, or of the first: "
            f"what they say otherwise stands in '{TRANSLATIONS}.VIEW.FIELD'."
        )
    for pair in catalog.pairs:
        where = f"'{pair.text}'" if pair.text else f"'{pair.names}' and '{pair.values}'"
        yield f"Names and values in {where} become fields that begin with '{pair.into}.'."
