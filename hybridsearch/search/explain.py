"""Why a product is where it is: which of the query's words it has, and which it lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hybridsearch import document, text
from hybridsearch.sections import Fields
from hybridsearch.values import Row


@dataclass(frozen=True, slots=True)
class Words:
    """The query's words, as typed, that a product's text has and lacks."""

    matched: tuple[str, ...]
    missing: tuple[str, ...]


def words(query: str, row: Row, fields: Fields) -> Words:
    """Return which words of a query a product has, in the analysis of any of the index's languages."""
    parts = text.fields_by_language(document.searched(row, fields), fields.languages)
    indexed = {language: set(text.analyse(part, language)) for language, part in parts.items()}
    asked = dict.fromkeys(text.words(query[: text.QUERY_LIMIT]))
    matched = [word for word in asked if has(word, indexed)]
    return Words(tuple(matched), tuple(word for word in asked if word not in matched))


def has(word: str, indexed: Mapping[str, set[str]]) -> bool:
    """Tell whether all tokens of a word are among those that a product has in one of its languages."""
    return any(tokens <= known for language, known in indexed.items() if (tokens := set(text.analyse(word, language))))
