"""Guidance: the synonyms and rules that people write for a shop, as their files say them now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from hybridsearch.disk.paths import shown
from hybridsearch.disk.watched import Watched
from hybridsearch.inputs.json_text import parse_toml
from hybridsearch.schema import Schema
from hybridsearch.search import rules
from hybridsearch.search.filters.filters import read_filters
from hybridsearch.search.plan import UNRULED
from hybridsearch.search.planner import Query
from hybridsearch.search.ruled import Ruled
from hybridsearch.search.rules import Rules
from hybridsearch.search.words import synonyms
from hybridsearch.search.words.synonyms import Synonyms
from hybridsearch.settings import Settings


class Guidance:
    """What the files of a configuration say; they may be edited while a shop is open."""

    def __init__(self, settings: Settings) -> None:
        self._configured = settings.fields
        self._synonyms = synonyms_of(settings)
        self._rules = rules_of(settings)

    @property
    def synonyms(self) -> tuple[Synonyms, tuple[str, ...]]:
        """The synonyms in use, and why they are not those of the files, if so."""
        found, why = self._synonyms.get()
        return found, (f"the synonyms are not what their files say: {why}",) if why else ()

    @property
    def rules(self) -> tuple[Rules, tuple[str, ...]]:
        """The rules in use, and why they are not those of the file, if so."""
        found, why = self._rules.get()
        return found, (f"the rules are not what their file says: {why}",) if why else ()

    def ruled(self, query: Query, schema: Schema) -> tuple[Ruled, tuple[str, ...]]:
        """Return what the rules change of a query, and why some are not applied.

        Raises:
            QueryError: A filter names a field that the index does not have, or a value that it cannot hold.
        """
        found, unread = self.rules
        if not found.rules:
            return UNRULED, unread
        filters = tuple(read_filters(query.filters, schema.fields, self._configured))
        ruled = found.applied(query.text, filters, schema.fields, datetime.now(UTC).date())
        return ruled, (*unread, *ruled.problems)


def synonyms_of(settings: Settings) -> Watched[Synonyms]:
    """Return the synonyms of a configuration, as their files say them."""
    languages = {str(path): language for language, path in settings.synonyms.files.items()}
    return Watched(
        {name: settings.resolve(Path(name)) for name in languages},
        lambda texts: synonyms.parse({name: (languages[name], content) for name, content in texts.items()}),
        synonyms.NONE,
        optional=[name for name, language in languages.items() if language],
    )


def rules_of(settings: Settings) -> Watched[Rules]:
    """Return the rules of a configuration, as their file says them."""
    path = settings.rules.path

    def read(texts: Mapping[str, str]) -> Rules:
        ((name, content),) = texts.items()
        try:
            return rules.parse(name, parse_toml(content))
        except ValueError as error:
            raise ValueError(f"{shown(name)}: {error}") from error

    return Watched({} if path is None else {str(path): settings.resolve(path)}, read, rules.NONE)
