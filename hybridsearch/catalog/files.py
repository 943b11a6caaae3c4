"""Catalogues in files: opened, decompressed and decoded here; a parser reads the text."""

from __future__ import annotations

import gzip
import io
import os
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

from hybridsearch.catalog.arranged.arranged import AS_READ, Arrangement
from hybridsearch.catalog.base import Unreadable, product
from hybridsearch.catalog.encoding import HEAD, decoding, needed
from hybridsearch.disk.paths import shown
from hybridsearch.errors import CatalogError
from hybridsearch.values import Product, Reject

Parser = Callable[[TextIO], Iterator[tuple[int, Any | Unreadable]]]
"""Yields the line that a row starts on, from 1, and its JSON value; a ValueError says that the rest cannot be read."""

LONGEST_ROW = 5_000_000
"""Characters of one row: 25 descriptions of 200 kB."""
TOO_LONG = f"the row is longer than {LONGEST_ROW:,} characters"
GZIP = b"\x1f\x8b"
"""The first bytes of a gzip file."""
COUNTED = 4_000_000
"""Characters whose lines are counted for an estimate; far fewer give a wrong estimate, because gzip reads ahead."""
TRIED = 2_000
"""Lines that are parsed for an estimate: a row may take several lines, and a blank line holds none."""

ESCAPED = re.compile("[\udc80-\udcff]")
"""Bytes that are not UTF-8, as Python's `surrogateescape` keeps them."""


@dataclass(frozen=True, slots=True)
class OneFile:
    """What the sources that read one file have in common.

    Attributes:
        id_field: Dotted name of the id; None numbers the products by their places.
        arranged: What is made of the rows.
        key_of_one: Dotted name of the id of a row without `id_field`.
    """

    path: Path
    id_field: str | None = None
    arranged: Arrangement = AS_READ
    key_of_one: str | None = None

    @property
    def name(self) -> str:
        """Name of the file, without its folder."""
        return self.path.name

    def snapshot_id(self) -> dict[str, Any]:
        """Return size and time of the last change: rows are known by their places, which a change may shift."""
        return snapshot(self.path.stat())

    def products(self, raw: BinaryIO, rows: Iterator[tuple[int, Any | Unreadable]]) -> Iterator[Product | Reject]:
        """Yield the rows of the open file as products or rejects.

        Raises:
            CatalogError: In the end, when it was written to meanwhile, so that rows may be missing. Another file that
                took its name does no harm.
        """
        before = snapshot(os.fstat(raw.fileno()))
        yield from self.arranged(
            product(row, self.id_field, f"{self.name}:{number}", number, self.key_of_one) for number, row in rows
        )
        if snapshot(os.fstat(raw.fileno())) != before:
            raise CatalogError(
                f"Catalogue {shown(self.path)} was written to while it was read: products may be missing. Write it "
                "under another name, and rename it when it is complete; then run the command again."
            )


@dataclass(frozen=True, slots=True)
class File(OneFile):
    """A source that reads one file of text, plain or gzip.

    Attributes:
        encoding: Left out: UTF-8, UTF-16 with a byte-order mark, or what XML declares.
    """

    parse: Parser = field(kw_only=True)
    encoding: str | None = field(default=None, kw_only=True)

    def count(self) -> int | None:
        """Estimate the number of rows from the first lines; None for an array, which may be all in one."""
        with opened(self.path, self.encoding) as (text, raw):
            first = list(beginning(text))
            if not first or first[0].lstrip().startswith("["):
                return None if first else 0
            used = raw.tell()
            lines = len(first) * self.path.stat().st_size / used if text.read(1) else len(first)
            tried = first[:TRIED]
            return round(lines * rows_in(tried, self.parse) / len(tried))

    def read(self) -> Iterator[Product | Reject]:
        """Yield a product or a reject for every row, or for the rows of one id together; blank lines are skipped.

        Raises:
            CatalogError: It cannot be read, or was written to meanwhile.
        """
        with opened(self.path, self.encoding) as (text, raw):
            yield from self.products(raw, self.parse(text))


def snapshot(status: os.stat_result) -> dict[str, Any]:
    """Return size and time of the last change of a file."""
    return {"size": status.st_size, "modified": status.st_mtime_ns}


def beginning(text: TextIO) -> Iterator[str]:
    """Yield the first lines of a text, about COUNTED characters; longer ones come in pieces."""
    size = 0
    while size < COUNTED and (line := text.readline(COUNTED)):
        size += len(line)
        yield line


def rows_in(first: list[str], parse: Parser) -> int:
    """Return how many rows are in the first lines of a file, which may cut the last one."""
    count = 0
    with suppress(ValueError):
        for _ in parse(io.StringIO("".join(first), newline="")):
            count += 1
    return count


@contextmanager
def opened(path: Path, said: str | None = None) -> Iterator[tuple[TextIO, BinaryIO]]:
    """Open a file as text, and also give the bytes below, whose position tells how far reading is.

    Raises:
        CatalogError: In place of every error of opening, unpacking, decoding and parsing.
    """
    with opened_raw(path) as raw:
        data = unpacked(raw)
        encoding, errors = decoding(beginning_of(data), said)
        with io.TextIOWrapper(data, encoding=encoding, errors=errors, newline="") as text:
            yield text, raw


def unpacked(raw: BinaryIO) -> BinaryIO:
    """Return the bytes of a file, without gzip."""
    zipped = raw.read(2) == GZIP
    raw.seek(0)
    return cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if zipped else raw


def beginning_of(data: BinaryIO) -> bytes:
    """Return the first bytes, by which the encoding is judged."""
    head = data.read(HEAD)
    data.seek(0)
    return head


def encoding_needed(path: Path) -> str | None:
    """Return the encoding that a configuration must name for a file of text; None for none.

    Raises:
        CatalogError: It cannot be read.
    """
    with opened_raw(path) as raw:
        return needed(beginning_of(unpacked(raw)))


@contextmanager
def opened_raw(path: Path) -> Iterator[BinaryIO]:
    """Open a file as bytes.

    Raises:
        CatalogError: In place of every error of opening and reading it.
    """
    try:
        with path.open("rb") as raw:
            yield raw
    except FileNotFoundError as error:
        raise CatalogError(f"Catalogue {shown(path)} is missing. Correct 'catalog.path' and try again.") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise CatalogError(
            f"Catalogue {shown(path)} is a damaged gzip file: {error}. Make or fetch it again."
        ) from error
    except OSError as error:
        raise CatalogError(f"Cannot read catalogue {shown(path)}: {error.strerror or error}.") from error
    except ValueError as error:
        raise CatalogError(f"Cannot read catalogue {shown(path)}: {error}.") from error


def lines(text: TextIO) -> Iterator[tuple[int, str]]:
    """Yield lines with their numbers and ends; those beyond LONGEST_ROW are cut, so that memory stays bounded."""
    number = 0
    while line := text.readline(LONGEST_ROW + 1):
        number += 1
        rest = line
        while len(rest) > LONGEST_ROW and not rest.endswith("\n"):
            rest = text.readline(LONGEST_ROW + 1)
        yield number, line


def flaw(row: str) -> str | None:
    """Return why the text of a row is not parsed, or None."""
    if len(row) > LONGEST_ROW:
        return TOO_LONG
    if not row.isascii() and (byte := ESCAPED.search(row)):
        return (
            f"byte 0x{ord(byte[0]) - 0xDC00:02X} at character {byte.start() + 1} is not UTF-8; save the file as UTF-8"
        )
    return None
