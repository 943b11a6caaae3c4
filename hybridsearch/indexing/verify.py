"""The checks between filling a generation and making it live. Each yields a sentence for whatever is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import orjson

from hybridsearch.engines.base import Engine
from hybridsearch.errors import ConfigError
from hybridsearch.fields import KINDS
from hybridsearch.indexing.quality import Quality, QualityCheck
from hybridsearch.indexing.report import Counts
from hybridsearch.schema import Schema
from hybridsearch.search.clauses import Match, Neighbours
from hybridsearch.search.plan import Plan
from hybridsearch.values import Document, Reject

EXPLORED = 100
"""Vectors that an approximate leg looks at in the check."""
CLOSE = 1e-3
"""How far the length of a stored vector may be from 1."""
SHRINKS = 0.5
"""Share of the live index's products that a new one must have at least."""
SEEN = 0.5
"""Share of the products that name a picture that must have a usable one, at least;"""
PICTURED = 10
"""so many of them must name one for the share to mean something."""
MANY = 100
"""Products from which on that share means something."""
NAMED = 3
"""Differences that are named; more of them say nothing more."""


@dataclass(frozen=True, slots=True)
class NewIndex:
    """A generation that is to become the live one.

    Attributes:
        expected: Products that it should hold.
        documents: Products that it holds.
        live: Products that the live index holds; 0 when there is none.
        sample: Documents as they were built, to be compared with what is stored.
        counts: What the run counted.
        flaw: A picture that cannot be read, if there is one.
        quality_check: The judged queries of the shop, if there are any.
    """

    engine: Engine
    generation: str
    schema: Schema
    expected: int
    documents: int
    live: int
    sample: Sequence[Document]
    counts: Counts = field(default_factory=Counts)
    flaw: Reject | None = None
    quality_check: QualityCheck | None = None


def verify(index: NewIndex) -> tuple[list[str], Quality | None]:
    """Return what is wrong with a new index, nothing when it may become the live one, and how it answers.

    How it answers is None when there are no judged queries, or they cannot be asked.
    """
    problems = [sentence for check in CHECKS for sentence in islice(check(index), NAMED)]
    if index.quality_check is None:
        return problems, None
    try:
        quality = index.quality_check.measure(index.generation, index.schema)
    except ConfigError as error:
        return [*problems, f"the judged queries cannot be asked: {error}"], None
    return ([*problems, f"it answers worse: {quality}"] if quality.worse else problems), quality


def counts(index: NewIndex) -> Iterator[str]:
    """Compare the numbers of products."""
    if index.documents != index.expected:
        yield f"the new index holds {index.documents:,} products, {index.expected:,} were written"
    if index.live >= MANY and index.documents < SHRINKS * index.live:
        yield f"the new index holds {index.documents:,} products, the live one {index.live:,}"


def pictures(index: NewIndex) -> Iterator[str]:
    """See that the pictures that products name could be read."""
    named, seen = index.counts.pictured, index.counts.pictured - index.counts.unseen
    if named >= PICTURED and seen < SEEN * named:
        why = f", for instance {index.flaw.where}: {index.flaw.reason.rstrip('.')}" if index.flaw else ""
        yield f"of {named:,} products that name a picture {seen:,} ({seen / named:.0%}) have one that can be read{why}"


def contents(index: NewIndex) -> Iterator[str]:
    """Compare a sample of what is stored, field by field, with what was built from the catalogue."""
    stored = index.engine.stored(index.generation, [built.id for built in index.sample])
    for built in index.sample:
        if built.id not in stored:
            yield f"product '{built.id}' is missing"
            continue
        fields = differences(built, stored[built.id])
        if fields:
            yield f"product '{built.id}' is stored with another {', '.join(fields)}"


def vectors(index: NewIndex) -> Iterator[str]:
    """See that stored vectors are finite and of unit length."""
    stored = index.engine.stored(index.generation, [built.id for built in index.sample])
    for key, document in stored.items():
        for leg, vector in document.vectors.items():
            length = float(np.linalg.norm(vector.array.astype(np.float64)))
            if not abs(length - 1) <= CLOSE:
                yield f"vector '{leg}' of product '{key}' has the length {length}"


def legs(index: NewIndex) -> Iterator[str]:
    """See that every leg finds something: words by a title's own words, a vector leg by a product's own vector."""
    for leg in index.schema.legs:
        vector = next((built.vectors[leg.name] for built in index.sample if leg.name in built.vectors), None)
        if vector is not None:
            near = Neighbours(leg.name, vector, 10, EXPLORED, -1.0)
            if not index.engine.search(Plan("photo", "check", neighbours=(near,)), index.generation):
                yield f"leg '{leg.name}' finds nothing"
    match = next((first_words(built) for built in index.sample if built.text), None)
    if match is not None and not index.engine.search(Plan("words", "check", keyword=match), index.generation):
        yield "keywords find nothing"


def first_words(built: Document) -> Match:
    """Return a match of the first words of a document."""
    field, languages = next(iter(built.text.items()))
    language, tokens = next(iter(languages.items()))
    return Match.alike(field, [(language, dict.fromkeys(tokens.split()[:3]))])


def differences(built: Document, stored: Document) -> list[str]:
    """Return the names of the fields in which two documents differ; numbers may differ by the width of a float32."""
    pairs: dict[str, tuple[Any, Any]] = {
        "row": (built.row, stored.row),
        "text": (built.text, stored.text),
        "codes": (built.codes, stored.codes),
        "words": (built.words, stored.words),
        **{role: (built.fields.get(role, {}), stored.fields.get(role, {})) for role in KINDS},
    }
    changed = [name for name, (ours, theirs) in pairs.items() if plain(ours) != plain(theirs)]
    same = built.vectors.keys() == stored.vectors.keys() and all(
        np.allclose(vector.array, stored.vectors[leg].array, atol=1e-6) for leg, vector in built.vectors.items()
    )
    return changed if same else [*changed, "vector"]


def plain(value: Any) -> Any:
    """Return a value as JSON gives it back."""
    return orjson.loads(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS))


CHECKS: tuple[Callable[[NewIndex], Iterator[str]], ...] = (counts, pictures, contents, vectors, legs)
