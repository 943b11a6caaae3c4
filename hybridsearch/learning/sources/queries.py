"""Judged queries: when two are the same, and when so similar that they must be on one side of a split."""

from __future__ import annotations

import json
import reprlib
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import TypeAdapter, ValidationError

from hybridsearch.catalog.base import Unreadable
from hybridsearch.catalog.formats.jsonl import parse
from hybridsearch.inputs.rows import strings, tidy
from hybridsearch.search.filters.filters import FilterValue
from hybridsearch.search.person.history import NOTHING, History
from hybridsearch.texts import text
from hybridsearch.texts.languages import analyses
from hybridsearch.values import Row

FILTERS: TypeAdapter[dict[str, FilterValue]] = TypeAdapter(dict[str, FilterValue])


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """A query and its judged products.

    Attributes:
        text: In its first spelling; empty for a photo or a recording alone.
        grades: By product; 0 = irrelevant, larger is better.
        image: Path, data: URI or address of a photo.
        weight: How much it counts in learning, in [0, 1]; below 1 for clicks, which prove less than judges.
        audio: Path of a recording, whose words come behind the text.
        video: Path of a video, in place of a photo.
        session: Whose query it is; empty for one that stands for those of many people.
        history: What that session had done before.
    """

    text: str
    grades: Mapping[str, float] = field(default_factory=dict)
    image: str | None = None
    filters: Mapping[str, FilterValue] = field(default_factory=dict)
    locale: str | None = None
    weight: float = 1.0
    audio: str | None = None
    video: str | None = None
    session: str = ""
    history: History = NOTHING

    @property
    def answerable(self) -> bool:
        """Whether any product is relevant; otherwise no measure has a value."""
        return any(grade > 0 for grade in self.grades.values())

    @property
    def key(self) -> Hashable:
        """What is equal for queries that are the same; upper case, spaces and letter forms do not matter."""
        shown = self.image, self.audio, self.video
        return text.spelled(self.text), *shown, json.dumps(self.filters, sort_keys=True), self.locale


def read_query(row: Row) -> JudgedQuery:
    """Return the query of a row, without grades.

    Raises:
        ValueError: It has neither words nor a photo, a recording or a video, or a field is invalid.
    """
    query, image, audio, video = (one_text(row, name) for name in ("query", "image", "audio", "video"))
    if not (query or image or audio or video):
        raise ValueError("'query', 'image', 'audio' and 'video' are missing or empty, expected one of them")
    if image and video:
        raise ValueError("'image' and 'video' are both given, expected one of them")
    own, locale = filters(row.get("filters")), one_text(row, "locale")
    return JudgedQuery(query, {}, image or None, own, locale or None, audio=audio or None, video=video or None)


def one_text(row: Row, name: str) -> str:
    """Return the only text of a field, or an empty one.

    Raises:
        ValueError: There are several, or the value is no text.
    """
    texts = strings(row.get(name))
    if len(texts) > 1 or (not texts and row.get(name) and not isinstance(row[name], str)):
        raise ValueError(f"'{name}' is {reprlib.repr(row[name])}, expected one text")
    return texts[0] if texts else ""


def filters(value: object) -> dict[str, FilterValue]:
    """Return filters by field; a cell of a table holds them as JSON.

    Raises:
        ValueError: They are not an object of values, lists of values, or bounds.
    """
    if value is None or value == "":
        return {}
    parsed = parse(value) if isinstance(value, str) else value
    try:
        return FILTERS.validate_python(None if isinstance(parsed, Unreadable) else tidy(parsed))
    except ValidationError as error:
        expected = '{"brand": "Acme", "price": {"lte": 50}}'
        raise ValueError(f"'filters' is {reprlib.repr(value)}, expected an object such as {expected}") from error


def groups(queries: Sequence[JudgedQuery]) -> list[int]:
    """Return the number of the group of each query, counted from 0 in order of appearance.

    Queries of one group have the same photo, recording or video, or differ only in the order and the form of their
    words, upper case, punctuation and stop words; no split separates them.
    """
    leaders: dict[Hashable, int] = {}
    parents = list(range(len(queries)))
    for position, query in enumerate(queries):
        for key in group_keys(query):
            first, second = sorted((root(parents, position), root(parents, leaders.setdefault(key, position))))
            parents[second] = first
    numbers: dict[int, int] = {}
    return [numbers.setdefault(root(parents, position), len(numbers)) for position in range(len(queries))]


def group_keys(query: JudgedQuery) -> Iterator[Hashable]:
    """Yield keys; queries that share one are of the same group."""
    if query.image:
        yield "image", query.image
    if query.audio:
        yield "audio", query.audio
    if query.video:
        yield "video", query.video
    if query.text:
        language = (query.locale or "en")[:2].lower()
        tokens = text.analyse_query(query.text, language if language in analyses() else "en")
        yield "text", *(sorted(tokens) or [text.spelled(query.text)])


def root(parents: list[int], position: int) -> int:
    """Return the first query of a group, and shorten the path to it (union-find)."""
    while parents[position] != position:
        parents[position] = parents[parents[position]]
        position = parents[position]
    return position
