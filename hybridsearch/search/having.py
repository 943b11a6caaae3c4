"""Having: the clause that a product has all words of a text, or what they stand for. Pure functions."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from hybridsearch import text
from hybridsearch.search.clauses import Match, Words
from hybridsearch.search.lexicon import Lexicon
from hybridsearch.search.reading import Word, standing_for, token_of
from hybridsearch.search.synonyms import NONE, Synonyms


def having_all(
    written: str, languages: Sequence[str], lexicon: Lexicon | None = None, synonyms: Synonyms = NONE
) -> Match | None:
    """Return the clause that a product has all words of a text, or what they stand for; None where it has none.

    What is a stop word in one of the languages is not needed beside others.
    """
    if not synonyms.rules:
        return having_words(written, tuple(languages))
    words = standing_for(telling(written, tuple(languages)), lexicon, languages, synonyms)
    return match_of(words, languages)


@functools.lru_cache(maxsize=20_000)  # what is suggested for one keystroke mostly is for the next too
def having_words(written: str, languages: tuple[str, ...]) -> Match | None:
    """Return the clause that a product has all words of a text."""
    return match_of(telling(written, languages), languages)


def telling(written: str, languages: tuple[str, ...]) -> list[Word]:
    """Return the words of a text without stop words, unless there is nothing else."""
    typed = text.query_words(written)
    return [Word(word) for word in typed if word not in stop_words(languages)] or list(map(Word, typed))


def match_of(words: Sequence[Word], languages: Sequence[str]) -> Match | None:
    """Return the clause that a product has all of some words."""
    found = (all_tokens(words, language) for language in fields_of(words, languages))
    in_languages = tuple(filter(None, found))
    return Match("text", in_languages) if in_languages else None


def fields_of(words: Sequence[Word], languages: Sequence[str]) -> Sequence[str]:
    """Return the languages in whose fields all of some words may be: Chinese and Japanese where one of them is so."""
    if any(word.alike for word in words):
        return languages
    runs = any(text.is_run(word.typed) for word in words)
    return [language for language in languages if text.is_cjk(language) is runs] or languages


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


@functools.cache
def stop_words(languages: tuple[str, ...]) -> frozenset[str]:
    """Return the stop words of some languages, as they are written."""
    return frozenset(word for language in languages for word in text.languages()[language]["stopwords"])
