"""What a shop should look at in a proposal: what was not clear, and what is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from hybridsearch.amounts import other
from hybridsearch.fields import Format, dates
from hybridsearch.propose.columns import DATE, URL, Column
from hybridsearch.propose.reasons import SHOWN
from hybridsearch.propose.roles import DATE_TYPES, NUMBERS
from hybridsearch.rows import number

OTHER_SCRIPT = re.compile("[\u0370-\u1cff\uac00-\ud7af]")
"""Letters that are neither Latin nor Chinese or Japanese."""


def remarks(sampled: Sequence[Column], roles: Mapping[str, Sequence[Column]], *, named: bool) -> Iterator[str]:
    """Yield what the shop should look at."""
    keys = roles["id"]
    if not keys and not named:
        yield "No field has a value of its own in every product; products without an id are rejected."
    elif keys and not keys[0].unique:
        missing = keys[0].rows - len(keys[0].texts)
        repeated = len(keys[0].texts) - keys[0].distinct
        yield f"'{keys[0].name}' is missing in {missing:,} products and repeated in {repeated:,}; the last one wins."
    for column in roles["image"]:
        if column.mostly(URL):
            yield "Pictures are fetched from their addresses; set 'catalog.fetch' to false if they must not be."
        else:
            yield "Pictures are files: set 'catalog.images' if they are not beside the catalogue."
    for column in sampled:
        if column.says(NUMBERS) is not None and 0.4 < column.numeric < 1:
            odd = next(value for value in column.values if not column.is_number(value))
            yield f"'{column.name}' is not proposed as a number: it also holds {odd!r:.40}."
    for column in roles["numbers"]:
        if column.guess.doubtful:
            yield two_ways(column)
    for column in sampled:
        if (column.kind in DATE_TYPES or column.mostly(DATE)) and column.kept("dates") is None:
            odd = next(text for text in column.texts if not is_date(text))
            yield f"'{column.name}' is not proposed as a date: it holds {odd!r:.40}, expected {dates.KIND.expected}."
    used = [column for taken in roles.values() for column in taken]
    rest = [column.name for column in sampled if column.textual and column not in used]
    if rest:
        names = ", ".join(rest[:SHOWN]) + " …" * (len(rest) > SHOWN)
        yield f"Not searched: {len(rest):,} other fields with text ({names})."
    titles = [value for column in roles["title"] for value in column.texts]
    uncovered = sum(OTHER_SCRIPT.search(value) is not None for value in titles)
    if uncovered > len(titles) * 0.03:
        yield f"{uncovered:,} titles are in a script that no language covers; words match as they are written."


def two_ways(column: Column) -> str:
    """Say which of two numbers the texts of a column are taken for."""
    text, mark = column.guess.doubtful, column.guess.form.decimal or "."
    taken, left = (number(text, each, column.guess.form.unit) for each in (mark, other(mark)))
    setting = Format(decimal=other(mark), unit=column.guess.form.unit)
    return (
        f"'{column.name}' does not say what its marks mean: {text!r} is taken for {taken:,g}; "
        f"if it is {left:,g}, write {setting} for it under [fields.formats]."
    )


def is_date(text: str) -> bool:
    """Tell whether a text can be read as a date."""
    try:
        dates.read(text)
    except ValueError:
        return False
    return True
