"""What the values of a column look like, as far as a sample tells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from hybridsearch.fields import AS_IT_IS, KINDS, Format
from hybridsearch.fields.days import has_named_month
from hybridsearch.fields.names import flaw
from hybridsearch.inputs.rows import says_nothing, strings
from hybridsearch.propose.cells import kind_of, leaves, prefixes, walk, written
from hybridsearch.propose.lists import separators
from hybridsearch.propose.patterns import (
    CAMEL,
    DATE,
    DIGITS_OF_A_CODE,
    NOT_IN_WORDS,
    PADDED,
    PICTURE,
    SHORT_DATE,
    SOLID,
    URL,
    VIDEO,
)
from hybridsearch.propose.trees import NAMES as CATEGORIES
from hybridsearch.propose.trees import tree
from hybridsearch.propose.words import CHOSEN, DATES, LISTS
from hybridsearch.propose.writing import Guess, date_format, number_format, usual_mark
from hybridsearch.texts.amounts import MONEY, Mark
from hybridsearch.texts.units import UNITS
from hybridsearch.values import Row, Stored

MOSTLY = 0.8
"""Share of the values that must look like a date, an address or a picture for the column to be one."""

FEW_YEARS = 4
"""Different dates in a year, on average, for them to be dates by what they are."""
LEAST_CONSTANT = 3
"""Products that say the same, for that to be no text about one of them."""
FEW_PRODUCTS = 3
"""Of fewer, those that say the same say nothing about the others to come."""

LISTED = ("facets", "codes", "image", "video")
"""Roles of fields of which one text may hold several values."""


class Column:
    """The values of one field in the rows that have it.

    Attributes:
        name: Dotted name.
        rows: Number of rows looked at.
        values: What the rows that have the field hold.
        places: Which rows these are.
        kind: Type in the index's mapping; empty for a file.
        usual: What stands before the decimals in other columns, where it is known.
        gathered: Whether a list holds what several rows, or objects in a list, of a product say.
    """

    def __init__(
        self,
        name: str,
        rows: int,
        cells: Mapping[int, Any],
        kind: str = "",
        *,
        usual: Mark | None = None,
        gathered: bool = False,
    ) -> None:
        self.name = name
        self.rows = rows
        self.places, self.values = tuple(cells), tuple(cells.values())
        self.kind = kind
        self.usual = usual
        self.gathered = gathered

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of the name: `attrs.productColour` has attrs, product and colour."""
        return tuple(filter(None, NOT_IN_WORDS.split(CAMEL.sub("_", self.name).lower())))

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Every value as text, each of several in a cell."""
        return tuple(text for value in self.values for text in strings(self.form("facets").split(value)))

    @cached_property
    def distinct(self) -> int:
        """Number of different values."""
        return len(set(self.texts))

    @cached_property
    def filled(self) -> float:
        """Share of the rows that have a value."""
        return sum(bool(strings(value)) for value in self.values) / self.rows

    @cached_property
    def length(self) -> float:
        """Characters of an average value; one of Chinese or Japanese says as much as three others."""
        return sum(len(text) + 2 * sum(map("\u2e80".__le__, text)) for text in self.texts) / len(self.texts)

    @cached_property
    def longest(self) -> int:
        """Characters of the longest value."""
        return max(map(len, self.texts))

    @property
    def repeats(self) -> float:
        """How often an average value occurs."""
        return len(self.texts) / self.distinct

    @property
    def single(self) -> bool:
        """Whether no row has more than one value."""
        return len(self.texts) <= self.rows * self.filled + 0.5

    @property
    def varied(self) -> bool:
        """Whether it says different things, or there are so few rows that it may yet."""
        return self.distinct > 1 or self.rows < FEW_PRODUCTS

    @property
    def constant(self) -> bool:
        """Whether it says the same wherever it says something, as the settings of a shop system do."""
        return self.distinct == 1 and len(self.texts) >= LEAST_CONSTANT

    @cached_property
    def counted(self) -> bool:
        """Whether it numbers the rows that were gathered to a product: 1, 2, 3."""
        lists = [value for value in self.values if isinstance(value, list)]
        return self.gathered and bool(lists) and all(counts_up(value) for value in self.values)

    @property
    def unique(self) -> bool:
        """Whether every row has one value that no other row has."""
        return self.distinct == len(self.texts) == self.rows

    @cached_property
    def textual(self) -> bool:
        """Whether it holds text that people could read or type: no truth values, dates, addresses or files."""
        written = any(isinstance(value, str) for value in leaves(self.values))
        return written and not self.dated and not self.units and not any(map(self.mostly, (URL, PICTURE, VIDEO, SOLID)))

    @cached_property
    def units(self) -> bool:
        """Whether it says in what another column is counted: units or currencies alone; `M` and `L` may be sizes."""
        return self.says(CHOSEN) is None and all(each.upper() in MONEY or each.lower() in UNITS for each in self.texts)

    @cached_property
    def dated(self) -> bool:
        """Whether it looks like dates: of numbers with years of two digits, which may be anything, its name says so."""
        if self.mostly(DATE):
            return True
        short = self.mostly(SHORT_DATE) and (self.says(DATES) is not None or self.padded)
        return short or sum(map(has_named_month, self.texts)) >= MOSTLY * len(self.texts)

    @cached_property
    def padded(self) -> bool:
        """Whether all texts are three numbers of two digits: days filled up with zeros, and years that come again."""
        parts = [match.groups() for text in self.texts if (match := PADDED.fullmatch(text))]
        days, years = ({each[place] for each in parts} for place in (0, 2))
        zeros = any(day.startswith("0") for day in days)
        return len(parts) == len(self.texts) and zeros and len(years) * FEW_YEARS <= self.distinct

    @cached_property
    def truth(self) -> bool:
        """Whether it says yes or no."""
        return all(isinstance(value, bool) for value in leaves(self.values))

    @cached_property
    def written(self) -> list[str]:
        """Its texts, as they are written."""
        return written(self.values)

    @cached_property
    def answers(self) -> bool:
        """Whether each row says yes or no, in whatever words."""
        return self.single and self.kept("booleans") is not None

    @cached_property
    def guesses(self) -> dict[str, Guess]:
        """How its texts are written, by the role for which that is said."""
        return {"numbers": number_format(self.written, self.usual), "dates": date_format(self.written)}

    @cached_property
    def several(self) -> Format:
        """What stands between the values of a cell, and between the levels of each where they are paths."""
        if self.numeric >= MOSTLY:
            return AS_IT_IS
        paths = tree(self.written, self.says(CATEGORIES) is not None)
        named, chosen = (self.says(words) is not None for words in (LISTS, CHOSEN))
        return paths or Format(separators=separators(self.written, named, chosen))

    def form(self, role: str) -> Format:
        """Return how its texts are written for a role."""
        if role in LISTED:
            return self.several
        return self.guesses[role].form if role in self.guesses else AS_IT_IS

    @cached_property
    def numeric(self) -> float:
        """Share of the values that are one number each; an EAN, or a number with leading zeros, is not."""
        told = [value for value in self.values if not says_nothing(value)]
        return sum(map(self.is_number, told)) / max(1, len(told))

    @cached_property
    def vocabulary(self) -> dict[int, set[str]]:
        """The words of each row that has some."""
        texts = zip(self.places, map(strings, self.values), strict=True)
        found = {place: {*filter(None, NOT_IN_WORDS.split(" ".join(parts).casefold()))} for place, parts in texts}
        return {place: words for place, words in found.items() if words}

    @property
    def measured(self) -> bool:
        """Whether its numbers have a unit that is no currency, as `64 GB`: people choose them as they are written."""
        unit = self.form("numbers").unit
        return unit is not None and unit not in MONEY and self.numeric == 1

    def is_number(self, value: Any) -> bool:
        """Tell whether a value is one number as the column writes them, and not a code that is made of digits."""
        if isinstance(value, list):
            return self.gathered and all(map(self.is_number, value))
        if isinstance(value, str) and DIGITS_OF_A_CODE.match(value):
            return False
        try:
            return KINDS["numbers"].kept(value, self.form("numbers")) is not None
        except ValueError:
            return False

    def kept(self, role: str) -> list[Stored] | None:
        """Return what a kind of field keeps of the values; None when it cannot read one of them."""
        kind = KINDS[role]
        try:
            return [stored for value in self.values if (stored := kind.kept(value, self.form(role))) is not None]
        except ValueError:
            return None

    def mostly(self, pattern: re.Pattern[str]) -> bool:
        """Tell whether most values match in full."""
        return self.share(pattern) >= MOSTLY

    def share(self, pattern: re.Pattern[str]) -> float:
        """Return the share of values that match in full."""
        return sum(pattern.fullmatch(text) is not None for text in self.texts) / len(self.texts)

    def says(self, hints: Sequence[str]) -> int | None:
        """Return the place of the first hint that the name starts or ends with, or None.

        The words between say what kind of thing it is: a `connector_gender_label` is a label.
        """
        ends = self.words[:1] + self.words[-1:]
        return next((place for place, hint in enumerate(hints) if hint in ends), None)


def counts_up(value: Any) -> bool:
    """Tell whether a value is 1, or a list of the numbers from 1, or from 0, on."""
    numbers = [text for part in value for text in strings(part)] if isinstance(value, list) else list(strings(value))
    return any(numbers == [str(first + place) for place in range(len(numbers))] for first in (0, 1))


def columns(rows: Sequence[Row], kinds: Mapping[str, str], *, gathered: bool = False) -> list[Column]:
    """Return the columns that have a value in some row, in order of appearance.

    A name that holds a value in one row and an object in another is left out, and so is one that no index can hold.
    With `gathered` each row is made of several of the catalogue.
    """
    values: dict[str, dict[int, Any]] = {}
    repeated: set[str] = set()
    for place, row in enumerate(rows):
        held: dict[str, list[Any]] = {}
        for name, value in walk(row):
            held.setdefault(name, []).append(value)
        for name, parts in held.items():
            values.setdefault(name, {})[place] = parts[0] if len(parts) == 1 else parts
            repeated |= {name} if len(parts) > 1 else set()
    usual = usual_mark(written(cells.values()) for cells in values.values())
    every = (
        Column(name, len(rows), cells, kind_of(name, kinds), usual=usual, gathered=gathered or name in repeated)
        for name, cells in values.items()
    )
    objects = {prefix for name in values for prefix in prefixes(name) if prefix in values}
    return [column for column in every if column.texts and not flaw(column.name) and column.name not in objects]
