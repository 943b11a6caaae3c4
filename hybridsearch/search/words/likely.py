"""Whether letters make a word: how likely they follow each other in the words of an index, and of six languages."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from hybridsearch.encoders.goods import kinds
from hybridsearch.texts import stemming, text

MOST = 10_000
"""Words of an index that are looked at, the most frequent: 0.1 s, once for each reading of the words."""
BEFORE = 2
"""Letters that tell the next one."""
HELD_OUT = 10
"""Each so many-th word is not learned from, and tells how likely words are that were not."""
FEWEST = 100
"""Words that are held out, below which nothing is told."""
UNLIKELY = 0.05
"""Part of these words that are less likely than what makes a word: a few rare names, where most runs of keys are."""


class Letters:
    """The letters of some words.

    Each letter is told by the two before it, and where these were hardly seen by fewer (Witten and Bell, 1991).

    Args:
        words: In lower case, each once.
    """

    def __init__(self, words: Iterable[str]) -> None:
        plain = list(dict.fromkeys(stemming.unaccented(word) for word in words))
        learned = [word for place, word in enumerate(plain) if place % HELD_OUT]
        self._counts = Counter(part for word in learned for ending in endings(word) for part in tails(ending))
        self._after = Counter[str]()
        self._kinds = Counter(part[:-1] for part in self._counts)
        for part, count in self._counts.items():
            self._after[part[:-1]] += count
        held_out = sorted(map(self.likeliness, plain[::HELD_OUT]))
        self._least = held_out[int(UNLIKELY * len(held_out))] if len(held_out) >= FEWEST else -math.inf

    def make_a_word(self, word: str) -> bool:
        """Tell whether a text has letters as likely as those of words, or ones of which nothing is known.

        Those are digits, other alphabets, and Chinese and Japanese, where each character has a meaning.
        """
        letters = "".join(letter for letter in stemming.unaccented(word) if letter.isalpha())
        told = letters and not text.is_run(word) and all(letter in self._counts for letter in letters)
        return not told or self.likeliness(letters) >= self._least

    def likeliness(self, word: str) -> float:
        """Return the mean logarithm of how likely each letter of a word is, and that it ends there."""
        found = [math.log(self._chance(ending)) for ending in endings(word)]
        return sum(found) / len(found)

    def _chance(self, ending: str) -> float:
        """Return how likely the last letter is behind those before it, in (0, 1)."""
        chance = 1 / (self._kinds[""] + 1)
        for part in tails(ending):
            if seen := self._after[part[:-1]]:
                different = self._kinds[part[:-1]]
                chance = (self._counts[part] + different * chance) / (seen + different)
        return chance


def endings(word: str) -> Iterator[str]:
    """Yield each letter of a word with those before it, and at last its end."""
    marked = f"{'^' * BEFORE}{word}$"
    return (marked[place - BEFORE : place + 1] for place in range(BEFORE, len(marked)))


def tails(ending: str) -> Sequence[str]:
    """Return the last letter alone, with the one before it, and with both."""
    return [ending[-length:] for length in range(1, BEFORE + 2)]


@cache
def of_goods() -> tuple[str, ...]:
    """Return the words by which goods are called, in six languages: shoppers ask in another one than the shop's."""
    return tuple(word for names in kinds().values() for name in names.values() for word in of_letters(name))


def of_letters(name: str) -> Iterator[str]:
    """Yield the words of a text that are of letters alone, without runs of Chinese and Japanese."""
    return (word for word in text.query_words(name) if word.isalpha() and not text.is_run(word))
