"""What a text leg learns from: queries and their judged products, or attribute values and who has them."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hybridsearch import document
from hybridsearch.align.pairs import Pair, pair_of
from hybridsearch.align.split import pseudo_random
from hybridsearch.align.texts import Writer
from hybridsearch.indexing.build import source_of
from hybridsearch.learning.sources import judgments as judging
from hybridsearch.learning.sources.queries import JudgedQuery
from hybridsearch.runtime.progress import Progress
from hybridsearch.schema import Leg
from hybridsearch.settings import Settings
from hybridsearch.values import Product

MOST_PRODUCTS = 100_000
"""Products among which judged ones are to be found; of more these are drawn, and all judged ones."""
MOST_PHRASES = 3_000
"""Phrases that are asked where nothing is judged."""
MOST_ANSWERS = 300
"""Products beyond which a phrase says too little."""


@dataclass(frozen=True, slots=True)
class Question:
    """A text that is asked, and the texts that answer it.

    Attributes:
        grades: By row of the texts; above 0 is relevant.
    """

    text: str
    grades: Mapping[int, float]

    @property
    def relevant(self) -> list[int]:
        """The rows that answer it."""
        return [row for row, grade in self.grades.items() if grade > 0]


@dataclass(slots=True)
class Questions:
    """All questions to a catalogue, and how many products were left out.

    Attributes:
        judged: The queries as they were judged, in the order of the questions; empty where phrases are asked.
        texts: What is to be found: the products, as the leg reads them.
        products: How many products were read.
        rejected: Rows that are not products.
        without_words: Products that have no text for the leg.
    """

    questions: list[Question] = field(default_factory=list)
    judged: list[JudgedQuery] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    products: int = 0
    rejected: int = 0
    without_words: int = 0

    @property
    def of(self) -> str:
        """What is asked, in the plural."""
        return "queries" if self.judged else "phrases"


def gather(settings: Settings, leg: Leg, seed: int, progress: Progress) -> Questions:
    """Read the judgments that the configuration names, and the catalogue.

    Raises:
        CatalogError: One of them cannot be read.
        ConfigError: The file of judgments has none.
    """
    judged = judgments_of(settings)
    wanted = {product for query in judged for product in query.grades}
    found, rows = Questions(), {}
    pairs: list[Pair] = []
    source = source_of(settings)
    total = source.count()
    share = min(1.0, MOST_PRODUCTS / total) if total else 1.0
    for row in source.read():
        found.products += isinstance(row, Product)
        found.rejected += not isinstance(row, Product)
        progress("reading", found.products + found.rejected, total)
        if not isinstance(row, Product) or not (row.id in wanted or drawn(row.id) < share):
            continue
        text = document.leg_text(row.row, leg)
        if not text:
            found.without_words += 1
            continue
        rows[row.id] = len(found.texts)
        found.texts.append(text)
        if not judged:
            pairs.append(pair_of(row, settings.fields, 0, ""))
    for query in judged:
        grades = {rows[product]: grade for product, grade in query.grades.items() if product in rows}
        if any(grade > 0 for grade in grades.values()):
            found.judged.append(query)
            found.questions.append(Question(query.text, grades))
    if not judged:
        found.questions = phrases(pairs, settings.fields.languages[0], seed)
    return found


def phrases(pairs: Sequence[Pair], language: str, seed: int) -> list[Question]:
    """Return phrases of one to three attribute values of a product; they ask for all products that have these."""
    rng, writer = random.Random(f"{seed} phrases"), Writer(pairs, language)
    having: dict[tuple[str, str], set[int]] = defaultdict(set)
    for row, pair in enumerate(pairs):
        for name, values in pair.values.items():
            for value in values:
                having[name, value].add(row)
    found: dict[str, Question] = {}
    described = [row for row, pair in enumerate(pairs) if pair.values]
    for row in rng.sample(described, len(described)):
        statement = writer.phrase(row, rng)
        answers = set[int].intersection(*(having[fact] for fact in statement.facts))
        if len(answers) <= MOST_ANSWERS:
            found.setdefault(statement.text.casefold(), Question(statement.text, dict.fromkeys(sorted(answers), 1.0)))
        if len(found) == MOST_PHRASES:
            break
    return list(found.values())


def judgments_of(settings: Settings) -> list[JudgedQuery]:
    """Return the judged queries in words that a product answers; none where the configuration names no judgments."""
    section = settings.judgments
    if section.path is None:
        return []
    topics = settings.resolve(section.topics) if section.topics else None
    found = judging.read(settings.resolve(section.path), topics=topics, irrelevant=section.irrelevant)
    return [query for query in found.answerable if query.text and not query.image]


def drawn(product: str) -> float:
    """Return a number in [0, 1) that is the same for a product each time."""
    return int.from_bytes(pseudo_random(0, product)) / 2**64
