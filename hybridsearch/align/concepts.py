"""What the lexicon knows of a product: its kind, colour and pattern, and how they are said in six languages."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from hybridsearch import text
from hybridsearch.align.lexicon import LANGUAGES, Claim, Concept, Lexicon

AXES = {"kind": "kinds", "group": "kinds", "colour": "colours", "pattern": "patterns"}
LONGEST = 4
"""Tokens of the longest word of the lexicon."""
COLOUR_ALONE, WITH_COLOUR, WITH_PATTERN = 0.2, 0.6, 0.5
"""How often a phrase says a colour without a kind, and a kind with its colour or pattern."""


@dataclass(frozen=True)
class Concepts:
    """Finds words of the lexicon in catalogue texts of some languages, and speaks of what was found."""

    lexicon: Lexicon
    index: Mapping[str, Mapping[str, frozenset[str]]]
    """By stems without spaces, so that "Tshirts" finds "t-shirt": the values by axis that they may mean."""

    @classmethod
    def of(cls, lexicon: Lexicon, languages: Iterable[str]) -> Concepts:
        """Prepare for a catalogue in these languages."""
        index: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)
        for language in languages:
            for axis, attribute in AXES.items():
                for concept in lexicon.concepts[axis].values():
                    for word in concept.words[language]:
                        for form in {word.text, *word.forms}:
                            means = index["".join(text.analyse(form, language))]
                            means[attribute] = means.get(attribute, frozenset()) | concept.members
        return cls(lexicon, index)

    def find(self, phrase: str, language: str) -> Iterator[Mapping[str, frozenset[str]]]:
        """Yield what the longest known runs of words mean, from left to right."""
        tokens = text.analyse(phrase, language)
        place = 0
        while place < len(tokens):
            for end in range(min(len(tokens), place + LONGEST), place, -1):
                if means := self.index.get("".join(tokens[place:end])):
                    yield means
                    place = end - 1
                    break
            place += 1

    def known(self, values: Iterable[str], title: str, languages: Iterable[str]) -> Claim:
        """Return what is known of a product: by its attribute values, else by its title; empty sets where nothing is.

        Several words narrow each other down, "Shoes" and "Sandals" to sandals; those that exclude each other cancel.
        """
        languages = list(languages)
        by_value = self._together(values, languages)
        by_title = self._together([title], languages)
        return Claim(**(by_title | by_value))

    def _together(self, phrases: Iterable[str], languages: list[str]) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for phrase in phrases:
            for language, part in text.fields_by_language(phrase, languages).items():
                for means in self.find(part, language):
                    for axis, members in means.items():
                        found[axis] = found[axis] & members if axis in found else members
        return {axis: members for axis, members in found.items() if members}

    def speak(self, known: Claim, language: str, rng: random.Random) -> tuple[str, Claim] | None:
        """Say something of what is known in a language, as a shopper would; None where there is nothing to say."""
        colour = one(known.colours)
        if colour and rng.random() < COLOUR_ALONE:
            return self.lexicon.phrase(language, rng, None, colour)
        concepts = self._covering(known.kinds)
        if not concepts:
            return self.lexicon.phrase(language, rng, None, colour) if colour else None
        pattern = one(known.patterns - {"plain"})
        return self.lexicon.phrase(
            language,
            rng,
            rng.choice(concepts),
            colour if rng.random() < WITH_COLOUR else None,
            pattern if rng.random() < WITH_PATTERN else None,
        )

    def translated(self, rng: random.Random) -> list[tuple[str, Claim]]:
        """Say one thing of the lexicon in two languages."""
        kind = self.lexicon.concepts["kind"][rng.choice(list(self.lexicon.concepts["kind"]))]
        colour = rng.choice([*self.lexicon.concepts["colour"], None])
        return [self.lexicon.phrase(language, rng, kind, colour) for language in rng.sample(LANGUAGES, 2)]

    def _covering(self, kinds: frozenset[str]) -> list[Concept]:
        """Return the concepts that certainly cover a product: its kind, six times for each group around it."""
        if not kinds:
            return []
        around = [group for group in self.lexicon.concepts["group"].values() if kinds <= group.members]
        exact = self.lexicon.concepts["kind"].get(one(kinds) or "")
        return around + [exact] * 6 * max(1, len(around)) if exact else around


def one(values: frozenset[str]) -> str | None:
    """Return the only value; None when there is none, or a choice."""
    return next(iter(values)) if len(values) == 1 else None
