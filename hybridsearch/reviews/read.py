"""Reads the reviews of a product: whatever is wrong with one of them costs no other."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hybridsearch.fields import dates
from hybridsearch.inputs.rows import field, number, strings
from hybridsearch.sections import Reviews
from hybridsearch.texts import markup, text

MOST = 500
"""Reviews of a product that are read; a page of a shop shows no more either."""
LONGEST = 2_000
"""Characters of a review that are read."""
ANYBODY = re.compile(
    r"anonym|anónim|customer|client|kunde|kundin|guest|\bgast\b|invité|usuario|\buser\b|nutzer|utilisateur|unknown|unbekannt"
    r"|inconnu|匿名|用户|用戶|顾客|游客|ユーザー|購入者|名無し|\*\*|^.?$"
)
"""In the name of an author that says nothing of who it is."""
WORST = 1.0
BEST = 5.0


@dataclass(frozen=True, slots=True)
class Review:
    """What a buyer wrote.

    Attributes:
        number: Its place in the list of the product, from 1.
        stars: From 1 to 5, whatever the shop's scale is; None where there is no rating.
        day: In days since 1970; None where there is no date.
        author: Who wrote it, in lower case; nothing where that is not said, or is a word for anybody.
    """

    number: int
    text: str
    stars: float | None = None
    day: int | None = None
    author: str = ""


@dataclass(frozen=True, slots=True)
class Flaw:
    """What of a review could not be used."""

    number: int
    reason: str


def listed(value: Any) -> list[Any]:
    """Return the reviews under a field: one that stands alone is a list too, and lists of several rows are one."""
    if isinstance(value, list | tuple):
        return [each for part in value for each in (part if isinstance(part, list | tuple) else [part])]
    return [] if value is None or value == "" else [value]


def read(value: Any, layout: Reviews) -> Iterator[Review | Flaw]:
    """Yield the reviews under a field, and what of them cannot be used; a review may have both."""
    found = listed(value)
    days = [day_of(each, layout) for each in found] if len(found) > MOST else []
    for place in newest(days) if days else range(len(found)):
        yield from review(found[place], place + 1, layout)
    if days:
        which = "first" if days.count(None) == len(days) else "newest"
        yield Flaw(MOST + 1, f"there are {len(found):,}, of which the {which} {MOST} are read")


def newest(days: Sequence[int | None]) -> list[int]:
    """Return the places of the newest MOST reviews, in their order; those without a date are the oldest."""
    by_day = sorted(range(len(days)), key=lambda place: (days[place] is None, -(days[place] or 0)))
    return sorted(by_day[:MOST])


def day_of(value: Any, layout: Reviews) -> int | None:
    """Return the day of a review since 1970; None where it has none that can be read."""
    try:
        moment = dates.read(field(value, layout.date)) if isinstance(value, Mapping) else None
    except ValueError:
        return None
    return None if moment is None else moment // dates.DAY


def written(value: Any, layout: Reviews) -> str:
    """Return the texts of the reviews under a field, one after the other, up to what is analysed of a field."""
    texts = (each.text for each in read(value, layout) if isinstance(each, Review))
    return "\n".join(filter(None, texts))[: text.FIELD_LIMIT]


def review(value: Any, place: int, layout: Reviews) -> Iterator[Review | Flaw]:
    """Yield a review, and what of it cannot be used."""
    if isinstance(value, Mapping):
        row: Mapping[str, Any] = value
    elif isinstance(value, str):
        row = {"": value}
    else:
        yield Flaw(place, f"it is {reprlib.repr(value)}, expected a text or an object")
        return
    names = layout.text if isinstance(value, Mapping) else ("",)
    parts = (part for name in names for part in strings(field(row, name) if name else row[name]))
    written = "\n".join(filter(None, (text.clean(markup.visible(part[:LONGEST])) for part in parts)))
    rated, dated = field(row, layout.rating), field(row, layout.date)
    try:
        stars = stars_of(rated, layout)
    except ValueError:
        stars = None
        yield Flaw(place, f"'{layout.rating}' is {reprlib.repr(rated)}, expected a number from 0 to {layout.best:g}")
    try:
        moment = dates.read(dated)
    except ValueError:
        moment = None
        yield Flaw(place, f"'{layout.date}' is {reprlib.repr(dated)}, expected a date as 2026-01-31")
    if written or stars is not None:
        day = None if moment is None else moment // dates.DAY
        yield Review(place, written, stars, day, author_of(field(row, layout.author)))
    else:
        yield Flaw(place, f"it has none of: {', '.join([*layout.text, layout.rating])}")


def author_of(value: Any) -> str:
    """Return who wrote a review, in lower case; nothing for a word that means anybody."""
    name = " ".join(strings(value)).casefold()
    return "" if ANYBODY.search(name) else name


def stars_of(value: Any, layout: Reviews) -> float | None:
    """Return a rating on the scale from 1 to 5; None where there is none.

    Raises:
        ValueError: It is no number, or beyond the shop's scale.
    """
    if not strings(value):
        return None
    rated = number(value)
    if rated is None or isinstance(value, bool) or not 0 <= rated <= layout.best:
        raise ValueError(f"no rating: {value!r}")
    return max(WORST, rated * BEST / layout.best)
