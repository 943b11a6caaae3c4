"""Days in the order in which a column writes them, as the text of ISO 8601 that `dates` reads."""

from __future__ import annotations

import re
from typing import Literal

from hybridsearch.fields.months import month

Order = Literal["YMD", "DMY", "MDY"]
LONGEST = 100
"""Characters of a day with its time."""
NOON = 12
CENTURY = 100
LAST_OF_2000 = 68
"""Of years with two digits, `69` is 1969 and `68` is 2068, as POSIX and Python read them."""

WEEKDAY = r"(?:[^\W\d_]{2,10}\.?,?\s)?"
YEAR = r"(?P<year>\d{4}|\d\d)"
NAME = r"(?P<name>[^\W\d_]{3,10})\.?"
TIME = (
    r"(?:\s?\([月火水木金土日一二三四五六]\))?"
    r"(?:(?:,\s?|T|\s)(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d(?:[.,]\d{1,9})?))?"
    r"(?:\s?(?P<half>[AaPp])\.?[Mm]\.?)?\s?(?P<zone>[Zz]|GMT|UTC|[+-]\d\d:?\d\d)?)?"
)
WRITTEN_DAYS: dict[Order, re.Pattern[str]] = {
    "YMD": re.compile(
        YEAR + r"\s?(?P<mark>[./-]|年)\s?(?P<month>\d\d?)(?:(?P=mark)|\s?月)\s?(?P<day>\d\d?)\s?[日.]?" + TIME
    ),
    "DMY": re.compile(r"(?P<day>\d\d?)(?P<mark>[./-])\s?(?P<month>\d\d?)(?P=mark)\s?" + YEAR + TIME),
    "MDY": re.compile(r"(?P<month>\d\d?)(?P<mark>[./-])\s?(?P<day>\d\d?)(?P=mark)\s?" + YEAR + TIME),
}
"""By the order of year, month and day: `2019/1/4` and `2019年1月4日`, `4.1.2019`, `1/4/19 9:30 PM`."""
NAMED_DAYS: dict[Order, re.Pattern[str]] = {
    "YMD": re.compile(WEEKDAY + YEAR + rf"[\s-]{NAME}[\s-](?P<day>\d\d?)" + TIME),
    "DMY": re.compile(
        WEEKDAY + rf"(?P<day>\d\d?)(?:\.|er|st|nd|rd|th|º)?[\s-](?:de\s)?{NAME},?(?:\sde|\sdel)?[\s-]" + YEAR + TIME
    ),
    "MDY": re.compile(WEEKDAY + rf"{NAME}[\s-](?P<day>\d\d?)(?:st|nd|rd|th)?(?:,\s?|[\s-])" + YEAR + TIME),
}
"""The same with the name of a month: `3. März 2024`, `12 mars 2024`, `3 de marzo de 2024`, `Mar 3, 2024`."""


def is_day(text: str) -> bool:
    """Tell whether a text looks like a day in some order."""
    return any(pattern.fullmatch(text) for pattern in WRITTEN_DAYS.values()) or has_named_month(text)


def has_named_month(text: str) -> bool:
    """Tell whether a text looks like a day of a month that is named."""
    matches = (pattern.fullmatch(text) for pattern in NAMED_DAYS.values())
    return any(match is not None and month(match["name"]) is not None for match in matches)


def iso(text: str, order: Order) -> str:
    """Return a day, with its time if it has one, as ISO 8601 writes it; a text in another form as it is.

    Raises:
        ValueError: The hour is none of the clock's.
    """
    match = next(
        filter(None, (days[order].fullmatch(text[: LONGEST + 1]) for days in (WRITTEN_DAYS, NAMED_DAYS))), None
    )
    if match is None:
        return text
    parts = match.groupdict()
    number = parts.get("month") or month(parts["name"])
    if number is None:
        return text
    day = f"{whole_year(parts['year'])}-{number:0>2}-{parts['day']:0>2}"
    if parts["hour"] is None:
        return day
    hour = int(parts["hour"])
    if parts["half"]:
        if not 1 <= hour <= NOON:
            raise ValueError("expected an hour from 1 to 12")
        hour = hour % NOON + NOON * (parts["half"] in "Pp")
    zone = (parts["zone"] or "").replace("GMT", "Z").replace("UTC", "Z")
    return f"{day}T{hour:02}:{parts['minute']}:{parts['second'] or '00'}{zone}"


def whole_year(written: str) -> str:
    """Return a year with all its digits."""
    year = int(written)
    return written if len(written) > 2 else str(year + (2_000 if year <= LAST_OF_2000 else 1_900))
