"""Names and values of a product's properties, as they stand beside each other in a row, become fields of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hybridsearch.inputs.rows import field, strings
from hybridsearch.sections import Pairs
from hybridsearch.values import Product, Reject, Row

Found = list[tuple[str, Any]]
"""The name and the value of each property."""


def with_pairs(rows: Iterable[Product | Reject], pairs: Sequence[Pairs]) -> Iterator[Product | Reject]:
    """Yield products with their properties as fields.

    Of rows of one id that follow each other, the later ones may leave the names out, as those of Shopify do.
    """
    known: dict[str, Any] = {}
    latest = ""
    for row in rows:
        if not isinstance(row, Product):
            yield row
            continue
        known, latest = (known if row.id == latest else {}), row.id
        known |= {pair.names: names for pair in pairs if pair.names and strings(names := field(row.row, pair.names))}
        yield replace(row, row=unfolded({**row.row, **known}, row.row, pairs))


def unfolded(named: Row, row: Row, pairs: Sequence[Pairs]) -> Row:
    """Return a row with the properties that it names added to it; a field that is there already stays as it is.

    Args:
        named: The row with all names.
        row: The row itself.
        pairs: Where the properties stand.
    """
    objects: dict[str, dict[str, Any]] = {}
    for pair in pairs:
        for name, value in found(named, pair) if pair.into not in row else ():
            properties = objects.setdefault(pair.into, {})
            properties[name] = value if name not in properties else [*listed(properties[name]), *listed(value)]
    return {**row, **objects} if objects else row


def found(row: Row, pair: Pairs) -> Found:
    """Return the properties that stand in a row in one place; those that say nothing are left out."""
    if pair.text is not None:
        texts = strings(field(row, pair.text))
        properties = [each for text in texts for each in parsed(text, pair.separator, pair.sign)]
    else:
        properties = beside(row, pair.names or "", pair.values or "")
    return [(name, value) for name, value in properties if name and strings(value)]


def beside(row: Row, names: str, values: str) -> Found:
    """Return the properties whose names and values are two fields, of the row or of each object in a list."""
    place, _, name = names.rpartition(".")
    other, _, value = values.rpartition(".")
    objects = field(row, place) if place and place == other else None
    if isinstance(objects, list):
        parts = [part for part in objects if isinstance(part, Mapping)]
        return [("".join(strings(field(part, name))[:1]), field(part, value)) for part in parts]
    return [("".join(strings(field(row, names))[:1]), field(row, values))]


def parsed(text: str, separator: str, sign: str) -> Found:
    """Return the properties in a text such as `color=red,size=M`; a part without a sign goes on with the value."""
    found: list[tuple[str, str]] = []
    for part in text.split(separator):
        name, signed, value = part.partition(sign)
        if signed:
            found.append((name.strip(), value.strip()))
        elif found:
            found[-1] = (found[-1][0], f"{found[-1][1]}{separator}{part}")
    return [*found]


def listed(value: Any) -> list[Any]:
    """Return a value as a list."""
    return value if isinstance(value, list) else [value]
