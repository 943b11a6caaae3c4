"""The engine in a folder: no server, one writer and any number of readers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from hybridsearch.disk.lock import FileLock
from hybridsearch.engines.base import Check, Generation, Lease, Request, Written, new_name
from hybridsearch.engines.embedded import health
from hybridsearch.engines.embedded.compiled.view import View
from hybridsearch.engines.embedded.compiled.views import Views
from hybridsearch.engines.embedded.search.beside import counts
from hybridsearch.engines.embedded.search.ranking import rank
from hybridsearch.engines.embedded.stored.changes import FileChanges
from hybridsearch.engines.embedded.stored.generations import Generations
from hybridsearch.engines.embedded.stored.store import Store
from hybridsearch.engines.embedded.writers import PATIENCE, Writers
from hybridsearch.errors import EngineError, StoreDamaged
from hybridsearch.runtime import forks
from hybridsearch.runtime.calls import Calls, while_open
from hybridsearch.runtime.failpoints import reach
from hybridsearch.schema import Schema
from hybridsearch.search.bars import wanting
from hybridsearch.search.loosened import by_words_alone, fuller, loosened_plan
from hybridsearch.search.plan import Plan
from hybridsearch.search.results import Results, page_of
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.values import Document, Indexed, Page, Row


class EmbeddedEngine:
    """Generations are folders `FOLDER/INDEX/DATE-TIME-RANDOM`; the file `current` names the live one.

    Searches may run in several threads, and each notices what another process promoted before it began. A forked
    process opens everything for itself.
    """

    retried = 0  # nothing is ever repeated on a disk

    def __init__(self, folder: Path, index: str, *, keep: int = 1, approximate: bool | None = None) -> None:
        self.index, self.keep, self.approximate = index, keep, approximate
        self.folder = folder / index
        self._generations = Generations(self.folder)
        self._calls = Calls(f"The index '{index}' was closed. Open the shop again.")
        self.after_fork()
        forks.register(self)

    def after_fork(self) -> None:
        """Begin with nothing open: no lock and no connection of the parent."""
        self._views = Views(self._generations, approximate=self.approximate is not False)
        self._writers = Writers(self._generations, self._views, approximate=self.approximate)

    @property
    def changes(self) -> FileChanges:
        return FileChanges(self.folder)

    @contextmanager
    def lease(self, owner: str) -> Iterator[Lease]:  # noqa: ARG002 - the lock's file names the process
        with FileLock(self.folder / "run.lock", "rebuilding") as lock:
            yield lock

    @while_open
    def create(self, schema: Schema) -> str:
        with self._writers.alone:
            generation = new_name()
            self._generations.mark_unfinished(generation)
            Store.create(self._generations.path(generation), schema).close()
        return generation

    @while_open
    def write(self, generation: str | None, documents: Sequence[Document]) -> Written:
        return self._writers.change(generation, lambda store: store.write(documents))

    @while_open
    def remove(self, generation: str | None, ids: Mapping[str, int | None]) -> Written:
        return self._writers.change(generation, lambda store: store.remove(ids))

    def routing(self, generation: str | None, ids: Sequence[str]) -> Mapping[str, str]:  # noqa: ARG002
        return {}

    @while_open
    def refresh(self, generation: str) -> int:
        with self._writers.alone:
            self._writers.compile(generation)
            documents = self._writers.store(generation).count()
            self._writers.release(generation)
            return documents

    @while_open
    def stored(self, generation: str | None, ids: Sequence[str]) -> Mapping[str, Document]:
        with self._store(generation) as store:
            return self._view().stored(ids) if generation is None else store.stored(ids)

    @while_open
    def ids(self, generation: str) -> Iterator[str]:
        with closing(Store(self._generations.path(generation))) as store:
            return iter(store.ids())

    @while_open
    def promote(self, generation: str, schema: Schema) -> None:
        with self._writers.alone:
            before = self._generations.live_name()
            if before != generation:
                self._writers.store(generation).save_schema(schema)
                reach("promote.described")
                self._writers.compile(generation)
                self._writers.release(generation)
                reach("promote.settled")
                self.switch(generation)
                reach("promote.swapped")
            self._prune(before)
            reach("promote.pruned")

    def reopen(self, generation: str) -> None:
        """Every generation of a folder may be written to."""

    @while_open
    def switch(self, generation: str) -> None:
        self._generations.mark_finished(generation)
        with self._writers.switching():
            self._generations.point(generation)

    @while_open
    def discard(self, generation: str) -> None:
        with self._writers.alone:
            if generation == self._generations.live_name():
                raise EngineError(f"Generation '{generation}' is live. Promote another one before it is removed.")
            self._writers.release(generation)
            with self._generations.writing(generation, timeout=PATIENCE) as lock:
                self._generations.remove(generation)
            lock.path.unlink(missing_ok=True)

    @while_open
    def generations(self) -> list[Generation]:
        live = self._generations.live_name()
        return [self._info(name, live) for name in self._generations.names()]

    @while_open
    def content_version(self) -> str:
        live = self._views.live()
        _, *changes = live.stamp  # the process number says nothing about the content
        return " ".join(map(str, (live.generation, *changes)))

    @while_open
    def outlook(self) -> list[str]:
        live = self._generations.live_name()
        return [f"takes the place of generation '{live}', which is kept"] if live else []

    def warnings(self) -> list[str]:
        return []

    def abandon(self) -> None:
        """Nothing waits here."""

    @while_open
    def schema(self, generation: str | None = None, *, fresh: bool = False) -> Schema:  # noqa: ARG002 - it always is
        return self._view(generation).schema

    async def schema_async(self) -> Schema:
        return await asyncio.to_thread(self.schema)

    @while_open
    def lexicon(self, generation: str | None = None) -> Lexicon:
        return self._view(generation).lexicon

    async def lexicon_async(self) -> Lexicon:
        return await asyncio.to_thread(self.lexicon)

    @while_open
    def vectors(self, leg: str) -> int:
        return self._view(None).vectors(leg)

    @while_open
    def request(self, plan: Plan) -> Request:
        """Return what a current Elasticsearch with one shard would be sent."""
        from hybridsearch.engines.elasticsearch.request.request import to_elasticsearch, to_request

        if plan.needs_best or wanting(plan):
            plan = rank(plan, self._view(None)).plan
        return to_request(plan, self.index, to_elasticsearch(plan))

    @while_open
    def search(self, plan: Plan, generation: str | None = None) -> Page:
        started = time.perf_counter()
        page = self._page(plan, generation)
        if loosened := loosened_plan(plan, page):
            alone = by_words_alone(plan)
            if not (alone and self._page(alone, generation).total):
                page = fuller(page, self._page(loosened, generation))
        return replace(page, took_ms=(time.perf_counter() - started) * 1000)

    def _page(self, plan: Plan, generation: str | None) -> Page:
        """Return what a plan finds as it is."""
        view = self._view(generation)
        ranking = rank(plan, view)
        products = view.store.read([int(view.numbers[placed.ordinal]) for placed in ranking.placed])
        hits = tuple(
            product.to_hit(placed.score, placed.signals, plan)
            for placed, product in zip(ranking.placed, products, strict=True)
        )
        written = [
            view.table(plan, each.field).in_any_case(each.role, each.field, map(str, each.values))
            for each in plan.compared
        ]
        found = Results(
            hits,
            ranking.total,
            ranking.facets,
            details=ranking.details,
            written=written,
            keys=ranking.keys,
            vectors=view.vectors_of([placed.ordinal for placed in ranking.placed], plan.shown_legs),
            proved=ranking.proved,
            counted=counts(plan, view) if plan.counted else (),
        )
        return page_of(ranking.plan, found)

    async def search_async(self, plan: Plan) -> Page:
        return await asyncio.to_thread(self.search, plan)

    @while_open
    def get(self, ids: Sequence[str], generation: str | None = None) -> Mapping[str, Row]:
        with self._store(generation) as store:
            return store.get(ids)

    @contextmanager
    def _store(self, generation: str | None) -> Iterator[Store]:
        """Yield where products are looked up; of a generation that is not live nothing is compiled for that."""
        if generation is None:
            yield self._view(None).store
            return
        with closing(Store(self._generations.path(generation))) as store:
            yield store

    async def get_async(self, ids: Sequence[str]) -> Mapping[str, Row]:
        return await asyncio.to_thread(self.get, ids)

    @while_open
    def indexed(self, ids: Sequence[str]) -> Mapping[str, Indexed]:
        return self._view(None).indexed(ids)

    async def indexed_async(self, ids: Sequence[str]) -> Mapping[str, Indexed]:
        return await asyncio.to_thread(self.indexed, ids)

    @while_open
    def check(self) -> list[Check]:
        return health.checks(self._generations, self.changes)

    @while_open
    def repair(self) -> list[str]:
        try:
            self.changes.verify()
        except StoreDamaged:
            return self.changes.repair()
        return []

    def close(self) -> None:
        self._calls.close(self._close)

    def _close(self) -> None:
        with self._writers.alone:
            self._writers.close()
            self._views.close()

    async def close_async(self) -> None:
        await asyncio.to_thread(self.close)

    def _view(self, generation: str | None = None) -> View:
        return self._views.live().view if generation is None else self._views.of(generation)

    def _info(self, generation: str, live: str | None) -> Generation:
        folder = self._generations.path(generation)
        unfinished = self._generations.is_unfinished(generation)
        state = "live" if generation == live else "unfinished" if unfinished else "kept"
        try:
            with closing(Store(folder)) as store:
                documents = store.count()
        except EngineError:
            documents = 0  # never finished, or damaged: its documents cannot be counted
        return Generation(generation, state, documents, health.size_of(folder))  # type: ignore[arg-type]

    def _prune(self, before: str | None) -> None:
        """Remove finished generations beyond those to keep; the one that was live before is kept first."""
        live = self._generations.live_name()
        free = [
            name
            for name in reversed(self._generations.names())
            if name != live and name not in self._writers and not self._generations.is_unfinished(name)
        ]
        for name in sorted(free, key=lambda name: name != before)[self.keep :]:
            self.discard(name)
