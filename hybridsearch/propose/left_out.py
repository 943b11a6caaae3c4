"""Which fields of a catalogue have no role in a proposal, and why: every one is named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from hybridsearch.propose.arrangement import VARIANTS, read_as_pairs
from hybridsearch.propose.cells import prefixes, walk
from hybridsearch.propose.columns import Column
from hybridsearch.propose.patterns import PICTURE, URL
from hybridsearch.propose.words import ALT
from hybridsearch.sections import Catalog
from hybridsearch.values import Row

SHARED = 0.9
"""Share of the words of a column that must stand in the titles of their products for it to say nothing more;"""
SHARED_BY_ALT = 0.5
"""of one whose name says that it repeats the title: an alt text says 'picture 2' beside it."""
COMPLETION = "completion"
"""Type of a mapping: for suggestions while a shopper types."""

REASONS: dict[str, Callable[[Column], bool]] = {
    "one value alone": lambda column: column.distinct == 1,
    "dates": lambda column: column.dated,
    "pictures": lambda column: column.mostly(PICTURE),
    "addresses": lambda column: column.mostly(URL),
    "true or false": lambda column: column.answers,
    "units": lambda column: column.units,
    "text": lambda column: column.textual and column.numeric < 0.9,
    "numbers": lambda column: column.numeric > 0,
}
"""What a column without a role is: the first that it is."""
PROPERTIES, COPIES, OTHERS, EMPTY = (
    "names and values of properties",
    "what the title says too",
    "other values",
    "empty, an object in other products, or of a name that no index can hold",
)


def left_out(
    rows: Iterable[Row],
    kinds: Mapping[str, str],
    sampled: Sequence[Column],
    roles: Mapping[str, Sequence[Column]],
    catalog: Catalog | None = None,
) -> dict[str, list[str]]:
    """Return the names of the fields that have no role, by what they are; those of most fields first."""
    used = {column.name for taken in roles.values() for column in taken}
    rest: dict[str, list[str]] = {}
    for column in sampled:
        if column.name not in used:
            why = (
                PROPERTIES
                if catalog and read_as_pairs(column, catalog)
                else reason(column, titles(sampled, roles["title"], column))
            )
            rest.setdefault(why, []).append(column.name)
    objects = {prefix for column in sampled for prefix in prefixes(column.name)}
    names = dict.fromkeys([*(name for row in rows for name, _ in walk(row)), *(kinds.keys() - objects)])
    rest[EMPTY] = sorted(names.keys() - {column.name for column in sampled})
    return {why: named for why, named in sorted(rest.items(), key=lambda entry: -len(entry[1])) if named}


def reason(column: Column, titles: Sequence[Column]) -> str:
    """Return what a column without a role is."""
    if copies(column, titles):
        return COPIES
    return next((why for why, holds in REASONS.items() if holds(column)), OTHERS)


def titles(sampled: Sequence[Column], chosen: Sequence[Column], column: Column) -> list[Column]:
    """Return the columns whose words another one may repeat: the title, and for one of variants theirs too."""
    theirs = [each for each in sampled if any(each.name == f"{VARIANTS}.{title.name}" for title in chosen)]
    return [*chosen, *(each for each in theirs if each is not column and column.name.startswith(f"{VARIANTS}."))]


def copies(column: Column, titles: Sequence[Column]) -> bool:
    """Tell whether a column of text says what the titles say: a suggester, an alt text, a translation that is none."""
    if column.kind == COMPLETION:
        return True
    if not column.textual:
        return False
    empty: set[str] = set()
    said = {place: empty.union(*(title.vocabulary.get(place, empty) for title in titles)) for place in column.places}
    words = sum(map(len, column.vocabulary.values()))
    shared = sum(len(found & said[place]) for place, found in column.vocabulary.items())
    return shared > 0 and shared >= words * (SHARED_BY_ALT if repeats_by_name(column) else SHARED)


def is_copy(column: Column, titles: Sequence[Column]) -> bool:
    """Tell whether a column that is named so says what the titles say."""
    return repeats_by_name(column) and copies(column, titles)


def repeats_by_name(column: Column) -> bool:
    """Tell whether the name of a column says that it repeats the title."""
    return bool(ALT & {*column.words})
