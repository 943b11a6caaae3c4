"""Cells: the vectors of a leg, those that are near to each other side by side, so that a search reads a part of them.

A search looks at one cell after the other, the most promising first, until what the next ones may hold is farther away
than what it has: early for a vector like those of products, late for one like none. How much they may hold was measured
on the leg itself when the cells were made. They are a copy beside the leg's file: without them, as where their file is
damaged, every vector is compared.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hybridsearch import redaction
from hybridsearch.engines.embedded.arrays.arrays import Arrays, Loaded, read_commit
from hybridsearch.engines.embedded.arrays.files import Batches, Files
from hybridsearch.engines.embedded.arrays.postings import EMPTY, Ordinals
from hybridsearch.engines.embedded.arrays.ranks import largest
from hybridsearch.values import Vector, Vectors

log = redaction.logger(__name__)

Mask = NDArray[np.bool_]
"""For each document, whether it passes the filters."""

MOST = 0.35
"""Share of the vectors in cells from which on reading all, in order, is as fast."""
SETTLED = 8
"""Times as many vectors as are wanted, of which the nearest ones tell how many cells are promising."""
SCATTERED = 4
"""Reading a row that lies alone takes as long as so many that lie together."""


def path_of(folder: Path, leg: str) -> Path:
    """Return the file of the cells of a leg."""
    return folder / f"cells-{leg}.arrays"


def state_of(generation: str, leg: str, batches: Batches, rows: int) -> str | None:
    """Return what tells the first rows of a leg from all others; None where no batch ends with them."""
    ends = np.cumsum([0, *(count for count, _ in batches)]).tolist()
    if rows not in ends:
        return None
    return (
        f"{rows} {generation} {leg} {zlib.crc32(repr([tuple(each) for each in batches[: ends.index(rows)]]).encode())}"
    )


def rows_of(folder: Path, leg: str, batches: Batches) -> int:
    """Return how many rows of a leg its cells were made of; 0 where there are none for it, or not of these rows."""
    commit = commit_of(folder, leg, batches)
    return int(commit.split(" ")[0]) if commit else 0


def commit_of(folder: Path, leg: str, batches: Batches) -> str | None:
    """Return what tells the rows of a leg that its cells were made of; None where there are none, or of other rows."""
    try:
        commit = read_commit(path_of(folder, leg))
        return commit if commit == state_of(folder.name, leg, batches, int(commit.split(" ")[0])) else None
    except (OSError, ValueError):
        return None


def load_cells(folder: Path, leg: str, batches: Batches, rows: NDArray[np.int32], files: Files) -> Cells | None:
    """Return the cells of a leg; None where there are none, or they are not as they were written, or do not pay.

    Args:
        folder: Of the generation.
        leg: Its name.
        batches: All that was written of it.
        rows: The row of each document, or -1.
        files: Those that are open.
    """
    commit = commit_of(folder, leg, batches)
    if commit is None:
        return None
    try:
        arrays = files.load(path_of(folder, leg), commit, Loaded)
    except (OSError, ValueError) as error:
        log.warning("Comparing every vector of '%s': the file of its cells is damaged (%s).", leg, error)
        return None
    return Cells(arrays, rows) if arrays["share"][0] < 1 else None


class Cells:
    """The vectors of a leg in cells, and what was written behind them.

    Attributes:
        share: Of the vectors, that was read on average for vectors of products when the cells were made.
        recall: Of the nearest, that was found so.
        behind: The documents whose vectors are newer than the cells.
    """

    def __init__(self, arrays: Arrays, rows: NDArray[np.int32]) -> None:
        self._file = arrays  # as long as this is referred to, the file is open
        self.share, self.recall = float(arrays["share"][0]), float(arrays["recall"][0])
        self._starts = arrays["starts"]
        self._centres = arrays["centres"].reshape(len(self._starts) - 1, -1)
        self._reach = arrays["reach"]
        self._matrix: Vectors = arrays["vectors"].reshape(-1, self._centres.shape[1])
        documents = np.full(max(len(self._matrix), int(rows.max(initial=-1)) + 1), np.int32(-1))
        holders = np.flatnonzero(rows >= 0)
        documents[rows[holders]] = holders
        self._docs: Ordinals = documents[arrays["rows"]]
        self._there = self._docs >= 0
        self._held = np.add.reduceat(self._there, self._starts[:-1], dtype=np.int64)
        behind = np.sort(documents[len(self._matrix) :])
        self.behind: Ordinals = behind[behind >= 0]

    def near(
        self, vector: Vector, k: int, floor: float, allowed: Mask | None
    ) -> tuple[Ordinals, NDArray[np.float32]] | None:
        """Return documents, nearly all of the `k` nearest among them, and their cosines, in any order.

        None where it is faster to compare every allowed one: they are few, or too many cells are promising.
        """
        passing, held = self._there, self._held
        if allowed is not None:
            passing = self._there & allowed[self._docs]
            held = np.add.reduceat(passing, self._starts[:-1], dtype=np.int64)
            if SCATTERED * held.sum() <= self.share * len(self._matrix):
                return None
        promise = self._centres @ vector.array + self._reach
        order = np.argsort(-promise, kind="stable")
        order = order[(held[order] > 0) & (promise[order] >= floor)]
        counts = np.cumsum(held[order])
        docs, cosines, least, seen = [EMPTY["docs"]], np.zeros(0, np.float32), floor, 0
        while seen < len(order) and promise[order[seen]] >= least:
            some = 2 * (counts[seen - 1] if seen else 2 * k)
            end = max(int(np.searchsorted(counts, some)), seen + 1)
            cells = order[seen:end]
            found, values = self._compared(np.sort(cells[promise[cells] >= least]), vector, passing)
            docs.append(found)
            cosines, seen = np.concatenate([cosines, values]), end
            if 0 < k <= len(cosines):
                least = max(floor, float(largest(cosines, k)))
            if len(cosines) >= SETTLED * k and held[promise >= least].sum() > MOST * held.sum():
                return None
        return np.concatenate(docs), cosines

    def _compared(
        self, chosen: NDArray[np.intp], vector: Vector, passing: Mask
    ) -> tuple[Ordinals, NDArray[np.float32]]:
        """Return those of some cells that pass, with their cosines."""
        bounds = zip(self._starts[chosen].tolist(), self._starts[chosen + 1].tolist(), strict=True)
        cells = [slice(start, end) for start, end in bounds]
        kept = np.concatenate([passing[cell] for cell in cells])
        docs = np.concatenate([self._docs[cell] for cell in cells])[kept]
        if SCATTERED * len(docs) < len(kept):
            positions = np.concatenate([np.arange(cell.start, cell.stop) for cell in cells])[kept]
            return docs, products(self._matrix.take(positions, axis=0), vector)
        return docs, np.concatenate([products(self._matrix[cell], vector) for cell in cells])[kept]


def products(matrix: Vectors, vector: Vector) -> NDArray[np.float32]:
    """Return the inner product of each row with a vector.

    Row by row, in one thread: equal rows give equal products wherever they lie. A matrix product would be split over
    threads: 15 % faster on an idle machine, but four times slower on a busy one (50,000 rows of 512, two cores).
    """
    row_products: NDArray[np.float32] = np.matmul(matrix[:, np.newaxis, :], vector.array)[:, 0]
    return row_products
