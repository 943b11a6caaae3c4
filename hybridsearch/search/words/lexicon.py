"""The lexicon: the words of an index as people write them, and how many products have each."""

from __future__ import annotations

import heapq
import itertools
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from hybridsearch.search.words.likely import MOST, Letters, of_goods
from hybridsearch.texts import stemming, text

LONGEST_ENDING = 8
"""Letters by which two forms of a word may differ at the end."""
SHORTEST = 4
"""Letters of a word that a misspelt one may stand for: there are too many shorter ones."""
SHORTEST_PART = 3
"""Letters of each of two words that were written as one."""
SLIGHT = 0.01
"""Part of the products that have a word of so few letters, below which it is a part of others by chance."""
LINKS = ("", "s", "es", "n", "en", "er", "e")
"""Letters that join the parts of a German compound."""
SPELLINGS = 3
"""The most words that may stand for one that is misspelt,"""
WHOLES = 8
"""and for one that is part of them."""
COMPARED = 65_000
"""Words that a misspelt one is compared with, the most frequent: 1 ms for 20,000, and 130 ms for a million."""
COMPLETIONS = 24
"""Words that a beginning is completed to;"""
LETTERS = 60
"""and letters that a wrong one may stand for."""
KNOWN = 50_000
"""Counts that are kept."""


class Lexicon:
    """The words of one index.

    Args:
        counts: By word in lower case, or token of a run of Chinese or Japanese, the number of products that have it.
        documents: Number of products.
        whole: Whether these are all words of the index, and not only the most frequent.
    """

    def __init__(self, counts: Mapping[str, int], documents: int, *, whole: bool = True) -> None:
        self.counts, self.documents, self.whole = counts, documents, whole
        self._known: dict[tuple[str, str], int] = {}
        self._sorted = sorted((stemming.unaccented(word), word) for word in counts if not text.is_run(word))
        """Each word without its accents, and as it is."""
        self._completed: dict[str, tuple[str, ...]] = {}
        self._same: dict[tuple[str, str], frozenset[str]] = {}
        self._reversed = sorted((plain[::-1], word) for plain, word in self._sorted)

    def count(self, word: str, language: str) -> int:
        """Return how many products have a word in one of the forms that the field of a language takes for the same.

        A product that has several of them counts as often: the number is an upper bound.
        """
        found = self._known.get((word, language))
        if found is None:
            if len(self._known) >= KNOWN:
                self._known.clear()
            forms = [word] if text.is_run(word) else self.forms(word, language)
            found = min(sum(self.counts.get(form, 0) for form in forms), self.documents)
            self._known[word, language] = found
        return found

    def forms(self, word: str, language: str) -> frozenset[str]:
        """Return the words that the field of a language takes for the same as a word of letters."""
        found = self._same.get((word, language))
        if found is None:
            if len(self._same) >= KNOWN:
                self._same.clear()
            found = self._same[word, language] = frozenset(self._alike(word, language))
        return found

    def telling(self, words: Sequence[str], languages: Sequence[str]) -> list[str]:
        """Return the languages in whose fields words are to be looked for: in the others is nothing more to be found.

        Of languages that take the same words for each other, as they mostly do, the first is left.
        """
        kept: list[str] = []
        by_language = {language: [self.forms(word, language) for word in words] for language in languages}
        for language in sorted(languages, key=lambda each: -sum(map(len, by_language[each]))):
            own = by_language[language]
            if not any(all(map(frozenset.issubset, own, by_language[other])) for other in kept):
                kept.append(language)
        return kept

    def spellings(self, word: str, edits: int) -> tuple[str, ...]:
        """Return the words that are so many letters, left out, added, replaced or swapped, away; the likeliest first.

        People rarely mistake the first letter, and mean what there is more of.
        """
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        plain = stemming.unaccented(word)
        near = (
            self._by_length[length][place]
            for length in range(max(SHORTEST, len(plain) - edits), len(plain) + edits + 1)
            for _, distance, place in process.extract(
                plain, self._plain_by_length.get(length, ()), scorer=OSA.distance, score_cutoff=edits, limit=None
            )
            if distance == edits
        )
        return self._likeliest(near, plain[0])[:SPELLINGS]

    def completions(self, letters: str) -> tuple[str, ...]:
        """Return up to COMPLETIONS words that begin with plain letters, those of which there is more first."""
        if letters not in self._completed:
            if len(self._completed) >= KNOWN:
                self._completed.clear()
            words = beginning(letters, self._runs if text.is_run(letters) else self._sorted)
            found = heapq.nsmallest(COMPLETIONS, words, key=lambda word: (-self.counts[word], word))
            self._completed[letters] = tuple(found)
        return self._completed[letters]

    def beginnings_near(self, letters: str) -> tuple[str, ...]:
        """Return how words begin that are one letter, left out, added, replaced or swapped, away from plain letters.

        Those with the same first letter come first.
        """
        cuts = [(letters[:place], letters[place:]) for place in range(len(letters) + 1)]
        near = {first + last[1:] for first, last in cuts if last}
        near |= {first + last[1] + last[0] + last[2:] for first, last in cuts if len(last) > 1}
        near |= {first + letter + last[1:] for first, last in cuts if last for letter in self._letters}
        near |= {first + letter + last for first, last in cuts for letter in self._letters}
        words = self._sorted
        places = ((bisect_left(words, (each, "")), each) for each in near - {letters})
        there = (each for place, each in places if place < len(words) and words[place][0].startswith(each))
        return tuple(sorted(there, key=lambda each: (each[:1] != letters[:1], each)))

    def parts(self, word: str) -> tuple[str, str] | None:
        """Return the two words that a word is made of, of several such pairs the one of which there is more."""
        pairs = [
            (first, second)
            for cut in range(SHORTEST_PART, len(word) - SHORTEST_PART + 1)
            if (second := word[cut:]) in self.counts
            for link in LINKS
            if word[:cut].endswith(link) and len(first := word[: cut - len(link)]) >= SHORTEST_PART
            if first in self.counts
        ]
        return max(pairs, key=lambda pair: min(self.counts[pair[0]], self.counts[pair[1]]), default=None)

    def is_slight(self, part: str) -> bool:
        """Tell whether a word is so short and rare that others begin or end with it by chance."""
        return len(part) == SHORTEST_PART and self.counts[part] < SLIGHT * self.documents

    def wholes(self, part: str) -> tuple[str, ...]:
        """Return words that begin or end with a part, those of which there is more first."""
        plain = stemming.unaccented(part)
        found = dict.fromkeys([*beginning(plain, self._sorted), *beginning(plain[::-1], self._reversed)])
        return self._likeliest((word for word in found if stemming.unaccented(word) != plain), plain[0])[:WHOLES]

    @cached_property
    def letters(self) -> Letters:
        """The letters of the words of the index."""
        frequent = heapq.nsmallest(MOST, self._sorted, key=lambda pair: -self.counts[pair[1]])
        return Letters((*(plain for plain, _ in frequent if plain.isalpha()), *of_goods()))

    def _alike(self, word: str, language: str) -> Iterator[str]:
        """Yield each form of a word."""
        token, plain = stemming.stem(word, language), stemming.unaccented(word)
        # A stem may have another last letter: `berri` is that of `berry` too.
        shared = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(token, plain, strict=False)))
        longest = len(plain) + LONGEST_ENDING
        for start in (plain[: max(SHORTEST_PART, shared - 1)], *stemming.same(token, language)):
            for form in beginning(start, self._sorted):
                if len(form) <= longest and stemming.stem(form, language) == token:
                    yield form

    def _likeliest(self, words: Iterable[str], first: str) -> tuple[str, ...]:
        return tuple(sorted(words, key=lambda word: (word[0] != first, -self.counts[word], word)))

    @cached_property
    def _runs(self) -> Sequence[tuple[str, str]]:
        """The tokens of runs of Chinese or Japanese, in order, twice as the words are."""
        return sorted((word, word) for word in self.counts if text.is_run(word))

    @cached_property
    def _letters(self) -> str:
        """The letters that words have, the most frequent."""
        counts = Counter(letter for plain, _ in self._sorted[:COMPARED] for letter in plain if letter.isalpha())
        return "".join(letter for letter, _ in counts.most_common(LETTERS))

    @cached_property
    def _by_length(self) -> Mapping[int, list[str]]:
        """Return the frequent words of letters alone, by their length without accents."""
        by_length: defaultdict[int, list[str]] = defaultdict(list)
        frequent = sorted(self._sorted, key=lambda pair: -self.counts[pair[1]])[:COMPARED]
        for plain, word in frequent:
            if plain.isalpha():
                by_length[len(plain)].append(word)
        return by_length

    @cached_property
    def _plain_by_length(self) -> Mapping[int, list[str]]:
        """Return the same words without their accents."""
        return {length: list(map(stemming.unaccented, words)) for length, words in self._by_length.items()}


def beginning(letters: str, words: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield the second of each pair whose first one begins so; the pairs are in order."""
    for place in range(bisect_left(words, (letters, "")), len(words)):
        key, word = words[place]
        if not key.startswith(letters):
            break
        yield word
