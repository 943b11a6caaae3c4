"""Words written in an alphabet: without accents, and down to their stem."""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Any

from hybridsearch.texts.languages import analyses, stop_words

_LETTERS = str.maketrans(
    {
        "ß": "ss",
        "œ": "oe",
        "æ": "ae",
        "ø": "o",
        "ł": "l",
        "ı": "i",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ħ": "h",
        "ŋ": "n",
        "ŧ": "t",
    }
)
"""Letters that people type in others, and that no normal form takes apart."""


MARKS = re.compile("[\u0300-\u036f]")
"""Accents, as letters have them in NFD."""


@functools.cache
def stop_forms(language: str) -> frozenset[str]:
    """Return the stop words of a language without accents."""
    return frozenset(map(unaccented, stop_words((language,))))


@functools.lru_cache(maxsize=50_000)  # some 15 MB; every code of a large catalogue is a word of its own
def stem(word: str, language: str) -> str:
    """Return the stem of a word in lower case, without accents: people leave them out, before they are stemmed too.

    Stop words stay as they are, and so does what would become one: `láser` is no form of `las`.
    """
    plain = unaccented(word) or word
    if plain in stop_forms(language):
        return plain
    stemmed = snowball(plain, language)
    return plain if stemmed in stop_forms(language) else stemmed


def snowball(plain: str, language: str) -> str:
    """Return the stem of a word without accents, as Snowball has it."""
    name = analyses()[language].get("stemmer")
    # Without its accent a French participle has one ending more: cassée, cassee, casse.
    for _ in range(analyses()[language].get("passes", 1) if name else 0):
        plain = stemmer(name).stemWord(plain) or plain
    return plain


def unaccented(word: str) -> str:
    """Return a word in lower case without accents and ligatures."""
    return word if word.isascii() else MARKS.sub("", unicodedata.normalize("NFD", word)).translate(_LETTERS)


@functools.cache
def stemmer(name: str) -> Any:
    """Return the Snowball stemmer of this name."""
    import snowballstemmer

    return snowballstemmer.stemmer(name)
