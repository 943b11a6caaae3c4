"""Why a product is where it is: which of the query's words it has, and which it lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hybridsearch import document
from hybridsearch.roles import Fields
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.synonyms import NONE, Synonyms
from hybridsearch.search.words.terms import called_here, standing_for
from hybridsearch.search.words.word import Word
from hybridsearch.texts import text
from hybridsearch.values import Row


@dataclass(frozen=True, slots=True)
class Words:
    """The query's words, as typed, that a product's text has and lacks."""

    matched: tuple[str, ...]
    missing: tuple[str, ...]


def words(query: str, row: Row, fields: Fields, synonyms: Synonyms = NONE) -> Words:
    """Return which words of a query a product has, or what they stand for, in the analysis of any of the languages."""
    searched = document.searched(row, fields)
    parts = text.fields_by_language(searched, fields.languages)
    indexed = {language: set(text.analyse(part, language)) for language, part in parts.items()}
    typed = [Word(word) for word in dict.fromkeys(text.words(query[: text.QUERY_LIMIT]))]
    own = Lexicon(dict.fromkeys(text.lexical(searched, fields.languages), 1), 1)
    read = called_here(standing_for(typed, None, fields.languages, synonyms), own, fields.languages)
    asked = {word.typed: word for word in read}
    matched = [name for name, word in asked.items() if has(word, indexed)]
    return Words(tuple(matched), tuple(name for name in asked if name not in matched))


def has(word: Word, indexed: Mapping[str, set[str]]) -> bool:
    """Tell whether a product has all tokens of a word, or of what it stands for, in one of its languages."""
    return any(
        tokens <= known
        for language, known in indexed.items()
        for form in word.forms(language)
        if (tokens := set(text.analyse(form, language)))
    )
