"""The view: one commit of a generation, compiled for searching.

What is compiled lies in one file beside the store. It can always be compiled again: a file that is missing, older than
the store, or damaged costs only time.
"""

from __future__ import annotations

import functools
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch.disk.errors import explained
from hybridsearch.engines.embedded.arrays import Arrays, load_arrays, read_commit, save_arrays
from hybridsearch.engines.embedded.bm25 import TextField, compile_text
from hybridsearch.engines.embedded.postings import Ordinals, Postings, PostingsBuilder
from hybridsearch.engines.embedded.store import Store
from hybridsearch.engines.embedded.vectors import LegVectors
from hybridsearch.errors import QueryError
from hybridsearch.fields import KINDS
from hybridsearch.search.clauses import Codes
from hybridsearch.search.lexicon import Lexicon
from hybridsearch.search.within import Within
from hybridsearch.values import Vector

NAME = "compiled.arrays"
MOST_KEPT = 100
"""Facets, each within a node of a tree or what was typed, of which the values to show are kept."""


def compile_store(store: Store) -> Arrays:
    """Return the arrays of a view of all documents in a store.

    They are: `numbers` (the store's number of each document), `order` (the place of each in the order of ids), postings
    called `text:FIELD:LANGUAGE`, `codes` and `words`, postings or columns (NaN: none) of the `KINDS` of field, such as
    `facet:FIELD` and `number:FIELD`, and columns called `rows:LEG` (row of the vector, -1: none).
    """
    builders: defaultdict[str, PostingsBuilder] = defaultdict(PostingsBuilder)
    columns: defaultdict[str, tuple[array[int], array[float]]] = defaultdict(lambda: (array("i"), array("d")))
    numbers = array("q")
    for ordinal, record in enumerate(store.records()):
        numbers.append(record.number)
        content = record.to_content()
        for field, languages in content.text.items():
            for language, tokens in languages.items():
                builders[f"text:{field}:{language}"].add(ordinal, tokens.split())
        builders["codes"].add(ordinal, dict.fromkeys(content.codes))
        builders["words"].add(ordinal, content.words)
        cells: dict[str, float] = {f"rows:{leg}": row for leg, row in content.vectors.items()}
        for role, by_field in content.fields.items():
            for field, value in by_field.items():
                name = array_name(role, field)
                if KINDS[role].multiple:
                    builders[name].add(ordinal, dict.fromkeys(value))
                else:
                    cells[name] = value
        for name, cell in cells.items():
            holders, cell_values = columns[name]
            holders.append(ordinal)
            cell_values.append(cell)
    documents = len(numbers)
    arrays: dict[str, NDArray[Any]] = {"numbers": np.array(numbers, np.int64)}
    by_id = np.searchsorted(arrays["numbers"], store.in_order_of_ids())
    arrays["order"] = np.empty(documents, np.int32)
    arrays["order"][by_id] = np.arange(documents, dtype=np.int32)
    while builders:
        name, builder = builders.popitem()  # so that its memory is free before the next one finishes
        inverted = builder.finish(documents)
        parts = compile_text(inverted, documents) if name.startswith("text:") else inverted.arrays
        arrays |= {f"{name}:{part}": values for part, values in parts.items()}
    for name, (holders, cell_values) in columns.items():
        empty = np.int32(-1) if name.startswith("rows:") else np.float64(np.nan)
        arrays[name] = np.full(documents, empty)
        arrays[name][np.array(holders)] = np.array(cell_values)
    return arrays


def array_name(role: str, field: str) -> str:
    """Return the name of the postings or the column of a field."""
    return f"{KINDS[role].name}:{field}"


def save_compiled(store: Store, arrays: Arrays) -> None:
    """Write the compiled file of the store's commit."""
    with explained(store.folder):
        save_arrays(store.folder / NAME, arrays, store.state())


def load_compiled(store: Store) -> Arrays | None:
    """Return the arrays of the compiled file; None when it is missing, damaged, or of another commit or store."""
    path, state = store.folder / NAME, store.state()
    try:
        arrays, commit = load_arrays(path) if read_commit(path) == state else ({}, None)
    except (OSError, ValueError):
        return None
    return arrays if commit == state else None


class View:
    """Everything a search reads. It stays as it is while a writer goes on; several threads may use it.

    Raises:
        StoreDamaged: A vector file was changed after it was written.
    """

    def __init__(self, store: Store, arrays: Arrays) -> None:
        self.store = store
        self.schema = store.schema
        self.numbers: NDArray[np.int64] = arrays["numbers"]
        self.order: NDArray[np.int32] = arrays["order"]
        self.documents = len(self.numbers)
        self._arrays = arrays
        self._cases: dict[str, Mapping[str, Sequence[str]]] = {}
        self._left_out: dict[tuple[str, str, Within], NDArray[np.bool_]] = {}
        nowhere = np.full(self.documents, -1, np.int32)
        self._legs = {
            leg.name: LegVectors(store.vectors(leg.name, leg.dims), arrays.get(f"rows:{leg.name}", nowhere))
            for leg in self.schema.legs
        }

    def text(self, field: str, language: str) -> TextField:
        """Return a text field in one language."""
        return TextField(self._arrays, f"text:{field}:{language}")

    def carrying(self, codes: Codes) -> Ordinals:
        """Return the documents that have one of the codes, or one that begins so; a document may occur twice."""
        postings = Postings(self._arrays, "codes")
        return np.concatenate([postings.having(codes.values), postings.beginning(codes.prefixes)])

    @functools.cached_property
    def lexicon(self) -> Lexicon:
        """The words of the index."""
        words = Postings(self._arrays, "words")
        return Lexicon(dict(words.frequencies()), self.documents)

    def in_any_case(self, role: str, field: str, values: Iterable[str]) -> list[str]:
        """Return the values of a field that are equal to one of these but for upper and lower case."""
        name = array_name(role, field)
        if name not in self._cases:
            by_case: defaultdict[str, list[str]] = defaultdict(list)
            for value, _ in Postings(self._arrays, name).frequencies():
                by_case[value.casefold()].append(value)
            self._cases[name] = by_case
        folded = {value.casefold() for value in values}
        return [written for value in folded for written in self._cases[name].get(value, ())]

    def left_out(self, role: str, field: str, within: Within) -> NDArray[np.bool_]:
        """Return which of the values of a field a facet does not show."""
        key = (role, field, within)
        found = self._left_out.get(key)
        if found is None:
            shows = within.shows()
            found = np.fromiter((not shows(value) for value in self.postings(role, field).terms()), np.bool_)
            if len(self._left_out) >= MOST_KEPT:
                self._left_out.clear()
            self._left_out[key] = found
        return found

    def postings(self, role: str, field: str) -> Postings:
        """Return the postings of a field of which a document may have several values."""
        return Postings(self._arrays, array_name(role, field))

    def column(self, role: str, field: str) -> NDArray[np.float64]:
        """Return a field of which every document has one number; NaN where there is none."""
        column = self._arrays.get(array_name(role, field))
        return np.full(self.documents, np.nan) if column is None else column

    def ranks(self, role: str, field: str, largest: bool) -> NDArray[np.float64]:
        """Return the number of each document by which it is sorted, NaN where there is none; texts are numbered.

        Of several texts the last in order is meant where the largest comes first, else the first.
        """
        if not KINDS[role].multiple:
            return self.column(role, field)
        postings = self.postings(role, field)
        numbers = np.repeat(np.arange(len(postings)), np.diff(postings.starts))
        step = 1 if largest else -1  # of the texts of a document the last that is assigned stays
        column = np.full(self.documents, np.nan)
        column[postings.docs[::step]] = numbers[::step]
        return column

    def vectors(self, leg: str) -> int:
        """Return how many documents have a vector of a leg."""
        return len(self._legs[leg].holders) if leg in self._legs else 0

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
