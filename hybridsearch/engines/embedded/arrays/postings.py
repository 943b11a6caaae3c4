"""Postings: which documents contain which term. Text fields, codes and facets are all stored this way."""

from __future__ import annotations

import functools
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.embedded.arrays.arrays import Arrays

Ordinals = NDArray[np.signedinteger[Any]]
"""Numbers of documents, counted from 0 in the order in which they were last written; kept as int32."""

MOST_FOUND = 10_000
"""Terms of a field that are remembered by number, and whose numbers are."""
EMPTY: Arrays = {
    "terms": np.zeros(0, np.uint8),
    "bounds": np.zeros(1, np.int64),
    "starts": np.zeros(1, np.int64),
    "docs": np.zeros(0, np.int32),
}


class Postings:
    """Terms in order of code points; the documents of a term ascend.

    The arrays are `terms` (UTF-8, concatenated), `bounds` (where each term ends), `docs` (ordinals, term by term) and
    `starts` (where the ordinals of each term start). A field that no document has reads as a field without terms.
    """

    def __init__(self, arrays: Arrays, name: str) -> None:
        parts = {part: arrays.get(f"{name}:{part}", empty) for part, empty in EMPTY.items()}
        self.docs: Ordinals = parts["docs"]
        self.starts: NDArray[np.int64] = parts["starts"]
        # A memoryview gives plain integers: bisecting in Python is three times as fast as on the array.
        self._terms, self._bounds, self._starts = parts["terms"].data, parts["bounds"].data, parts["starts"].data
        self._found: dict[str, int | None] = {}
        self._named: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self.starts) - 1

    def term(self, number: int) -> str:
        """Return the term with this number; it is remembered, as pages show and histories hold the same ones."""
        named = self._named
        if number not in named:
            if len(named) >= MOST_FOUND:
                named = self._named = {}  # and not emptied: other threads read it
            named[number] = self._bytes(number).decode()
        return named[number]

    @functools.cached_property
    def numbers(self) -> NDArray[np.int64]:
        """The number of the term of each entry of `docs`."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def terms(self) -> Iterator[str]:
        """Yield each term."""
        return (self._bytes(number).decode() for number in range(len(self)))

    def frequencies(self) -> Iterator[tuple[str, int]]:
        """Yield each term with the number of its documents."""
        return zip(self.terms(), np.diff(self.starts).tolist(), strict=True)

    def find(self, term: str) -> int | None:
        """Return the number of a term, or None when no document contains it.

        It is remembered: each signal of a search asks for the same words, and searches for much the same ones.
        """
        found = self._found
        if term not in found:
            if len(found) >= MOST_FOUND:
                found = self._found = {}  # and not emptied: other threads read it
            place = self.place_of(term)
            found[term] = place if isinstance(place, int) else None
        return found[term]

    def place_of(self, term: str) -> int | float:
        """Return the number of a term; of one that no document contains, what lies between those of its neighbours."""
        wanted = term.encode()
        number = bisect_left(range(len(self)), wanted, key=self._bytes)
        return number if number < len(self) and self._bytes(number) == wanted else number - 0.5

    def span(self, number: int) -> slice:
        """Return where a term's documents lie in `docs`."""
        return slice(self._starts[number], self._starts[number + 1])

    def docs_of(self, number: int) -> Ordinals:
        """Return the documents that contain a term, ascending."""
        return self.docs[self.span(number)]

    def having_one(self, number: int) -> int:
        """Return how many documents contain a term."""
        return self._starts[number + 1] - self._starts[number]

    def having(self, terms: Iterable[str]) -> Ordinals:
        """Return the documents that contain at least one of the terms; a document may occur twice."""
        found = [self.docs_of(number) for number in map(self.find, terms) if number is not None]
        return found[0] if len(found) == 1 else np.concatenate([EMPTY["docs"], *found])

    def beginning(self, prefixes: Iterable[str]) -> Ordinals:
        """Return the documents that contain a term with one of the prefixes; a document may occur twice."""
        return np.concatenate([EMPTY["docs"], *(self.docs[self.range_of(prefix.encode())] for prefix in prefixes)])

    def range_of(self, prefix: bytes) -> slice:
        """Return where the documents of all terms with a prefix lie in `docs`; they do not ascend."""
        # No byte of UTF-8 is 0xff: that is behind every continuation of the prefix.
        first, end = (bisect_left(range(len(self)), edge, key=self._bytes) for edge in (prefix, prefix + b"\xff"))
        return slice(self._starts[first], self._starts[end])

    def _bytes(self, number: int) -> bytes:
        return bytes(self._terms[self._bounds[number] : self._bounds[number + 1]])


@dataclass(frozen=True, slots=True)
class Inverted:
    """The result of a builder: the arrays of Postings, and what a text field needs in addition.

    Attributes:
        counts: How often the term occurs in the document, parallel to `docs`.
        holders: The documents that have terms.
        lengths: Number of terms of each of them, parallel to `holders`.
    """

    arrays: Arrays
    counts: NDArray[np.int64]
    holders: Ordinals
    lengths: NDArray[np.int32]


class PostingsBuilder:
    """Collects the terms of documents, in order of documents, with four bytes a term."""

    def __init__(self) -> None:
        self._numbers: defaultdict[str, int] = defaultdict()
        self._numbers.default_factory = self._numbers.__len__
        self._flat, self._holders, self._lengths = array("i"), array("i"), array("i")

    def add(self, document: int, terms: Iterable[str]) -> None:
        """Add a document; one without terms is ignored."""
        before = len(self._flat)
        self._flat.extend(map(self._numbers.__getitem__, terms))
        if len(self._flat) > before:
            self._holders.append(document)
            self._lengths.append(len(self._flat) - before)

    def finish(self, documents: int) -> Inverted:
        """Return the postings, given the number of documents up to the last one; nothing can be added any more."""
        added = list(self._numbers)
        self._numbers.default_factory = None  # a reference to itself: its memory would wait for the garbage collector
        ascending = sorted(range(len(added)), key=added.__getitem__)
        rank = np.empty(len(added), np.int64)
        rank[ascending] = np.arange(len(added))
        holders, lengths = np.frombuffer(self._holders, np.int32), np.frombuffer(self._lengths, np.int32)
        owners = np.repeat(holders, lengths)
        pairs, counts = np.unique(rank[np.frombuffer(self._flat, np.int32)] * documents + owners, return_counts=True)
        terms = [added[number].encode() for number in ascending]
        arrays = {
            "terms": np.frombuffer(b"".join(terms), np.uint8),
            "bounds": np.cumsum([0, *map(len, terms)], dtype=np.int64),
            "starts": np.searchsorted(pairs, np.arange(len(terms) + 1) * documents),
            "docs": (pairs % max(1, documents)).astype(np.int32),
        }
        return Inverted(arrays, counts, holders, lengths)
