"""Rows that are together one product, as in an export with a row for each variant and each picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from hybridsearch.catalog.base import HEAVIEST_ROW
from hybridsearch.rows import weight
from hybridsearch.values import Product, Reject, Row

MOST_REJECTS = 1_000
"""Among the rows of a product; after more of them it is complete."""


def gathered(rows: Iterable[Product | Reject]) -> Iterator[Product | Reject]:
    """Yield one product for the rows of one id that follow each other, at the place of the last of them.

    A row that would make its product heavier than a row may be is a reject.
    """
    together: list[Product] = []
    rejects: list[Reject] = []
    held = 0
    for row in rows:
        if together and (len(rejects) == MOST_REJECTS or (isinstance(row, Product) and row.id != together[0].id)):
            yield from in_order(together, rejects)
            together, rejects, held = [], [], 0
        size = weight(row.row)
        if isinstance(row, Product) and together and held + size > HEAVIEST_ROW:
            reason = f"the rows of '{row.id[:100]}' take more than {HEAVIEST_ROW / 1e6:.0f} MB in memory"
            row = Reject(row.where, row.id, "read", reason, row.row, row.place)
        if isinstance(row, Product):
            together.append(row)
            held += size
        elif together:
            rejects.append(row)
        else:
            yield row
    if together:
        yield from in_order(together, rejects)


def in_order(together: Sequence[Product], rejects: Sequence[Reject]) -> list[Product | Reject]:
    """Return the product of some rows, and the rejects among them, by their places."""
    return sorted([one(together), *rejects], key=lambda row: row.place)


def one(rows: Sequence[Product]) -> Product:
    """Return the product of its rows."""
    return rows[0] if len(rows) == 1 else replace(rows[0], row=merged([row.row for row in rows]), place=rows[-1].place)


def merged(rows: Sequence[Row]) -> dict[str, Any]:
    """Return one row for several: of each field the different values in their order, without the missing ones.

    A field with one value in all of them keeps it as it is; another has a list.
    """
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        for name, value in row.items():
            parts = value if isinstance(value, list) else [value]
            values = found.setdefault(name, {})
            values |= {repr(part): part for part in parts if not missing(part) and repr(part) not in values}
    filled = {name: [*values.values()] for name, values in found.items() if values}
    return {name: values[0] if len(values) == 1 else values for name, values in filled.items()}


def missing(value: Any) -> bool:
    """Tell whether a value says nothing."""
    return value is None or (isinstance(value, str) and not value.strip())
