"""Colours as people and shops call them: the words of six languages for one colour stand for each other.

A line of `colours.txt` is a colour: its English name, then other words for it, separated by `|`.
"""

from __future__ import annotations

import functools
import importlib.resources
import unicodedata
from collections import defaultdict
from collections.abc import Mapping

from hybridsearch.texts import stemming


def folded(word: str) -> str:
    """Return a text as words are compared: in lower case, without accents; kana keep their marks."""
    return unicodedata.normalize("NFC", stemming.unaccented(word.lower()))


@functools.cache
def colours() -> Mapping[str, tuple[str, ...]]:
    """Return all words for each colour, by its English name, which is the first of them."""
    file = importlib.resources.files(__package__) / "colours.txt"
    rows = (tuple(line.split("|")) for line in file.read_text(encoding="utf-8").splitlines())
    return {row[0]: row for row in rows}


@functools.cache
def names() -> Mapping[str, tuple[str, ...]]:
    """Return the English names of what each word, as it is compared, may stand for: 青色 is blue, or cyan."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, words in colours().items():
        for word in dict.fromkeys(map(folded, words)):
            found[word].append(name)
    return {word: tuple(own) for word, own in found.items()}


def others(word: str) -> tuple[str, ...]:
    """Return all words for the colours that a word may stand for, none where it is no colour."""
    return tuple(dict.fromkeys(other for name in names().get(folded(word), ()) for other in colours()[name]))
