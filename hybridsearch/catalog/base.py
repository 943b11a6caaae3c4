"""What a source of products is, and when a row is a product."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from hybridsearch.catalog.rows import field, strings, tidy
from hybridsearch.values import Product, Reject

LONGEST_ID = 512
"""Bytes of UTF-8: Elasticsearch's limit for `_id`."""


class Source(Protocol):
    """A catalogue: products in the order in which they are stored, streamed.

    Raises from all methods:
        CatalogError: The catalogue as a whole cannot be read; a single bad row is a reject.
    """

    @property
    def name(self) -> str:
        """Name for messages, such as `products.jsonl`."""
        ...

    def count(self) -> int | None:
        """Return about how many rows there are, for a progress bar, without reading them all; None when unknown."""
        ...

    def identity(self) -> dict[str, Any]:
        """Return what changes when the catalogue may have changed: as long as it is equal, so are rows and order."""
        ...

    def read(self) -> Iterator[Product | Reject]:
        """Yield every row; products with the same id are all given, in order."""
        ...


class Unreadable(NamedTuple):
    """Stands in for a row that could not be parsed."""

    reason: str


def product(row: Any, id_field: str | None, where: str) -> Product | Reject:
    """Return a parsed row as a product, made safe by `tidy`, or as a reject.

    Args:
        row: Any JSON value, or Unreadable.
        id_field: Dotted name of the id; None numbers the rows by their place.
        where: The place, for messages.
    """
    if isinstance(row, Unreadable):
        return Reject(where, None, "read", row.reason)
    if not isinstance(row, dict):
        return Reject(
            where, None, "read", f"found {type(row).__name__} {str(row)[:40]!r}, expected an object of fields"
        )
    try:
        row = tidy(row)
        return Product(where if id_field is None else identity(field(row, id_field), id_field), row, where)
    except ValueError as error:
        return Reject(where, None, "read", str(error), row)


def identity(value: Any, name: str) -> str:
    """Return the id that a field holds.

    Raises:
        ValueError: There is none, or more than one, or it is too long.
    """
    found = strings(value)
    if not found or isinstance(value, bool):
        raise ValueError(f"'{name}' is missing or empty, expected an id")
    if len(found) > 1:
        raise ValueError(f"'{name}' holds {len(found)} values, expected one id")
    size = len(found[0].encode())
    if size > LONGEST_ID:
        raise ValueError(f"'{name}' has {size} bytes, expected an id of at most {LONGEST_ID}")
    return found[0]
