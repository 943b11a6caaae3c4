"""The judged queries of the page: read when they are first needed, and again when their file has changed."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from hybridsearch.disk.watched import signature
from hybridsearch.errors import ConfigError, QueryError
from hybridsearch.images import load_picture
from hybridsearch.images.load import load
from hybridsearch.learning.prepared import inside
from hybridsearch.learning.sources import judgments
from hybridsearch.learning.sources.judgments import JudgedQuery, Judgments
from hybridsearch.roles import Fields
from hybridsearch.search.filters.filters import read_filters
from hybridsearch.settings import Settings
from hybridsearch.texts import text
from hybridsearch.video.limits import MAX_BYTES

MOST = 1_000
"""Queries that are asked, the first of the file."""
NONE = (
    'There are no judged queries. Name a file of judgments in the configuration, [judgments] path = "FILE", or start '
    "the page with: hybridsearch serve --judgments FILE"
)


class Judged:
    """The judged queries that a shop's page compares by.

    Args:
        settings: Of the shop; `[judgments]` names the file.
        path: The file, in place of that one; relative to the working directory.
    """

    def __init__(self, settings: Settings, path: Path | None = None) -> None:
        section = settings.judgments
        self._settings, self._section = settings, section
        self.path = path if path is not None else settings.resolve(section.path) if section.path else None
        self._lock = threading.Lock()
        self._seen: object = None
        self._queries: tuple[JudgedQuery, ...] = ()
        self._notes: tuple[str, ...] = ()
        self._by_key: dict[Hashable, JudgedQuery] = {}

    def queries(self) -> tuple[JudgedQuery, ...]:
        """Return the queries with a relevant product, MOST at most; the file is read if need be.

        Raises:
            ConfigError: There is no file, or it has no judgments.
            CatalogError: It cannot be read.
        """
        if self.path is None:
            raise ConfigError(NONE)
        with self._lock:
            if (now := signature(self.path)) != self._seen:
                section = self._section
                topics = self._settings.resolve(section.topics) if section.topics else None
                read = judgments.read_named(self._settings, self.path, topics=topics, irrelevant=section.irrelevant)
                self._queries, self._notes = read.answerable[:MOST], tuple(remarks(read))
                usual = [query for query in reversed(self._queries) if not shows(query)]
                fields = self._settings.fields
                self._by_key = {typed(query.text, query.filters, fields): query for query in usual}
                self._seen = now
            return self._queries

    @property
    def notes(self) -> tuple[str, ...]:
        """What of the file is not asked, as sentences."""
        self.queries()
        return self._notes

    def of(self, words: str, filters: Mapping[str, Any]) -> JudgedQuery | None:
        """Return the judgments of what was typed, in whatever language it was judged; None where there are none."""
        self.queries()
        key = typed(words, filters, self._settings.fields)
        return self._by_key.get(key) if key is not None else None

    def arguments(self, query: JudgedQuery) -> dict[str, Any]:
        """Return the arguments of a search for a judged query; files are read from the folder of the judgments alone.

        Raises:
            ImageError, AudioError: One cannot be read, or lies elsewhere.
        """
        folder = self.path.parent if self.path else Path()
        return {
            "text": query.text,
            "filters": query.filters,
            "image": load_picture(query.image, folder=folder, fetch=None) if query.image else None,
            "audio": inside(folder, query.audio) if query.audio else None,
            "video": load(query.video, folder=folder, fetch=None, most=MAX_BYTES) if query.video else None,
        }


def remarks(read: Judgments) -> Iterator[str]:
    """Yield what of a file of judgments is not asked, as sentences."""
    yield from read.notes
    if read.refused:
        first = next(iter(read.first_refused))
        yield f"Rows that cannot be used: {read.refused:,} of {read.rows:,}. The first, {first.where}: {first.reason}."
    if unanswerable := len(read.queries) - len(read.answerable):
        yield f"Queries without a relevant product, which have no value: {unanswerable:,}."
    if (more := len(read.answerable) - MOST) > 0:
        yield f"Queries beyond the first {MOST:,}, which are not asked: {more:,}."


def shows(query: JudgedQuery) -> bool:
    """Tell whether a query is more than what is typed and clicked."""
    return bool(query.image or query.audio or query.video)


def typed(words: str, filters: Mapping[str, Any], fields: Fields) -> Hashable:
    """Return what is equal for queries that are typed alike, in whatever language they were judged.

    Filters that the index does not have are alike to none.
    """
    with suppress(QueryError):
        return text.spelled(words), frozenset(read_filters(filters, fields))
    return None
