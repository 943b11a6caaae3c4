"""Clustering: which vectors of a leg lie in which cell, and how many cells a search has to look at.

Source: the inverted file of Jégou, Douze, Schmid, "Product quantization for nearest neighbor search" (2011), without
its quantization: k-means on a sample, then every vector goes to the nearest centre.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from hybridsearch.disk.errors import explained
from hybridsearch.engines.embedded.arrays.arrays import InPieces, release, save_arrays
from hybridsearch.engines.embedded.arrays.cells import MOST, path_of, rows_of, state_of
from hybridsearch.engines.embedded.stored.store import Store
from hybridsearch.values import Vectors

PAYS_FROM = 10_000_000
"""Numbers in all vectors of a leg, 40 MB: below that comparing all takes no more than 2 ms."""
LEAST_ROWS = 1_000
"""Vectors, even where cells are wanted."""
GROWN = 1.25
"""Vectors, times those in cells, from which on new cells are made: those behind them are all compared."""
RECALL = 0.995
"""Of the nearest to vectors of products, that are to be found: about as many are of those to real queries, which are
less like products and read more cells (.994 on 19,406 products of icecat with multilingual-e5-small)."""
NEIGHBOURS = 100
"""That count as the nearest."""
SAMPLED = 32
"""Vectors for each centre from which centres are found."""
ROUNDS = 6
QUERIES = 256
"""Vectors of products that recall is measured with."""
AT_ONCE = 1024
SCATTERED = 128
"""Rows that lie apart: each may bring half a megabyte around it into memory."""
HELD = 32 << 20
"""Bytes of a mapped file after which their memory is given back."""
SEED = 20261130
LEAST_SPREAD = np.float32(1e-6)
"""Of a cell whose vectors are all the same."""


def bring_cells(store: Store, wanted: bool | None) -> None:
    """Make the cells of each leg that needs some.

    Args:
        store: Open for writing.
        wanted: True from a few vectors on, None where they pay, False never.
    """
    for leg in store.schema.legs:
        batches = store.batches(leg.name)
        rows = sum(count for count, _ in batches)
        pays = wanted or (wanted is None and rows * leg.dims >= PAYS_FROM)
        if rows < LEAST_ROWS or not pays or rows < GROWN * rows_of(store.folder, leg.name, batches):
            continue
        state = state_of(store.folder.name, leg.name, batches, rows)
        assert state is not None
        matrix = store.vectors(leg.name, leg.dims)
        with explained(store.folder):
            save_arrays(path_of(store.folder, leg.name), cells_of(matrix, 1.0 if wanted else MOST), state)


def cells_of(matrix: Vectors, most: float = MOST) -> InPieces:
    """Yield the arrays of the cells of some vectors; without vectors, and a share of 1, where more than `most` is read.

    They are `share` and `recall` (see `Cells`), `centres` (the mean of each cell), `reach` (by how much the cosine to a
    vector of the cell may exceed that to its centre), `starts` (where each cell starts), `rows` (of the vectors, cell
    by cell), and `vectors`.
    """
    cells = nearest(matrix, centres_of(matrix))
    _, numbers, sizes = np.unique(cells, return_inverse=True, return_counts=True)  # a cell without vectors is none
    rows = np.argsort(numbers, kind="stable").astype(np.int32)
    starts = np.cumsum([0, *sizes], dtype=np.int64)
    centres, spread = described(matrix, numbers, sizes)
    share, recall, reach = measured(matrix, numbers, sizes, centres, spread)
    if share > most:
        share, rows, starts, centres, reach = 1.0, rows[:0], starts[:1], centres[:0], reach[:0]
    yield "share", (np.array([share]),)
    yield "recall", (np.array([recall]),)
    yield "centres", (centres.ravel(),)
    yield "reach", (reach,)
    yield "starts", (starts,)
    yield "rows", (rows,)
    yield "vectors", itertools.chain((np.zeros(0, np.float32),), map(np.ravel, gathered(matrix, rows)))


def gathered(matrix: Vectors, rows: NDArray[np.integer]) -> Iterator[Vectors]:
    """Yield the vectors of some rows, some at a time."""
    for start in range(0, len(rows), SCATTERED):
        yield matrix[rows[start : start + SCATTERED]]
        release(matrix)


def in_turn(matrix: Vectors) -> Iterator[tuple[int, Vectors]]:
    """Yield all vectors, some at a time, each time with the number of the first."""
    held = 0
    for start in range(0, len(matrix), AT_ONCE):
        yield start, (block := matrix[start : start + AT_ONCE])
        held += block.nbytes
        if held > HELD:
            release(matrix)
            held = 0
    release(matrix)


def centres_of(matrix: Vectors) -> Vectors:
    """Return centres of a sample, twice as many as is the root of the number of vectors."""
    random = np.random.default_rng(SEED)
    count = round(2 * len(matrix) ** 0.5)
    drawn = np.sort(random.choice(len(matrix), min(len(matrix), SAMPLED * count), replace=False))
    sample = np.concatenate(list(gathered(matrix, drawn)))
    centres = sample[random.choice(len(sample), min(count, len(sample)), replace=False)]
    for _ in range(ROUNDS):
        cells = nearest(sample, centres)
        order = np.argsort(cells, kind="stable")
        there, starts, sizes = np.unique(cells[order], return_index=True, return_counts=True)
        centres[there] = np.add.reduceat(sample[order], starts) / sizes[:, np.newaxis].astype(np.float32)
    return np.asarray(centres)


def nearest(matrix: Vectors, centres: Vectors) -> NDArray[np.int32]:
    """Return the number of the centre that is nearest to each vector."""
    half = (centres * centres).sum(axis=1) / 2
    return np.concatenate(
        [np.argmax(block @ centres.T - half, axis=1).astype(np.int32) for _, block in in_turn(matrix)]
    )


def described(
    matrix: Vectors, cells: NDArray[np.integer], sizes: NDArray[np.integer]
) -> tuple[Vectors, NDArray[np.float32]]:
    """Return the mean of each cell, and the root of the mean square of the distances to it."""
    centres, squares = np.zeros((len(sizes), matrix.shape[1])), np.zeros(len(sizes))
    for start, block in in_turn(matrix):
        there = cells[start : start + len(block)]
        order = np.argsort(there, kind="stable")
        held, firsts = np.unique(there[order], return_index=True)
        centres[held] += np.add.reduceat(block[order], firsts, dtype=np.float64)
    means = (centres / sizes[:, np.newaxis]).astype(np.float32)
    for start, block in in_turn(matrix):
        there = cells[start : start + len(block)]
        squares += np.bincount(there, ((block - means[there]) ** 2).sum(axis=1), len(sizes))
    return means, np.maximum(np.sqrt(squares / sizes), LEAST_SPREAD).astype(np.float32)


def measured(
    matrix: Vectors,
    cells: NDArray[np.integer],
    sizes: NDArray[np.integer],
    centres: Vectors,
    spread: NDArray[np.float32],
) -> tuple[float, float, NDArray[np.float32]]:
    """Return which share of all vectors is read, which share of the nearest is found so, and the reach of each cell.

    The reach is as many times the spread as it takes to find `RECALL` of the nearest of sampled vectors.
    """
    random = np.random.default_rng(SEED + 1)
    queries = np.concatenate(list(gathered(matrix, np.sort(random.choice(len(matrix), QUERIES, replace=False)))))
    rows, least = neighbours(matrix, queries)
    near = queries @ centres.T
    needed = (least[:, np.newaxis] - np.take_along_axis(near, cells[rows], axis=1)) / spread[cells[rows]]
    times = float(np.quantile(needed, RECALL, method="higher"))
    reach = np.maximum(times, 0) * spread
    read = ((near + reach >= least[:, np.newaxis]) @ sizes) / len(matrix)
    return float(read.mean()), float(np.mean(needed <= times)), reach


def neighbours(matrix: Vectors, queries: Vectors) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the rows nearest to each query, in any order, and the cosine of the last one; all are compared."""
    rows, cosines = np.zeros((len(queries), 0), np.int64), np.zeros((len(queries), 0), np.float32)
    for start, vectors in in_turn(matrix):
        block = queries @ vectors.T
        numbers = np.broadcast_to(np.arange(start, start + block.shape[1]), block.shape)
        rows, cosines = np.concatenate([rows, numbers], axis=1), np.concatenate([cosines, block], axis=1)
        best = np.argpartition(cosines, -min(NEIGHBOURS, cosines.shape[1]), axis=1)[:, -NEIGHBOURS:]
        rows, cosines = np.take_along_axis(rows, best, axis=1), np.take_along_axis(cosines, best, axis=1)
    return rows, cosines.min(axis=1)
