"""Excel workbooks: the first sheet that holds anything, with names in its first row."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO

from hybridsearch.catalog.base import Unreadable
from hybridsearch.catalog.binary import Format
from hybridsearch.catalog.cells import Meaning, cell_value, column, listed
from hybridsearch.catalog.workbook import Workbook
from hybridsearch.rows import strings

OLD = b"\xd0\xcf\x11\xe0"
"""The first bytes of a workbook as Excel wrote them before 2007, and of one with a password."""
EXTENT = re.compile(r"[A-Z]{1,3}(\d{1,7}):[A-Z]{1,3}(\d{1,7})")


@contextmanager
def opened(raw: BinaryIO) -> Iterator[Workbook]:
    """Open a workbook.

    Raises:
        ValueError: It is none, is damaged, or has a password.
    """
    old = raw.read(len(OLD)) == OLD
    raw.seek(0)
    if old:
        raise ValueError("it has a password, or is in the format before 2007; save it as .xlsx without a password")
    try:
        with zipfile.ZipFile(raw) as archive:
            yield Workbook(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise ValueError(f"it is no workbook, or a damaged one: {error}; save it again as .xlsx") from error


def rows(raw: BinaryIO) -> Iterator[tuple[int, dict[str, Any] | Unreadable]]:
    """Yield the rows below the names, with their numbers in the sheet; empty ones are skipped.

    Of columns with the same name the last filled one counts; a column without a name is left out.

    Raises:
        ValueError: The workbook cannot be read.
    """
    with opened(raw) as book:
        for sheet in book.sheets():
            names: dict[int, str] = {}
            for number, row in numbered(book.rows(sheet, "row")):
                values = row if isinstance(row, Unreadable) else readable(row, book.meaning)
                if not names and isinstance(values, Unreadable):
                    raise ValueError(f"row {number:,}, which should name the columns: {values.reason}")
                if isinstance(values, Unreadable):
                    yield number, values
                elif names:
                    named = {names[place]: value for place, value in values.items() if place in names}
                    if named:
                        yield number, named
                else:
                    names = {place: name.strip() for place, value in values.items() for name in strings(value)}
            if names:
                return


def numbered(found: Iterator[dict[str, Any] | Unreadable]) -> Iterator[tuple[int, dict[str, Any] | Unreadable]]:
    """Yield the rows of a sheet with their numbers, which only ever grow."""
    number = 0
    for row in found:
        number += 1
        if not isinstance(row, Unreadable) and str(row.get("r", "")).isdecimal():
            number = max(number, int(row["r"]))
        yield number, row


def readable(row: Mapping[str, Any], meaning: Meaning) -> dict[int, Any] | Unreadable:
    """Return the values of a row by the places of their columns, from 0."""
    values: dict[int, Any] = {}
    place = -1
    for cell in listed(row.get("c")):
        parts = cell if isinstance(cell, Mapping) else {}
        named = column(str(parts.get("r", "")))
        place = place + 1 if named is None else named
        try:
            value = cell_value(parts, meaning)
        except (ValueError, TypeError) as error:
            return Unreadable(f"cell {parts.get('r', place + 1)} {error}")
        if strings(value):
            values[place] = value
    return values


def count(raw: BinaryIO) -> int | None:
    """Return how many rows the first sheet says that it has below the names; None where it does not say."""
    with opened(raw) as book:
        for sheet in book.sheets():
            for part in book.rows(sheet, "dimension", "row"):
                extent = EXTENT.fullmatch(str(part.get("ref", ""))) if isinstance(part, dict) else None
                return int(extent[2]) - int(extent[1]) if extent else None
    return None


FORMAT = Format(rows, count)
