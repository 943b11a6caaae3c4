"""Tables: comma, semicolon, tab or bar between the columns, names in the first line."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TextIO

from hybridsearch.catalog.base import Unreadable, column_name
from hybridsearch.catalog.files import LONGEST_ROW, flaw, lines

DELIMITERS = ",;\t|"
MOST_LINES = 1_000
"""Lines of one row; a quote that is not closed by then never will be."""
FEWEST_COLUMNS, FEWEST_ROWS = 3, 2
"""With fewer, lines of a text look like rows by chance."""
FEW_LINES = 10
"""The same after so many such quotes that to look far ahead for each would take too long."""


def parse_table(text: TextIO) -> Iterator[tuple[int, dict[str, str] | Unreadable]]:
    """Yield a row for every record.

    An empty cell is a missing value. Of columns with the same name the last filled one counts; a column without a name
    is left out. A record with too few or too many cells is unreadable: its columns could only be guessed.

    Raises:
        ValueError: The line with the names is not CSV.
    """
    # Python's limit of 131,072 holds for the whole process; it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_ROW))
    delimiter, rest = dialect(lines(text))
    names: list[str] = []
    for number, cells in records(rest, delimiter):
        if isinstance(cells, Unreadable) and not names:
            raise ValueError(f"line {number}, which should name the columns: {cells.reason}")
        if isinstance(cells, Unreadable):
            yield number, cells
        elif not names:
            names = [column_name(cell) for cell in cells]
        elif len(cells) < len(names) or any(cells[len(names) :]):
            yield number, Unreadable(f"found {len(cells)} columns, expected {len(names)}")
        else:
            filled = zip(names, cells, strict=False)
            yield number, {name: cell for name, cell in filled if name and cell.strip()}


def dialect(numbered: Iterator[tuple[int, str]]) -> tuple[str, Iterator[tuple[int, str]]]:
    """Return the delimiter, and the lines that hold records.

    Excel's first line (`sep=;`) decides; otherwise the delimiter that gives the line of names most columns.
    """
    number, first = next(((number, line) for number, line in numbered if line.strip()), (1, ""))
    if first.startswith("sep=") and len(first.rstrip("\r\n")) == 5:
        return first[4], numbered
    return max(DELIMITERS, key=lambda mark: outside_quotes(first).count(mark)), chain([(number, first)], numbered)


def outside_quotes(line: str) -> str:
    """Return a line without what stands in quotes."""
    return "".join(line.split('"')[::2])


def records(numbered: Iterable[tuple[int, str]], delimiter: str) -> Iterator[tuple[int, list[str] | Unreadable]]:
    """Yield the cells of each record with the line that it starts on; blank records are skipped.

    After a record that is not CSV, reading continues with its second line, so that a stray quote costs one line.
    """
    source = Lines(numbered)
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    width = 0
    while True:
        source.begin()
        try:
            cells: list[str] | Unreadable = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            cells = Unreadable(f"not CSV: {error}")
        number, written = source.taken[0][0], [line for _, line in source.taken]
        text = "".join(written)
        if isinstance(cells, list):
            swallowed, width = swallows_rows(written, width, delimiter), width or len(cells)
            if swallowed:
                cells = Unreadable("a quote is not closed in its line, and rows would be lost in it")
        if reason := flaw(text):
            yield number, Unreadable(reason)
        elif text.strip():
            yield number, cells
        if isinstance(cells, Unreadable):
            source.again()


def swallows_rows(record: list[str], width: int, delimiter: str) -> bool:
    """Tell whether what stands in the quotes of a record looks like rows: two lines or more, each of them one.

    A text over several lines has a number of columns in its lines by chance, if at all.
    """
    inner = record[1:-1]
    return (
        width >= FEWEST_COLUMNS
        and len(inner) >= FEWEST_ROWS
        and all(outside_quotes(line).count(delimiter) == width - 1 for line in inner)
    )


class Lines:
    """Lines for `csv.reader`, which can be handed out again when a quote turns out never to close.

    Of one record there are at most MOST_LINES, or FEW_LINES when patience is lost, and not many more than LONGEST_ROW
    characters. Every line is handed out some 20 times at most, whatever the quotes.

    Attributes:
        taken: What was handed out for the current record.
    """

    def __init__(self, numbered: Iterable[tuple[int, str]]) -> None:
        self.taken: list[tuple[int, str]] = []
        self._fresh = iter(numbered)
        self._again: deque[tuple[int, str]] = deque()
        self._size = 0
        self._patience = MOST_LINES

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        most = MOST_LINES if self._patience > 0 else FEW_LINES
        if len(self.taken) >= most or self._size > LONGEST_ROW:
            raise StopIteration
        self.taken.append(self._again.popleft() if self._again else next(self._fresh))
        self._size += len(self.taken[-1][1])
        return self.taken[-1][1]

    def begin(self) -> None:
        """Hand out the lines of the next record from now on."""
        self.taken.clear()
        self._size = 0
        self._patience = min(MOST_LINES, self._patience + FEW_LINES)

    def again(self) -> None:
        """Hand out the lines of the current record once more, except the first."""
        self._patience -= len(self.taken)
        self._again.extendleft(reversed(self.taken[1:]))
