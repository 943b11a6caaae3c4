"""Cells of a workbook: what stands in a file, and the value that it means."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

WORD = re.compile(r'"[^"]*+"|\\.|_.|\*.|\[[^\[\]]*+\]')
"""Parts of a format that are no places for digits: quoted text, escaped characters, colours and conditions."""
ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
"""A character that XML cannot hold."""
ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
REFERENCE = re.compile(r"([A-Z]{1,3})\d+")
DATES = frozenset(map(str, (*range(14, 23), *range(27, 37), 45, 47, *range(50, 59))))
"""Numbers of formats for dates and times that every workbook has."""
SINCE_1900, SINCE_1904 = date(1899, 12, 30), date(1904, 1, 1)
"""The days with the number 0; Excel for the Macintosh began later."""
DAY = 86_400_000
"""Milliseconds."""
LAST = 2_958_466
"""The day after the last one of the year 9999."""
NO_LEAP = 61
"""The first day whose number is right: to Excel, 1900 was a leap year."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the cells of a workbook refer to.

    Attributes:
        texts: Of all sheets.
        dated: Whether numbers of each style are dates or times.
        since: The day whose number is 0.
    """

    texts: Sequence[str] = ()
    dated: Sequence[bool] = ()
    since: date = SINCE_1900


def column(reference: str) -> int | None:
    """Return the place of a cell's column, from 0; None where it is not named as in A1."""
    match = REFERENCE.fullmatch(reference)
    if not match:
        return None
    number = 0
    for letter in match[1]:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


def is_dated(number: str, code: str | None) -> bool:
    """Tell whether a number format shows dates or times, and not how long something takes.

    Args:
        number: Of the format.
        code: What the workbook says about it, such as `dd.mm.yyyy`; None for one that every workbook has.
    """
    if code is None:
        return number in DATES
    return not ELAPSED.search(code) and any(letter in "dmyhs" for letter in WORD.sub("", code).lower().split(";")[0])


def cell_value(cell: Mapping[str, Any], meaning: Meaning) -> Any:
    """Return the value of a cell: text, number, truth value, date as ISO text; None where it is empty.

    Args:
        cell: Attributes and elements of `<c>`: t, s, v, f, is.
        meaning: Of the workbook.

    Raises:
        ValueError: It cannot be read.
    """
    kind, written = cell.get("t", "n"), cell.get("v")
    if kind == "inlineStr":
        return text_of(cell.get("is")) or None
    if written is None:
        if "f" in cell and kind != "str":
            raise ValueError("holds a formula without its result; open and save the file where it was written")
        return None
    if kind == "s":
        place = int(written)
        if not 0 <= place < len(meaning.texts):
            raise ValueError(f"refers to text {place:,}, but the file has {len(meaning.texts):,}")
        return meaning.texts[place] or None
    if kind == "b":
        return written not in ("0", "false")
    if kind != "n":
        return written  # a text, an error such as #N/A, or a date in ISO 8601
    style = int(cell.get("s", 0))
    value = float(written)
    if value.is_integer() and abs(value) < 2**53:
        value = int(value)
    return moment(value, meaning.since) if 0 <= style < len(meaning.dated) and meaning.dated[style] else value


def moment(days: float, since: date) -> str:
    """Return the date, time, or both that a number of days is, in ISO 8601; to the millisecond.

    Raises:
        ValueError: It lies before 0 or after the year 9999.
    """
    if not 0 <= days < LAST:
        raise ValueError(f"is a date with the number {days}, expected 0 to {LAST:,}")
    milliseconds = round(days * DAY)
    late = timedelta(1 if since == SINCE_1900 and milliseconds < NO_LEAP * DAY else 0)
    at = datetime(since.year, since.month, since.day, tzinfo=UTC) + late + timedelta(milliseconds=milliseconds)
    if milliseconds < DAY:
        return at.time().isoformat()
    return at.date().isoformat() if at.time() == time() else at.replace(tzinfo=None).isoformat()


def text_of(item: Any) -> str:
    """Return the text of `<si>` or `<is>`, whose runs may each have a style; readings of Japanese are left out."""
    if not isinstance(item, Mapping):
        return item if isinstance(item, str) else ""
    runs = item.get("r")
    parts = [item.get("t"), *(run.get("t") for run in listed(runs) if isinstance(run, Mapping))]
    text = "".join(part for part in parts if isinstance(part, str))
    return ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)


def listed(value: Any) -> list[Any]:
    """Return elements of one name as a list, however many there are."""
    return value if isinstance(value, list) else [] if value is None else [value]
