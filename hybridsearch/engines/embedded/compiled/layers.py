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
from hybridsearch.engines.embedded.arrays.arrays import Arrays, Loaded, held, save_arrays
from hybridsearch.engines.embedded.arrays.files import Files
from hybridsearch.engines.embedded.compiled.compiling import NAME, compile_store
from hybridsearch.engines.embedded.compiled.layered import IDS, Layer, Layered
from hybridsearch.engines.embedded.stored.store import Extent, Store

DEAD = "dead"
"""Name of the array of a layer that holds the numbers of all documents before it that are no more."""
NONE: NDArray[np.int64] = np.zeros(0, np.int64)
LEAST = 2_000
"""Documents of which all are compiled again with each change: that takes half a second."""
SHARE = 10
"""One in so many documents may be changed until all are compiled again."""
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
        return self.extents[-1].last

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
    """Return how many layers stay as they are, the first one always, where so many documents are new."""
    stay = len(sizes)
    while stay > 1 and sizes[stay - 1] <= SWALLOWED * new:
        stay -= 1
        new += sizes[stay]
    return stay


def before(chain: Chain, store: Store, share: int) -> Chain | None:
    """Return what stays of a chain below a layer for the store's commit; None where all are to be compiled.

    So it is where more than one in `share` documents of the first layer are changed.
    """
    base, *others = (layer.documents for layer in chain.layers)
    new = store.written(chain.last)
    if base < LEAST or IDS + ":docs" not in chain.layers[0] or share * (new + sum(others)) > base:
        return None
    stay = kept([base, *others], new)
    extents, layers = chain.extents[:stay], chain.layers[:stay]
    changed = store.changed(chain.last)
    dead = np.unique(np.concatenate([chain.dead, *(layer.numbers_of(changed) for layer in layers)]))
    dead = dead[dead <= extents[-1].last]
    return None if share * len(dead) > base else Chain(extents, layers, dead)


def add_layer(store: Store, files: Files) -> bool:
    """Compile what changed since the last layer, and save it; return False where all is to be compiled.

    Only for who has the right to write.
    """
    chain = load_chain(store, files)
    below = chain and before(chain, store, SHARE)
    if below is None:
        return False
    extent = Extent(below.last, store.commit, store.state())
    arrays = itertools.chain(compile_store(store, after=below.last), [(DEAD, (below.dead,))])
    with explained(store.folder):
        save_arrays(path_of(store, extent), arrays, extent.state)
    record(store, [*below.extents, extent])
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

    A search waits for this, so that nothing is compiled again that need not be, however much was changed: a writer,
    which compiles all then, may take minutes.
    """
    chain = load_chain(store, files)
    below = chain and before(chain, store, share=0)
    if below is None:
        return None
    layer = Layer(Loaded(held(compile_store(store, after=below.last))))
    extent = Extent(below.last, store.commit, store.state())
    return Chain([*below.extents, extent], [*below.layers, layer], below.dead).arrays()
