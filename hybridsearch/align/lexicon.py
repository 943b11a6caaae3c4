"""Reads `lexicon.tsv`, and writes phrases in six languages that name a kind, a colour, a pattern, or nothing.

A row is a concept, a cell its words separated by `|`, the usual word first. Nouns carry their gender after a colon
(de m f n p; fr and es m f mp fp), adjectives their endings after slashes in the same order (`rot/er/e/es/e`).
"""

from __future__ import annotations

import random
import unicodedata
import zlib
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

LANGUAGES = ("en", "de", "fr", "es", "ja", "zh")
_GENDERS = {"de": ("m", "f", "n", "p"), "fr": ("m", "f", "mp", "fp"), "es": ("m", "f", "mp", "fp")}
_ONSETS = (*"bcdfghjklmnprstvwz", "br", "st", "kr", "pl", "th", "qu", "sch")
_CODAS = ("", "", "n", "r", "x", "lt", "s", "m")
_HELD_OUT_SHARE = 12
"""One kind word in this many is held out of training, to measure the model on words that it has never seen."""


@dataclass(frozen=True)
class Word:
    """One word of one language; `gender` is the index of the adjective form that goes with it."""

    text: str
    forms: tuple[str, ...]
    gender: int
    held_out: bool

    def agreeing(self, noun: Word | None) -> str:
        """Return the adjective form that goes with the noun; without a noun, the plain form."""
        return self.forms[noun.gender] if noun and self.forms else self.text


@dataclass(frozen=True)
class Concept:
    """A row of the lexicon; `members` are the kinds that a group such as shoes covers (its own name for a kind)."""

    axis: str
    name: str
    members: frozenset[str]
    words: dict[str, tuple[Word, ...]]

    def usual(self, language: str) -> Word:
        """Return the word that a shop would print."""
        return self.words[language][0]

    def pick(self, language: str, rng: random.Random) -> Word:
        """Draw one of the words that training may use, the usual one slightly more often."""
        words = [word for word in self.words[language] if not word.held_out]
        return words[max(0, rng.randrange(-1, len(words)))]


def _word(cell: str, language: str, axis: str, first: bool) -> Word:
    text, _, gender = cell.partition(":") if axis in ("kind", "group") else (cell, "", "")
    stem, *endings = text.split("/")
    forms = tuple(stem + ending for ending in endings)
    plain = stem if language == "de" or not forms else forms[0]
    held_out = not first and axis == "kind" and zlib.crc32(f"{language} {plain}".encode()) % _HELD_OUT_SHARE == 0
    return Word(plain, forms, _GENDERS[language].index(gender) if gender else 0, held_out)


@dataclass(frozen=True)
class Claim:
    """What a phrase says about a product: the kinds, colours and patterns that it allows; an empty set allows all."""

    kinds: frozenset[str] = frozenset()
    colours: frozenset[str] = frozenset()
    patterns: frozenset[str] = frozenset()


class Lexicon:
    """All concepts by axis, and the phrases made of them."""

    def __init__(self, path: Path) -> None:
        _, *rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
        self.concepts: dict[str, dict[str, Concept]] = {}
        for axis, label, *cells in rows:
            name, _, members = label.partition("=")
            words = {
                language: tuple(_word(part, language, axis, i == 0) for i, part in enumerate(cell.split("|")))
                for language, cell in zip(LANGUAGES, cells, strict=True)
            }
            self.concepts.setdefault(axis, {})[name] = Concept(axis, name, frozenset(members.split() or [name]), words)

    @cached_property
    def _meanings(self) -> dict[tuple[str, str], frozenset[str]]:
        """All meanings of a word: 青色 is blue in Japanese, turquoise in Chinese, and a query does not say which."""
        meanings: dict[tuple[str, str], frozenset[str]] = {}
        for axis, concepts in self.concepts.items():
            for concept in concepts.values():
                for word in (word for words in concept.words.values() for word in words):
                    for text in {word.text, *word.forms}:
                        key = ("kind" if axis == "group" else axis, text.casefold())
                        meanings[key] = meanings.get(key, frozenset()) | concept.members
        return meanings

    def meaning(self, axis: str, word: Word) -> frozenset[str]:
        """Return the values (kinds, colours or patterns) that the word may stand for."""
        return self._meanings[axis, word.text.casefold()]

    def phrase(
        self, language: str, rng: random.Random, kind: Concept | None, colour: str | None, pattern: str | None = None
    ) -> tuple[str, Claim]:
        """Name kind, colour and pattern (any may be missing, but not kind and colour) as a title or query would."""
        shape = "both" if kind and colour else "kind" if kind else "colour"
        templates = [word.text for word in self.concepts["template"][shape].words[language]]
        template = rng.choice([text for text in templates if ("{pattern}" in text) == bool(pattern)] or templates[:1])
        noun = kind.pick(language, rng) if kind else None
        hue = self.concepts["colour"][colour].pick(language, rng) if colour else None
        motif = self.concepts["pattern"][pattern].pick(language, rng) if pattern else None
        text = template.format(
            kind=noun.text if noun else "",
            colour=hue.agreeing(noun) if hue else "",
            base=hue.text if hue else "",
            pattern=motif.agreeing(noun) if motif else "",
            word=self.filler(language, rng),
            brand=pseudo_word(rng),
        )
        claim = Claim(
            self.meaning("kind", noun) if noun else frozenset(),
            self.meaning("colour", hue) if hue else frozenset(),
            self.meaning("pattern", motif) if motif and "{pattern}" in template else frozenset(),
        )
        return _as_typed(text, language, rng), claim

    def filler(self, language: str, rng: random.Random) -> str:
        """Draw a common shop word that says nothing about the picture."""
        return rng.choice(list(self.concepts["word"].values())).pick(language, rng).text

    def nonsense(self, rng: random.Random) -> str:
        """Draw a text that names no product: invented words, real ones joined or shuffled, fillers, rare characters."""
        style = rng.randrange(6)
        if style < 2:
            return " ".join(pseudo_word(rng) for _ in range(rng.randint(1, 3)))
        if style == 2:
            return " ".join(self._joined(rng) for _ in range(rng.randint(1, 2)))
        if style == 5:
            joined = self._joined(rng)
            return "".join(rng.sample(joined, len(joined)))
        if style == 3:
            return " ".join(self.filler(rng.choice(LANGUAGES), rng) for _ in range(rng.randint(1, 2)))
        low, high = rng.choice([(0x4E00, 0x9FA5), (0x30A1, 0x30F6), (0x3042, 0x3093)])
        return "".join(chr(rng.randrange(low, high)) for _ in range(rng.randint(2, 5)))

    def _joined(self, rng: random.Random) -> str:
        kinds = list(self.concepts["kind"].values())
        halves = []
        for side in (0, 1):
            word = rng.choice(kinds).pick(rng.choice(LANGUAGES[:4]), rng).text
            cut = max(2, len(word) // 2)
            halves.append(word[:cut] if side == 0 else word[cut:])
        return "".join((halves[0] + rng.choice("aeioukrst") + halves[1]).replace("-", "").split())


def pseudo_word(rng: random.Random) -> str:
    """Invent a word of one to four syllables, as a brand in a title or as nonsense."""
    return "".join(rng.choice(_ONSETS) + rng.choice("aeiouy") + rng.choice(_CODAS) for _ in range(rng.randint(1, 4)))


def _as_typed(text: str, language: str, rng: random.Random) -> str:
    """Normalise the spaces; sometimes drop the accents, as people do when they type."""
    text = " ".join(text.split())
    if language in _GENDERS and rng.random() < 0.12:
        text = "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))
    return text


@cache
def lexicon() -> Lexicon:
    """Read the lexicon that lies beside this file."""
    return Lexicon(Path(__file__).with_name("lexicon.tsv"))
