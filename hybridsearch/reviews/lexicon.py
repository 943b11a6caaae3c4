"""The words by which reviews judge, of each language, as `words/LANGUAGE.tsv` says them.

A line has a kind, an aspect of products or nothing, and terms with a comma and a space between them; `*` ends a term
that is the beginning of words. Kinds are how good or bad a term is (2, 1, -1, -2; 0 only names the aspect), `not`,
`very`, `less`, `but`, `=` for a phrase that says neither good nor bad, and `own` for words by which the language is
recognised.
"""

from __future__ import annotations

import functools
import importlib.resources
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from hybridsearch.texts import stemming, text

ASPECTS = (
    "size",
    "quality",
    "battery",
    "delivery",
    "price",
    "comfort",
    "colour",
    "sound",
    "display",
    "service",
    "ease",
    "look",
)
"""What reviews speak of; `size` is the fit too, and `ease` that of use and of putting together."""
LATIN, CJK = ("en", "de", "fr", "es"), ("ja", "zh")
LONGEST_TERM = 5
"""Words of a phrase in languages with spaces."""
SHORTEST_STEM = 3
_TOKEN = re.compile(r"[^\W_]+|[,;:()–—]")


@dataclass(frozen=True, slots=True)
class Term:
    """What a term says.

    Attributes:
        polarity: From -2, very bad, to 2, very good.
        aspects: What of a product it speaks of.
        role: `not`, `very`, `less`, `but`, or nothing.
    """

    polarity: float = 0.0
    aspects: tuple[str, ...] = ()
    role: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A term in a sentence, from one place up to another; places count words, in Chinese and Japanese characters."""

    start: int
    end: int
    term: Term


@dataclass(slots=True)
class Words:
    """The terms of a language.

    Attributes:
        exact: Terms as they stand, their words joined by spaces.
        stems: Beginnings of words, or of the last word of a phrase.
        firsts: The first words of phrases.
        longest: Characters of the longest term, in Chinese and Japanese.
        own: Words by which the language is recognised.
    """

    language: str
    exact: dict[str, Term] = field(default_factory=dict)
    stems: dict[str, Term] = field(default_factory=dict)
    firsts: set[str] = field(default_factory=set)
    longest: int = 0
    own: frozenset[str] = frozenset()

    def units(self, sentence: str) -> Sequence[str]:
        """Return a sentence as its words and the signs between its parts, or as its characters."""
        return sentence.lower() if self.language in CJK else tokens(sentence)

    def find(self, units: Sequence[str]) -> Iterator[Found]:
        """Yield the terms in a sentence from left to right, the longest at each place; none overlap."""
        at = self._at_characters if self.language in CJK else self._at_words
        place = 0
        while place < len(units):
            if found := at(units, place):
                yield found
                place = found.end
            else:
                place += 1

    def _at_characters(self, units: Sequence[str], place: int) -> Found | None:
        for end in range(min(place + self.longest, len(units)), place, -1):
            if term := self.exact.get(str(units[place:end])):
                return Found(place, end, term)
        return None

    def _at_words(self, units: Sequence[str], place: int) -> Found | None:
        most = LONGEST_TERM if units[place] in self.firsts else 1
        for end in range(min(place + most, len(units)), place, -1):
            phrase = " ".join(units[place:end])
            if term := self.exact.get(phrase) or self._stem(phrase, len(phrase) - len(units[end - 1])):
                return Found(place, end, term)
        return None

    def _stem(self, phrase: str, last: int) -> Term | None:
        cuts = range(len(phrase), last + SHORTEST_STEM - 1, -1)
        return next((term for cut in cuts if (term := self.stems.get(phrase[:cut]))), None)

    def add(self, written: str, term: Term) -> None:
        """Take in a term; one that is there already says both."""
        stem = written.endswith("*")
        phrase = written.removesuffix("*").lower() if self.language in CJK else " ".join(tokens(written))
        place = self.stems if stem else self.exact
        known = place.get(phrase)
        place[phrase] = both(known, term) if known else term
        self.longest = max(self.longest, len(phrase))
        if " " in phrase:
            self.firsts.add(phrase.split(" ")[0])


def both(known: Term, term: Term) -> Term:
    """Return what a term says that stands on two lines: the stronger polarity, all aspects."""
    stronger = max(known.polarity, term.polarity, key=abs)
    aspects = tuple(dict.fromkeys([*known.aspects, *term.aspects]))
    return replace(known, polarity=stronger, aspects=aspects, role=known.role or term.role)


def tokens(sentence: str) -> list[str]:
    """Return the words of a sentence without accents, in lower case, and the signs between its parts."""
    return _TOKEN.findall(stemming.unaccented(sentence.lower()))


@functools.cache
def words(language: str) -> Words:
    """Return the terms of a language."""
    file = importlib.resources.files("hybridsearch.reviews") / "words" / f"{language}.tsv"
    found = Words(language)
    for line in file.read_text(encoding="utf-8").splitlines():
        kind, aspect, listed = line.split("\t")
        terms = text.normal(listed).split(", ")
        if kind == "own":
            found.own = frozenset(terms)
            continue
        number = kind.lstrip("-").isdecimal()
        term = Term(float(kind) if number else 0.0, (aspect,) if aspect else (), "" if number or kind == "=" else kind)
        for written in terms:
            found.add(written, term)
    return found
