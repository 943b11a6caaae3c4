"""What stands between the values of a column that holds several in a cell, as far as its texts tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, combinations

from hybridsearch.fields import Format
from hybridsearch.propose.patterns import CODE, DIGITS_OF_A_CODE, PICTURE, URL
from hybridsearch.texts.amounts import amount

MARKS = ("|", ";", ",", "、", "，", "；", "\n", " / ", " ")
BETWEEN_CHOICES = "/"
"""Stands between values that people choose by, as in `red/blue`; elsewhere inside of dates, addresses and names."""
NEARLY_ALL = 0.95
"""Share of the parts that must be pictures, codes or short for the cells to be lists of them."""
LOOKED_AT = 500
"""Cells that are looked at, spread over the column: a text of many commas is split in every way."""
LONGEST_PART, MOST_WORDS = 40, 4
"""Characters and words of a value that people choose by."""
LEAST_REUSE = 2
"""How often such a value stands in an average column;"""
LEAST_MOVING = 0.3
"""and the share of them that stand first in one cell and later in another, as a colour does and a surname does not."""
LEAST_LISTS = 0.02
"""Share of the cells that hold several values."""


def separators(texts: Sequence[str], named: bool = False, chosen: bool = False) -> tuple[str, ...]:
    """Return what stands between the values of a cell; nothing where a cell is one value, or a text to read.

    Args:
        texts: The cells.
        named: Whether the name of the column says that it holds several values, as `tags` does.
        chosen: Whether it says that people choose by it, as `size` does: its values may always stand in one order.
    """
    cells = texts[:: len(texts) // LOOKED_AT + 1]
    if any(cell.startswith(("{", "[{")) for cell in cells):  # objects of a program, whose names would stay
        return ()
    return next(
        (marks for marks in candidates(cells, chosen) if are_lists(cells, Format(separators=marks), named, chosen)), ()
    )


def candidates(cells: Sequence[str], chosen: bool = False) -> Iterator[tuple[str, ...]]:
    """Yield the sets of marks that stand in the cells, the largest first; a space is none beside others."""
    marks = [BETWEEN_CHOICES if chosen and mark == " / " else mark for mark in MARKS]
    present = [mark for mark in marks if any(mark in cell for cell in cells)]
    several = [mark for mark in present if mark != " "]
    yield from chain.from_iterable(combinations(several, size) for size in range(len(several), 0, -1))
    yield from [(" ",)] if " " in present else []


def are_lists(texts: Sequence[str], form: Format, named: bool, chosen: bool) -> bool:
    """Tell whether the cells are lists of addresses, of pictures, of codes, or of values that people choose by."""
    cells = [[part for piece in form.split(text) if (part := piece.strip())] for text in texts]
    lists = [cell for cell in cells if len(cell) > 1]
    if len(lists) < max(1, LEAST_LISTS * len(cells)):
        return False
    parts = list(chain.from_iterable(cells))
    if any(URL.match(part) for part in parts):  # commas may stand inside of addresses
        return all(map(URL.fullmatch, parts))
    if any(nearly_all(fits, parts) for fits in (is_picture, is_written_as_code)):
        return True
    if form.separators == (" ",) or not nearly_all(is_short, parts):
        return False
    return named or (len(parts) >= LEAST_REUSE * len({*parts}) and (chosen or moving(lists) >= LEAST_MOVING))


def nearly_all(fits: Callable[[str], bool], parts: Sequence[str]) -> bool:
    """Tell whether as many of the parts fit as those of lists do."""
    return sum(map(fits, parts)) >= NEARLY_ALL * len(parts)


def is_short(text: str) -> bool:
    """Tell whether a text is short enough to be chosen by."""
    return len(text) <= LONGEST_PART and len(text.split()) <= MOST_WORDS


def is_picture(text: str) -> bool:
    """Tell whether a text names a file of a picture."""
    return PICTURE.fullmatch(text) is not None


def is_written_as_code(text: str) -> bool:
    """Tell whether a text is a word with digits, and no number."""
    return CODE.fullmatch(text) is not None and (amount(text) is None or DIGITS_OF_A_CODE.match(text) is not None)


def moving(lists: Sequence[Sequence[str]]) -> float:
    """Return the share of the parts that also stand in another place of a cell."""
    places: dict[str, set[int]] = defaultdict(set)
    for cell in lists:
        for place, part in enumerate(cell):
            places[part].add(place)
    parts = list(chain.from_iterable(lists))
    return sum(len(places[part]) > 1 for part in parts) / len(parts)
