"""The cells of a sheet of an Excel workbook, one by one, so that a damaged one costs no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Cells = tuple[Any, ...]
Numbered = tuple[int, Cells]
"""The number of a row, and its values from the first column on."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """Stands for the value of a cell that cannot be read."""

    reason: str


def rows_of(sheet: Any) -> Iterator[Numbered]:
    """Yield the rows of a sheet that openpyxl opened to be read, by numbers that grow.

    Raises:
        Exception: Whatever openpyxl raises where the XML is broken: the rest cannot be read.
    """
    # openpyxl's own loop over a sheet ends with the first cell that it cannot read.
    from openpyxl.worksheet._reader import WorkSheetParser

    book = sheet.parent
    with sheet._get_source() as source:
        parser = WorkSheetParser(
            source,
            sheet._shared_strings,
            data_only=book.data_only,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        parser.parse_cell = tolerant(parser, parser.parse_cell)
        parser.parse_row = numbered(parser.parse_row)
        latest = 0
        for number, cells in parser.parse():
            latest = max(number, latest + 1)
            yield latest, in_columns(cells)


def tolerant(parser: Any, parse_cell: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    """Return what reads a cell, or else gives one that is damaged; its column is the next one if it does not say."""

    def parsed(element: Any) -> dict[str, Any]:
        before = parser.col_counter
        try:
            return parse_cell(element)
        except Exception as error:  # openpyxl raises whatever a damaged cell leads to
            parser.col_counter = max(parser.col_counter, before + 1)
            return {"column": parser.col_counter, "value": Damaged(str(error) or type(error).__name__)}

    return parsed


def numbered(parse_row: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return what reads a row; one whose number is none follows the one before it."""

    def parsed(element: Any) -> Any:
        try:
            return parse_row(element)
        except ValueError:
            element.attrib.pop("r", None)
            return parse_row(element)

    return parsed


def in_columns(cells: list[dict[str, Any]]) -> Cells:
    """Return the values of a row by their columns, None for those that it leaves out."""
    values = {cell["column"]: cell["value"] for cell in cells}
    return tuple(values.get(column) for column in range(1, max(values, default=0) + 1))
