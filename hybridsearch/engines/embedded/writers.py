"""The generations that a process writes to, each with the right to, and how a change reaches the searches."""

from __future__ import annotations

import threading
from collections.abc import Callable

from hybridsearch.disk.lock import FileLock
from hybridsearch.engines.base import Written
from hybridsearch.engines.embedded.compiled.clustering import bring_cells
from hybridsearch.engines.embedded.compiled.compiling import compile_store, save_compiled
from hybridsearch.engines.embedded.compiled.layers import add_layer, load_compiled, record
from hybridsearch.engines.embedded.compiled.views import Views
from hybridsearch.engines.embedded.stored.generations import Generations
from hybridsearch.engines.embedded.stored.store import Store

PATIENCE = 30.0
"""Seconds for which a write to the live generation waits for that of another process."""


class Writers:
    """The generations of one index that are open for writing.

    The right to write to one is taken with the first write; that to the live one is given back after each.

    Args:
        generations: Of the index.
        views: In which what is compiled is put in place.
        approximate: Whether legs get cells, see `bring_cells`.

    Attributes:
        alone: Held by the thread that writes.
    """

    def __init__(self, generations: Generations, views: Views, *, approximate: bool | None) -> None:
        self._generations, self._views, self._approximate = generations, views, approximate
        self._open: dict[str, tuple[Store, FileLock]] = {}
        self.alone = threading.RLock()

    def __contains__(self, generation: str) -> bool:
        return generation in self._open

    def store(self, generation: str) -> Store:
        """Return a generation, open for writing.

        Raises:
            EngineError: Another process writes to it.
        """
        if generation not in self._open:
            lock = self._generations.writing(generation, timeout=PATIENCE)
            lock.acquire()
            try:
                self._open[generation] = Store(self._generations.path(generation), writing=True), lock
            except BaseException:
                lock.close()
                raise
        return self._open[generation][0]

    def release(self, generation: str) -> None:
        """Give back the right to write to a generation, if this process has it."""
        if generation in self._open:
            store, lock = self._open.pop(generation)
            store.close()
            lock.close()

    def close(self) -> None:
        """Give back every right."""
        for generation in list(self._open):
            self.release(generation)

    def change(self, generation: str | None, write: Callable[[Store], Written]) -> Written:
        """Write to a generation; what goes to the live one, which None stands for, can be searched at once."""
        with self.alone:
            if generation is not None:
                return write(self.store(generation))
            while True:
                live = self._generations.live()
                if live is None:
                    self._views.live()  # says that there is none
                assert live is not None
                opened = live in self
                store = self.store(live)
                try:
                    if self._generations.live() != live:
                        continue  # a promotion came in between
                    written = write(store)
                    self.compile(live)
                    return written
                finally:
                    if not opened:
                        self.release(live)

    def compile(self, generation: str) -> None:
        """Bring the compiled file up to the store's commit, and tell the readers of the live generation."""
        store = self.store(generation)
        if load_compiled(store, self._views.files) is None:
            bring_cells(store, self._approximate)
            if not add_layer(store, self._views.files):
                save_compiled(store, compile_store(store))
                record(store)
            with self.switching():
                if self._generations.live_name() == generation:
                    self._views.replace(generation, lambda: self._generations.point(generation))

    def switching(self) -> FileLock:
        """Return the right to say which generation is live, which is not taken yet."""
        return FileLock(self._generations.folder / "current.lock", "switching", timeout=PATIENCE)
