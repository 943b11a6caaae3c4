"""Builders for the tests of the embedded engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hybridsearch.engines.base import Written
from hybridsearch.engines.embedded import EmbeddedEngine
from hybridsearch.roles import Fields
from hybridsearch.schema import Leg, Schema
from hybridsearch.search.clauses import Match, Neighbours
from hybridsearch.search.plan import Plan
from hybridsearch.values import Document, Vector

DIMS = 4
SCHEMA = Schema(
    Fields(
        title="title",
        codes=("sku",),
        facets=("brand",),
        numbers=("price",),
        dates=("released",),
        booleans=("in_stock",),
        languages=("en", "de"),
    ),
    (Leg("image", DIMS, "test"),),
    "test",
)


def unit(*values: float) -> Vector:
    return Vector(np.array(values) / np.linalg.norm(values))


def document(id: str, title: str = "red dress", **rest: Any) -> Document:  # noqa: A002 - as in Document
    return Document(id, {"title": title}, {"title": {"en": title}} if title else {}, **rest)


def fill(engine: EmbeddedEngine, *documents: Document, schema: Schema = SCHEMA) -> str:
    """Make a new live generation of these documents."""
    generation = engine.create(schema)
    assert engine.write(generation, documents) == Written()
    assert engine.refresh(generation) == len({document.id for document in documents})
    engine.promote(generation, schema)
    return generation


def words(text: str, *, field: str = "title", language: str = "en", share: float = 0.0) -> Match:
    return Match.alike(field, ((language, tuple(text.split())),), share)


def search_words(text: str, **rest: Any) -> Plan:
    return Plan("words", "test", keyword=words(text), **rest)


def near(vector: Vector, k: int = 10, floor: float = -1.0, leg: str = "image") -> Neighbours:
    return Neighbours(leg, vector, k, k, floor)


def ids(page: Sequence[Any]) -> list[str]:
    return [hit.id for hit in page]


def live_folder(folder: Path) -> Path:
    """Return the folder of the live generation of the index 'products'."""
    return folder / "products" / (folder / "products" / "current").read_text()
