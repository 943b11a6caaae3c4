"""Dates and times, kept as milliseconds since 1970 in UTC.

Text is ISO 8601: `2025-01-31T09:30:00+01:00`, without a zone in UTC; `2025-01-31`, `20250131`, `2025-01` and `2025` are
the day, the month and the year, also as numbers. Any other number, and any other text of digits, counts since 1970:
seconds when it is nearer to 0 than SECONDS_BELOW, else milliseconds.
"""

from __future__ import annotations

import re
from calendar import monthrange
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch.fields.base import FieldKind, first
from hybridsearch.fields.days import iso
from hybridsearch.fields.formats import Format
from hybridsearch.texts import text

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400_000
"""Milliseconds of a day."""
SECONDS_BELOW = 100_000_000_000
"""As seconds it is the year 5138, as milliseconds March 1973: no catalogue has dates on the other side of either."""
EARLIEST, LATEST = (-62_135_596_800_000, 253_402_300_799_999)
"""The first and the last millisecond of the years 1 to 9999."""

UNITS = {"year": "datetime64[Y]", "month": "datetime64[M]"}
"""What NumPy calls them."""

LONGEST = 100
"""Characters of a date or a moment."""

_CALENDAR = re.compile(r"(?P<year>\d{4})(?:([-/])(?P<month>\d\d)(?:\2(?P<day>\d\d))?)?", re.ASCII)
_SHORT = re.compile(r"(?P<year>[1-9]\d{3})(?P<month>\d\d)(?P<day>\d\d)", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d|\d{4}/\d\d/\d\d|\d{8})(?:T|\s+)(\d\d(?::?\d\d(?::?\d\d(?:[.,]\d+)?)?)?)\s?(Z|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?", re.ASCII)


def read(value: Any) -> int | None:
    """Return a date of a row as milliseconds since 1970, that of a day as its beginning; None when there is none.

    Raises:
        ValueError: It is no date, such as True, `soon`, NaN, or a year beyond 9999.
    """
    return first(value, lambda single: period(single)[0])


def bound(value: Any, upper: bool) -> int:
    """Return the first millisecond of what a value names, or the last: an upper bound includes its whole day.

    Raises:
        ValueError: It is no date.
    """
    return period(value)[1 if upper else 0]


def period(value: Any) -> tuple[int, int]:
    """Return the first and the last millisecond of the year, month, day or moment that a value names.

    Raises:
        ValueError: It names none.
    """
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return days(value, value)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("expected a date")
    written = text.clean(str(int(value) if isinstance(value, float) and value.is_integer() else value), LONGEST + 1)
    if len(written) > LONGEST:
        raise ValueError("expected a date")
    if match := _CALENDAR.fullmatch(written):
        year, month, day = (int(part) if part else None for part in match.group("year", "month", "day"))
        return calendar_period(year or 0, month, day)
    if match := _SHORT.fullmatch(written):
        with suppress(ValueError):  # eight digits that are no day count seconds
            return calendar_period(*map(int, match.group("year", "month", "day")))
    if match := _MOMENT.fullmatch(written):
        day_part, time, zone = match.groups(default="")
        return moment(datetime.fromisoformat(f"{day_part.replace('/', '-')}T{time}{zone.upper()}"))
    if _NUMBER.fullmatch(written):
        return since_1970(float(written) if "." in written else int(written))
    raise ValueError("expected a date")


def calendar_period(year: int, month: int | None, day: int | None) -> tuple[int, int]:
    """Return the first and the last millisecond of a year, a month or a day."""
    last = month or 12
    return days(date(year, month or 1, day or 1), date(year, last, day or monthrange(year, last)[1]))


def days(start: date, end: date) -> tuple[int, int]:
    """Return the first and the last millisecond from one day to another."""
    since, until = ((each.toordinal() - EPOCH.toordinal()) * DAY for each in (start, end))
    return since, until + DAY - 1


def moment(value: datetime) -> tuple[int, int]:
    """Return a moment as its only millisecond; without a zone it is in UTC."""
    aware = value.replace(tzinfo=UTC) if value.utcoffset() is None else value
    return within((aware - EPOCH) // timedelta(milliseconds=1))


def since_1970(count: float) -> tuple[int, int]:
    """Return the moment so many seconds, or milliseconds, after 1970 began."""
    return within(count if abs(count) >= SECONDS_BELOW else count * 1_000)


def within(milliseconds: float) -> tuple[int, int]:
    """Return a millisecond of the years 1 to 9999 as a period of its own."""
    if not EARLIEST <= milliseconds <= LATEST:
        raise ValueError("expected a date of the years 1 to 9999")
    return round(milliseconds), round(milliseconds)


def begin(moments: NDArray[np.float64], period_name: str) -> NDArray[np.float64]:
    """Return the millisecond with which the year or the month of each of some moments begins, in UTC."""
    within_them = moments.astype(np.int64).astype("datetime64[ms]").astype(UNITS[period_name])
    return within_them.astype("datetime64[ms]").astype(np.int64).astype(np.float64)


def day_of(milliseconds: float) -> str:
    """Return the day of a moment, in UTC: 2025-01-31."""
    return (EPOCH + timedelta(milliseconds=milliseconds)).date().isoformat()


def meaning(value: Any, form: Format) -> Any:
    """Return a date of a column that has an order of its own, of a list the first, in a form that `read` knows.

    Raises:
        ValueError: It has a time that no clock shows.
    """
    order = form.date
    if order is None:
        return value
    return first(value, lambda each: iso(text.clean(each, LONGEST + 1), order) if isinstance(each, str) else each)


KIND = FieldKind(
    role="dates",
    name="date",
    expected="a date such as 2025-01-31 or 2025-01-31T09:30:00Z",
    shape="a date, a list of dates, or bounds such as {'gte': '2025-01-01', 'lt': '2025-07-01'}",
    read=read,
    meaning=meaning,
    bound=bound,
    periods={"year": lambda start: day_of(start)[:4], "month": lambda start: day_of(start)[:7]},
    begin=begin,
)
