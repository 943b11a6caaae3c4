"""Catalogues in files that are no text, such as workbooks: a format reads the bytes, all else is as for other files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from hybridsearch.catalog.base import Unreadable
from hybridsearch.catalog.files import GZIP, OneFile, opened_raw
from hybridsearch.values import Product, Reject


@dataclass(frozen=True, slots=True)
class Format:
    """How the rows of a file are read. A ValueError says that the rest cannot be read.

    Attributes:
        rows: Yields the number of each row, from 1 or higher, and its value.
        count: Gives about how many rows there are, or None.
    """

    rows: Callable[[BinaryIO], Iterator[tuple[int, Any | Unreadable]]]
    count: Callable[[BinaryIO], int | None]


@dataclass(frozen=True, slots=True)
class BinaryFile(OneFile):
    """A source that reads one file in a format of its own."""

    format: Format = field(kw_only=True)

    def count(self) -> int | None:
        """Return what the format says."""
        with opened_raw(self.path) as raw:
            return self.format.count(raw) if has_content(raw) else 0

    def read(self) -> Iterator[Product | Reject]:
        """Yield a product or a reject for every row; an empty file has none.

        Raises:
            CatalogError: It cannot be read, or was written to meanwhile.
        """
        with opened_raw(self.path) as raw:
            if has_content(raw):
                yield from self.products(raw, self.format.rows(raw))


def has_content(raw: BinaryIO) -> bool:
    """Tell whether a file is more than blank.

    Raises:
        ValueError: It is packed once more.
    """
    head = raw.read(100)
    raw.seek(0)
    if head.startswith(GZIP):
        raise ValueError("it is packed with gzip, which this format needs not; unpack it with: gunzip")
    return bool(head.strip())
