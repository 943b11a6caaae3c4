"""Judged queries: when two are the same, and when they are so near that one must not test what the other taught."""

from __future__ import annotations

import json
import reprlib
import unicodedata
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import TypeAdapter, ValidationError

from hybridsearch import text
from hybridsearch.catalog.jsonl import parse
from hybridsearch.rows import strings, tidy
from hybridsearch.search.filters import FilterValue
from hybridsearch.values import Row

FILTERS: TypeAdapter[dict[str, FilterValue]] = TypeAdapter(dict[str, FilterValue])


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """A query and its judged products.

    Attributes:
        text: As it was first spelled; empty for a photo alone.
        grades: By product; 0 = irrelevant, larger is better.
        image: Path, data: URI or address of a photo.
        weight: How much it counts in learning, in [0, 1]; below 1 for clicks, which prove less than a judge.
    """

    text: str
    grades: Mapping[str, float] = field(default_factory=dict)
    image: str | None = None
    filters: Mapping[str, FilterValue] = field(default_factory=dict)
    locale: str | None = None
    weight: float = 1.0

    @property
    def answerable(self) -> bool:
        """Whether any product is relevant; otherwise no measure has a value."""
        return any(grade > 0 for grade in self.grades.values())

    @property
    def key(self) -> Hashable:
        """What is equal for queries that are the same; capitals, blanks and forms of letters do not matter."""
        return spelled(self.text), self.image, json.dumps(self.filters, sort_keys=True), self.locale


def spelled(query: str) -> str:
    """Return the text of a query as it is compared."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", query).casefold()).split())


def question(row: Row) -> JudgedQuery:
    """Return what a row asks, without grades.

    Raises:
        ValueError: It has neither words nor a photo, or a field is not what it should be.
    """
    query, image = single(row, "query"), single(row, "image")
    if not query and not image:
        raise ValueError("'query' and 'image' are missing or empty, expected one of them")
    return JudgedQuery(query, {}, image or None, filters(row.get("filters")), single(row, "locale") or None)


def single(row: Row, name: str) -> str:
    """Return the one text of a field, or an empty one."""
    found = strings(row.get(name))
    if len(found) > 1 or (not found and row.get(name) and not isinstance(row[name], str)):
        raise ValueError(f"'{name}' is {reprlib.repr(row[name])}, expected one text")
    return found[0] if found else ""


def filters(value: object) -> dict[str, FilterValue]:
    """Return filters by field; a cell of a table holds them as JSON.

    Raises:
        ValueError: They are not an object of values, lists of values, or bounds.
    """
    if value is None or value == "":
        return {}
    try:
        return FILTERS.validate_python(tidy(parse(value)) if isinstance(value, str) else value)
    except ValidationError as error:
        expected = '{"brand": "Acme", "price": {"lte": 50}}'
        raise ValueError(f"'filters' is {reprlib.repr(value)}, expected an object such as {expected}") from error


def groups(queries: Sequence[JudgedQuery]) -> list[int]:
    """Return the number of the group of each query, counted from 0 in order of appearance.

    Queries of one group are the same up to the order and the form of their words, capitals, punctuation and stop words,
    or have the same photo; groups are for keeping them on one side of a split.
    """
    leaders: dict[Hashable, int] = {}
    parents = list(range(len(queries)))
    for place, query in enumerate(queries):
        for mark in marks(query):
            one, other = sorted((root(parents, place), root(parents, leaders.setdefault(mark, place))))
            parents[other] = one
    numbers: dict[int, int] = {}
    return [numbers.setdefault(root(parents, place), len(numbers)) for place in range(len(queries))]


def marks(query: JudgedQuery) -> Iterator[Hashable]:
    """Yield what a query shares with those of its group."""
    if query.image:
        yield "image", query.image
    if query.text:
        language = (query.locale or "en")[:2].lower()
        tokens = text.analyse_query(query.text, language if language in text.languages() else "en")
        yield "text", *(sorted(tokens) or [spelled(query.text)])


def root(parents: list[int], place: int) -> int:
    """Return the first query of a group, and shorten the way to it."""
    while parents[place] != place:
        parents[place] = parents[parents[place]]
        place = parents[place]
    return place
