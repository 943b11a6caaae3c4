"""The view: one commit of a generation, compiled for searching.

What is compiled lies in one file beside the store. It can always be compiled again: a file that is missing, older than
the store, or damaged costs only time.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.embedded.arrays.arrays import Arrays
from hybridsearch.engines.embedded.arrays.cells import load_cells
from hybridsearch.engines.embedded.arrays.files import Files
from hybridsearch.engines.embedded.arrays.postings import Ordinals, Postings
from hybridsearch.engines.embedded.arrays.vectors import LegVectors
from hybridsearch.engines.embedded.compiled.bm25 import TextField
from hybridsearch.engines.embedded.compiled.columns import ViewColumns
from hybridsearch.engines.embedded.compiled.layered import Layered
from hybridsearch.engines.embedded.compiled.tables import Table, Variants
from hybridsearch.engines.embedded.stored.store import Store
from hybridsearch.errors import QueryError
from hybridsearch.fields.facets import KIND as FACETS
from hybridsearch.search.clauses import Codes, Counted
from hybridsearch.search.plan import Plan
from hybridsearch.search.suggest import sampled
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.values import Document, Indexed, Vector, Vectors

MOST_FOUND = 10_000
"""Ids whose documents are remembered: rules pin and hide the same ones again and again."""

T = TypeVar("T")
R = TypeVar("R")
MOST_READ = 1_000
"""Products that are remembered: what somebody looked at is named on each page that they see."""


class View:
    """Everything a search reads. It stays as it is while a writer goes on; several threads may use it.

    Args:
        store: Its commit.
        arrays: What was compiled of that.
        files: Those that are open.
        approximate: Whether a leg that has cells is searched by them.

    Raises:
        StoreDamaged: A file of vectors is too short.
    """

    def __init__(self, store: Store, arrays: Arrays, files: Files, *, approximate: bool = True) -> None:
        self.store = store
        self._layered = arrays if isinstance(arrays, Layered) else None
        self.schema = store.schema
        self.numbers: NDArray[np.int64] = arrays["numbers"]
        self.documents = len(self.numbers)
        """How many ordinals there are; with layers some are of documents that are no more."""
        self.alive = None if self._layered is None else self._layered.alive
        self._arrays = arrays
        self.variants = Variants(arrays, self.documents)
        find, sampled = weakly(self.find), weakly(self.sampled)
        self.products = Table(
            arrays, self.documents, variants=self.variants, find=find, sampled=sampled, alive=self.alive
        )
        self._found: dict[str, int | None] = {}
        self._read: dict[int, Indexed] = {}
        self._texts: dict[str, TextField] = {}
        nowhere = np.full(self.documents, -1, np.int32)
        self.counts: dict[Counted, int] = {}
        """Of what was counted beside the candidates of a plan; it stays as it is too."""
        self._legs: dict[str, LegVectors] = {}
        for leg in self.schema.legs:
            rows, batches = arrays.get(f"rows:{leg.name}", nowhere), store.batches(leg.name)
            cells = load_cells(store.folder, leg.name, batches, rows, files) if approximate else None
            sound = store.sound(leg.name, leg.dims, files.checked)
            self._legs[leg.name] = LegVectors(sound.matrix, rows, cells, sound.require)

    @functools.cached_property
    def order(self) -> NDArray[np.int32]:
        """The place of each document in the order of ids."""
        return self._arrays["order"]

    @functools.cached_property
    def ordinals(self) -> Ordinals:
        """All documents."""
        return (np.arange(self.documents) if self.alive is None else np.flatnonzero(self.alive)).astype(np.int32)

    @functools.cached_property
    def count(self) -> int:
        """How many documents there are."""
        return self.documents if self.alive is None else int(np.count_nonzero(self.alive))

    def find(self, ids: Sequence[str]) -> Ordinals:
        """Return the documents that have one of some ids."""
        return np.array(sorted(set(self.places_of(ids).values())), np.int32)

    def places_of(self, ids: Sequence[str]) -> dict[str, int]:
        """Return the document of each id; unknown ids are absent."""
        found = self._found
        if len(found) > MOST_FOUND:
            found = self._found = {}  # and not emptied: other threads read it
        if unknown := [key for key in ids if key not in found]:
            numbers = self.store.numbers_of(unknown)
            places = np.searchsorted(self.numbers, list(numbers.values())).tolist()
            found |= {**dict.fromkeys(unknown), **dict(zip(numbers, places, strict=True))}
        return {key: place for key in ids if (place := found[key]) is not None}

    def sampled(self, below: int) -> Ordinals:
        """Return the documents of whose ids the number is below this one."""
        return self.ordinals[np.flatnonzero(sampled.numbers(self.store.ids()) < below)]

    def table(self, plan: Plan, field: str) -> Table:
        """Return the table that holds a field of a plan."""
        return self.variants if plan.of_variants(field) else self.products

    def place_of(self, key: str) -> int:
        """Return the place in the order of ids of the last document up to an id, which none needs to have."""
        number = self.store.next_of(key)
        return self.documents - 1 if number is None else int(self.order[np.searchsorted(self.numbers, number)]) - 1

    def text(self, field: str, language: str) -> TextField:
        """Return a text field in one language."""
        name = f"text:{field}:{language}"
        if name not in self._texts:
            layered = self._layered
            self._texts[name] = layered.text(name) if layered else TextField(self._arrays, name, self.documents)
        return self._texts[name]

    def carrying(self, codes: Codes) -> Ordinals:
        """Return the documents that have one of the codes, or one that begins so; a document may occur twice."""
        return carrying(self._arrays, codes) if self._layered is None else self._layered.found(carrying, codes)

    @functools.cached_property
    def lexicon(self) -> Lexicon:
        """The words of the index."""
        words = dict(Postings(self._arrays, "words").frequencies()) if self._layered is None else self._layered.words
        return Lexicon(words, self.count)

    def vectors(self, leg: str) -> int:
        """Return how many documents have a vector of a leg."""
        return len(self._legs[leg].holders) if leg in self._legs else 0

    def vectors_of(self, ordinals: Sequence[int], legs: Iterable[str]) -> list[dict[str, Vector]]:
        """Return the vectors of documents by leg; one that a document does not have is absent."""
        found: list[dict[str, Vector]] = [{} for _ in ordinals]
        for leg in filter(self._legs.__contains__, legs):
            for own, row in zip(found, self._legs[leg].rows[np.array(ordinals, np.intp)].tolist(), strict=True):
                if row >= 0:
                    own[leg] = Vector(self._legs[leg][row])
        return found

    def stored(self, ids: Sequence[str]) -> dict[str, Document]:
        """Return documents as they were given, by id; unknown ids are absent."""
        return self.store.stored(ids, self._legs)

    def indexed(self, ids: Sequence[str]) -> Mapping[str, Indexed]:
        """Return products by id with their vectors; unknown ids are absent."""
        places = self.places_of(ids)
        if FACETS.role in self.schema.fields.in_variants:
            return {each.id: each for each in self.products_at(list(places.values()))}
        return ViewColumns(self, places)

    def product(self, ordinal: int) -> Indexed:
        """Return a document as a product with its vectors; the last ones are remembered."""
        read = self._read
        if ordinal not in read:
            if len(read) >= MOST_READ:
                read = self._read = {}  # and not emptied: other threads read it
            (read[ordinal],) = self.products_at([ordinal])
        return read[ordinal]

    def products_at(self, ordinals: Sequence[int]) -> list[Indexed]:
        """Return documents as products with their vectors."""
        records = self.store.read(self.numbers[ordinals].tolist())
        vectors = self.vectors_of(ordinals, self._legs)
        return [Indexed(each.id, each.to_row(), own) for each, own in zip(records, vectors, strict=True)]

    def values(self, role: str, field: str, docs: Ordinals) -> list[tuple[str, ...]]:
        """Return the values that each of some documents has of a field of which it may have several."""
        table = self.products if self._layered is None else self._layered
        return table.values_of(role, field, docs)

    def vectors_at(self, leg: str, docs: Ordinals) -> tuple[list[int], Vectors]:
        """Return which of some documents have a vector of a leg, and these."""
        rows = self._legs[leg].rows[docs]
        places = np.flatnonzero(rows >= 0)
        return places.tolist(), self._legs[leg].take(rows[places])

    def leg(self, name: str, vector: Vector) -> LegVectors:
        """Return the vectors of a leg that a query vector is to be compared with.

        Raises:
            QueryError: There is no such leg, or the vector is not of its dimensions.
        """
        if name not in self._legs:
            raise QueryError(
                f"The index has no vectors '{name}', it has: {', '.join(self._legs) or 'none'}. "
                "Name them under [[vectors]] and run: hybridsearch reindex"
            )
        leg = self._legs[name]
        if len(vector) != leg.matrix.shape[1]:
            raise QueryError(
                f"The query's vector for '{name}' has {len(vector)} dims, the index holds {leg.matrix.shape[1]}. "
                "Use the encoder that the index was built with, or run: hybridsearch reindex"
            )
        return leg


def weakly(method: Callable[[T], R]) -> Callable[[T], R]:
    """Return a method that does not keep its object: a view that was replaced is free at once, and all that it maps."""
    reference = weakref.WeakMethod(method)

    def call(value: T) -> R:
        bound = reference()
        assert bound is not None
        return bound(value)

    return call


def carrying(arrays: Arrays, codes: Codes) -> Ordinals:
    """Return the documents of some arrays that have one of the codes, or one that begins so."""
    postings = Postings(arrays, "codes")
    return np.concatenate([postings.having(codes.values), postings.beginning(codes.prefixes)])
