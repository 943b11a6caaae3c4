"""Whether several rows are one product, as a shop system exports its variants and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hybridsearch.inputs.rows import strings
from hybridsearch.propose.columns import MOSTLY, Column, columns
from hybridsearch.propose.patterns import BARE_CODE
from hybridsearch.propose.roles import pick_title, rank
from hybridsearch.propose.words import GROUP, ID, PARENT, REFERENCES, TITLE
from hybridsearch.values import Row

NAMED = 0.9
"""Share of the rows that a field must name by itself."""
FEWEST = 2
"""Later rows of products, and rows with a title, that a sample must hold."""


def key_of_products(rows: Sequence[Row]) -> str | None:
    """Return the field that names the product of a row, where products have several; None where each row is one.

    It is the same in several rows, of which only the first has a title, or one where they stand apart.
    """
    sampled = columns(rows, {})
    titles = [column for column in sampled if column.says(TITLE) is not None and column.filled < 1]
    keys = (column for column in sampled if column.says(ID) is not None and column.filled == 1 and column.single)
    fitting = [key for key in keys if any(begins_with(key, title) for title in titles)]
    return min(fitting, key=lambda key: rank(key, ID)).name if fitting else None


def begins_with(key: Column, title: Column) -> bool:
    """Tell whether of the rows with one value of a key only the first has a title, or one of those that stand apart."""
    values = [strings(value) for value in key.values]
    titled = [place for place, value in zip(title.places, title.values, strict=True) if strings(value)]
    several = len(values) - key.distinct >= FEWEST and len(titled) >= FEWEST
    if stand_apart(key):
        return several and len({values[place] for place in titled}) == len(titled)
    return several and all(place == 0 or values[place] != values[place - 1] for place in titled)


def stand_apart(key: Column) -> bool:
    """Tell whether rows with one value of a column have others between them."""
    named = dict(zip(key.places, map(strings, key.values), strict=True))
    return sum(bool(value) and value != named.get(place - 1) for place, value in named.items()) > key.distinct


@dataclass(frozen=True, slots=True)
class Group:
    """How rows with titles of their own are together one product.

    Attributes:
        field: The same in all rows of a product.
        key: The field that names each row, and so a product that has one row and no group.
        title: The field with the title of each.
    """

    field: str
    key: str
    title: str


def group_of_variants(rows: Sequence[Row]) -> Group | None:
    """Return how rows are gathered, each with an id and a title of its own; None where each row is a product.

    A group is the same in several rows, which have most words of their titles in common. Where they stand apart it must
    be called an id, for it may be any kind of group.
    """
    sampled = columns(rows, {})
    named = [column for column in sampled if is_group(column) and (is_id(column) or not stand_apart(column))]
    keys = sorted((column for column in sampled if is_key(column)), key=lambda column: rank(column, ID))
    titles = [column for column in sampled if column.says(TITLE) is not None and column.filled > NAMED]
    for group in named:
        for title in sorted(titles, key=lambda column: (rank(column, TITLE), len(column.words))):
            if keys and group.name not in (keys[0].name, title.name) and gathers(group, title):
                return Group(group.name, keys[0].name, title.name)
    for title in pick_title(sampled):
        for group in sampled:
            if keys and group.name not in (keys[0].name, title.name) and names_titles(group, title):
                return Group(group.name, keys[0].name, title.name)
    return None


def names_titles(group: Column, title: Column) -> bool:
    """Tell whether a column of single words is another name for titles that several rows have, which stand together."""
    if not (group.single and group.filled == title.filled == 1 and group.mostly(BARE_CODE)):
        return False
    pairs = set(zip(map(strings, group.values), map(strings, title.values), strict=True))
    several = len(group.values) - group.distinct >= FEWEST and group.distinct > 1
    return several and len(pairs) == group.distinct == title.distinct and not stand_apart(group)


def is_group(column: Column) -> bool:
    """Tell whether a column is called a group, and is an id or has digits: those without may be ranges of a shop."""
    digits = sum(any(map(str.isdigit, text)) for text in column.texts)
    called = bool(GROUP & {*column.words})
    return called and column.single and (is_id(column) or digits >= MOSTLY * len(column.texts))


def is_id(column: Column) -> bool:
    """Tell whether a column is called an id: `group_id`, `itemGroupId`."""
    return column.says(REFERENCES) is not None or any(word.endswith("id") for word in GROUP & {*column.words})


def is_key(column: Column) -> bool:
    """Tell whether a column names every row."""
    return column.says(ID) is not None and column.unique


def gathers(group: Column, title: Column) -> bool:
    """Tell whether the rows of a group are called alike where it has several."""
    members: dict[str, list[int]] = {}
    for place, value in zip(group.places, group.values, strict=True):
        for name in strings(value):
            members.setdefault(name, []).append(place)
    several = [places for places in members.values() if len(places) > 1]
    alike = sum(share_words([title.vocabulary.get(place, set()) for place in places]) for places in several)
    return len(several) >= FEWEST and alike >= MOSTLY * len(several)


def share_words(titles: Sequence[set[str]]) -> bool:
    """Tell whether titles have at least half of the words of the shortest one in common."""
    return 2 * len(set.intersection(*titles)) >= min(map(len, titles)) > 0


@dataclass(frozen=True, slots=True)
class Parent:
    """How rows name the product that they are variants of.

    Attributes:
        field: That names it.
        key: The field that names a product in the shop.
        named_by: Fields by which it is named besides.
    """

    field: str
    key: str
    named_by: tuple[str, ...] = ()


def parent_of_variants(rows: Sequence[Row]) -> Parent | None:
    """Return how rows name their products; None where each row is one.

    Most of those that are named are there; in a catalogue of which these are the first rows, others may follow. One
    field names all of them, or some are named by one and some by another, of which one names every row.
    """
    sampled = columns(rows, {})
    parents = [column for column in sampled if column.says(PARENT) is not None and column.filled < 1 and column.single]
    keys = [column for column in sampled if column.says(ID) is not None and column.single and column.filled > 0]
    for parent in parents:
        for key in keys:
            if key.filled > NAMED and names_others(parent, [key]):
                return Parent(parent.name, key.name)
        whole = [key for key in keys if key.filled == 1 and key.distinct == len(rows)]
        if whole and names_others(parent, keys):
            return Parent(parent.name, whole[0].name, tuple(key.name for key in keys))
    return None


def names_others(parent: Column, keys: Sequence[Column]) -> bool:
    """Tell whether most values of a column are keys of other rows, `id:17` too, which name none themselves."""
    own = zip(parent.places, parent.values, strict=True)
    named = {place: names[0] for place, value in own if (names := strings(value))}
    cells = (cell for key in keys for cell in zip(key.places, key.values, strict=True))
    known = {name for place, value in cells if place not in named for name in strings(value)}
    there = sum(name in known or (len(keys) > 1 and name.removeprefix("id:") in known) for name in named.values())
    return there >= max(FEWEST, MOSTLY * len(named))
