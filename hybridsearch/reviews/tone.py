"""In which tone a sentence speaks, of which aspects of a product, and in which language: from its words alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hybridsearch.reviews.lexicon import LATIN, Found, tokens, words

SEPARATORS = frozenset(",;:、()–—")
BEFORE_BUT = 0.5
"""What counts of a part that a contrast follows: "nice, but it broke" complains."""
NEGATED = -0.8
"""What "not good" is of good. "Not bad" is less than good."""
NEGATED_BAD = -0.6
LOUDER, SOFTER = 1.5, 0.6
PLAIN = 0.2
"""Tones nearer to 0 than this are neither good nor bad."""
NEARBY = 6
"""Terms that are looked at on each side of one: more than any scope holds."""
SURE = 3
"""Small words of a language that tell it; of fewer, its other words are counted too."""
_KANA = re.compile("[\u3041-\u30ff]")
_HAN = re.compile("[\u4e00-\u9fff]")
_SENTENCE = re.compile(r"(?:[^.!?。\n]++|\.(?=\S))++[.!?。]*+")


@dataclass(frozen=True, slots=True)
class Scope:
    """How many words, or characters, a negation reaches ahead, and if nothing is there, back."""

    ahead: int
    back: int


SCOPES = {
    "en": Scope(4, 0),
    "de": Scope(3, 5),
    "fr": Scope(4, 0),
    "es": Scope(4, 0),
    "ja": Scope(0, 5),
    "zh": Scope(4, 0),
}


@dataclass(frozen=True, slots=True)
class Tone:
    """How a sentence speaks.

    Attributes:
        score: In (-1, 1): below 0 it complains, above it praises.
        aspects: The same of each aspect that it speaks of.
    """

    score: float
    aspects: Mapping[str, float] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """`+`, `-` or `0`."""
        return sign(self.score)


@dataclass(slots=True)
class Part:
    """A part of a sentence, between commas or words such as "but"."""

    start: int
    found: list[Found] = field(default_factory=list)
    weight: float = 1.0


def sign(score: float) -> str:
    """Return whether a score is good, bad or neither, as `+`, `-` or `0`."""
    return "0" if abs(score) < PLAIN else "+" if score > 0 else "-"


def language_of(content: str, preferred: Sequence[str] = LATIN) -> str:
    """Return the language of a review; empty where it is none of the six.

    Kana is Japanese, other Han characters are Chinese. The others are told apart by their small words; where two have
    as many, the first of the `preferred` ones counts.
    """
    if _KANA.search(content):
        return "ja"
    if _HAN.search(content):
        return "zh"
    own = tokens(content)
    order = list(dict.fromkeys([*(each for each in preferred if each in LATIN), *LATIN]))
    counts = {language: sum(map(words(language).own.__contains__, own)) for language in order}
    if max(counts.values()) < SURE:
        counts = {language: 2 * counts[language] + sum(1 for _ in words(language).find(own)) for language in order}
    best = max(order, key=counts.__getitem__)
    return best if counts[best] else ""


def sentences(content: str) -> list[str]:
    """Return the sentences of a text, as they stand in it."""
    return [sentence for each in _SENTENCE.findall(content) if (sentence := each.strip())]


def tone(sentence: str, language: str) -> Tone:
    """Return in which tone a sentence in one of the six languages speaks."""
    own = words(language)
    units = own.units(sentence)
    parts = parted(units, own.find(units))
    values = [valued(part.found, SCOPES[language]) for part in parts]
    total = sum(part.weight * sum(each) for part, each in zip(parts, values, strict=True))
    return Tone(bounded(total), {name: bounded(value) for name, value in aspects(parts, values, total).items()})


def parted(units: Sequence[str], found: Iterable[Found]) -> list[Part]:
    """Return the parts of a sentence with the terms in each; of what a contrast follows half counts."""
    parts, contrast = [Part(0)], 0
    marks = iter([place for place, unit in enumerate(units) if unit in SEPARATORS])
    mark = next(marks, None)
    for turn, each in enumerate(found):
        passed = parts[-1].start
        while mark is not None and mark < each.end:
            passed, mark = mark, next(marks, None)
        if passed > parts[-1].start:
            parts.append(Part(passed))
        if each.term.role == "but":
            contrast = len(parts) if turn else 0
            parts.append(Part(each.start))
        parts[-1].found.append(each)
    for part in parts[:contrast]:
        part.weight = BEFORE_BUT
    return parts


def valued(found: Sequence[Found], scope: Scope) -> list[float]:
    """Return what each term of a part says by itself, negated and strengthened by those around it; 0 for the others."""
    values = [each.term.polarity for each in found]
    for place, each in enumerate(found):
        if each.term.role in ("very", "less"):
            following = next((later for later in nearby(place, found) if values[later]), None)
            if following is not None and found[following].start - each.end <= 1:
                values[following] *= LOUDER if each.term.role == "very" else SOFTER
    for place, each in enumerate(found):
        if each.term.role == "not" and (target := negated(found, values, place, scope)) is not None:
            values[target] *= NEGATED if values[target] > 0 else NEGATED_BAD
    return values


def nearby(place: int, found: Sequence[Found]) -> range:
    """Return the places of the terms that follow one, as far as anything reaches."""
    return range(place + 1, min(place + 1 + NEARBY, len(found)))


def negated(found: Sequence[Found], values: Sequence[float], place: int, scope: Scope) -> int | None:
    """Return which term a negation turns round: the next one that judges, else the one before it; None for none."""
    no = found[place]
    ahead = (later for later in nearby(place, found) if values[later])
    if (target := next(ahead, None)) is not None and found[target].start - no.end < scope.ahead:
        return target
    back = (earlier for earlier in range(place - 1, max(place - NEARBY, 0) - 1, -1) if values[earlier])
    if (target := next(back, None)) is not None and no.start - found[target].end < scope.back:
        return target
    return None


def aspects(parts: Sequence[Part], values: Sequence[Sequence[float]], total: float) -> dict[str, float]:
    """Return what a sentence says of each aspect: the term itself, else its part, else the whole sentence."""
    known: dict[str, float] = {}
    for part, own in zip(parts, values, strict=True):
        for each, value in zip(part.found, own, strict=True):
            for name in each.term.aspects:
                said = value or sum(own) or total
                known[name] = known.get(name, 0.0) + said
    return known


def bounded(value: float) -> float:
    """Return a sum of polarities in (-1, 1)."""
    return value / (1 + abs(value))
