"""Goods of the world: kinds of goods, written by hand in six languages, which a query may mean and a shop not sell."""

from __future__ import annotations

import functools
import importlib.resources
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hybridsearch.encoders.base import Encoder
from hybridsearch.encoders.kept.cache import EncodeCache
from hybridsearch.encoders.nonsense import AT_ONCE
from hybridsearch.query_sources import WORDS
from hybridsearch.runtime.batches import batches
from hybridsearch.schema import Leg, Schema
from hybridsearch.values import Vector, Vectors


@dataclass(frozen=True, eq=False)
class Goods:
    """Kinds of goods as one leg sees them.

    Attributes:
        names: In English, one for each row; at least one.
        vectors: Of what they are called in one of the shop's languages, asked for as a query: (names, dims), unit rows.
    """

    names: tuple[str, ...]
    vectors: Vectors

    def nearest(self, vector: Vector) -> tuple[str, float]:
        """Return the kind of goods that is nearest to a query, and its cosine."""
        cosines = self.vectors @ vector.array
        place = int(cosines.argmax())
        return self.names[place], float(cosines[place])


@functools.cache
def names() -> Mapping[str, Mapping[str, Sequence[str]]]:
    """Return all that each kind of goods is called, by its first English name and by language."""
    file = importlib.resources.files("hybridsearch.encoders") / "goods.tsv"
    head, *rows = (line.split("\t") for line in file.read_text(encoding="utf-8").splitlines())
    cells = ([cell.split("|") for cell in row] for row in rows)
    return {row[0][0]: dict(zip(head, row, strict=True)) for row in cells}


@functools.cache
def kinds() -> Mapping[str, Mapping[str, str]]:
    """Return what each kind of goods is called first, by its English name and by language."""
    return {name: {language: called[0] for language, called in own.items()} for name, own in names().items()}


def called(languages: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each kind of goods with what it is called in some languages."""
    for name, words in kinds().items():
        yield from ((name, word) for word in dict.fromkeys(words[language] for language in languages))


def comparing(schema: Schema) -> Iterator[Leg]:
    """Yield the legs in which words are compared with goods; none where the index has them all."""
    return (leg for leg in schema.legs if schema.elsewhere and tells_goods(leg))


def keep(encoder: Encoder, cache: EncodeCache, languages: Sequence[str]) -> None:
    """Encode what goods are called as it is asked for, a few at a time, so that the cache has the vectors."""
    for some in batches([word for _, word in called(languages)], AT_ONCE):
        cache.queries(encoder, some)


def tells_goods(leg: Leg) -> bool:
    """Tell whether words and goods can be compared in a leg: it reads text, and enough products were measured."""
    scale = leg.calibration(WORDS.name)
    return leg.reads != "image" and scale.noise is not None and scale.tells is not None
