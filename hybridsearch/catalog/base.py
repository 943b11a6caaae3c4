"""What a source of products is, and when a row is a product."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, Self, runtime_checkable

from hybridsearch.inputs.rows import field, strings, tidy, weight
from hybridsearch.values import Product, Reject, Row

LONGEST_ID = 512
"""Bytes of UTF-8: Elasticsearch's limit for `_id`."""

HEAVIEST_ROW = 25_000_000
"""Bytes that a row takes in memory: the longest text of a row, or some 100,000 values."""


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

    def snapshot_id(self) -> dict[str, Any]:
        """Return what is equal for as long as a row that has changed, and no other one, has a new place."""
        ...

    def read(self) -> Iterator[Product | Reject]:
        """Yield every row in the order of places; products with the same id are all given."""
        ...


Mark = dict[str, dict[str, int]]
"""How far a living catalogue was written at some moment: a number for each shard of each index."""


@runtime_checkable
class LivingSource(Source, Protocol):
    """A catalogue on a server that may be written to while it is read, and that can list what was written."""

    def patient(self) -> Self:
        """Return a source that repeats requests until the server answers, or `abandon` is called."""
        ...

    def abandon(self) -> None:
        """Stop waiting for the server, in any thread: nobody needs the outcome."""
        ...

    def mark(self) -> Mark | None:
        """Return how far it is written, and make all of that readable; None when this is not allowed."""
        ...

    def since(self, mark: Mark) -> Iterator[Product | Reject]:
        """Yield the rows that were written after a mark, as they are now; removals are not listed."""
        ...

    def ids(self) -> Iterator[str]:
        """Yield the ids of all products that exist now."""
        ...


class Unreadable:
    """Stands in for a row that could not be parsed.

    It is no named tuple and no dataclass, which would pass for a row: `tidy` makes objects of these.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason


def product(
    row: Any, id_field: str | None, where: str, place: int = 0, key_of_one: str | None = None
) -> Product | Reject:
    """Return a parsed row as a product, made safe by `tidy`, or as a reject.

    Args:
        row: Any value of JSON or Python that `tidy` takes, or Unreadable.
        id_field: Dotted name of the id; None numbers the rows by their place.
        where: The place, for messages.
        place: The place, to continue after it.
        key_of_one: Dotted name of the id of a row without the first one.
    """
    if type(row) is Unreadable:
        return Reject(where, None, "read", row.reason, place=place)
    try:
        clean = tidy(row)
        if not isinstance(clean, dict):
            reason = f"found {type(row).__name__} {str(clean)[:40]!r}, expected an object of fields"
            return Reject(where, None, "read", reason, place=place)
        if (size := weight(clean)) > HEAVIEST_ROW:
            reason = f"its values take {size / 1e6:.0f} MB in memory, expected at most {HEAVIEST_ROW / 1e6:.0f}"
            return Reject(where, None, "read", reason, place=place)
        row = clean
        named = id_field and naming(row, id_field, key_of_one)
        name = where if named is None else product_id(field(row, named), named)
        return Product(name, row, where, place=place)
    except ValueError as error:
        return Reject(where, None, "read", str(error), row if issubclass(type(row), dict) else None, place)


def column_name(written: str) -> str:
    """Return what a column of a table is called: `Art.-Nr.` without its last dot, as dots make objects of names."""
    return ".".join(part for part in written.strip().split(".") if part.strip())


def naming(row: Row, id_field: str, key_of_one: str | None) -> str:
    """Return which of two fields names a row: the second one where the first says nothing."""
    return key_of_one if key_of_one and not strings(field(row, id_field)) else id_field


def product_id(value: Any, name: str) -> str:
    """Return the id that a field holds.

    Raises:
        ValueError: There is none, or more than one, or it is too long.
    """
    ids = strings(value)
    if not ids or isinstance(value, bool):
        raise ValueError(f"'{name}' is missing or empty, expected an id")
    if len(ids) > 1:
        raise ValueError(f"'{name}' holds {len(ids)} values, expected one id")
    size = len(ids[0].encode())
    if size > LONGEST_ID:
        raise ValueError(f"'{name}' has {size} bytes, expected an id of at most {LONGEST_ID}")
    return ids[0]
