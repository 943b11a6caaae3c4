"""Tables: what products, or their variants, are filtered, counted and sorted by."""

from __future__ import annotations

import functools
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.embedded.arrays.arrays import Arrays
from hybridsearch.engines.embedded.arrays.cells import Mask
from hybridsearch.engines.embedded.arrays.chosen import Chosen
from hybridsearch.engines.embedded.arrays.postings import Inverted, Ordinals, Postings, PostingsBuilder
from hybridsearch.engines.embedded.compiled.packed import Packing, Words
from hybridsearch.fields import KINDS
from hybridsearch.search.facets.within import Within
from hybridsearch.search.filters.conditions import Filter, Terms
from hybridsearch.values import FieldValues

OWNERS = "owners"
"""Name of the array that says for each variant, in order, which document it belongs to."""
OF_VARIANTS = "variant "
"""What the names of arrays of variants begin with."""


def array_name(role: str, field: str, prefix: str = "") -> str:
    """Return the name of the postings or the column of a field."""
    return f"{prefix}{KINDS[role].name}:{field}"


MOST_KEPT = 100
"""Facets, each within a node of a tree or what was typed, of which the values to show are kept."""
MANY = 4
"""Of so many documents one is chosen: those are many."""
MOST_RANKED = 4
"""Orders by a text that are remembered: 32 MB of a million rows."""
MOST_MASKS = 32
"""Filters that are remembered: 16 MB of 500,000 rows."""
MOST_WORDS = 8
"""Filters on variants that are remembered packed: 8 MB of a million products with up to eight variants each."""


class Table:
    """Rows with postings or columns (NaN: none) of the `KINDS` of field.

    Attributes:
        variants: Of products, the table of their variants.
        find: Of products, returns those with some ids.
        sampled: Of products, returns those of a sample, see `Sampled`.
        alive: Which rows are there still; None: all.
    """

    def __init__(
        self,
        arrays: Arrays,
        rows: int,
        prefix: str = "",
        variants: Variants | None = None,
        find: Callable[[Sequence[str]], Ordinals] = lambda _: np.zeros(0, np.int32),
        sampled: Callable[[int], Ordinals] = lambda _: np.zeros(0, np.int32),
        alive: Mask | None = None,
    ) -> None:
        self.rows, self.variants, self.find, self.sampled, self._alive = rows, variants, find, sampled, alive
        self._arrays, self._prefix = arrays, prefix
        self._cases: dict[str, Mapping[str, Sequence[str]]] = {}
        self._postings: dict[str, Postings] = {}
        self._masks: dict[Filter, Mask] = {}
        self._ranks: dict[tuple[str, bool], NDArray[np.float64]] = {}
        self._forward: dict[str, tuple[NDArray[np.int32], NDArray[np.int64] | None]] = {}
        self._left_out: dict[tuple[str, str, Within], Mask] = {}

    def everything(self) -> Mask:
        """Return which rows there are, in a new array."""
        return np.ones(self.rows, np.bool_) if self._alive is None else self._alive.copy()

    def mask(self, clause: Filter, evaluate: Callable[[Filter, Table], Mask]) -> Mask:
        """Return for which rows a filter holds; the last ones are remembered, as pages of a category share theirs."""
        known = self._masks.get(clause)
        if known is None:
            if len(self._masks) >= MOST_MASKS:
                self._masks.clear()
            known = self._masks[clause] = evaluate(clause, self)
        return known

    def left_out(self, role: str, field: str, within: Within) -> Mask:
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
        """Return the postings of a field of which a row may have several values."""
        name = array_name(role, field, self._prefix)
        if name not in self._postings:
            self._postings[name] = Postings(self._arrays, name)
        return self._postings[name]

    def column(self, role: str, field: str) -> NDArray[np.float64]:
        """Return a field of which every row has one number; NaN where there is none."""
        column = self._arrays.get(array_name(role, field, self._prefix))
        return np.full(self.rows, np.nan) if column is None else column

    def terms_of(self, role: str, field: str, rows: Ordinals) -> tuple[NDArray[np.int32], NDArray[np.int64] | None]:
        """Return the numbers of the terms of some rows, one row after the other, and how many each has; None: one."""
        name = array_name(role, field, self._prefix)
        if name not in self._forward:
            self._forward[name] = forward(self.postings(role, field), self.rows)
        terms, known = self._forward[name]
        if known is None:
            return terms.take(rows), None
        return terms[spans(known[rows], known[rows + 1])], known[rows + 1] - known[rows]

    def values_of(self, role: str, field: str, rows: Ordinals) -> list[tuple[str, ...]]:
        """Return the values that each of some rows has of a field of which it may have several."""
        postings = self.postings(role, field)
        if not len(postings):
            return [()] * len(rows)
        terms, held = self.terms_of(role, field, rows)
        values = list(map(postings.term, terms.tolist()))
        if held is None:
            return [(value,) for value in values]
        ends = np.cumsum(held).tolist()
        return [tuple(values[end - count : end]) for end, count in zip(ends, held.tolist(), strict=True)]

    def ranks(self, role: str, field: str, largest: bool) -> NDArray[np.float64]:
        """Return the number of each row by which it is sorted, NaN where there is none; texts are numbered.

        Of several texts the last in order is meant where the largest comes first, else the first.
        """
        if not KINDS[role].multiple:
            return self.column(role, field)
        key = (array_name(role, field, self._prefix), largest)
        column = self._ranks.get(key)
        if column is None:
            postings = self.postings(role, field)
            step = 1 if largest else -1  # of the texts of a row the last that is assigned stays
            column = np.full(self.rows, np.nan)
            column[postings.docs[::step]] = postings.numbers[::step]
            if len(self._ranks) >= MOST_RANKED:
                self._ranks.clear()
            self._ranks[key] = column
        return column

    def in_any_case(self, role: str, field: str, values: Iterable[str]) -> list[str]:
        """Return the values of a field that are equal to one of these but for upper and lower case."""
        name = array_name(role, field)
        if name not in self._cases:
            by_case: defaultdict[str, list[str]] = defaultdict(list)
            for value, _ in self.postings(role, field).frequencies():
                by_case[value.casefold()].append(value)
            self._cases[name] = by_case
        folded = {value.casefold() for value in values}
        return [written for value in folded for written in self._cases[name].get(value, ())]


def forward(postings: Postings, rows: int) -> tuple[NDArray[np.int32], NDArray[np.int64] | None]:
    """Return the numbers of the terms of all rows, row by row, and where those of each row start; None: one each."""
    held = np.bincount(postings.docs, minlength=rows)
    if (held == 1).all():
        terms = np.empty(rows, np.int32)
        terms[postings.docs] = postings.numbers
        return terms, None
    order = np.argsort(postings.docs, kind="stable")
    return postings.numbers[order].astype(np.int32), np.append(0, np.cumsum(held))


class Variants(Table):
    """The variants of all products, those of one beside each other.

    Attributes:
        owners: The document of each variant, ascending; every document has one.
    """

    def __init__(self, arrays: Arrays, products: int) -> None:
        self.owners: Ordinals = arrays.get(OWNERS, np.zeros(0, np.int32))
        self._products = products
        self._words: dict[Filter, Words] = {}
        super().__init__(arrays, len(self.owners), OF_VARIANTS)

    @functools.cached_property
    def _held(self) -> NDArray[np.int64]:
        """How many each document has: none in most shops."""
        return np.bincount(self.owners, minlength=self._products)

    @functools.cached_property
    def _starts(self) -> NDArray[np.int64]:
        """Where the variants of each document start, and where the last one ends."""
        return np.concatenate([[0], np.cumsum(self._held)])

    @functools.cached_property
    def packing(self) -> Packing:
        """How the variants of each document are packed."""
        return Packing(self._starts)

    def words(self, clause: Filter, evaluate: Callable[[Filter, Table], Mask]) -> Words:
        """Return for which variants a filter holds, packed; the last ones are remembered.

        Where a facet of its field was counted, it is joined of the words of its values.
        """
        if isinstance(clause, Terms) and KINDS[clause.role].multiple:
            own = self.packing.known((clause.role, clause.field))
            if own is not None:
                places = map(self.postings(clause.role, clause.field).find, map(str, clause.values))
                some = [own[place] for place in places if place is not None]
                return functools.reduce(np.bitwise_or, some, np.zeros_like(self.packing.full))
        known = self._words.get(clause)
        if known is None:
            if len(self._words) >= MOST_WORDS:
                self._words.clear()
            known = self._words[clause] = self.packing.words(self.mask(clause, evaluate))
        return known

    def marked(self, words: Words, rows: Ordinals) -> Mask:
        """Return which of some variants words mark."""
        return self.packing.marked(words, rows, self.owners[rows])

    def owning(self, variants: Mask) -> Mask:
        """Return which documents have one of some variants."""
        return np.logical_or.reduceat(variants, self._starts[:-1])

    def some(self, docs: Ordinals, passing: Mask) -> Mask:
        """Return which of some documents have one that passes; `passing` is of the variants `of` them."""
        held = self._starts[docs + 1] - self._starts[docs]
        return np.logical_or.reduceat(passing, np.cumsum(held) - held) if len(docs) else np.zeros(0, np.bool_)

    def of(self, docs: Ordinals) -> Ordinals:
        """Return the variants of some documents, beside each other."""
        return spans(self._starts[docs], self._starts[docs + 1])

    def among(self, chosen: Chosen, passing: Mask | None = None) -> Ordinals:
        """Return those of the variants of many documents, beside each other, that pass.

        Args:
            chosen: The documents.
            passing: Of all variants; None passes all.
        """
        marks = passing
        if marks is None or chosen.count < chosen.documents:
            own = np.repeat(chosen.mask, self._held)
            marks = own if marks is None else own & marks
        return np.flatnonzero(marks)

    def least(self, owners: Ordinals, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return for each document the least of the numbers of its variants, which stand beside each other."""
        firsts = np.flatnonzero(np.diff(owners, prepend=-1))
        return np.minimum.reduceat(numbers, firsts) if len(owners) else numbers


def spans(starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Ordinals:
    """Return the numbers from each start to the end that belongs to it, one span after the other."""
    lengths = ends - starts
    before = np.cumsum(lengths) - lengths
    return (np.repeat(starts - before, lengths) + np.arange(lengths.sum())).astype(np.int32)


class TableBuilder:
    """Collects the fields of rows that follow each other.

    Attributes:
        first: The number of rows before them.
        end: The number of rows up to the last one.
        postings: By name, of what a row may have several of.
    """

    def __init__(self, prefix: str = "", first: int = 0) -> None:
        self.first = self.end = first
        self.postings: defaultdict[str, PostingsBuilder] = defaultdict(PostingsBuilder)
        self._prefix = prefix
        self._columns: dict[str, tuple[array[int], array[Any]]] = {}

    def add(self, fields: FieldValues) -> int:
        """Add a row with its fields, and return its number."""
        row, self.end = self.end, self.end + 1
        for role, by_field in fields.items():
            for field, value in by_field.items():
                name = array_name(role, field, self._prefix)
                if isinstance(value, float | int):
                    self.put(name, row, value, "d")
                else:
                    self.postings[name].add(row, dict.fromkeys(value))
        return row

    def put(self, name: str, row: int, cell: float, code: str) -> None:
        """Put a number into a column of numbers of this type, whose code is that of `array`."""
        if name not in self._columns:
            self._columns[name] = array("q"), array(code)
        holders, cells = self._columns[name]
        holders.append(row - self.first)
        cells.append(cell)

    def inverted(self) -> Iterator[tuple[str, Inverted]]:
        """Yield the postings, which are then forgotten."""
        while self.postings:
            name, builder = self.postings.popitem()  # so that its memory is free before the next one finishes
            yield name, builder.finish(self.end)

    def columns(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Yield the columns, a cell for each row."""
        for name, (holders, cells) in self._columns.items():
            numbers = np.array(cells)
            column = np.full(self.end - self.first, no_cell(numbers.dtype))
            column[np.array(holders)] = numbers
            yield name, column


def no_cell(dtype: np.dtype[Any]) -> Any:
    """Return what stands in a column for no number."""
    return dtype.type(np.nan if dtype.kind == "f" else -1)
