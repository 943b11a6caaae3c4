"""Words written in an alphabet: without accents, and down to their stem."""

from __future__ import annotations

import functools
import re
import threading
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


MARKS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u0652\u0670]")
"""Accents, as letters have them in NFD, vowels of Hebrew and Arabic, and what makes an Arabic word longer."""


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
    stemmed = irregular(language).get(stemmed, stemmed)
    last = analyses()[language].get("last", {})
    if stemmed[-1:] in last:
        stemmed = stemmed[:-1] + last[stemmed[-1]]
    return plain if stemmed in stop_forms(language) else stemmed


@functools.cache
def irregular(language: str) -> dict[str, str]:
    """Return the stems of words whose form no ending tells, such as `knives`, with that of the form that stands for it.

    Spellings of two countries are among them: `colour` and `color`.
    """
    lines = (line.split() for line in analyses()[language].get("irregular", ()))
    stems = ([snowball(form, language) for form in forms] for forms in lines)
    return {stem: base for base, *others in stems for stem in others if stem != base}


@functools.cache
def stand_for(language: str) -> dict[str, tuple[str, ...]]:
    """Return irregular stems by the one that they have in the end."""
    by_base: dict[str, tuple[str, ...]] = {}
    for stem, base in irregular(language).items():
        by_base[base] = (*by_base.get(base, (base,)), stem)
    return by_base


def same(token: str, language: str) -> tuple[str, ...]:
    """Return how words begin that have a stem though they do not begin with it, nor with what it leaves of them."""
    last = analyses()[language].get("last", {})
    ends = [token[:-1] + before for before, after in last.items() if token[-1:] == after]
    return (*stand_for(language).get(token, ()), *ends, *[token] * bool(ends))


def snowball(plain: str, language: str) -> str:
    """Return the stem of a word without accents, as Snowball has it."""
    name = analyses()[language].get("stemmer")
    # Without its accent a French participle has one ending more: cassée, cassee, casse.
    for _ in range(analyses()[language].get("passes", 1) if name else 0):
        plain = STEMMERS[str(name)].stemWord(plain) or plain
    return plain


def unaccented(word: str) -> str:
    """Return a word in lower case without accents and ligatures."""
    return word if word.isascii() else MARKS.sub("", unicodedata.normalize("NFD", word)).translate(_LETTERS)


class Stemmers(threading.local):
    """The Snowball stemmers of a thread: one works on the word that it keeps, and two threads would mix theirs."""

    def __init__(self) -> None:
        self._by_name: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._by_name:
            import snowballstemmer

            self._by_name[name] = snowballstemmer.stemmer(name)
        return self._by_name[name]


STEMMERS = Stemmers()
