"""What questions and the names of fields are about: properties of goods, as they are called in six languages.

A row of `concepts.tsv` is a concept: others that tell of it too, and its words in each language, separated by `|`.
Words that mean several at once, as `touchscreen` does, have a row named by these: `display+touch`.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from hybridsearch.texts import stemming, text
from hybridsearch.texts.languages import is_cjk, stop_words

LANGUAGES = ("en", "de", "fr", "es", "ja", "zh")
BOTH = "+"
"""Between the concepts of a row whose words mean all of them."""
FRAME = "frame"
"""The concept of all words that say nothing of what is asked."""
MINOR = frozenset(
    {
        "code",
        "compatibility",
        "connectivity",
        "date",
        "family",
        "first",
        "included",
        "internal",
        "layer",
        "maximum",
        "minimum",
        "model",
        "operating",
        "quantity",
        "release",
        "second",
        "status",
        "stored",
        "technology",
        "type",
    }
)
"""Concepts that say which of several properties is meant, rather than name one."""
THINGS = frozenset(
    {
        "battery",
        "cable",
        "camera",
        "case",
        "computer",
        "display",
        "keyboard",
        "mouse",
        "network",
        "paper",
        "phone",
        "print",
        "processor",
        "storage",
        "television",
    }
)
"""Concepts of parts and of what is used beside: most questions that name one ask for a property of it."""

HIRAGANA = frozenset(map(chr, range(0x3041, 0x3097)))
"""Of Japanese mostly grammar."""

SHORTEST = 4
"""Letters of a part of a compound."""

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Element:
    """A part of a question, or of the name of a field: one concept, of several that its words may stand for, or a word.

    Attributes:
        concepts: What its words may stand for; empty for a word of which nothing is known.
        word: As it is compared.
    """

    concepts: frozenset[str]
    word: str

    @property
    def is_minor(self) -> bool:
        """Whether it only tells properties apart."""
        return bool(self.concepts) and self.concepts <= MINOR

    @property
    def is_thing(self) -> bool:
        """Whether it may name a part, of which a property is asked."""
        return bool(self.concepts & THINGS)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of one language.

    Attributes:
        phrases: Concepts by their words; of Chinese and Japanese by their characters.
        longest: Words, or characters, of the longest.
        frame: Words that say nothing, whatever others share their stem.
    """

    phrases: Mapping[Key, frozenset[str]]
    longest: int
    frame: frozenset[str]


@lru_cache(maxsize=20_000)
def read(written: str) -> tuple[Element, ...]:
    """Return the parts of a text in any of the languages: a question, the name of a field, a value or a sentence."""
    return tuple(elements(written, LANGUAGES))


def elements(written: str, languages: Iterable[str]) -> list[Element]:
    """Return the parts of a text that mean something, in the one of some languages that knows most of it."""
    runs = [language for language in languages if is_cjk(language)]
    read = [list(in_words(written, language)) for language in languages if not is_cjk(language)]
    has_run = any(map(text.is_run, text.words(written)))
    if has_run and runs:
        kana = not HIRAGANA.isdisjoint(text.folded(text.lowered(written)))
        read = [list(in_characters(written, language)) for language in runs if language == "ja" or not kana]
    return max(read, key=lambda found: known(found) - 0.01 * len(found), default=[])


def known(found: Sequence[Element]) -> float:
    """Return which share of the parts of a text are concepts."""
    return sum(bool(element.concepts) for element in found) / len(found) if found else 0.0


def in_words(written: str, language: str) -> Iterator[Element]:
    """Yield the parts of a text in a language with spaces; what says nothing is left out."""
    words = [stemming.unaccented(word) for word in text.pieces(written)]
    stems = [stemming.stem(word, language) for word in words]
    known_words, place = vocabulary(language), 0
    while place < len(stems):
        if words[place] in known_words.frame and not followed(stems[place:], known_words):
            place += 1
            continue
        for count in range(min(known_words.longest, len(stems) - place), 0, -1):
            concepts = known_words.phrases.get(tuple(stems[place : place + count]))
            if concepts is not None:
                yield from meant(concepts, " ".join(words[place : place + count]))
                break
        else:
            count = 1
            if words[place] not in stop_words((language,)):
                yield from compound(words[place], language) or (Element(frozenset(), words[place]),)
        place += count


@lru_cache(maxsize=20_000)
def compound(word: str, language: str) -> tuple[Element, ...]:
    """Return the parts of a word that is two known ones written together, as in German; else none."""
    phrases = vocabulary(language).phrases
    for end in range(len(word) - SHORTEST, SHORTEST - 1, -1):
        parts = [
            next(filter(None, (phrases.get((stemming.stem(form, language),)) for form in joined)), None)
            for joined in ([word[:end], word[:end].removesuffix("s")], [word[end:]])
        ]
        if all(parts):
            return tuple(element for part in parts if part for element in meant(part, word))
    return ()


def followed(stems: Sequence[str], known_words: Vocabulary) -> bool:
    """Tell whether some words begin with a phrase of several that is known."""
    return any(tuple(stems[:count]) in known_words.phrases for count in range(2, known_words.longest + 1))


def in_characters(written: str, language: str) -> Iterator[Element]:
    """Yield the parts of a text in Chinese or Japanese; what is between two that are known is one."""
    folded = text.folded(text.lowered(written))
    known_words, place, unknown = vocabulary(language), 0, ""
    while place < len(folded):
        for count in range(min(known_words.longest, len(folded) - place), 0, -1):
            concepts = known_words.phrases.get(tuple(folded[place : place + count]))
            if concepts is not None and is_whole(folded, place, place + count):
                yield from unread(unknown)
                unknown = ""
                yield from meant(concepts, folded[place : place + count])
                break
        else:
            count = 1
            unknown += folded[place]
        place += count
    yield from unread(unknown)


def meant(concepts: frozenset[str], word: str) -> Iterator[Element]:
    """Yield what a phrase means: one concept of those that it may stand for, or each part of a composite one."""
    composite = next((concept for concept in sorted(concepts) if BOTH in concept), None)
    if composite is not None:
        yield from (Element(frozenset({part}), word) for part in composite.split(BOTH))
    elif concepts != {FRAME}:
        yield Element(concepts - {FRAME}, word)


def is_whole(written: str, start: int, end: int) -> bool:
    """Tell whether no letter or digit of a word with spaces around it is cut off at one of two places."""
    return not any(
        0 < place < len(written)
        and written[place - 1 : place + 1].isascii()
        and written[place - 1 : place + 1].isalnum()
        for place in (start, end)
    )


def unread(unknown: str) -> Iterator[Element]:
    """Yield the words of which nothing is known; a single character of Chinese or Japanese is grammar, mostly."""
    for word in text.pieces(unknown):
        if len(word) > 1 and not set(word) <= HIRAGANA:
            yield Element(frozenset(), word)


@cache
def also() -> Mapping[str, frozenset[str]]:
    """Return by concept those that tell of it too."""
    return {row[0]: frozenset(row[1].split()) for row in rows()}


@cache
def vocabulary(language: str) -> Vocabulary:
    """Return the words of a language."""
    found: dict[Key, set[str]] = {}
    for concept, _, *cells in rows():
        for phrase in filter(None, cells[LANGUAGES.index(language)].split("|")):
            if tells(words := key(phrase, language), language) or concept == FRAME:
                found.setdefault(words, set()).add(concept)
    frame = next(cells[LANGUAGES.index(language)] for concept, _, *cells in rows() if concept == FRAME).split("|")
    phrases = {words: frozenset(concepts) for words, concepts in found.items()}
    return Vocabulary(phrases, max(map(len, found)), frozenset(map(stemming.unaccented, frame)))


def tells(words: Key, language: str) -> bool:
    """Tell whether not all words of a phrase are stop words."""
    return is_cjk(language) or not text.stop_tokens(language).issuperset(words)


def key(phrase: str, language: str) -> Key:
    """Return a phrase as it is compared."""
    if is_cjk(language):
        return tuple(text.folded(text.lowered(phrase)))
    return tuple(stemming.stem(stemming.unaccented(word), language) for word in text.pieces(phrase))


@cache
def properties() -> tuple[str, ...]:
    """Return what the properties of goods are called in English, one word or phrase for each."""
    called = (cells[LANGUAGES.index("en")].partition("|")[0] for concept, _, *cells in rows() if concept != FRAME)
    return tuple(filter(None, called))


@cache
def rows() -> tuple[tuple[str, ...], ...]:
    """Return the rows of the table, without its head."""
    table = importlib.resources.files(__package__).joinpath("concepts.tsv").read_text(encoding="utf-8")
    return tuple(tuple(line.split("\t")) for line in table.splitlines()[1:])
