"""Answers: what a product's row states about a question. A pure function of values; nothing is ever phrased anew."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hybridsearch.asking.concepts import Element, also, read
from hybridsearch.asking.near import LEAST as UNNAMED
from hybridsearch.asking.near import Near, weighed
from hybridsearch.inputs import rows
from hybridsearch.roles import Fields, is_from_reviews
from hybridsearch.texts import text
from hybridsearch.values import Row

STATED, STATED_WHOLE = 0.55, 0.45
"""Of what a question asks, the share that a place must speak of to answer it; less where its whole name is asked."""
LEAST = 0.5
"""Confidence of an answer; chosen, as all these shares, on the questions of `benchmarks/questions.jsonl`."""
BESIDES = 0.55
"""Part of the confidence that a field loses where most of its name was not asked for."""
SENTENCE = 0.6
"""Confidence of a sentence that speaks of all that is asked: it may say something else of it."""
WORD_FOR_WORD = 0.1
"""What a value that has a word of the question is surer than others: of red and pink things those that are red."""
INDIRECT = 0.7
"""What a property counts that tells of the one that is asked, as width does of size."""
CHATTER = 0.6
"""The most that words count of which nothing is known."""
MINOR_PART, THING_PART, UNKNOWN_PART = 0.4, 0.3, 0.25
"""What parts of a question and of a field's name count that only tell properties apart, that name a part of the
product, or of which nothing is known."""
HOW_MANY = "quantity"
"""The concept that any number tells of: how many of the field's own unit."""
LONGEST = 300
"""Characters of a quotation."""
SHORT = 80
"""Characters of a value that is looked into whole; a longer one is read by sentences, too."""
MOST = 3
"""Places that answer one question of one product: those that are as sure as the first, but for `TIED`."""
TIED = 0.05

_NAME = re.compile(r"^attr_[a-z]_|[_.\-/]+|(?<=[a-z])(?=[A-Z])")
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|(?<=[。！？；])|\n+")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a product states.

    Attributes:
        product_id: Of the product.
        text: The answer in words of the catalogue.
        field: The field in which it stands.
        quote: Its words as they stand there.
        confidence: From 0 to 1.
    """

    product_id: str
    text: str
    field: str
    quote: str
    confidence: float

    def to_json(self) -> dict[str, Any]:
        """Return the object that `ask --json` prints for each answer."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Answers:
    """What some products state about a question, the surest first.

    Attributes:
        question: As it was asked.
        answers: Empty where none of them states it: nothing is ever made up.
        phrased: What they say in a sentence, by the model that the configuration names; else empty.
        notes: Why there is no such sentence, for people.
    """

    question: str
    answers: tuple[Answer, ...] = ()
    phrased: str = ""
    notes: tuple[str, ...] = ()

    @property
    def stated(self) -> bool:
        """Whether any product states it."""
        return bool(self.answers)

    def to_json(self) -> dict[str, Any]:
        """Return the object that `ask --json` prints."""
        found = [answer.to_json() for answer in self.answers]
        return {
            "question": self.question,
            "answers": found,
            "stated": self.stated,
            "phrased": self.phrased or None,
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Fact:
    """One place of a product's row: a value with the name of its field, or a sentence of a text."""

    field: str
    quote: str
    about: tuple[Element, ...]
    says: tuple[Element, ...]
    is_sentence: bool = False


def answered(question: str, products: Iterable[tuple[str, Row]], fields: Fields, near: Near | None = None) -> Answers:
    """Return what products state about a question, in any of the six languages: of several the surest first.

    A product states it where the name of a field, its value, or a sentence of a text speaks of most of what is asked.

    Args:
        question: In whatever words.
        products: Ids and rows.
        fields: Which role each field plays.
        near: How near names of fields are to the question, by vectors; left out: words alone tell.
    """
    ways = readings(text.clean(question, text.QUERY_LIMIT))
    found = (answer for key, row in products for answer in of_product(ways, key, row, fields, near))
    return Answers(question, tuple(sorted(found, key=lambda answer: -answer.confidence)))


def readings(question: str) -> list[tuple[Element, ...]]:
    """Return the parts of a question, and those of each sentence that asks: what is told besides may not matter."""
    sentences = [sentence.strip() for sentence in _SENTENCE.split(question) if sentence]
    asking = [sentence for sentence in sentences if sentence.endswith(("?", "？"))] if len(sentences) > 1 else []
    every = map(read, (question, *asking))
    return [asked for asked in every if any(part.concepts or len(part.word) > 1 for part in asked)]


def of_product(
    ways: Sequence[Sequence[Element]], product_id: str, row: Row, fields: Fields, near: Near | None = None
) -> list[Answer]:
    """Return what a product states about what is asked, read in one of some ways, the best place first."""
    if not (ways or near):
        return []
    judged = [(max((confidence(asked, fact) for asked in ways), default=0.0), fact) for fact in facts(row, fields)]
    if near:
        margin = near([readable(fact.field) for _, fact in judged if not fact.is_sentence])
        named = [UNNAMED if fact.is_sentence else margin[readable(fact.field)] for _, fact in judged]
        judged = [(weighed(sure, own, LEAST), fact) for (sure, fact), own in zip(judged, named, strict=True)]
    found = sorted(((sure, fact) for sure, fact in judged if sure >= LEAST), key=lambda each: -each[0])
    close = [(min(sure, 1.0), fact) for sure, fact in found if sure >= min(found[0][0], 1.0) - TIED][:MOST]
    return [Answer(product_id, said(fact), fact.field, fact.quote, round(sure, 3)) for sure, fact in close]


def confidence(asked: Sequence[Element], fact: Fact) -> float:
    """Return how surely a place answers a question, from 0 to 1; 0 where it does not speak of enough of it."""
    heard = [(element, heard_in(element, fact)) for element in asked]
    share = share_heard(heard)
    if share < STATED_WHOLE:  # most places of a product speak of something else
        return 0.0
    named = name_asked_for(asked, fact)
    is_meant = named == 1.0 and any(weight(part) == 1.0 for part in fact.about)
    if (share < STATED and not is_meant) or not heard_of_the_most(heard):
        return 0.0
    by_name = min(1.0, share * (1 - BESIDES + BESIDES * named) + WORD_FOR_WORD * says_itself(asked, fact))
    return max(by_name, LEAST if is_meant else 0.0, share * SENTENCE if fact.is_sentence else 0.0)


def share_heard(heard: Sequence[tuple[Element, float]]) -> float:
    """Return the share of a question that a place speaks of, given how far it speaks of each part."""
    found = sum(degree * (weight(element) if element.concepts else 1.0) for element, degree in heard)
    missed = sum((1 - degree) * weight(element) for element, degree in heard if element.concepts)
    unknown = ((element, degree) for element, degree in heard if not (element.concepts or element.word.isdecimal()))
    chatter = min(CHATTER, sum(UNKNOWN_PART * (1 - degree) for element, degree in unknown))
    return found / (found + missed + chatter) if found else 0.0


def says_itself(asked: Sequence[Element], fact: Fact) -> bool:
    """Tell whether the value of a field is, or has, a word of the question that tells something."""
    words = {word for part in fact.says for word in part.word.split()}
    return any(element.word in words for element in asked if len(element.word) > 1)


def name_asked_for(asked: Sequence[Element], fact: Fact) -> float:
    """Return the share of the name of a field that a question asks for."""
    wanted = frozenset().union(*(element.concepts for element in asked))
    found = sum(weight(part) for part in fact.about if matches(part, asked, wanted))
    return found / (sum(map(weight, fact.about)) or 1.0)


def heard_of_the_most(heard: Sequence[tuple[Element, float]]) -> bool:
    """Tell whether a place speaks of a part of the question that counts as much as any."""
    most = max(weight(element) for element, _ in heard)
    return any(degree and (weight(element) >= most or not element.concepts) for element, degree in heard)


def weight(element: Element) -> float:
    """Return what a part of a question or of a name counts."""
    if not element.concepts:
        return UNKNOWN_PART if len(element.word) > 1 else 0.0
    if element.is_minor:
        return MINOR_PART
    return THING_PART if element.is_thing else 1.0


def matches(part: Element, asked: Sequence[Element], wanted: frozenset[str]) -> bool:
    """Tell whether a part of a name was asked for."""
    if part.concepts:
        return bool(part.concepts & wanted) or any(part.concepts & also().get(name, frozenset()) for name in wanted)
    return any(part.word == element.word for element in asked)


def heard_in(element: Element, fact: Fact) -> float:
    """Return how far a place speaks of a part of a question, from 0 to 1."""
    places = (*fact.about, *fact.says)
    if HOW_MANY in element.concepts and fact.quote[:1].isdecimal() and not fact.is_sentence:
        return 1.0
    if element.concepts:
        if any(element.concepts & part.concepts for part in places):
            return 1.0
        near = frozenset().union(*(also().get(name, frozenset()) for name in element.concepts))
        return INDIRECT if any(near & part.concepts for part in fact.about) else 0.0
    said = any(element.word == word for part in places for word in part.word.split())
    return 1.0 if said and len(element.word) > 1 and not element.word.isdecimal() else 0.0


def facts(row: Row, fields: Fields) -> Iterator[Fact]:
    """Yield the places of a row: each value of a field, and each sentence of a text or of a long value."""
    skipped = {fields.id, fields.group, fields.version, *fields.pictures, *fields.videos}
    for name, value in leaves(row):
        if name in skipped or value is None or is_from_reviews(name):
            continue
        quote = shown(value)
        if not quote or quote.startswith(("http://", "https://")):
            continue
        if name not in (fields.title, *fields.text):
            yield Fact(name, quote[:LONGEST], read(readable(name)), read(quote) if len(quote) <= SHORT else ())
            if len(quote) <= SHORT:
                continue
        for sentence in filter(None, map(str.strip, _SENTENCE.split(quote))):
            yield Fact(name, sentence[:LONGEST], (), read(sentence[:LONGEST]), is_sentence=True)


def leaves(row: Row, before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each field that holds no others with its value, objects by their path."""
    for name, value in row.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def shown(value: Any) -> str:
    """Return a value as a reader sees it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return ", ".join(map(text.clean, rows.strings(value)))


def said(fact: Fact) -> str:
    """Return an answer as a reader sees it."""
    return fact.quote if fact.is_sentence else f"{readable(fact.field)}: {fact.quote}"


def readable(name: str) -> str:
    """Return the name of a field in words."""
    return " ".join(_NAME.sub(" ", name).split()).lower()
