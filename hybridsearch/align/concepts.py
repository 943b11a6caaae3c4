"""What the lexicon knows about a product: its kind, colour and pattern, and phrases for them in six languages."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from hybridsearch.align.lexicon import LANGUAGES, Claim, Concept, Lexicon
from hybridsearch.texts import text

AXES = {"kind": "kinds", "group": "kinds", "colour": "colours", "pattern": "patterns"}
LONGEST = 4
"""Tokens of the longest word of the lexicon."""
COLOUR_ALONE, WITH_COLOUR, WITH_PATTERN = 0.2, 0.6, 0.5
"""How often a phrase names a colour without a kind, and a kind with its colour or with its pattern."""


@dataclass(frozen=True)
class Concepts:
    """Finds words of the lexicon in catalogue texts, and writes phrases about their meaning."""

    lexicon: Lexicon
    index: Mapping[str, Mapping[str, frozenset[str]]]
    """Possible values by axis, by stems without spaces, so that "Tshirts" matches "t-shirt"."""

    @classmethod
    def of(cls, lexicon: Lexicon, languages: Iterable[str]) -> Concepts:
        """Prepare for a catalogue in these languages."""
        index: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)
        for language in languages:
            for axis, attribute in AXES.items():
                for concept in lexicon.concepts[axis].values():
                    for word in concept.words[language]:
                        for form in {word.text, *word.forms}:
                            meaning = index["".join(text.sequence(form, language))]
                            meaning[attribute] = meaning.get(attribute, frozenset()) | concept.members
        return cls(lexicon, index)

    def find(self, phrase: str, language: str) -> Iterator[Mapping[str, frozenset[str]]]:
        """Yield the meanings of the longest known sequences of words, from left to right."""
        tokens = text.sequence(phrase, language)
        start = 0
        while start < len(tokens):
            for end in range(min(len(tokens), start + LONGEST), start, -1):
                if meaning := self.index.get("".join(tokens[start:end])):
                    yield meaning
                    start = end - 1
                    break
            start += 1

    def known(self, values: Iterable[str], title: str, languages: Iterable[str]) -> Claim:
        """Return what is known about a product, from its attribute values, else from its title; empty sets if nothing.

        Several words narrow each other down, "Shoes" and "Sandals" to sandals; words that exclude each other cancel.
        """
        languages = list(languages)
        by_value = self._combined(values, languages)
        by_title = self._combined([title], languages)
        return Claim(**(by_title | by_value))

    def _combined(self, phrases: Iterable[str], languages: list[str]) -> dict[str, frozenset[str]]:
        combined: dict[str, frozenset[str]] = {}
        for phrase in phrases:
            for language, part in text.fields_by_language(phrase, languages).items():
                for meaning in self.find(part, language):
                    for axis, members in meaning.items():
                        combined[axis] = combined[axis] & members if axis in combined else members
        return {axis: members for axis, members in combined.items() if members}

    def phrase_about(self, known: Claim, language: str, rng: random.Random) -> tuple[str, Claim] | None:
        """Return a phrase about what is known, as a shopper would type it; None when nothing is known."""
        colour = only(known.colours)
        if colour and rng.random() < COLOUR_ALONE:
            return self.lexicon.phrase(language, rng, None, colour)
        concepts = self._covering(known.kinds)
        if not concepts:
            return self.lexicon.phrase(language, rng, None, colour) if colour else None
        pattern = only(known.patterns - {"plain"})
        return self.lexicon.phrase(
            language,
            rng,
            rng.choice(concepts),
            colour if rng.random() < WITH_COLOUR else None,
            pattern if rng.random() < WITH_PATTERN else None,
        )

    def translated(self, rng: random.Random) -> list[tuple[str, Claim]]:
        """Return one phrase of the lexicon in two languages."""
        kind = self.lexicon.concepts["kind"][rng.choice(list(self.lexicon.concepts["kind"]))]
        colour = rng.choice([*self.lexicon.concepts["colour"], None])
        return [self.lexicon.phrase(language, rng, kind, colour) for language in rng.sample(LANGUAGES, 2)]

    def _covering(self, kinds: frozenset[str]) -> list[Concept]:
        """Return the concepts that certainly cover a product: its groups, and its kind six times for each group."""
        if not kinds:
            return []
        groups = [group for group in self.lexicon.concepts["group"].values() if kinds <= group.members]
        exact = self.lexicon.concepts["kind"].get(only(kinds) or "")
        return groups + [exact] * 6 * max(1, len(groups)) if exact else groups


def only(values: frozenset[str]) -> str | None:
    """Return the only value; None when there are none, or several."""
    return next(iter(values)) if len(values) == 1 else None
