"""What is said of the variants of a product, and not of the product: columns of grouped rows, and lists of objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hybridsearch.inputs.rows import field, strings
from hybridsearch.propose.columns import MOSTLY, Column, columns
from hybridsearch.propose.patterns import BIT, PICTURE, URL
from hybridsearch.propose.roles import rank
from hybridsearch.propose.words import CODES, NUMBERS
from hybridsearch.values import Row

SOLD = (*NUMBERS[:4], "sku", "stock", "quantity", "barcode", "ean", "gtin", "upc", "inventory", "qty")
"""In the name of a column: what each variant has that is sold by itself."""
KNOWN = ("variants", "variations", "skus", "varianten", "variantes", "offers", "items")
"""Names of such lists, the first of several."""


def columns_of_variants(rows: Sequence[Row], key: str) -> list[str]:
    """Return the columns in which the rows of a product differ, but for those of its further pictures.

    Args:
        rows: That follow each other in the catalogue, each for itself.
        key: What those of a product have in common.
    """
    sampled = columns(rows, {})
    products = next(run_of(column) for column in sampled if column.name == key)
    varying = [
        column for column in sampled if differs(column, products) and not any(map(column.mostly, (PICTURE, URL)))
    ]
    sold = [column for column in varying if column.says((*SOLD, *CODES)) is not None]
    if not sold:
        return []
    places = filled(min(sold, key=lambda column: rank(column, (*SOLD, *CODES))))
    return [column.name for column in varying if filled(column) <= places]


def as_listed(rows: Sequence[Row], name: str, key: str, parent: str) -> list[Row]:
    """Return products with what their variants say in their lists alone.

    Args:
        rows: Products, of which those with variants list the rows of these.
        name: Of the list.
        key: The field that names a product.
        parent: The field in which the rows of variants do so.
    """
    rows = [{**row, name: [without(each, [parent]) for each in row[name]]} if row.get(name) else row for row in rows]
    listing = [row for row in rows if row.get(name)]
    if not listing:
        return rows
    every = columns([variant for row in listing for variant in row[name]], {})
    shared = [each for each in every if each.name != key]
    repeated = [each.name for each in shared if all(repeats(row, name, each.name) for row in listing)]
    own = [each.name for each in shared if each.name not in repeated and mostly_theirs(listing, name, each)]
    simple = ({each: value for each in own if (value := field(row, each)) is not None} for row in rows)
    return [
        {**pruned(row, own), name: [pruned(each, repeated) for each in row.get(name) or [only]]}
        if row.get(name) or only
        else row
        for row, only in zip(rows, simple, strict=True)
    ]


def repeats(row: Row, name: str, column: str) -> bool:
    """Tell whether the variants of a product say in a column what it says itself, or nothing."""
    said = {strings(field(variant, column)) for variant in row[name]} - {()}
    return said <= {strings(field(row, column))}


def mostly_theirs(rows: Sequence[Row], name: str, column: Column) -> bool:
    """Tell whether few products say in a column what none of their variants does, such as their title or code.

    Of a number, such as the weight, that of a variant counts.
    """
    number = column.numeric == 1 and column.says(CODES) is None and not column.mostly(BIT)
    more = sum(says_more(row, name, column.name, number) for row in rows)
    return more <= (1 - MOSTLY) * len(rows)


def says_more(row: Row, name: str, column: str, number: bool) -> bool:
    """Tell whether a product says in a column what none of its variants does; a number where none of them has one."""
    own = {part.strip() for value in strings(field(row, column)) for part in value.split(",")}
    said = {part for variant in row[name] for part in strings(field(variant, column))}
    return bool(own) and (not said if number else not said.issuperset(own))


def run_of(key: Column) -> dict[int, int]:
    """Return the product of each row, as the number of its first one."""
    first: dict[tuple[str, ...], int] = {}
    return {place: first.setdefault(strings(value), place) for place, value in zip(key.places, key.values, strict=True)}


def differs(column: Column, products: Mapping[int, int]) -> bool:
    """Tell whether the rows of some product say different things in a column."""
    said: dict[int, tuple[str, ...]] = {}
    cells = zip(column.places, map(strings, column.values), strict=True)
    return any(
        texts and said.setdefault(products[place], texts) != texts for place, texts in cells if place in products
    )


def filled(column: Column) -> set[int]:
    """Return the rows that say something in a column."""
    return {place for place, value in zip(column.places, column.values, strict=True) if strings(value)}


def without(row: Row, names: Sequence[str]) -> Row:
    """Return a product without what its variants say."""
    left_out = {name if name in row else name.partition(".")[0] for name in names}
    return {name: value for name, value in row.items() if name not in left_out}


def pruned(row: Row, names: Sequence[str]) -> dict[str, Any]:
    """Return a row without fields, of objects without those alone."""
    kept = dict(row)
    for name in names:
        kept.pop(name, None)
        first, _, rest = name.partition(".")
        if rest and isinstance(kept.get(first), Mapping):
            kept[first] = pruned(kept[first], [rest])
    return kept


def variants_in(rows: Sequence[Row], roles: Mapping[str, Sequence[Column]]) -> str | None:
    """Return the list of objects that are variants: they have a price, a stock or a code of their own.

    Args:
        rows: A sample of the products.
        roles: The columns of each role.
    """
    lists = {name for row in rows for name in lists_of_objects(row)}
    named = [column for role in ("codes", "facets", "numbers") for column in roles[role]]
    sold = [column for column in named if column.says(SOLD) is not None]
    found = [name for name in lists if any(column.name.startswith(f"{name}.") for column in sold)]
    return min(found, key=lambda name: (KNOWN.index(name) if name in KNOWN else len(KNOWN), name), default=None)


def lists_of_objects(value: Any, prefix: str = "") -> Iterator[str]:
    """Yield the dotted names under which an object holds several objects in a list."""
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            yield from lists_of_objects(inner, f"{prefix}{name}.")
        elif isinstance(inner, list) and sum(isinstance(each, Mapping) for each in inner) > 1:
            yield f"{prefix}{name}"
