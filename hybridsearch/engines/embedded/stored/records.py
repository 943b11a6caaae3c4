"""Records: a document as it is stored, with its checksum."""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
import orjson
from numpy.typing import NDArray

from hybridsearch.fields import KINDS, restored
from hybridsearch.search.plan import Plan
from hybridsearch.values import Document, Hit, Row, Vector


class Rows(Protocol):
    """Vectors by the number of their row."""

    def __getitem__(self, row: int, /) -> NDArray[np.float32]: ...


class Record(NamedTuple):
    """A document as it is stored: a row of the table `documents`."""

    number: int
    id: str
    row: bytes
    content: bytes
    crc: int

    @classmethod
    def of(cls, number: int, id: str, row: bytes, content: bytes) -> Record:  # noqa: A002 - as in Document
        """Return the record with its checksum."""
        return cls(number, id, row, content, checksum(number, id, row, content))

    def to_row(self) -> Row:
        """Return the shop's row."""
        row: Row = orjson.loads(self.row)
        return row

    def to_document(self, legs: Mapping[str, Rows]) -> Document:
        """Return the document as it was given, taking its vectors from the rows of each leg's file."""
        content = self.to_content()
        return Document(
            self.id,
            self.to_row(),
            content.text,
            tuple(content.codes),
            restored(content.fields),
            {leg: Vector(legs[leg][row]) for leg, row in content.vectors.items()},
            variants=tuple(map(restored, content.variants)),
            words=tuple(content.words),
            moments=content.moments,
        )

    def to_hit(self, score: float, signals: Mapping[str, float], plan: Plan) -> Hit:
        """Return the hit that a plan makes of it."""
        if not plan.rows:
            return Hit(self.id, score, signals, {})
        stored = self.to_content().moments if plan.filmed else {}
        moments = {leg: stored[leg] for leg in plan.filmed if leg in stored}
        return Hit(self.id, score, signals, self.to_row(), moments=moments)

    def to_content(self) -> Content:
        """Return what is searched."""
        return Content.of(orjson.loads(self.content))

    def is_sound(self) -> bool:
        """Return whether the record matches its checksum."""
        return checksum(*self[:4]) == self.crc


@dataclass(frozen=True, slots=True)
class Content:
    """What is searched of a document: the fields of `Document`, with the row number of each vector in its file."""

    text: Mapping[str, Mapping[str, str]]
    codes: Sequence[str]
    words: Sequence[str]
    fields: Mapping[str, Mapping[str, Any]]
    vectors: Mapping[str, int]
    variants: Sequence[Mapping[str, Mapping[str, Any]]] = ()
    moments: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Content:
        """Read what `to_json` wrote."""
        fields = {role: data[role] for role in KINDS if role in data}
        rest = data.get("variants", ()), data.get("moments", {})
        return cls(data["text"], data["codes"], data.get("words", ()), fields, data["vectors"], *rest)

    def to_json(self) -> dict[str, Any]:
        """Return the form that is stored: each role beside the others, as it was before there were more than two."""
        more = {"words": self.words, "variants": self.variants, "moments": self.moments}
        there = {name: part for name, part in more.items() if part}
        return {"text": self.text, "codes": self.codes, **there, **self.fields, "vectors": self.vectors}


def require_fit(document: Document, legs: Mapping[str, int]) -> None:
    """Check vectors and fields of a document, given the dimensions of each leg.

    Raises:
        ValueError: Something does not fit; the message says what.
    """
    for leg, vector in document.vectors.items():
        if len(vector) != legs.get(leg):
            raise ValueError(f"vector '{leg}' has {len(vector)} dims, expected {legs.get(leg, 'no such vector')}")
        if not np.isfinite(vector.array).all():
            raise ValueError(f"vector '{leg}' holds a value that is not a number")
    for by_role in (document.fields, *document.variants):
        for name, value in itertools.chain.from_iterable(by_field.items() for by_field in by_role.values()):
            if not isinstance(value, tuple) and not math.isfinite(value):
                raise ValueError(f"'{name}' is {value}, expected a number")


def encode(document: Document, rows: Mapping[str, int]) -> bytes:
    """Return the content of a document as JSON, given the row that each of its vectors has in its file."""
    stored = document.text, document.codes, document.words, document.fields, rows, document.variants, document.moments
    return orjson.dumps(Content(*stored).to_json())


def checksum(number: int, key: str, row: bytes, content: bytes) -> int:
    """Return the CRC32 of all that is stored of a document."""
    return zlib.crc32(content, zlib.crc32(row, zlib.crc32(f"{number} {key}".encode())))
