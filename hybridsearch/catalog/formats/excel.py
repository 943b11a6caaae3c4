"""Excel workbooks, read by openpyxl: the first sheet that holds anything, with names in its first row."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, time
from itertools import chain, islice
from typing import Any, BinaryIO

from hybridsearch.catalog.base import Unreadable, column_name
from hybridsearch.catalog.formats import excel_parts
from hybridsearch.catalog.formats.binary import Format
from hybridsearch.catalog.formats.excel_cells import Cells, Damaged, rows_of
from hybridsearch.catalog.typed import typed_row
from hybridsearch.inputs.rows import strings

OLD = b"\xd0\xcf\x11\xe0"
"""The first bytes of a workbook as Excel wrote them before 2007, and of one with a password."""
EXACT = 2**53
"""Up to here every whole number has a float of its own."""
LOOKED_AT = 10
"""Rows of which one has the names."""


@contextmanager
def opened(raw: BinaryIO) -> Iterator[list[Any]]:
    """Open a workbook with openpyxl, which gives either results or formulas: twice, if it has formulas.

    Raises:
        ValueError: It is none, is damaged, has a password, or would fill the memory.
    """
    old = raw.read(len(OLD)) == OLD
    raw.seek(0)
    if old:
        raise ValueError("it has a password, or is in the format before 2007; save it as .xlsx without a password")
    formulas = excel_parts.check(raw)
    with readable():
        import openpyxl

        kinds = (True, False) if formulas else (True,)
        books = [openpyxl.load_workbook(raw, read_only=True, data_only=results) for results in kinds]
    try:
        yield books
    finally:
        for book in books:
            book.close()


@contextmanager
def readable(number: int = 0) -> Iterator[None]:
    """Turn what openpyxl raises into an error of the file, for it raises whatever a damaged part leads to.

    What it warns of, such as styles that it does not know, is nothing to tell about products.

    Args:
        number: Of the row that is read; 0 for none.

    Raises:
        ValueError: In place of all errors.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Exception as error:
        row = f" at row {number:,}" * bool(number)
        raise ValueError(f"it is no workbook, or is damaged{row}: {error}; save it again as .xlsx") from error


def rows(raw: BinaryIO) -> Iterator[tuple[int, dict[str, Any] | Unreadable]]:
    """Yield the rows below the names, with their numbers in the sheet; empty ones are skipped.

    The names are the first row with several cells, above which a title may stand, or the first row where none has. Of
    columns with the same name the last filled one counts; a column without a name is left out.

    Raises:
        ValueError: The workbook cannot be read.
    """
    with opened(raw) as books:
        for place in places(books[0]):
            found = filled([book.worksheets[place] for book in books])
            head = list(islice(found, LOOKED_AT))
            if head:
                first = next((at for at, (_, values, _) in enumerate(head) if len(strings(values)) > 1), 0)
                names = names_of(*head[first][:2])
                for number, values, written in chain(head[first + 1 :], found):
                    yield from row_of(number, values, written, names)
                return


def names_of(number: int, cells: Cells) -> list[str]:
    """Return the names of the columns.

    Raises:
        ValueError: One of them is damaged: nobody would know what its column is.
    """
    with readable(number):
        if damaged := next((cell for cell in cells if isinstance(cell, Damaged)), None):
            raise ValueError(f"the name of a column: {damaged.reason}")
    return [column_name("".join(strings(cell))) for cell in cells]


def places(book: Any) -> list[int]:
    """Return the places of the sheets in a workbook, hidden ones last."""
    sheets = book.worksheets
    return sorted(range(len(sheets)), key=lambda place: sheets[place].sheet_state != "visible")


def filled(sheets: Sequence[Any]) -> Iterator[tuple[int, Cells, Cells]]:
    """Yield the number of each row that holds anything, its values, and what is written there: formulas, too.

    What a sheet says of its size is not believed: each row has the columns up to its last cell.
    """
    same = zip(*map(rows_of, sheets), strict=True)
    number = 0
    while True:
        with readable(number + 1):
            found = next(same, None)
        if found is None:
            return
        (number, values), (_, written) = found[0], found[-1]
        if any(cell is not None for cell in written):
            yield number, values, written


def row_of(
    number: int, values: Cells, written: Cells, names: Sequence[str]
) -> Iterator[tuple[int, dict[str, Any] | Unreadable]]:
    """Yield a row, unless it is empty, or why it cannot be read: programs write formulas without their results."""
    for name, value, formula in zip(names, values, written, strict=False):
        if name and (damaged := next((each for each in (value, formula) if isinstance(each, Damaged)), None)):
            yield number, Unreadable(f"the cell of column '{name}' is damaged ({damaged.reason}); write it again")
            return
        if name and value is None and formula is not None:
            reason = f"column '{name}' holds a formula without its result; open and save the file where it was written"
            yield number, Unreadable(reason)
            return
    cells = ((name, plain(value)) for name, value in zip(names, values, strict=False) if name)
    row = typed_row((name, value) for name, value in cells if value is not None)
    if row:
        yield number, row


def plain(value: Any) -> Any:
    """Return the value of a cell: whole numbers without decimals, days without a time; None for blank text.

    In a text, `_x000D_` stands for a character that XML cannot hold.
    """
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return int(value)
    if isinstance(value, datetime) and value.time() == time():
        return value.date()
    if isinstance(value, str):
        from openpyxl.utils.escape import unescape

        return unescape(value) if value.strip() else None
    return value


def count(raw: BinaryIO) -> int | None:
    """Return how many rows the first sheet says that it has below the names; None where it does not say."""
    with opened(raw) as (book, *_):
        rows = [book.worksheets[place].max_row for place in places(book)[:1]]
        return rows[0] - 1 if rows and rows[0] else None


FORMAT = Format(rows, count)
