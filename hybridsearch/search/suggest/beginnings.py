"""Beginnings: texts that are found by how one of their words begins, whatever their case and accents."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping

from hybridsearch.search.words.lexicon import beginning
from hybridsearch.texts import stemming, text

LONGEST = 60
"""Characters from the start of a word that are compared."""
MOST = 20
"""Texts that are found."""
KEPT = 20_000
"""Beginnings whose texts are remembered."""


class Beginnings:
    """Some texts.

    Args:
        weights: By text; of two that are found the one with the larger weight comes first.
        part: Returns what of a text is looked at.
    """

    def __init__(self, weights: Mapping[str, float], part: Callable[[str], str] = str) -> None:
        self.weights = weights
        self._part = part
        self._tails = sorted((tail, each) for each in weights for tail in tails(plain(part(each))))
        self._known: dict[str, tuple[str, ...]] = {}

    def of(self, typed: str) -> tuple[str, ...]:
        """Return up to MOST texts that have a word from which on they begin with what is typed, in plain letters.

        Those that begin so themselves come first; ties are in order of the texts.
        """
        if typed not in self._known:
            if len(self._known) >= KEPT:
                self._known.clear()
            found = set(beginning(typed[:LONGEST], self._tails))
            self._known[typed] = tuple(heapq.nsmallest(MOST, found, key=lambda each: self._place(each, typed)))
        return self._known[typed]

    def first(self, most: int) -> tuple[str, ...]:
        """Return the texts with the largest weights."""
        return tuple(heapq.nsmallest(most, self.weights, key=lambda each: (-self.weights[each], each)))

    def _place(self, each: str, typed: str) -> tuple[bool, float, str]:
        return not plain(self._part(each)).startswith(typed), -self.weights[each], each


def plain(words: str) -> str:
    """Return the words of a text with spaces between them, in small letters without accents, kana as hiragana."""
    return " ".join(map(plain_word, text.pieces(words)))


def plain_word(word: str) -> str:
    """Return a word in plain letters; a run of Chinese or Japanese keeps its length."""
    return text.folded(word) if text.is_run(word) else stemming.unaccented(word)


def tails(words: str) -> Iterator[str]:
    """Yield what is left of a plain text from each of its words on, of a run of Chinese or Japanese from each sign."""
    start = 0
    for word in words.split(" "):
        yield from (words[start + place :][:LONGEST] for place in range(len(word) if text.is_run(word) else 1))
        start += len(word) + 1
