"""The engine in a folder: no server, exact vector search, one writer and any number of readers."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path

from hybridsearch.engines.base import Check
from hybridsearch.engines.embedded import health
from hybridsearch.engines.embedded.generations import Generations, Stamp
from hybridsearch.engines.embedded.lock import WriterLock
from hybridsearch.engines.embedded.ranking import rank
from hybridsearch.engines.embedded.store import Store
from hybridsearch.engines.embedded.view import View, compile_store, load_compiled, save_compiled
from hybridsearch.errors import EngineError, IndexMissing
from hybridsearch.plan import Plan
from hybridsearch.schema import Schema
from hybridsearch.values import Document, Hit, Page, Reject, Row

log = logging.getLogger(__name__)


class EmbeddedEngine:
    """Generations are folders `FOLDER/INDEX/DATE-TIME-RANDOM`; the file `current` names the live one.

    Searches may run in several threads, and each notices what another process promoted before it began. The right to
    write is taken with the first write and given back when no generation is open to write any more.
    """

    def __init__(self, folder: Path, index: str) -> None:
        self.index = index
        self.generations = Generations(folder / index)
        self._writer_lock = WriterLock(folder / index / "writer.lock")
        self._writers: dict[str, Store] = {}
        self._live: tuple[Stamp, View] | None = None
        self._lock = threading.RLock()

    def create(self, schema: Schema) -> str:
        with self._lock:
            self._writer_lock.acquire()
            generation = self.generations.new()
            try:
                self._writers[generation] = Store.create(self.generations.path(generation), schema)
            finally:
                self._give_back()
        return generation

    def write(self, generation: str, documents: Sequence[Document]) -> list[Reject]:
        with self._lock:
            return self._writer(generation).write(documents)

    def refresh(self, generation: str) -> tuple[int, list[Reject]]:
        with self._lock:
            store = self._writer(generation)
            if load_compiled(store) is None:
                save_compiled(store, compile_store(store))
                if generation == self.generations.named():
                    self.generations.point(generation)
            return store.count(), []

    def promote(self, generation: str, schema: Schema) -> None:
        with self._lock:
            self._writer(generation).save_schema(schema)
            self.refresh(generation)
            self._writers.pop(generation).close()
            before = self.generations.named()
            self.generations.point(generation)
            if before != generation:
                for other in set(self.generations.names()) - {before, generation, *self._writers}:
                    self.generations.remove(other)
            self._give_back()

    def discard(self, generation: str) -> None:
        with self._lock:
            if generation == self.generations.named():
                raise EngineError(f"Generation '{generation}' is live. Promote another one before it is removed.")
            self._writer_lock.acquire()
            if generation in self._writers:
                self._writers.pop(generation).close()
            self.generations.remove(generation)
            self._give_back()

    def schema(self) -> Schema:
        return self._view().schema

    def identity(self) -> str:
        self._view()
        _, *changes = self.generations.stamp() or (0,)  # the process number says nothing about the content
        return " ".join(map(str, (self.generations.named(), *changes)))

    def search(self, plan: Plan) -> Page:
        started = time.perf_counter()
        view = self._view()
        ranking = rank(plan, view)
        products = view.store.read([int(view.numbers[placed.ordinal]) for placed in ranking.placed])
        hits = tuple(
            Hit(product.id, placed.score, placed.signals, product.to_row() if plan.rows else {})
            for placed, product in zip(ranking.placed, products, strict=True)
        )
        return Page(
            query=plan.query,
            hits=hits,
            total=ranking.total,
            facets=ranking.facets,
            number=plan.number,
            degraded=plan.degraded,
            notes=plan.notes,
            took_ms=(time.perf_counter() - started) * 1000,
        )

    async def search_async(self, plan: Plan) -> Page:
        return await asyncio.to_thread(self.search, plan)

    def get(self, ids: Sequence[str]) -> Mapping[str, Row]:
        return self._view().store.get(ids)

    def check(self) -> list[Check]:
        return health.checks(self.generations)

    def close(self) -> None:
        with self._lock:
            for store in self._writers.values():
                store.close()
            self._writers.clear()
            self._writer_lock.close()
            if self._live is not None:
                self._live[1].store.close()
                self._live = None

    async def close_async(self) -> None:
        self.close()

    def _view(self) -> View:
        """Return the view of the live generation, opened anew when that has changed."""
        live = self._live
        if live is not None and live[0] == self.generations.stamp():
            return live[1]
        with self._lock:
            while True:
                stamp = self.generations.stamp()
                generation = self.generations.live()
                if stamp is None or generation is None:
                    raise IndexMissing(
                        f"Index '{self.index}' is missing in '{self.generations.folder.parent}'. "
                        "Create it with: hybridsearch reindex"
                    )
                if self._live is not None and self._live[0] == stamp:
                    return self._live[1]
                try:
                    view = self._open(generation)
                except EngineError:
                    # Two promotions since the pointer was read remove what it named.
                    if self.generations.stamp() == stamp:
                        raise
                    continue
                self._live = (stamp, view)
                return view

    def _open(self, generation: str) -> View:
        """Open a generation to read; make what is compiled anew if need be, and keep it if nobody is writing."""
        store = Store(self.generations.path(generation))
        arrays = load_compiled(store)
        if arrays is None:
            log.warning(
                "Compiling '%s': its compiled file is absent, damaged, or older than the documents.", generation
            )
            arrays = compile_store(store)
            # Not this engine's own lock: that may be held for a generation that is being filled.
            with suppress(EngineError), closing(WriterLock(self._writer_lock.path)) as lock:
                lock.acquire()
                save_compiled(store, arrays)
        return View(store, arrays)

    def _writer(self, generation: str) -> Store:
        if generation not in self._writers:
            self._writer_lock.acquire()
            try:
                self._writers[generation] = Store(self.generations.path(generation), writing=True)
            finally:
                self._give_back()
        return self._writers[generation]

    def _give_back(self) -> None:
        """Let go of the right to write, if nothing is open to write."""
        if not self._writers:
            self._writer_lock.close()
