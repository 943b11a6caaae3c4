"""Synonyms that a shop may want: words of its catalogue that an encoder takes for nearly the same. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher

import numpy as np

from hybridsearch.events.proposals import Proposal
from hybridsearch.texts import stemming, text
from hybridsearch.texts.languages import analyses, is_cjk, stop_words
from hybridsearch.values import Vectors

MOST_WORDS = 3_000
"""Of the catalogue, those of most products: all are compared with all."""
LEAST_PRODUCTS = 2
"""That have a word: one that hardly any has is a name or misspelt."""
SHORTEST = 3
"""Letters of a word that may mean something by itself."""
ALIKE = 0.75
"""Likeness of two words, in [0, 1], above which one is a form or a misspelling of the other."""
STANDS_OUT = 0.998
"""Share of all pairs than which two words must be nearer."""


_KANA = re.compile("[\u3041-\u30ff]")


def comparable(counts: Mapping[str, int], languages: Sequence[str]) -> list[str]:
    """Return the words of a catalogue that are compared, those of most products first."""
    small = stop_words(tuple(languages))
    fit = (
        word
        for word, count in counts.items()
        if count >= LEAST_PRODUCTS and word.isalpha() and word not in small
        if (is_chinese_word(word) if text.is_run(word) else len(word) >= SHORTEST)
    )
    return sorted(fit, key=lambda word: (-counts[word], word))[:MOST_WORDS]


def is_chinese_word(run: str) -> bool:
    """Tell whether a token of a run is surely a word: two signs may be any that stand together, in Japanese too."""
    return len(run) > 2 and not _KANA.search(run)


def near(words: Sequence[str], vectors: Vectors, counts: Mapping[str, int], leg: str) -> list[Proposal]:
    """Return a rule for each two words that are nearest to each other and stand out; the nearest first.

    Args:
        words: Different ones.
        vectors: Of each, in rows of unit length.
        counts: Of products that have each.
        leg: The name of the leg whose encoder made the vectors, for people.
    """
    return [
        Proposal(
            f"{first}, {second}",
            f"cosine {cosine:.4f} in '{leg}'; {counts[first]:,} and {counts[second]:,} products have them",
        )
        for cosine, first, second in pairs(words, vectors)
    ]


def pairs(words: Sequence[str], vectors: Vectors) -> list[tuple[float, str, str]]:
    """Return words that are nearest to each other, and nearer than words mostly are, with their cosine."""
    if len(words) < 2:
        return []
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -2.0)
    enough = float(np.quantile(cosines, STANDS_OUT))
    found = [(float(cosines[place, other]), words[place], words[other]) for place, other in mutual(words, cosines)]
    return sorted((each for each in found if each[0] >= enough), key=lambda each: (-each[0], *each[1:]))


def mutual(words: Sequence[str], cosines: Vectors) -> Iterator[tuple[int, int]]:
    """Yield the places of words of which each is the nearest other one of the other; forms of a word are none."""
    nearest = cosines.argmax(axis=1)
    for place, other in enumerate(nearest.tolist()):
        if place < other and nearest[other] == place and not is_form(words[place], words[other]):
            yield place, other


def is_form(first: str, second: str) -> bool:
    """Tell whether searches see that two words are one: by their stems or their letters."""
    languages = (language for language in analyses() if not is_cjk(language))
    if any(stemming.stem(first, language) == stemming.stem(second, language) for language in languages):
        return True
    if text.is_run(first) and text.is_run(second):
        return first in second or second in first
    return (
        SequenceMatcher(None, stemming.unaccented(first), stemming.unaccented(second), autojunk=False).ratio() > ALIKE
    )
