"""Products that are analysed in other processes: the index is the same, whatever becomes of those."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any, cast

import pytest

from hybridsearch import HybridSearch
from hybridsearch.confined import process
from hybridsearch.confined.workers import POOLS, Workers
from hybridsearch.disk.home import Home
from hybridsearch.engines.embedded.arrays.arrays import load_arrays
from hybridsearch.engines.embedded.stored.store import Store
from hybridsearch.errors import ConfigError
from hybridsearch.indexing import analysing, fill
from hybridsearch.indexing.analysing import Analysis
from hybridsearch.indexing.blocks import DECODER, LIMITS
from hybridsearch.indexing.build import Begun, Builder, Built
from hybridsearch.indexing.fill import Filling
from hybridsearch.indexing.journal import Journal
from hybridsearch.indexing.report import Report
from hybridsearch.roles import Fields
from hybridsearch.schema import Schema
from hybridsearch.values import Document, Product, Reject, Row
from tests.shops import quietly, settings, write_products

pytestmark = pytest.mark.beside_one_server

BATCH, PRODUCTS = 16, 6 * 16 + 5
ROOT = Path(__file__).parents[2]
SCHEMA = Schema(Fields(title="title"))
posix = pytest.mark.skipif(os.name != "posix", reason="signals")


def row(number: int) -> Row:
    """Return a product, in one of every 40 cases one that cannot be indexed."""
    price = "free" if number % 40 == 7 else number % 50
    said = [{"text": "Great value, fits well.", "rating": 5}] if number % 3 else "sturdy"
    return {"id": f"p{number}", "title": f"Red dress n{number} 跑步鞋", "price": price, "v": number % 9, "note": said}


def opened(folder: Path, engine: dict[str, Any]) -> HybridSearch:
    """Open a shop of some batches, with rows that are no products."""
    if not (folder / "products.jsonl").exists():
        write_products(folder / "products.jsonl", [*map(row, range(PRODUCTS)), {"title": "no id"}, row(3)])
    fields = {"title": "title", "numbers": ["price"], "version": "v", "languages": ["en", "ja"]}
    return HybridSearch.open(settings(folder, engine=engine, fields={**fields, "reviews": "note"}))


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(fill, "BATCH", BATCH)
    yield
    assert not alive()


def alive() -> list[int]:
    """Return the worker processes that analyse for this one."""
    return [each._process.pid for pool in list(POOLS) if pool.decoder is DECODER for each in list(pool._alive)]


def stored(found: HybridSearch, report: Report) -> dict[str, Document]:
    ids = [f"p{number}" for number in range(PRODUCTS)]
    found.engine.refresh(report.generation)
    return dict(found.engine.stored(report.generation, ids))


def told(report: Report) -> tuple[Any, ...]:
    """Return what a report says of products, and the rejects that it wrote down."""
    counts = (report.indexed, report.rejected, report.duplicates, report.reviews, report.older)
    assert report.rejects_file
    lines = map(json.loads, report.rejects_file.read_text(encoding="utf-8").splitlines())
    return *counts, [{**line, "time": ""} for line in lines]


def test_an_index_is_the_same_however_many_processes_made_it(tmp_path: Path, engine: dict[str, Any]) -> None:
    outcomes = []
    for workers in (1, 3):
        with opened(tmp_path, engine) as found:
            report = found.reindex(options=quietly(workers=workers))
            outcomes.append((told(report), stored(found, report)))
    assert outcomes[0] == outcomes[1]
    assert len(outcomes[0][1]) == report.indexed


def test_the_files_of_the_embedded_engine_are_the_same_to_the_byte(tmp_path: Path) -> None:
    contents = []
    for workers in (1, 2, 4):
        with opened(tmp_path, {}) as found:
            generation = found.reindex(options=quietly(workers=workers)).generation
            folder = next(tmp_path.rglob(generation))
        arrays, _ = load_arrays(folder / "compiled.arrays")
        store = Store(folder)
        contents.append(({name: array.tobytes() for name, array in arrays.items()}, list(store.records())))
        store.close()
    assert contents[0] == contents[1] == contents[2]


@posix
@pytest.mark.parametrize("times", [1, 100])
def test_no_product_is_lost_with_a_worker_that_is_killed_once_or_whenever_it_reads_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int, caplog: pytest.LogCaptureFixture
) -> None:
    log = tmp_path / "killed"
    killing = f"""
import os
from dataclasses import replace
from hybridsearch.indexing import blocks
sound = blocks.DECODER.decode
def decode(data, wanted, limits):
    log = open({str(log)!r}, "a+")
    if b"n40 " in data and log.tell() < {times}:
        log.write("x"), log.close(), os.kill(os.getpid(), 9)
    return sound(data, wanted, limits)
blocks.DECODER = replace(blocks.DECODER, decode=decode)
"""
    start = process.START.replace("from hybridsearch", f"exec({killing!r}); from hybridsearch")
    monkeypatch.setattr(process, "START", start)
    with opened(tmp_path, {}) as found:
        report = found.reindex(options=quietly(workers=2))
        assert len(stored(found, report)) == report.indexed == PRODUCTS - 3
    assert len(log.read_text()) == min(times, 2)
    assert "A process that decoded a block of products has ended" in caplog.text


@posix
def test_workers_that_are_killed_at_any_moment_change_nothing(tmp_path: Path) -> None:
    killed = []

    def kill(*_: object) -> None:
        for pid in alive():
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    with opened(tmp_path, {}) as found:
        whole = told(found.reindex(options=quietly(workers=1)))
        assert told(found.reindex(kill, quietly(workers=3))) == whole
    assert killed


@posix
def test_a_run_that_is_stopped_waits_for_no_worker_and_the_next_one_goes_on(tmp_path: Path) -> None:
    """The workers hang, as they would on a disk that is gone."""

    def stop(_: str, done: int, *__: object) -> None:
        if done == 2 * BATCH:
            for pid in alive():
                os.kill(pid, signal.SIGSTOP)
            raise KeyboardInterrupt

    with opened(tmp_path, {}) as found:
        whole = told(found.reindex(options=quietly(workers=1)))
        started = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            found.reindex(stop, quietly(workers=3))
        assert time.monotonic() - started < 30
        assert not alive()
        report = found.reindex(options=quietly(workers=2))
        assert report.resumed == 2 * BATCH
        assert told(report) == whole


PROGRAM = """
import sys
from pathlib import Path
from hybridsearch import HybridSearch
from hybridsearch.runtime import failpoints
from hybridsearch.indexing import fill
from hybridsearch.indexing.fill import Options
from tests.indexing.test_analysing import alive, opened

print("begun", flush=True)
failpoints.arm(sys.argv[2])
fill.BATCH = 16
with opened(Path(sys.argv[1]), {}) as found:
    report = found.reindex(lambda *_: print(*alive(), flush=True), Options(workers=3))
    print("ended", report.indexed, report.resumed)
"""


def test_a_program_without_a_guard_is_not_run_again_and_its_workers_end_with_it_when_it_is_killed(
    tmp_path: Path,
) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)

    def run(point: str) -> list[str]:
        command = [sys.executable, str(program), str(tmp_path), point]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, capture_output=True, timeout=120, check=False, env=environment)
        return done.stdout.decode().splitlines()

    killed = run("chunk.saved:3")
    whole = run("")
    assert killed[0] == whole[0] == "begun"
    assert (killed + whole).count("begun") == 2
    assert whole[-1] == f"ended {PRODUCTS - 3} {3 * BATCH}"
    pids = {int(pid) for line in [*killed[1:], *whole[1:-1]] for pid in line.split() if pid.isdecimal()}
    assert pids
    until = time.monotonic() + 10
    while any(map(runs, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(runs, pids))


def runs(pid: int) -> bool:
    """Tell whether a process has not ended."""
    return subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, check=False).stdout[:1] not in (
        b"",
        b"Z",
    )


def test_where_no_process_starts_products_are_analysed_in_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "frozen"))
    with opened(tmp_path, {}) as found:
        assert found.reindex(options=quietly(workers=2)).indexed == PRODUCTS - 3
    assert "Products are analysed in this process alone." in caplog.text


def test_a_small_catalogue_starts_no_process_by_itself_and_a_large_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysing, "cores", lambda: 2)
    seen: list[int] = []
    with opened(tmp_path, {}) as found:
        found.reindex(lambda *_: seen.extend(alive()), quietly())
        assert not seen
        monkeypatch.setattr(analysing, "SMALL", 2 * BATCH)
        assert found.reindex(lambda *_: seen.extend(alive()), quietly()).indexed == PRODUCTS - 3
    assert len(set(seen)) == 1
    with analysing.analysing(SCHEMA, 1, lambda _: cast(Executor, None)) as alone:
        assert (alone.room, alone.in_workers) == (0, False)


def test_no_more_cores_count_than_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3}, raising=False)
    assert analysing.cores() == 1


class Unhurried(Executor):
    """Begins with nothing until it is waited for."""

    def __init__(self) -> None:
        self.begun = 0

    def submit(self, *_: object, **__: object) -> Future[Any]:
        self.begun += 1
        future = Future[Any]()
        future.set_result(None)
        return future


class Nothing:
    """Builds nothing, and counts the batches that it has ended."""

    ended = 0

    def begin(self, rows: Sequence[Product | Reject]) -> Begun:
        return Begun(cast(Sequence[Product], rows), {}, Built())

    def finish(self, begun: Begun, _: object) -> Built:
        self.ended += 1
        return begun.built


def test_a_run_reads_no_further_ahead_than_a_block_for_each_worker_and_one(tmp_path: Path) -> None:
    builder, threads = Nothing(), Unhurried()
    filling = Filling(
        source=cast(Any, None),
        engine=cast(Any, None),
        generation="",
        builder=cast(Builder, builder),
        journal=Journal(Home(tmp_path).journal("x")),
        tally=cast(Any, None),
        progress=cast(Any, None),
        options=quietly(),
    )
    batches = [[Product(str(number), {}, "")] for number in range(20)]
    analysis = Analysis(SCHEMA, Workers(DECODER, LIMITS, 2), threads, most=2, before=3)
    ahead = []
    for number, (rows, _) in enumerate(filling.built(iter(batches), analysis)):
        assert rows == batches[number]
        ahead.append(threads.begun + 3 - builder.ended)
    assert (max(ahead), threads.begun, builder.ended) == (3, 17, 20)


@pytest.mark.parametrize("workers", [0, -1, True, "2", 1.5, 10_001])
def test_a_number_of_workers_that_is_none_is_refused(tmp_path: Path, workers: Any) -> None:
    with opened(tmp_path, {}) as found, pytest.raises(ConfigError, match=r"'workers' is .*expected a number from 1 to"):
        found.reindex(options=quietly(workers=workers))
