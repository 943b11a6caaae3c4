"""The concordance: how titles go on behind what is typed. From it come the phrases that are suggested."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from hybridsearch.search.suggest.beginnings import LONGEST, plain_word
from hybridsearch.texts import text
from hybridsearch.texts.languages import analyses, stop_words

WORDS_ON = 2
"""Words by which a phrase is longer than what was typed, at most;"""
SIGNS_ON = 8
"""and signs of Chinese or Japanese."""
MOST_WORDS = 8
"""Words behind each place of a title that are kept."""
LOOKED_AT = 600
"""Places that are looked at, spread over all that begin so: 1 ms."""
FORKS = 3
"""Ways in which titles go on behind a run of signs, from which on it is taken for a word though it ends none."""
LARGE = 1_000
"""Titles from which on a phrase of one of them is no more than a title."""

_BREAK = re.compile(r"[,;:()\[\]{}|/!?*•·–—\"“”„«»、。，；：（）【】「」『』！？\n]|\s-+\s")
"""What no phrase goes across."""

Tail = tuple[str, str]
"""What follows from a word on: in plain letters, and as it is written in small ones."""


class Concordance:
    """Some titles."""

    def __init__(self, titles: Iterable[str]) -> None:
        written = list(titles)
        self.titles = len(written)
        self._tails: Sequence[Tail] = sorted(
            tail for title in written for part in _BREAK.split(title) for tail in tails(text.pieces(part))
        )
        self._known: dict[str, tuple[str, ...]] = {}

    def continuations(self, typed: str, most: int) -> tuple[str, ...]:
        """Return phrases that begin with what is typed, in plain letters, those of the most titles first.

        A phrase is left out where all titles go on in the same way: `memory foam` is, where each has `memory foam
        pillow`. Ties are in order of the phrases.
        """
        if typed not in self._known:
            if len(self._known) >= LOOKED_AT:
                self._known.clear()
            self._known[typed] = tuple(self._found(typed))
        return self._known[typed][:most]

    def beside(self, before: Sequence[str], last: str, most: int) -> list[str]:
        """Return words that begin so, in plain letters, in titles that have some words before them; those of the most.

        Looked at is what follows upon the last of the words; the others may stand anywhere behind it.
        """
        *others, next_to = map(plain_word, before)
        counts: Counter[str] = Counter()
        for plain, written in self._places(f"{next_to} "):
            if f" {last}" not in plain:
                continue
            words = plain.split(" ")
            if all(other in words for other in others):
                pairs = zip(words[1:], written.split(" ")[1:], strict=False)
                counts.update({shown for word, shown in pairs if word.startswith(last)})
        fit = (word for word in counts if is_phrase(word))
        return sorted(fit, key=lambda word: (-counts[word], word))[:most]

    def _found(self, typed: str) -> list[str]:
        counts: Counter[str] = Counter()
        shorter: dict[str, str] = {}
        finished: set[str] = set()
        for plain, written in self._places(typed[:LONGEST]):
            before = ""
            for end, whole_word in ends(plain, len(typed)):
                phrase = cut(plain, written, end)
                counts[phrase] += 1
                shorter[phrase] = before
                before = phrase
                if whole_word:
                    finished.add(phrase)
        forks = Counter(shorter.values())
        finished |= {each for each, count in forks.items() if count >= FORKS}
        whole = {before for phrase, before in shorter.items() if before and counts[phrase] == counts[before]}
        least = 2 if self.titles > LARGE and " " not in typed else 1
        several = (each for each, count in counts.items() if count >= least)
        fit = (each for each in several if each in finished and each not in whole and is_phrase(each))
        return sorted(fit, key=lambda each: (-counts[each], each))

    def _places(self, typed: str) -> Iterator[Tail]:
        first, last = (bisect_left(self._tails, (edge,)) for edge in (typed, f"{typed}\U0010ffff"))
        return (self._tails[place] for place in range(first, last, max(1, (last - first) // LOOKED_AT)))


def tails(words: Sequence[str]) -> Iterator[Tail]:
    """Yield what follows in some words from each of them on, and from each sign of a run of Chinese or Japanese."""
    in_plain = list(map(plain_word, words))
    for place, word in enumerate(words):
        rest, plain_rest = (each[place + 1 : place + MOST_WORDS] for each in (words, in_plain))
        for start in range(len(word) if text.is_run(word) else 1):
            written = " ".join([word[start:], *rest])
            plain = " ".join([plain_word(word[start:]) if start else in_plain[place], *plain_rest])
            yield plain[:LONGEST], written if plain != written else plain[:LONGEST]


def ends(plain: str, typed: int) -> Iterator[tuple[int, bool]]:
    """Yield where a phrase may end that completes the first characters of a text, and whether a word ends there.

    It does so behind words, and behind each sign of a run of Chinese or Japanese.
    """
    start = words = signs = 0
    for word in plain.split(" "):
        end = start + len(word)
        if end >= typed:
            if not text.is_run(word):
                yield end, True
                words += 1
            for sign in range(max(start + 1, typed), end + 1) if text.is_run(word) else ():
                yield sign, sign == end
                signs += 1
                if signs > SIGNS_ON:
                    return
        if words > WORDS_ON:
            return
        start = end + 1


def cut(plain: str, written: str, end: int) -> str:
    """Return a text as it is written, up to where its plain form ends."""
    if plain is written:
        return plain[:end]
    before, _, last = plain[:end].rpartition(" ")
    words = written.split(" ")[: before.count(" ") + 2 if before else 1]
    words[-1] = words[-1][: len(last)] if text.is_run(words[-1]) else words[-1]
    return " ".join(words)


def is_phrase(words: str) -> bool:
    """Tell whether some words end as a phrase does: with a word that says something by itself."""
    last = words.rpartition(" ")[2]
    return text.is_run(last) or (len(last) > 1 and last.isalpha() and last not in small_words())


def small_words() -> frozenset[str]:
    """Return the stop words of all languages, as they are written."""
    return stop_words(tuple(analyses()))
