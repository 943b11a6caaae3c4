"""Surviving: what is left of a compiled layer, as a part of a file that is compiled from it: nothing is analysed again.

Documents that are no more are left out of every array, and those behind them move up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.embedded.arrays.arrays import Arrays, release
from hybridsearch.engines.embedded.arrays.cells import Mask
from hybridsearch.engines.embedded.arrays.postings import EMPTY, Ordinals
from hybridsearch.engines.embedded.compiled.bm25 import SCORED
from hybridsearch.engines.embedded.compiled.layered import ORDER, Layer, is_postings
from hybridsearch.engines.embedded.compiled.layered_text import TextLayer
from hybridsearch.engines.embedded.compiled.merging import Run, Stretch
from hybridsearch.engines.embedded.compiled.tables import OF_VARIANTS, OWNERS

DEAD = "dead"
"""Name of the array of a layer that holds the numbers of all documents before it that are no more."""
GONE = -1


@dataclass(frozen=True, slots=True)
class Survivors:
    """The documents of a layer that are alive.

    Attributes:
        layer: Where they are.
        alive: Which these are.
    """

    layer: Layer
    alive: Mask

    def products(self, first: int) -> Rows:
        """Return the rows of the products, behind so many of other parts."""
        return Rows(self.layer, "", moved(self.alive, first), first)

    def variants(self, first: int, first_product: int) -> Rows:
        """Return the rows of their variants, behind so many of other parts."""
        owners = moved(self.alive, first_product)[self.layer.get(OWNERS, EMPTY["docs"])]
        return Rows(self.layer, OF_VARIANTS, moved(owners != GONE, first), first, owners)


def moved(alive: Mask, first: int) -> Ordinals:
    """Return the number of each row among those that are alive, counted from `first`, and `GONE` of the others."""
    return np.where(alive, np.cumsum(alive, dtype=np.int32) + np.int32(first - 1), np.int32(GONE))


class Rows:
    """Rows of one table of a layer.

    Args:
        layer: Where they are.
        prefix: What the names of the arrays of the table begin with.
        numbers: The new number of each row, or `GONE`.
        first: The number of rows before them.
        owners: Of variants, the new number of the document of each.

    Attributes:
        first: As given.
        end: The number of rows up to the last one.
    """

    def __init__(
        self, layer: Layer, prefix: str, numbers: Ordinals, first: int, owners: Ordinals | None = None
    ) -> None:
        self._layer, self._prefix, self._numbers, self._owners = layer, prefix, numbers, owners
        self._kept = numbers != GONE
        self.first, self.end = first, first + int(np.count_nonzero(self._kept))

    def runs(self) -> Iterator[tuple[str, Run]]:
        """Yield the postings."""
        for name in self._names():
            field, _, part = name.rpartition(":")
            if part == "docs" and is_postings(self._layer, field):
                yield field, Left(self._layer, field, self._numbers)

    def columns(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Yield the columns, a cell for each row."""
        for name in self._names():
            field, _, part = name.rpartition(":")
            if not (part in (*SCORED, "lengths") and is_postings(self._layer, field)):
                yield name, self._layer[name][self._kept]
        if self._owners is not None and len(self._owners):
            yield OWNERS, self._owners[self._kept]

    def _names(self) -> Iterator[str]:
        """Yield the names of the arrays of the table."""
        for name in self._layer:
            if name.startswith(OF_VARIANTS) == bool(self._prefix) and name not in (OWNERS, ORDER, DEAD):
                yield name


class Left:
    """What is left of the postings of one field of a layer.

    Args:
        layer: Where they are.
        name: Of the field.
        numbers: The new number of each row, or `GONE`.
    """

    def __init__(self, layer: Layer, name: str, numbers: Ordinals) -> None:
        self._name, self._numbers = name, numbers
        self._arrays: Arrays = layer
        self._text: TextLayer | None = layer.text(name) if f"{name}:spread" in layer else None
        self.size = len(layer[f"{name}:starts"]) - 1

    def get(self, part: str, start: int, end: int) -> NDArray[Any]:
        """See `Run`."""
        return self._arrays[f"{self._name}:{part}"][start:end]

    def stretch(self, terms: list[bytes], starts: NDArray[np.int64]) -> Stretch:
        """See `Run`."""
        span = slice(int(starts[0]), int(starts[-1]))
        docs = self._numbers[self._arrays[f"{self._name}:docs"][span]]
        counts = np.ones(len(docs), np.int32) if self._text is None else self._text.counts(span)
        kept, having = docs != GONE, np.diff(starts)
        if not kept.all():
            having = np.diff(np.append(0, np.cumsum(kept))[starts - starts[0]])
            terms, docs, counts = list(compress(terms, having)), docs[kept], counts[kept]
            having = having[having > 0]
        release(self._arrays[f"{self._name}:docs"])
        return Stretch(terms, having, docs, counts)

    def texts(self) -> tuple[Ordinals, NDArray[np.int32]]:
        """See `Run`."""
        assert self._text is not None
        lengths = self._text.lengths
        holders = np.flatnonzero((lengths > 0) & (self._numbers != GONE))
        return self._numbers[holders], lengths[holders]
