"""Which columns of a catalogue look fit for which role: by their names, in several languages, and by their values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hybridsearch.propose.columns import FEW_PRODUCTS, Column
from hybridsearch.propose.patterns import (
    BARE_CODE,
    BIT,
    CODE,
    MIDDLE_SIZED,
    NUMBERED,
    PICTURE,
    SINCE_1970,
    SOLID,
    SOLID_DAY,
    URL,
    VIDEO,
)
from hybridsearch.propose.words import (
    CODES,
    COST,
    DATES,
    FACETS,
    FLAGS,
    ID,
    IMAGE,
    LABELS,
    LISTS,
    META,
    MORE,
    NAMES_ONE,
    NUMBERS,
    REFERENCES,
    SMALL,
    SOLD_FOR,
    TEXT,
    TITLE,
)
from hybridsearch.roles import is_price
from hybridsearch.texts.amounts import MONEY

MOST_VARIANTS = 20
"""Products that share such a code, on average."""
FEW_ROWS = 20
"""In a sample of fewer, values may not repeat though they do in the catalogue."""

DATE_TYPES = ("date", "date_nanos")
"""Types of an Elasticsearch mapping."""

MOST = 12
"""Columns that are proposed for one role; a shop can name more."""


def pick_id(columns: Sequence[Column]) -> list[Column]:
    """Return the column that differs in every row, or else the one that is named like an id."""
    short = [column for column in columns if column.single and not column.truth and column.longest <= 128]
    unique = [column for column in short if column.unique and column.says(NUMBERS) is None and not spaced(column)]
    named = [column for column in short if column.says(ID) is not None and column.filled > 0.9]
    return best(
        unique or named, lambda column: (column.mostly(PICTURE), rank(column, ID), column.numeric, len(column.words)), 1
    )


def spaced(column: Column) -> bool:
    """Tell whether some value has a space."""
    return any(" " in value for value in column.texts)


def pick_image(columns: Sequence[Column]) -> list[Column]:
    """Return the column of pictures, of several sizes a middle one, and those of further pictures."""
    pictures = [
        column
        for column in columns
        if column.mostly(PICTURE)
        or (column.says(IMAGE) is not None and column.mostly(URL) and not column.mostly(VIDEO))
    ]
    common = [column for column in pictures if column.filled > 0.2 and not MORE & {*column.words}] or pictures
    first = best(
        common,
        lambda column: (bool(SMALL & {*column.words}), not MIDDLE_SIZED.search(column.name), rank(column, IMAGE)),
        1,
    )
    return [*first, *(column for column in pictures if column not in first and further(column, first[0]))][:MOST]


def pick_video(columns: Sequence[Column]) -> list[Column]:
    """Return the columns of videos."""
    return best((column for column in columns if column.mostly(VIDEO)), lambda column: -column.filled)


def further(column: Column, first: Column) -> bool:
    """Tell whether a column holds other pictures of a product, or those of its variants, by its name."""
    series = [NUMBERED.fullmatch(name) for name in (column.name, first.name)]
    of_variants = column.name.endswith(f".{first.name}")
    following = series[0] is not None and series[0][1] == (series[1][1] if series[1] else first.name)
    return of_variants or following or bool(MORE & {*column.words} and not SMALL & {*column.words})


def pick_title(columns: Sequence[Column]) -> list[Column]:
    """Return the column of short text that most products have, and few share; one that is called a title, some more."""

    def fits(column: Column) -> bool:
        said = column.says(TITLE) is not None
        named = column.says((*FACETS, *CODES, *TEXT)) is not None
        if not said and (named or column.several.levels or column.length < 8):
            return False
        short = column.textual and column.single and column.filled > 0.5 and column.length < 250
        shared_by = MOST_VARIANTS if said and len(column.words) == 1 else 3
        return short and column.repeats < shared_by and column.share(CODE) < 0.5 and column.numeric < 0.5

    return best(
        filter(fits, columns),
        lambda column: (bool(META & {*column.words}), rank(column, TITLE), len(column.words)),
        1,
    )


def pick_codes(columns: Sequence[Column]) -> list[Column]:
    """Return the columns of words that name one product, or few."""
    return best(filter(is_code, columns), lambda column: (rank(column, CODES), -column.share(CODE) * column.filled))


def is_code(column: Column) -> bool:
    """Tell whether shoppers may type a value of the column to find one product.

    A column that is named so needs no digits in its codes, as in `LS-BL-M`.
    """
    shared_by = MOST_VARIANTS if column.says(NAMES_ONE) is not None else 2
    if column.repeats >= shared_by or column.filled <= 0.05 or column.constant or column.mostly(SOLID):
        return False
    if column.says(CODES) is not None:
        return column.share(CODE) > 0.2 or column.mostly(BARE_CODE)
    return column.share(CODE) > 0.2 and column.textual and column.numeric < 0.5


def pick_facets(columns: Sequence[Column]) -> list[Column]:
    """Return the columns of few, short values that many products share."""

    def fits(column: Column) -> bool:
        named = column.says((*FACETS, *LISTS)) is not None
        if column.several.levels:
            return column.filled >= 0.05
        if column.says(TEXT) is not None and not named:
            return False
        least = 1 if named and column.rows < FEW_ROWS else 1.05 if named or column.kind == "keyword" else 3
        few = column.repeats >= least and column.varied and column.says((*NAMES_ONE, *REFERENCES)) is None
        short = column.length <= 40 and column.textual
        return (
            few
            and short
            and column.filled >= (0.05 if named else 0.2)
            and (named or column.measured or column.numeric < 0.9)
        )

    return best(filter(fits, columns), lambda column: (not column.several.levels, rank(column, FACETS), -column.filled))


def pick_numbers(columns: Sequence[Column]) -> list[Column]:
    """Return the columns that hold nothing but numbers: a product whose number cannot be read would be a reject.

    What a product costs the shop is for nobody to see, where another column says what it costs a buyer.
    """
    priced = any(is_sold_for(column) for column in columns)

    def fits(column: Column) -> bool:
        named = LABELS & {*column.words} or (column.unique and column.says((*ID, *CODES)) is not None)
        quantity = column.numeric == 1 and not named and column.varied and not column.counted
        quantity = quantity and not (asks(column) and column.mostly(BIT)) and not (priced and is_cost(column))
        return quantity and column.filled >= (0.05 if column.says(NUMBERS) is not None else 0.3)

    return best(filter(fits, columns), lambda column: (rank(column, NUMBERS), -column.filled))


def is_cost(column: Column) -> bool:
    """Tell whether a column is called what a product costs the shop: `Cost per item`, `EK netto`, `原価`."""
    return bool(COST & {*column.words})


def is_sold_for(column: Column) -> bool:
    """Tell whether a column holds what buyers pay, by its name or by its currency."""
    money = is_price(column.name) or SOLD_FOR & {*column.words} or column.form("numbers").unit in MONEY
    return column.numeric == 1 and bool(money) and not is_cost(column)


def pick_dates(columns: Sequence[Column]) -> list[Column]:
    """Return the columns that hold nothing but dates: a product whose date cannot be read would be a reject."""

    def fits(column: Column) -> bool:
        named = column.says(DATES) is not None
        written = column.dated or (named and any(map(column.mostly, (SINCE_1970, SOLID_DAY))))
        telling = column.varied and column.filled >= (0.05 if named else 0.3)
        likely = (column.single or column.gathered) and (column.kind in DATE_TYPES or (written and telling))
        return likely and column.kept("dates") is not None

    return best(filter(fits, columns), lambda column: (rank(column, DATES), -column.filled))


def pick_booleans(columns: Sequence[Column]) -> list[Column]:
    """Return the columns that say yes and no, and nothing else."""

    def fits(column: Column) -> bool:
        answers = column.kept("booleans") if column.single or column.gathered else None
        if column.counted:
            return False
        if answers is None or column.kind == "boolean":
            return answers is not None
        telling = len(set(answers)) == 2 or (column.rows < FEW_PRODUCTS and asks(column))
        telling = telling and column.filled >= 0.2
        return telling and (not column.mostly(BIT) or asks(column))

    return best(filter(fits, columns), lambda column: (rank(column, FLAGS), -column.filled))


def asks(column: Column) -> bool:
    """Tell whether 0 and 1 are answers to the name of a column."""
    return column.says(FLAGS) is not None or column.name.rstrip().endswith(("?", "？"))


def pick_text(columns: Sequence[Column]) -> list[Column]:
    """Return the other columns of text, those that hold most of it first."""
    readable = [column for column in columns if column.textual and column.numeric < 0.9 and column.filled >= 0.02]
    telling = [column for column in readable if not (column.answers or column.constant or is_reference(column))]
    return best(
        telling,
        lambda column: (bool(META & {*column.words}), rank(column, TEXT), -column.filled * min(column.length, 200)),
    )


def is_reference(column: Column) -> bool:
    """Tell whether a column names things for programs, such as groups of products."""
    return column.says(REFERENCES) is not None and column.mostly(BARE_CODE)


def rank(column: Column, hints: Sequence[str]) -> int:
    """Return the place of the hint that the name holds; a name without one comes last."""
    place = column.says(hints)
    return len(hints) if place is None else place


def best(columns: Any, order: Callable[[Column], Any], most: int = MOST) -> list[Column]:
    """Return the first columns in an order; ties keep the order of the catalogue."""
    return sorted(columns, key=order)[:most]


PICKERS: dict[str, Callable[[Sequence[Column]], list[Column]]] = {
    "id": pick_id,
    "image": pick_image,
    "video": pick_video,
    "title": pick_title,
    "dates": pick_dates,
    "booleans": pick_booleans,
    "codes": pick_codes,
    "facets": pick_facets,
    "numbers": pick_numbers,
    "text": pick_text,
}
"""One for each role; each chooses from what those before it left."""
