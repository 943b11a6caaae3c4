"""What a shop should look at in a proposal: what was not clear, and what is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from hybridsearch.fields import Format, dates
from hybridsearch.inputs.rows import number, says_nothing
from hybridsearch.propose.arrangement import VARIANTS
from hybridsearch.propose.cells import written
from hybridsearch.propose.columns import MOSTLY, Column
from hybridsearch.propose.patterns import URL
from hybridsearch.propose.reasons import SHOWN
from hybridsearch.propose.roles import DATE_TYPES
from hybridsearch.propose.together import gathers, is_group, stand_apart
from hybridsearch.propose.words import HIDDEN, NUMBERS
from hybridsearch.propose.writing import moment
from hybridsearch.roles import is_price
from hybridsearch.texts.amounts import amount, other
from hybridsearch.video.extra import INSTALL

OTHER_SCRIPT = re.compile("[\u0370-\u1cff\uac00-\ud7af]")
"""Letters that are neither Latin nor Chinese or Japanese."""
NO_NAME = re.compile(r"\d+[.,]\d\d|https?://.*", re.IGNORECASE)
"""A price or an address; numbers may be sizes or years, which are names of columns."""
LONGEST_STATE = 3
"""Words that say who may see a product."""


def remarks(sampled: Sequence[Column], roles: Mapping[str, Sequence[Column]], *, named: bool) -> Iterator[str]:
    """Yield what the shop should look at."""
    keys = roles["id"]
    if not keys and not named:
        yield "No field has a value of its own in every product; products without an id are rejected."
    elif keys and not keys[0].unique:
        missing = keys[0].rows - len(keys[0].texts)
        repeated = len(keys[0].texts) - keys[0].distinct
        yield f"'{keys[0].name}' is missing in {missing:,} products and repeated in {repeated:,}; the last one wins."
    for column in sampled:
        if NO_NAME.fullmatch(column.name):
            yield (
                f"'{column.name:.60}' looks like a value and no name of a column. The first line names the columns: "
                "put such a line above it, or its product is lost."
            )
            break
    for column in roles["image"][:1]:
        if column.mostly(URL):
            yield "Pictures are fetched from their addresses; set 'catalog.fetch' to false if they must not be."
        else:
            yield "Pictures are files: set 'catalog.images' if they are not beside the catalogue."
    if roles["video"]:
        yield f"Products are seen in their videos once their decoder is installed: {INSTALL}"
    for column in sampled:
        odd = [value for value in column.values if not (column.is_number(value) or says_nothing(value))]
        nearly = column.numeric > MOSTLY or (column.numeric > 0.4 and any(map(amount, written(odd))))
        if column.says(NUMBERS) is not None and odd and (nearly or is_price(column.name)):
            yield f"'{column.name}' is not proposed as a number: it also holds {odd[0]!r:.40}."
    for column in roles["numbers"]:
        if column.guesses["numbers"].doubtful:
            yield two_ways(column)
    for column in sampled:
        if (column.kind in DATE_TYPES or column.dated) and column.kept("dates") is None:
            yield no_date(column)
    for column in sampled:
        if is_group(column) and stand_apart(column) and any(gathers(column, title) for title in roles["title"]):
            yield (
                f"Rows of one '{column.name}' are called alike and stand apart. If they are variants of one product, "
                f"set group = '{column.name}' under [fields], and gather = true under [catalog], for a database key = "
                f"'{column.name}'."
            )
    yield from map(hidden, filter(any_hidden, sampled))
    titles = [value for column in roles["title"] for value in column.texts]
    uncovered = sum(OTHER_SCRIPT.search(value) is not None for value in titles)
    if uncovered > len(titles) * 0.03:
        yield f"{uncovered:,} titles are in a script that no language covers; words match as they are written."


def any_hidden(column: Column) -> bool:
    """Tell whether a column of few values says of some products that shoppers are not to see them."""
    of_products = not column.name.startswith(f"{VARIANTS}.")
    return of_products and column.distinct < column.rows / 2 and any(map(is_hidden, {*column.texts}))


def is_hidden(value: str) -> bool:
    """Tell whether a value is `draft`, `Not Visible Individually` or so, and not a text in which such a word stands."""
    words = value.casefold().split()
    return len(words) <= LONGEST_STATE and (bool(HIDDEN & {*words}) or words[:2] == ["not", "visible"])


def hidden(column: Column) -> str:
    """Say which products shoppers may not be meant to see."""
    values = [value for value in column.texts if is_hidden(value)]
    return (
        f"'{column.name}' is {values[0]!r:.40} in {len(values):,} of {column.rows:,} products that were looked at. "
        "They are found like all others; leave them out of the catalogue if shoppers are not to see them."
    )


def unused(left_out: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Say which fields have no role, the first of each kind by name."""
    for why, names in left_out.items():
        more = " …, all named at the end of the file" * (len(names) > SHOWN)
        yield f"Not used, {why}: {len(names):,} ({', '.join(names[:SHOWN])}{more})."


def two_ways(column: Column) -> str:
    """Say which of two numbers the texts of a column are taken for."""
    form, text = column.guesses["numbers"]
    mark = form.decimal or "."
    taken, left = (number(text, each, form.unit) for each in (mark, other(mark)))
    setting = Format(decimal=other(mark), unit=form.unit)
    return (
        f"'{column.name}' does not say what its marks mean: {text!r} is taken for {taken:,g}; "
        f"if it is {left:,g}, write {setting} for it under [fields.formats]."
    )


def no_date(column: Column) -> str:
    """Say why a column that looks like dates is not proposed."""
    form, doubtful = column.guesses["dates"]
    why = f"'{column.name}' is not proposed as a date: "
    if doubtful:
        day_first, month_first = Format(date="DMY"), Format(date="MDY")
        choice = f"name it under dates, and write {day_first} or {month_first} for it under [fields.formats]."
        return f"{why}{doubtful!r} may have its day or its month first; {choice}"
    odd = next(text for text in column.texts if moment(text, form.date) is None)
    return f"{why}it holds {odd!r:.40}, expected {dates.KIND.expected}."
