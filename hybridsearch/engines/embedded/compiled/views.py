"""The views that a process has open: that of the live generation, which changes under its searches, and one of another.

A search takes no lock while nothing has changed. It never waits for a writer: one of this process puts the view of its
commit in place itself, and while one of another process is at work the view before serves on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from typing import NamedTuple

from hybridsearch import redaction
from hybridsearch.disk.paths import shown
from hybridsearch.engines.embedded.arrays.arrays import Arrays, held, whole
from hybridsearch.engines.embedded.arrays.files import Files
from hybridsearch.engines.embedded.compiled.compiling import compile_store, save_compiled
from hybridsearch.engines.embedded.compiled.layers import compiled_beside, load_compiled
from hybridsearch.engines.embedded.compiled.view import View
from hybridsearch.engines.embedded.stored.generations import Generations, Stamp
from hybridsearch.engines.embedded.stored.store import Store
from hybridsearch.errors import EngineError, IndexMissing

log = redaction.logger(__name__)

SERVES_ON = 10.0
"""Seconds for which a view serves on, from the first search that finds a writer at work; then a search compiles."""


class Opened(NamedTuple):
    """The view of a generation, and the stamp of the live one at which it was opened."""

    stamp: Stamp
    generation: str
    view: View


class Views:
    """The open views of one index. Several threads may use them.

    Whoever opens a view holds a lock, under which nothing is waited for but the disk. A writer may take it while it has
    the right to write; whoever holds it waits for no writer.
    """

    def __init__(self, generations: Generations, *, approximate: bool = True) -> None:
        self._generations, self._approximate = generations, approximate
        self.files = Files()
        self._live: Opened | None = None
        self._outdated_since: float | None = None
        self._other: tuple[str, View] | None = None
        self._opening, self._opening_other = threading.RLock(), threading.RLock()

    def live(self) -> Opened:
        """Return the view of the live generation; it is opened again when that has changed.

        Raises:
            IndexMissing: There is none.
            StoreDamaged: A file is not as it was written.
        """
        live = self._live
        if live is not None and live.stamp == self._generations.stamp():
            return live
        with self._opening:
            while True:
                stamp, generation = self._generations.stamp(), self._generations.live()
                if stamp is None or generation is None:
                    raise self._missing()
                if self._live is not None and self._live.stamp == stamp:
                    return self._live
                try:
                    return self._reopened(stamp, generation)
                except EngineError:
                    # Two promotions since the pointer was read remove what it named.
                    if self._generations.stamp() == stamp:
                        raise

    def of(self, generation: str) -> View:
        """Return the view of a generation that need not be live; the last one is kept while it does not change."""
        with self._opening_other:
            with closing(Store(self._generations.path(generation))) as store:
                commit = store.commit
            if self._other is None or self._other[0] != generation or self._other[1].store.commit != commit:
                self._other = generation, self._open(generation)
            return self._other[1]

    def replace(self, generation: str, point: Callable[[], None]) -> None:
        """Put the view of the present commit of the live generation in place, together with a new stamp.

        Only for who has the right to write to it, after the commit was compiled, and the right to switch.

        Args:
            generation: The live one.
            point: Changes the stamp, which tells the readers of all processes.
        """
        view = self._open(generation)
        with self._opening:
            point()
            stamp = self._generations.stamp()
            assert stamp is not None
            self._keep(Opened(stamp, generation, view))

    def close(self) -> None:
        """Close what is open."""
        with self._opening, self._opening_other:
            for view in (self._live and self._live.view, self._other and self._other[1]):
                if view is not None:
                    view.store.close()
            self._live = self._other = None

    def _reopened(self, stamp: Stamp, generation: str) -> Opened:
        """Return the view of the live generation, which has changed, or the one before while a writer is at work."""
        store = Store(self._generations.path(generation))
        arrays = load_compiled(store, self.files)
        if arrays is None and self._live is not None and self._may_serve_on(self._live, generation):
            store.close()
            return self._live
        return self._keep(Opened(stamp, generation, self._view(store, arrays or self._compiled(store, generation))))

    def _keep(self, opened: Opened) -> Opened:
        self._live, self._outdated_since = opened, None
        return opened

    def _may_serve_on(self, live: Opened, generation: str) -> bool:
        """Return whether a view is to be searched although there are later commits, of which the last is not compiled.

        So it is while a writer is at work, which is about to compile it: one that died has no lock.
        """
        if live.generation != generation or not self._generations.writing(generation).is_held():
            return False
        if self._outdated_since is None:
            self._outdated_since = time.monotonic()
        return time.monotonic() - self._outdated_since < SERVES_ON

    def _open(self, generation: str) -> View:
        store = Store(self._generations.path(generation))
        return self._view(store, load_compiled(store, self.files) or self._compiled(store, generation))

    def _view(self, store: Store, arrays: Arrays) -> View:
        return View(store, arrays, self.files, approximate=self._approximate)

    def _compiled(self, store: Store, generation: str) -> Arrays:
        """Compile a commit whose compiled file cannot be used, and save that if nobody is writing."""
        log.warning("Compiling '%s': its compiled file is missing, damaged, or older than the documents.", generation)
        layered = compiled_beside(store, self.files)
        if layered is not None:
            return layered
        arrays = held(compile_store(store))
        with suppress(EngineError), self._generations.writing(generation):
            save_compiled(store, whole(arrays))
        return arrays

    def _missing(self) -> IndexMissing:
        folder = self._generations.folder
        return IndexMissing(
            f"Index '{folder.name}' is missing in {shown(folder.parent)}. Create it with: hybridsearch reindex"
        )
