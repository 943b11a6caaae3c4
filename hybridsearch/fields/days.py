"""Days in the order in which a column writes them, as the text of ISO 8601 that `dates` reads."""

from __future__ import annotations

import re
from typing import Literal

Order = Literal["YMD", "DMY", "MDY"]
LONGEST = 100
"""Characters of a day with its time."""
NOON = 12

TIME = (
    r"(?:(?:,\s?|T|\s)(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d(?:[.,]\d{1,9})?))?"
    r"(?:\s?(?P<half>[AaPp])\.?[Mm]\.?)?\s?(?P<zone>[Zz]|[+-]\d\d:?\d\d)?)?"
)
WRITTEN_DAYS: dict[Order, re.Pattern[str]] = {
    "YMD": re.compile(r"(?P<year>\d{4})(?P<mark>[./-]|年)(?P<month>\d\d?)(?:(?P=mark)|月)(?P<day>\d\d?)[日.]?" + TIME),
    "DMY": re.compile(r"(?P<day>\d\d?)(?P<mark>[./-])\s?(?P<month>\d\d?)(?P=mark)\s?(?P<year>\d{4})" + TIME),
    "MDY": re.compile(r"(?P<month>\d\d?)(?P<mark>[./-])\s?(?P<day>\d\d?)(?P=mark)\s?(?P<year>\d{4})" + TIME),
}
"""By the order of year, month and day: `2019/1/4` and `2019年1月4日`, `4.1.2019`, `1/4/2019 9:30 PM`."""


def iso(text: str, order: Order) -> str:
    """Return a day, with its time if it has one, as ISO 8601 writes it; a text in another form as it is.

    Raises:
        ValueError: The hour is none of the clock's.
    """
    match = WRITTEN_DAYS[order].fullmatch(text) if len(text) <= LONGEST else None
    if match is None:
        return text
    day = f"{match['year']}-{match['month']:0>2}-{match['day']:0>2}"
    if match["hour"] is None:
        return day
    hour = int(match["hour"])
    if match["half"]:
        if not 1 <= hour <= NOON:
            raise ValueError("expected an hour from 1 to 12")
        hour = hour % NOON + NOON * (match["half"] in "Pp")
    return f"{day}T{hour:02}:{match['minute']}:{match['second'] or '00'}{match['zone'] or ''}"
