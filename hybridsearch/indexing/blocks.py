"""Blocks of products, as they go to a worker process and come back analysed.

Both ways are JSON, which is what rows are made of; the row and the vectors of a product stay where they are.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from hybridsearch import document
from hybridsearch.confined import decoder as confined
from hybridsearch.confined.decoder import Decoder
from hybridsearch.errors import EngineError
from hybridsearch.fields import restored
from hybridsearch.schema import Schema
from hybridsearch.values import Document, Product, Vector

Answer = str | list[Any]
"""Why a product has no document, or the parts of its document."""


@dataclass(frozen=True, slots=True)
class Limits(confined.Limits):
    """What one block may cost: more than any does. Our own code reads it, so that the process is not confined."""

    @property
    def answer(self) -> int:
        """Bytes of the documents."""
        return 1 << 32


LIMITS = Limits(bytes=1 << 32, seconds=600.0, memory=0)


class NotAnalysed(EngineError):  # noqa: N818
    """No worker process has analysed a block; whoever asked does it."""


def written(schema: Schema, products: Sequence[Product]) -> bytes:
    """Return a block as it goes to a worker.

    Raises:
        TypeError: A row is not what `tidy` makes of one.
    """
    return orjson.dumps(
        {"schema": orjson.dumps(schema.to_json()).decode(), "products": [(each.id, each.row) for each in products]}
    )


def analysed(data: bytes, _wanted: int, _limits: Limits) -> list[Answer]:
    """Return the answer for each product of a block."""
    block = orjson.loads(data)
    schema = read_schema(block["schema"])
    return [answer(Product(key, row, ""), schema) for key, row in block["products"]]


def answer(product: Product, schema: Schema) -> Answer:
    """Return what is searched of a product, and its row if that has become another, or why it cannot be indexed."""
    try:
        made = document.build(product, schema, {})
    except ValueError as error:
        return str(error)
    row = None if made.row is product.row else made.row
    return [row, made.text, made.codes, made.fields, made.version, made.words, made.variants]


@functools.lru_cache(maxsize=1)
def read_schema(schema: str) -> Schema:
    """Return the schema of a run."""
    return Schema.from_json(orjson.loads(schema), "")


def to_document(product: Product, answer: Answer, vectors: Mapping[str, Vector]) -> Document:
    """Return the document of a product from a worker's answer.

    Raises:
        ValueError: It cannot be indexed; the message is the reason.
    """
    if isinstance(answer, str):
        raise ValueError(answer)
    row, text, codes, fields, version, words, variants = answer
    return Document(
        id=product.id,
        row=product.row if row is None else row,
        text=text,
        codes=tuple(codes),
        fields=restored(fields),
        vectors=vectors,
        routing=product.routing,
        version=version,
        words=tuple(words),
        variants=tuple(map(restored, variants)),
    )


DECODER = Decoder(
    module=__name__,
    noun="block of products",
    limits=Limits,
    error=NotAnalysed,
    unsafe=NotAnalysed,
    require=lambda _data, _limits: None,
    decode=analysed,
    pack=orjson.dumps,
    unpack=orjson.loads,
    smaller="",
    alone="Products are analysed in this process alone.",
)
