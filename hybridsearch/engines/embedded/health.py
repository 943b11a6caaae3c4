"""The lines about the embedded engine that `hybridsearch doctor` prints."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from hybridsearch.engines.base import Check
from hybridsearch.engines.embedded.arrays.arrays import load_arrays
from hybridsearch.engines.embedded.arrays.cells import path_of, rows_of
from hybridsearch.engines.embedded.arrays.files import Files
from hybridsearch.engines.embedded.compiled.layers import load_compiled
from hybridsearch.engines.embedded.stored.changes import REPAIR, FileChanges
from hybridsearch.engines.embedded.stored.generations import Generations
from hybridsearch.engines.embedded.stored.store import Store
from hybridsearch.errors import EngineError, StoreDamaged

REINDEX = "hybridsearch reindex"


def checks(generations: Generations, log: FileChanges) -> list[Check]:
    """Check the folder, and every checksum of the log of changes and of the live generation."""
    return list(inspect(generations, log))


def changes(log: FileChanges) -> Iterator[Check]:
    """Say whether the log of changes is sound, if there is one."""
    try:
        count = log.verify()
        if count is not None:
            yield Check("changes", "ok", f"{count:,} are remembered, checksums match")
    except StoreDamaged as error:
        yield Check("changes", "failure", str(error), REPAIR)
    except EngineError as error:
        yield Check("changes", "failure", str(error))


def inspect(generations: Generations, log: FileChanges) -> Iterator[Check]:
    """Yield the lines, up to the first failure that makes the rest pointless."""
    folder = generations.folder
    if os.access(folder, os.W_OK):
        yield Check("folder", "ok", str(folder))
    elif os.access(folder, os.R_OK | os.X_OK):
        yield Check("folder", "warning", f"{folder} is read-only: searching works", "Allow writing before a reindex.")
    yield from changes(log)
    try:
        generation = generations.live()
        if generation is None:
            yield Check("index", "failure", f"no index in {folder}", REINDEX)
            return
        with closing(Store(generations.path(generation))) as store:
            yield Check("documents", "ok", f"{store.count()} in generation {generation}")
            yield Check("size", "ok", f"{size_of(folder) / 1e6:.1f} MB on disk in all generations")
            store.verify()
            if load_compiled(store, Files()) is None:
                yield Check("compiled", "warning", "absent, damaged, or older than the documents", REINDEX)
            yield from neighbours(store)
            yield Check("checksums", "ok", "documents and vectors match")
    except EngineError as error:
        yield Check("index", "failure", str(error), REINDEX)


def neighbours(store: Store) -> Iterator[Check]:
    """Say of each leg that has cells how much of it is read and found, or that they cannot be used."""
    for leg in store.schema.legs:
        if not rows_of(store.folder, leg.name, store.batches(leg.name)):
            continue
        try:
            arrays, _ = load_arrays(path_of(store.folder, leg.name))
            share, recall = float(arrays["share"][0]), float(arrays["recall"][0])
            if share < 1:
                yield Check("neighbours", "ok", f"'{leg.name}' is searched by cells: {recall:.1%} in {share:.0%} of it")
        except (OSError, ValueError) as error:
            found = f"every vector of '{leg.name}' is compared: the file of its cells is damaged ({error})"
            yield Check("neighbours", "warning", found, REINDEX)


def size_of(folder: Path) -> int:
    """Return the size in bytes of all files in a folder and below."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
