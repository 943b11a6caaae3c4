"""Layers on the disk: the compiled file of all documents, and small ones of what was written since.

A change compiles the documents behind the last layer, together with layers that are not much larger than they are, so
that there are few. Once layers and what is no more make up a share of all, all is compiled again. Which files count
stands in the database, and is replaced there at once: a file is written before that and removed after it, so that a
process may die between any two steps. All that is lost by it can be compiled again.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hybridsearch.disk.errors import explained
from hybridsearch.engines.embedded.arrays.arrays import Arrays, InPieces, Loaded, held, save_arrays
from hybridsearch.engines.embedded.arrays.files import Files
from hybridsearch.engines.embedded.compiled.compiling import NAME, compile_store
from hybridsearch.engines.embedded.compiled.layered import IDS, NUMBERS, Layer, Layered
from hybridsearch.engines.embedded.compiled.surviving import DEAD, Survivors
from hybridsearch.engines.embedded.stored.store import Extent, Store

NONE: NDArray[np.int64] = np.zeros(0, np.int64)
LEAST = 2_000
"""Documents of which all are merged with each change."""
SHARE = 2
"""One in so many documents may be changed until all are merged."""
SWALLOWED = 4
"""A layer that has at most as many times the documents of the next one is compiled again together with it."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Layers up to a commit, the oldest first, and the numbers of those of their documents that are no more."""

    extents: Sequence[Extent]
    layers: Sequence[Layer]
    dead: NDArray[np.int64]

    @property
    def last(self) -> int:
        """The commit up to which documents are compiled."""
        return self.extents[-1].last if self.extents else 0

    @property
    def can_grow(self) -> bool:
        """Whether documents are found by their ids; an earlier version left these out."""
        return IDS + ":docs" in self.layers[0]

    def arrays(self) -> Arrays:
        """Return the arrays of all layers."""
        alone = len(self.layers) == 1 and not len(self.dead)
        return self.layers[0] if alone else Layered(self.layers, self.dead)


def path_of(store: Store, extent: Extent) -> Path:
    """Return the file of a layer."""
    return store.folder / (f"layer-{extent.first}-{extent.last}.arrays" if extent.first else NAME)


def load_chain(store: Store, files: Files) -> Chain | None:
    """Return the layers that can be used, up to the store's commit or one before; None where there are none."""
    extents = [Extent(0, store.commit, store.state())]
    found = sound(store, extents, files)
    if not found:
        extents = store.layers()
        found = sound(store, extents, files)
    return Chain(extents[: len(found)], found, found[-1].get(DEAD, NONE)) if found else None


def sound(store: Store, extents: Sequence[Extent], files: Files) -> list[Layer]:
    """Return the layers up to the first one whose file is missing, damaged, or of another commit."""
    found: list[Layer] = []
    with suppress(OSError, ValueError):
        for extent in extents:
            found.append(files.load(path_of(store, extent), extent.state, Layer))
    return found


def load_compiled(store: Store, files: Files) -> Arrays | None:
    """Return the arrays of the store's commit as its compiled files have them; None where something is missing."""
    chain = load_chain(store, files)
    return chain.arrays() if chain and chain.last == store.commit else None


def kept(sizes: Sequence[int], new: int) -> int:
    """Return how many layers stay as they are, where so many documents are new.

    Args:
        sizes: Of the layers, the oldest first.
        new: Documents that are in none of them.
    """
    stay = len(sizes)
    while stay > 1 and sizes[stay - 1] <= SWALLOWED * new:
        stay -= 1
        new += sizes[stay]
    return 0 if sizes[0] < LEAST or SHARE * (new + sum(sizes[1:stay])) > sizes[0] else stay


def split(chain: Chain, store: Store, stay: int) -> tuple[Chain, list[Survivors]]:
    """Return the layers of a chain that stay below one for the store's commit, and what is left of the others."""
    changed = store.changed(chain.last)
    dead = np.unique(np.concatenate([chain.dead, *(layer.numbers_of(changed) for layer in chain.layers)]))
    below = chain.extents[:stay]
    survivors = [Survivors(layer, np.isin(layer[NUMBERS], dead, invert=True)) for layer in chain.layers[stay:]]
    return Chain(below, chain.layers[:stay], dead[dead <= (below[-1].last if below else 0)]), survivors


def compiled_from(chain: Chain, store: Store, stay: int) -> tuple[Chain, InPieces]:
    """Return what stays of a chain, and the arrays of a layer that takes it up to the store's commit."""
    below, survivors = split(chain, store, stay)
    arrays = compile_store(store, after=chain.last, survivors=survivors, layer=bool(stay))
    return below, itertools.chain(arrays, [(DEAD, (below.dead,))] if stay else ())


def add_layer(store: Store, files: Files) -> bool:
    """Compile what changed since the last layer, and save it; return False where no compiled file can be used.

    Only for who has the right to write.
    """
    chain = load_chain(store, files)
    if chain is None or not chain.can_grow:
        return False
    sizes = [layer.documents for layer in chain.layers]
    stay = kept(sizes, store.written(chain.last))
    below, arrays = compiled_from(chain, store, stay)
    if stay and SHARE * len(below.dead) > sizes[0]:
        below, arrays = compiled_from(chain, store, 0)
    extents = [*below.extents, Extent(below.last, store.commit, store.state())]
    with explained(store.folder):
        save_arrays(path_of(store, extents[-1]), arrays, extents[-1].state)
    record(store, extents)
    return True


def record(store: Store, extents: Sequence[Extent] = ()) -> None:
    """Make compiled files those that count, and remove the others; without any, that of all alone counts."""
    extents = extents or [Extent(0, store.commit, store.state())]
    store.save_layers(extents)
    counting = {path_of(store, extent) for extent in extents}
    for path in store.folder.glob("layer-*.arrays*"):
        if path not in counting:
            with suppress(OSError):  # on Windows another process may have it open
                path.unlink()


def compiled_beside(store: Store, files: Files) -> Arrays | None:
    """Return the arrays of the store's commit, of which a last layer is in memory alone; None where all is missing.

    A search waits for this, so that nothing is merged, however much was changed: a writer, which merges all then, may
    take minutes. Of a few documents all are compiled.
    """
    chain = load_chain(store, files)
    if chain is None or not chain.can_grow or chain.layers[0].documents < LEAST:
        return None
    below, arrays = compiled_from(chain, store, len(chain.layers))
    extent = Extent(below.last, store.commit, store.state())
    return Chain([*below.extents, extent], [*below.layers, Layer(Loaded(held(arrays)))], below.dead).arrays()
