"""A search never waits for a writer, finds what its own process wrote at once, and never sees a half state."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from hybridsearch.disk.lock import FileLock
from hybridsearch.engines.embedded import EmbeddedEngine
from hybridsearch.engines.embedded.arrays.arrays import InPieces
from hybridsearch.engines.embedded.compiled import layers, views
from hybridsearch.engines.embedded.compiled.compiling import compile_store
from hybridsearch.engines.embedded.stored.store import Store
from hybridsearch.search.clauses import Counted
from hybridsearch.search.filters.conditions import Ids
from hybridsearch.search.plan import Plan
from tests.engines.embedded.builders import document, fill, ids, search_words, words

EVERYTHING = Plan("browse", "", size=1000)
SOON = 20.0
"""Seconds after which a thread counts as one that waits."""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    with closing(EmbeddedEngine(tmp_path, "products")) as engine:
        yield engine


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    """Another engine, as another process has it: they share nothing but files."""
    with closing(EmbeddedEngine(tmp_path, "products")) as engine:
        yield engine


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return where searches had to compile, in order."""
    folders: list[Path] = []

    def compile_in_search(store: Store) -> InPieces:
        folders.append(store.folder)
        return compile_store(store)

    monkeypatch.setattr(views, "compile_store", compile_in_search)
    return folders


@contextmanager
def stopped(monkeypatch: pytest.MonkeyPatch, work: Callable[[], object]) -> Iterator[None]:
    """Begin work of a writer in a thread, which stands still, with the write done, before it compiles."""
    arrived, go_on = threading.Event(), threading.Event()

    def compile_later(store: Store, **rest: Any) -> InPieces:
        arrived.set()
        assert go_on.wait(SOON)
        return compile_store(store, **rest)

    with monkeypatch.context() as patched, ThreadPoolExecutor() as threads:
        patched.setattr(layers, "compile_store", compile_later)
        done = threads.submit(work)
        try:
            assert arrived.wait(SOON)
            yield
        finally:
            go_on.set()
            done.result(SOON)


def test_a_search_does_not_wait_for_a_change_of_its_process_that_waits_for_another_process(
    engine: EmbeddedEngine, writer: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    live = fill(engine, document("a"))
    writer.write(None, [document("b")])
    waits = threading.Event()
    acquire = FileLock.acquire

    def acquire_and_tell(lock: FileLock) -> None:
        waits.set()
        acquire(lock)

    monkeypatch.setattr(FileLock, "acquire", acquire_and_tell)
    with ThreadPoolExecutor() as threads:
        with closing(FileLock(tmp_path / "products" / f"{live}.lock", "writing to")) as other_process:
            acquire(other_process)
            change = threads.submit(engine.write, None, [document("c")])
            assert waits.wait(SOON)
            assert ids(threads.submit(engine.search, EVERYTHING).result(SOON)) == ["a", "b"]
            assert not change.done()
        change.result(SOON)
    assert ids(engine.search(EVERYTHING)) == ["a", "b", "c"]


def test_a_search_does_not_wait_for_a_change_of_its_process_that_compiles(
    engine: EmbeddedEngine, writer: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch, compiled: list[Path]
) -> None:
    fill(engine, document("a"))
    engine.search(EVERYTHING)
    with ThreadPoolExecutor() as threads:
        with stopped(monkeypatch, lambda: engine.write(None, [document("b")])):
            writer.switch(writer.generations()[0].name)  # changes the stamp
            assert ids(threads.submit(engine.search, EVERYTHING).result(SOON)) == ["a"]
        assert ids(engine.search(EVERYTHING)) == ["a", "b"]
    assert compiled == []


def test_each_thread_finds_what_it_wrote_at_once_while_others_write(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(thread: int) -> None:
        for turn in range(5):
            engine.write(None, [document(f"{thread}-{turn}")])
            assert f"{thread}-{turn}" in ids(engine.search(EVERYTHING))
            assert f"{thread}-{turn}" in engine.get([f"{thread}-{turn}"])
            if turn % 2:
                engine.remove(None, {f"{thread}-{turn}": None})
                assert f"{thread}-{turn}" not in ids(engine.search(EVERYTHING))

    fill(engine, document("a"))
    engine.search(EVERYTHING)
    opened: list[str] = []
    monkeypatch.setattr(views.Views, "_reopened", lambda _, stamp, name: opened.append(f"{name} at {stamp}"))
    with ThreadPoolExecutor() as threads:
        list(threads.map(change, range(4)))
    assert ids(engine.search(EVERYTHING)) == [*(f"{thread}-{turn}" for thread in range(4) for turn in (0, 2, 4)), "a"]
    assert opened == []


def test_a_view_serves_on_while_another_process_compiles_and_is_replaced_when_it_has(
    engine: EmbeddedEngine, writer: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch, compiled: list[Path]
) -> None:
    fill(engine, document("a"))
    version = engine.search(EVERYTHING) and engine.content_version()
    writer.write(None, [document("b")])
    with stopped(monkeypatch, lambda: writer.write(None, [document("c")])):
        assert ids(engine.search(EVERYTHING)) == ["a"]
        assert engine.content_version() == version
    assert ids(engine.search(EVERYTHING)) == ["a", "b", "c"]
    assert engine.content_version() != version
    assert compiled == []


def test_a_view_serves_on_for_some_seconds_at_most(
    engine: EmbeddedEngine, writer: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch, compiled: list[Path]
) -> None:
    live = fill(engine, document("a"))
    engine.search(EVERYTHING)
    writer.write(None, [document("b")])
    with stopped(monkeypatch, lambda: writer.write(None, [document("c")])):
        assert ids(engine.search(EVERYTHING)) == ["a"]
        monkeypatch.setattr(views, "SERVES_ON", 0.0)
        assert ids(engine.search(EVERYTHING)) == ids(engine.search(EVERYTHING)) == ["a", "b", "c"]
        assert [folder.name for folder in compiled] == [live]
    assert ids(engine.search(EVERYTHING)) == ["a", "b", "c"]


def test_a_view_does_not_serve_on_for_a_writer_that_died(
    engine: EmbeddedEngine, writer: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch, compiled: list[Path]
) -> None:
    live = fill(engine, document("a"))
    engine.search(EVERYTHING)
    writer.write(None, [document("b")])
    with monkeypatch.context() as patched:
        patched.setattr(layers, "compile_store", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            writer.write(None, [document("c")])
    assert ids(engine.search(EVERYTHING)) == ["a", "b", "c"]
    assert [folder.name for folder in compiled] == [live]


def test_a_view_does_not_serve_on_once_another_generation_is_live(
    engine: EmbeddedEngine, writer: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch, compiled: list[Path]
) -> None:
    fill(engine, document("a"))
    engine.search(EVERYTHING)
    live = fill(writer, document("b"))
    with stopped(monkeypatch, lambda: writer.write(None, [document("c")])):
        assert ids(engine.search(EVERYTHING)) == ["b", "c"]
    assert [folder.name for folder in compiled] == [live]


def test_a_view_that_was_replaced_is_freed_when_its_last_search_ends(engine: EmbeddedEngine) -> None:
    fill(engine, document("a"))
    view = engine._view()
    freed = weakref.ref(view)
    engine.write(None, [document("b")])
    assert view.store.ids() == ["a"]
    del view
    gc.collect()
    assert freed() is None


def test_a_view_that_was_replaced_is_free_at_once_without_the_garbage_collector(engine: EmbeddedEngine) -> None:
    """Each has arrays of all products and holds the log of SQLite: none may wait until there are many."""
    fill(engine, document("p1", "red dress"), document("p2", "red hat"))
    plan = search_words("red", filters=(Ids(("p1", "p2")),), counted=(Counted(words("red")),))
    gc.collect()
    gc.disable()
    try:
        for number in range(3):
            assert engine.search(plan).total == 2
            assert len(engine.indexed(["p1"])) == 1
            before = weakref.ref(engine._view())
            engine.write(None, [document("p2", f"red hat {number}")])
            assert before() is None
    finally:
        gc.enable()
