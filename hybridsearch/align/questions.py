"""What a text leg learns from: queries and their judged products, or titles and what else their products say."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from hybridsearch import document
from hybridsearch.align.split import pseudo_random
from hybridsearch.indexing.build import source_of
from hybridsearch.learning import judgments as judging
from hybridsearch.learning.queries import JudgedQuery
from hybridsearch.progress import Progress
from hybridsearch.schema import Leg, Schema
from hybridsearch.settings import Settings
from hybridsearch.values import Product

MOST_PRODUCTS = 100_000
"""Products among which judged ones are to be found; of more these are drawn, and all judged ones."""
MOST_TITLES = 5_000
"""Titles that are learned from where nothing is judged: what else a product says is long, and slow to encode."""


@dataclass(frozen=True, slots=True)
class Question:
    """A text that is asked, and the texts that answer it.

    Attributes:
        id: The query itself, or the product whose title it is.
        grades: By row of the texts; above 0 is relevant.
    """

    id: str
    text: str
    grades: Mapping[int, float]

    @property
    def relevant(self) -> list[int]:
        """The rows that answer it."""
        return [row for row, grade in self.grades.items() if grade > 0]


@dataclass(slots=True)
class Questions:
    """All questions of a catalogue, and how many products were left out.

    Attributes:
        judged: The queries as they were judged, in the order of the questions; empty where titles are asked.
        texts: What is to be found: as the leg reads it, or for titles what else the product says.
        products: How many products were read.
        rejected: Rows that are not products.
        without_words: Products that have no text, or no title beside it.
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
        return "queries" if self.judged else "products"


def gather(settings: Settings, leg: Leg, progress: Progress) -> Questions:
    """Read the judgments that the configuration names, and the catalogue.

    Raises:
        CatalogError: One of them cannot be read.
        ConfigError: The file of judgments has none.
    """
    judged = judgments_of(settings)
    wanted = {product for query in judged for product in query.grades}
    found = Questions(judged=[])
    rows: dict[str, int] = {}
    source, schema = source_of(settings), Schema(settings.fields, (leg,))
    total = source.count()
    most = MOST_PRODUCTS if judged else MOST_TITLES
    share = min(1.0, most / total) if total else 1.0
    for row in source.read():
        found.products += isinstance(row, Product)
        found.rejected += not isinstance(row, Product)
        progress("reading", found.products + found.rejected, total)
        if not isinstance(row, Product) or not (row.id in wanted or drawn(row.id) < share):
            continue
        title = " ".join(document.title(row.row, settings.fields).split())
        text = document.leg_text(row.row, leg) if judged else document.described(row.row, schema)
        if not text or not (judged or title):
            found.without_words += 1
            continue
        rows[row.id] = len(found.texts)
        if not judged:
            found.questions.append(Question(row.id, title, {len(found.texts): 1.0}))
        found.texts.append(text)
    for query in judged:
        grades = {rows[product]: grade for product, grade in query.grades.items() if product in rows}
        if any(grade > 0 for grade in grades.values()):
            found.judged.append(query)
            found.questions.append(Question(query.text, query.text, grades))
    return found


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


def digest(questions: Questions) -> str:
    """Return a hash of everything that is learned from."""
    hasher = hashlib.blake2b(digest_size=8)
    for question in questions.questions:
        hasher.update(f"{question}\n".encode(errors="replace"))
    return hasher.hexdigest()
