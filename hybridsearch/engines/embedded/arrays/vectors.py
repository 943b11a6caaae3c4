"""Vector legs: rows of float32 in a file that only grows, and nearest neighbours among them."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hybridsearch.disk.durable import sync_folder
from hybridsearch.disk.errors import damaged
from hybridsearch.disk.modes import opener
from hybridsearch.engines.embedded.arrays.arrays import bytes_of, release
from hybridsearch.engines.embedded.arrays.cells import Cells, Mask, products
from hybridsearch.engines.embedded.arrays.files import Batches, Checked
from hybridsearch.engines.embedded.arrays.postings import Ordinals
from hybridsearch.engines.embedded.arrays.ranks import best, largest
from hybridsearch.values import Vector, Vectors

HELD = 32 << 20
"""Bytes of a mapped file that are compared until their memory is given back: a search may never need most of them."""
NOTHING = np.zeros(0, np.bool_)
AT_ONCE = 1 << 11
"""Rows that are gathered together: they stay in the processor's cache until they are compared."""
SCAN_SHARE = 0.25
"""Reading all rows in order is as fast as gathering this share of them (measured on 50,000 rows of 512)."""


def append(path: Path, start: int, rows: Vectors) -> int:
    """Write rows behind the first `start` ones, durably, over the leftover of an interrupted write.

    Returns:
        CRC32 of the rows.
    """
    data = np.ascontiguousarray(rows, np.float32)
    new = not path.exists()
    with open(path, "wb" if new else "r+b", opener=opener) as file:
        file.seek(start * data.shape[1] * data.itemsize)
        file.write(data.data)
        file.flush()
        os.fsync(file.fileno())
    if new:
        sync_folder(path.parent)
    return zlib.crc32(data.data)


class Sound:
    """The vectors of a leg as they lie in its file; a batch is compared with its checksum before it is first read.

    Args:
        path: The file.
        dims: Of each vector.
        batches: All that was written of it.
        checked: What was compared before, of this file and of others.

    Attributes:
        matrix: Of shape (rows, dims), read or mapped. Only what was required may be read.

    Raises:
        StoreDamaged: The file is too short.
    """

    def __init__(self, path: Path, dims: int, batches: Batches, checked: Checked) -> None:
        self._path, self._batches = path, batches
        self._ends = np.cumsum([rows for rows, _ in batches], dtype=np.int64)
        self.matrix, file = mapped(path, dims, int(self._ends[-1]) if batches else 0)
        known, before, sound = checked.get(path, (0, (), NOTHING))
        if known != file or before != batches[: len(before)]:
            sound = NOTHING
        self._sound = np.append(sound, np.zeros(len(batches) - len(sound), np.bool_))
        checked[path] = file, batches, self._sound

    def require(self, rows: NDArray[np.integer] | None = None) -> None:
        """Compare the batches that some rows lie in with their checksums, as far as they were not; None: all.

        Raises:
            StoreDamaged: One does not match.
        """
        if rows is None:
            new = np.flatnonzero(~self._sound)
        else:
            there = np.searchsorted(self._ends, rows, side="right")
            new = np.unique(there[~self._sound[there]])
        held = 0
        for batch in new.tolist():
            count, checksum = self._batches[batch]
            start = int(self._ends[batch]) - count
            data = self.matrix[start : start + count]
            if zlib.crc32(data.data) != checksum:
                raise damaged(self._path, f"vectors {start} to {start + count - 1} do not match their checksum")
            self._sound[batch] = True
            held += data.nbytes
            if held > HELD:
                release(self.matrix)
                held = 0


def mapped(path: Path, dims: int, count: int) -> tuple[Vectors, int]:
    """Return the rows of a file of vectors, and the number of the file.

    Raises:
        StoreDamaged: There are fewer.
    """
    if not count:
        return np.zeros((0, dims), np.float32), 0
    try:
        data = bytes_of(path)[: 4 * count * dims]
        return data.view(np.float32).reshape(count, dims).view(np.ndarray), path.stat().st_ino
    except (OSError, ValueError) as error:
        raise damaged(path, f"it does not hold the {count} vectors of {dims} dims that were written") from error


def load(path: Path, dims: int, batches: Batches) -> Vectors:
    """Read or map the rows of a leg, of shape (rows, dims), after a check of every batch.

    Raises:
        StoreDamaged: A batch is cut short, or does not match its checksum.
    """
    sound = Sound(path, dims, batches, {})
    sound.require()
    return sound.matrix


class LegVectors:
    """The vectors of one leg.

    Args:
        matrix: All rows of the file, those of replaced documents included.
        rows: The row of each document, or -1.
        cells: Where to look for nearest neighbours instead of everywhere.
        require: What is asked before rows are read, whether they are as they were written; None stands for all.
    """

    def __init__(
        self,
        matrix: Vectors,
        rows: NDArray[np.int32],
        cells: Cells | None = None,
        require: Callable[[NDArray[np.integer] | None], None] = lambda _: None,
    ) -> None:
        self.matrix, self.rows, self.cells, self._require = matrix, rows, cells, require
        self.holders: Ordinals = np.flatnonzero(rows >= 0).astype(np.int32)

    def __getitem__(self, row: int) -> NDArray[np.float32]:
        """Return a row."""
        self._require(np.array([row]))
        vector: NDArray[np.float32] = self.matrix[row]
        return vector

    def take(self, rows: NDArray[np.int32]) -> Vectors:
        """Return some rows."""
        self._require(rows)
        return self.matrix.take(rows, axis=0)

    def cosines(self, docs: Ordinals, vector: Vector) -> NDArray[np.float32]:
        """Return the cosine of each document to a vector; NaN where the document has none for this leg."""
        rows = self.rows[docs]
        cosines = np.full(len(docs), np.nan, np.float32)
        cosines[rows >= 0] = self.products(rows[rows >= 0], vector)
        return cosines

    def products(self, rows: NDArray[np.int32], vector: Vector) -> NDArray[np.float32]:
        """Return the cosine of each of some rows to a vector."""
        if len(rows) < SCAN_SHARE * len(self.matrix):
            self._require(rows)
            parts = (rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE))
            found = [products(self.matrix.take(part, axis=0), vector) for part in parts]
            return np.concatenate([np.zeros(0, np.float32), *found])
        self._require(None)
        return products(self.matrix, vector)[rows]


class Comparison:
    """The documents of a leg, compared with a vector.

    Args:
        leg: Where they are.
        vector: What they are compared with.
        again: Whether the nearest ones are asked for several times: then each is compared once.

    Attributes:
        compared: The documents that were compared at last, ascending, and their cosines; None: not all were.
    """

    def __init__(self, leg: LegVectors, vector: Vector, *, again: bool) -> None:
        self._leg, self._vector = leg, vector
        self._known = np.full(len(leg.rows), np.nan, np.float32) if again else None
        self.compared: tuple[Ordinals, NDArray[np.float32]] | None = None

    def nearest(self, k: int, floor: float, allowed: Mask | None) -> tuple[Ordinals, NDArray[np.float32]]:
        """Return the `k` documents nearest to the vector, with a cosine of `floor` or more, and their cosines.

        Every allowed document is compared, unless the leg has cells. Of tied ones the earlier one is nearer.
        """
        cells = self._leg.cells
        found = cells and cells.near(self._vector, k, floor, allowed)
        holders = cells.behind if cells and found else self._leg.holders
        docs = holders if allowed is None else holders[allowed[holders]]
        cosines = self._of(docs)
        self.compared = None if found else (docs, cosines)
        if found:
            docs, cosines = reaching(np.concatenate([found[0], docs]), np.concatenate([found[1], cosines]), k)
        near = best(cosines, k)
        near = near[cosines[near] >= floor]
        return docs[near], cosines[near]

    def _of(self, docs: Ordinals) -> NDArray[np.float32]:
        """Return the cosines of documents that have the leg."""
        if self._known is None:
            return self._leg.products(self._leg.rows[docs], self._vector)
        new = docs[np.isnan(self._known[docs])]
        if len(new) >= SCAN_SHARE * len(self._leg.matrix):
            new = self._leg.holders
        if len(new):
            self._known[new] = self._leg.products(self._leg.rows[new], self._vector)
        return self._known[docs]


def reaching(docs: Ordinals, cosines: NDArray[np.float32], k: int) -> tuple[Ordinals, NDArray[np.float32]]:
    """Return those of some documents that are as near as the `k`th, ascending."""
    if 0 < k < len(docs):
        near = cosines >= largest(cosines, k)
        docs, cosines = docs[near], cosines[near]
    order = np.argsort(docs)
    return docs[order], cosines[order]
