"""Compiling: from the documents of a store to the arrays of a view, by parts that are merged.

A part is a run of documents that memory has room for. Its postings wait in a spool until those of all are known; merged
with the others they are the same arrays that one part of all documents gives.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch.disk.errors import explained
from hybridsearch.engines.embedded.arrays.arrays import InPieces, save_arrays
from hybridsearch.engines.embedded.arrays.postings import EMPTY
from hybridsearch.engines.embedded.arrays.spool import Spool, Stored
from hybridsearch.engines.embedded.compiled.bm25 import SCORED, Norms
from hybridsearch.engines.embedded.compiled.merging import Kept, Run, merged
from hybridsearch.engines.embedded.compiled.surviving import Rows, Survivors
from hybridsearch.engines.embedded.compiled.tables import OF_VARIANTS, OWNERS, TableBuilder, no_cell
from hybridsearch.engines.embedded.stored.records import Record
from hybridsearch.engines.embedded.stored.store import Store
from hybridsearch.values import FieldValues

NAME = "compiled.arrays"
NUMBERS = "numbers"
TEXT = "text:"
"""What the names of those postings begin with that have a score."""
PART = 24 << 20
"""Bytes of a part, as what is searched of its documents is stored. While it is collected it takes ten times as many."""


def compile_store(
    store: Store, part: int = PART, *, after: int = 0, survivors: Sequence[Survivors] = (), layer: bool = False
) -> InPieces:
    """Yield the arrays of a view of all documents in a store, which is read to its end before the first one comes.

    They are: `numbers` (the store's number of each document), `order` (the place of each in the order of ids; not of a
    layer), postings called `ids`, `text:FIELD:LANGUAGE` (with `lengths`), `codes` and `words`, columns called
    `rows:LEG` (row of the vector, -1: none), and the tables of products and of variants.

    Args:
        store: Where they are.
        part: Bytes of a part.
        after: The number behind which documents are read.
        survivors: What was compiled of those before it and is still there.
        layer: Whether this becomes a layer beside that of others.
    """
    with closing(Spool(store.folder)) as spool:
        products, variants = Parts(spool), Parts(spool)
        for each in survivors:
            of_variants = each.variants(variants.end, products.end)
            products.keep(each.products(products.end))
            variants.keep(of_variants)
        for collected in collect(store, part, after, products.end, variants.end):
            products.add(collected.products)
            variants.add(collected.variants)
        numbers = products.column(NUMBERS, np.int64)
        yield NUMBERS, (numbers,)
        if not layer:
            yield "order", (order_of(numbers, store.in_order_of_ids()),)
        yield from products.arrays()
        yield from variants.arrays()


def collect(store: Store, part: int, after: int = 0, first: int = 0, first_variant: int = 0) -> Iterator[Part]:
    """Yield all documents behind a number in parts of so many bytes; so many documents and variants are before them."""
    latest, size = Part(store, first, first_variant), 0
    for record in store.records(after):
        if size > part:
            yield latest
            latest, size = latest.next(), 0
        latest.add(record)
        size += len(record.content)
    yield latest


def order_of(numbers: NDArray[np.int64], by_id: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the place of each document in the order of ids, given the numbers of all in both orders."""
    order = np.empty(len(numbers), np.int32)
    order[np.searchsorted(numbers, by_id)] = np.arange(len(numbers), dtype=np.int32)
    return order


class Part:
    """Documents that follow each other: rows of the tables of products and of variants.

    Args:
        store: Where they are.
        first: The number of documents before them.
        first_variant: The number of variants of those.
    """

    def __init__(self, store: Store, first: int = 0, first_variant: int = 0) -> None:
        self._store = store
        self._nothing: tuple[FieldValues, ...] = ({},) if store.schema.fields.in_variants else ()
        self.products, self.variants = TableBuilder("", first), TableBuilder(OF_VARIANTS, first_variant)

    def next(self) -> Part:
        """Return the part behind this one."""
        return Part(self._store, self.products.end, self.variants.end)

    def add(self, record: Record) -> None:
        """Add a document."""
        content, products = record.to_content(), self.products
        ordinal = products.add(content.fields)
        products.put(NUMBERS, ordinal, record.number, "q")
        for field, languages in content.text.items():
            for language, tokens in languages.items():
                products.postings[f"{TEXT}{field}:{language}"].add(ordinal, tokens.split())
        products.postings["ids"].add(ordinal, (record.id,))
        products.postings["codes"].add(ordinal, dict.fromkeys(content.codes))
        products.postings["words"].add(ordinal, content.words)
        for leg, row in content.vectors.items():
            products.put(f"rows:{leg}", ordinal, row, "i")
        for variant in content.variants or self._nothing:
            self.variants.put(OWNERS, self.variants.add(variant), ordinal, "i")


class Parts:
    """The parts of one table that have been collected, in a spool."""

    def __init__(self, spool: Spool) -> None:
        self._spool, self.end = spool, 0
        self._runs: defaultdict[str, list[Run]] = defaultdict(list)
        self._columns: defaultdict[str, list[tuple[int, Stored]]] = defaultdict(list)

    def add(self, part: TableBuilder) -> None:
        """Put the rows behind those before them."""
        self._put(part, ((name, Kept.of(inverted, self._spool)) for name, inverted in part.inverted()))

    def keep(self, rows: Rows) -> None:
        """Put what is left of a layer behind what is before it; its postings stay where they are."""
        self._put(rows, rows.runs())

    def _put(self, rows: TableBuilder | Rows, runs: Iterable[tuple[str, Run]]) -> None:
        for name, run in runs:
            self._runs[name].append(run)
        for name, cells in rows.columns():
            self._columns[name].append((rows.first, self._spool.put(cells)))
        self.end = rows.end

    def column(self, name: str, dtype: type[np.generic]) -> NDArray[Any]:
        """Return a column whole, and no longer among the arrays."""
        return np.concatenate([np.zeros(0, dtype), *self._filled(self._columns.pop(name, []))])

    def arrays(self) -> InPieces:
        """Yield the arrays of the table, by name in order."""
        for name in sorted(self._runs):
            yield from self._postings(name)
        for name in sorted(self._columns):
            yield name, self._filled(self._columns[name])

    def _filled(self, pieces: Sequence[tuple[int, Stored]]) -> Iterator[NDArray[Any]]:
        """Yield a column, with empty cells where a part had none of it."""
        end = 0
        for first, stored in pieces:
            yield np.full(first - end, no_cell(stored.dtype))
            yield (cells := self._spool.get(stored))
            end = first + len(cells)
        if pieces:
            yield np.full(self.end - end, no_cell(pieces[0][1].dtype))

    def _postings(self, name: str) -> InPieces:
        """Yield the postings of all parts; their room in the spool is given back once they have been read."""
        runs = self._runs[name]
        norms = None
        if is_scored(name):
            holders, lengths = (np.concatenate(each) for each in zip(*(run.texts() for run in runs), strict=True))
            norms = Norms(holders, lengths, self.end)
        pieces = {part: [self._spool.put(empty)] for part, empty in (SCORED if norms else EMPTY).items()}
        begin, terms, docs = pieces["terms"][0], 0, 0
        for stretch in merged(runs):
            if not stretch.terms:
                continue  # nothing is left of them
            ends = terms + np.cumsum(np.fromiter(map(len, stretch.terms), np.int64, len(stretch.terms)))
            starts = docs + np.cumsum(stretch.having)
            arrays: dict[str, NDArray[Any]] = {
                "terms": np.frombuffer(b"".join(stretch.terms), np.uint8),
                "bounds": ends,
                "starts": starts,
            }
            arrays |= {
                "docs": stretch.docs,
                **(norms.of(stretch.having, stretch.counts, stretch.docs) if norms else {}),
            }
            for part, values in arrays.items():
                pieces[part].append(self._spool.put(values))
            terms, docs = int(ends[-1]), int(starts[-1])
        for part, stored in pieces.items():
            yield f"{name}:{part}", map(self._spool.get, stored)
        if norms:
            yield f"{name}:lengths", (norms.lengths,)
        self._spool.forget(begin)


def is_scored(name: str) -> bool:
    """Tell whether postings are those of a text, which have a score."""
    return name.startswith(TEXT)


def save_compiled(store: Store, arrays: InPieces) -> None:
    """Write the compiled file of the store's commit."""
    with explained(store.folder):
        save_arrays(store.folder / NAME, arrays, store.state())
