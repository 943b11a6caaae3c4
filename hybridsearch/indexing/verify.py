"""The checks between filling a generation and making it live. Each yields one sentence for what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import orjson

from hybridsearch.engines.base import Engine
from hybridsearch.errors import ConfigError
from hybridsearch.fields import KINDS
from hybridsearch.indexing.quality import QualityCheck
from hybridsearch.schema import Schema
from hybridsearch.search.plan import Match, Neighbours, Plan
from hybridsearch.values import Document

EXPLORED = 100
"""Vectors that an approximate leg looks at in the check."""
CLOSE = 1e-3
"""How far the length of a stored vector may be from 1."""
SHRINKS = 0.5
"""Share of the live index's products that a new one must have at least."""
MANY = 100
"""Products from which on that share means something."""
NAMED = 3
"""Differences that are named; more of them say nothing more."""


@dataclass(frozen=True, slots=True)
class NewIndex:
    """A generation that is to become the live one.

    Attributes:
        expected: Products that it should hold.
        found: Products that it holds.
        live: Products that the live index holds; 0 when there is none.
        sample: Documents as they were built, to be compared with what is stored.
        exam: The judged queries of the shop, if there are any.
    """

    engine: Engine
    generation: str
    schema: Schema
    expected: int
    found: int
    live: int
    sample: Sequence[Document]
    exam: QualityCheck | None = None


def problems(candidate: NewIndex) -> list[str]:
    """Return what is wrong with a candidate; empty when it may become the live index."""
    return [sentence for check in CHECKS for sentence in islice(check(candidate), NAMED)]


def counts(candidate: NewIndex) -> Iterator[str]:
    """Compare the numbers of products."""
    if candidate.found != candidate.expected:
        yield f"the new index holds {candidate.found:,} products, {candidate.expected:,} were written"
    if candidate.live >= MANY and candidate.found < SHRINKS * candidate.live:
        yield f"the new index holds {candidate.found:,} products, the live one {candidate.live:,}"


def contents(candidate: NewIndex) -> Iterator[str]:
    """Compare a sample of what is stored, field by field, with what was built from the catalogue."""
    stored = candidate.engine.stored(candidate.generation, [built.id for built in candidate.sample])
    for built in candidate.sample:
        if built.id not in stored:
            yield f"product '{built.id}' is missing"
            continue
        fields = differences(built, stored[built.id])
        if fields:
            yield f"product '{built.id}' is stored with another {', '.join(fields)}"


def vectors(candidate: NewIndex) -> Iterator[str]:
    """See that stored vectors are finite and of unit length."""
    stored = candidate.engine.stored(candidate.generation, [built.id for built in candidate.sample])
    for key, document in stored.items():
        for leg, vector in document.vectors.items():
            length = float(np.linalg.norm(vector.array.astype(np.float64)))
            if not abs(length - 1) <= CLOSE:
                yield f"vector '{leg}' of product '{key}' has the length {length}"


def legs(candidate: NewIndex) -> Iterator[str]:
    """See that every leg finds something: words by a title's own words, a vector leg by a product's own vector."""
    for leg in candidate.schema.legs:
        vector = next((each.vectors[leg.name] for each in candidate.sample if leg.name in each.vectors), None)
        if vector is not None:
            near = Neighbours(leg.name, vector, 10, EXPLORED, -1.0)
            if not candidate.engine.search(Plan("photo", "check", neighbours=(near,)), candidate.generation):
                yield f"leg '{leg.name}' finds nothing"
    match = next((first_words(each) for each in candidate.sample if each.text), None)
    if match is not None and not candidate.engine.search(Plan("words", "check", keyword=match), candidate.generation):
        yield "keywords find nothing"


def quality(candidate: NewIndex) -> Iterator[str]:
    """See that the shop's judged queries are not answered worse than by the live index."""
    if candidate.exam is not None:
        try:
            found = candidate.exam.take(candidate.generation, candidate.schema)
        except ConfigError as error:
            yield f"the judged queries cannot be asked: {error}"
        else:
            if found.worse:
                yield f"it answers worse: {found}"


def first_words(built: Document) -> Match:
    """Return a match of the first words of a document."""
    field, languages = next(iter(built.text.items()))
    language, tokens = next(iter(languages.items()))
    return Match(field, ((language, tuple(dict.fromkeys(tokens.split()[:3]))),))


def differences(built: Document, stored: Document) -> list[str]:
    """Return the names of the fields in which two documents differ; numbers may differ by the width of a float32."""
    pairs: dict[str, tuple[Any, Any]] = {
        "row": (built.row, stored.row),
        "text": (built.text, stored.text),
        "codes": (built.codes, stored.codes),
        **{role: (built.fields.get(role, {}), stored.fields.get(role, {})) for role in KINDS},
    }
    found = [name for name, (one, other) in pairs.items() if plain(one) != plain(other)]
    same = built.vectors.keys() == stored.vectors.keys() and all(
        np.allclose(vector.array, stored.vectors[leg].array, atol=1e-6) for leg, vector in built.vectors.items()
    )
    return found if same else [*found, "vector"]


def plain(value: Any) -> Any:
    """Return a value as JSON gives it back."""
    return orjson.loads(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS))


CHECKS: tuple[Callable[[NewIndex], Iterator[str]], ...] = (counts, contents, vectors, legs, quality)
