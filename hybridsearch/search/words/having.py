"""Having: the clause that a product has all words of a text, or what they stand for. Pure functions."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from hybridsearch.search.clauses import Match, Words
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.synonyms import NONE, Synonyms
from hybridsearch.search.words.telling import token_of
from hybridsearch.search.words.terms import standing_for
from hybridsearch.search.words.word import Word
from hybridsearch.texts import text
from hybridsearch.texts.languages import is_cjk, stop_words


def having_all(
    written: str, languages: Sequence[str], lexicon: Lexicon | None = None, synonyms: Synonyms = NONE
) -> Match | None:
    """Return the clause that a product has all words of a text, or what they stand for; None where it has none.

    What is a stop word in one of the languages is not needed beside others.
    """
    typed = telling(written, tuple(languages))
    words = standing_for(list(map(Word, typed)), lexicon, languages, synonyms)
    fields = fields_of(words, languages)
    if any(word.alike for word in words):
        return match_of(words, fields)
    if lexicon is not None and len(fields) > 1 and all(word in lexicon.counts for word in typed):
        fields = lexicon.telling(typed, fields)
    return having_words(typed, tuple(fields))


@functools.lru_cache(maxsize=20_000)  # what is suggested for one keystroke mostly is for the next too
def having_words(words: tuple[str, ...], languages: tuple[str, ...]) -> Match | None:
    """Return the clause that a product has all of some words."""
    return match_of(list(map(Word, words)), languages)


@functools.lru_cache(maxsize=20_000)
def telling(written: str, languages: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words of a text without stop words, unless there is nothing else."""
    typed = text.query_words(written)
    return tuple(word for word in typed if word not in stop_words(languages)) or typed


def match_of(words: Sequence[Word], languages: Sequence[str]) -> Match | None:
    """Return the clause that a product has all of some words in one of some languages."""
    found = tuple(filter(None, (all_tokens(words, language) for language in languages)))
    return Match("text", found) if found else None


def fields_of(words: Sequence[Word], languages: Sequence[str]) -> Sequence[str]:
    """Return the languages in whose fields all of some words may be: Chinese and Japanese where one of them is so."""
    if any(word.alike for word in words):
        return languages
    runs = any(text.is_run(word.typed) for word in words)
    return [language for language in languages if is_cjk(language) is runs] or languages


def all_tokens(words: Sequence[Word], language: str) -> Words | None:
    """Return the tokens of words, all of which are needed; None where one of them is none of this language."""
    tokens: dict[tuple[str, ...], None] = {}
    for word in words:
        if text.is_run(word.typed) and not word.alike:
            tokens |= {(token,): None for token in text.analyse(word.typed, language)}
        elif forms := word.forms(language):
            tokens[tuple(dict.fromkeys(filter(None, (token_of(form, language) for form in forms))))] = None
        else:
            return None
    return Words.alike(language, tuple(tokens), 1.0) if tokens else None
