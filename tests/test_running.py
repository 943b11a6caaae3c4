"""Running: every process sees how far a rebuild is, whichever process it runs in; a killed one goes on in none."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch import HybridSearch
from hybridsearch.disk.home import Home
from hybridsearch.errors import GateError
from hybridsearch.running import Run, is_under_way, last, telling
from hybridsearch.runtime.progress import silent
from tests.shops import quietly, settings, write_products


def test_a_rebuild_says_how_far_it_is_and_what_came_out(tmp_path: Path) -> None:
    seen: list[tuple[Run | None, bool]] = []
    with HybridSearch.open(settings(tmp_path)) as shop:
        path = Home(shop.settings.home).rebuild(shop.settings.engine.index)
        assert (last(path), is_under_way(path)) == (None, False)
        report = shop.reindex(lambda *_: seen.append((last(path), is_under_way(path))), quietly())
    assert {under_way for _, under_way in seen} == {True}
    during, after = seen[0][0], last(path)
    assert during is not None
    assert after is not None
    assert (during.process, during.ended) == (os.getpid(), "")
    assert (after.ended, after.report["indexed"], after.report["generation"]) == ("done", 5, report.generation)
    assert not is_under_way(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_rebuild_that_is_refused_says_why(tmp_path: Path) -> None:
    write_products(tmp_path / "products.jsonl", [])
    with HybridSearch.open(settings(tmp_path)) as shop, pytest.raises(GateError) as refused:
        shop.reindex(options=quietly())
    found = last(Home(tmp_path / ".hybridsearch").rebuild("products"))
    assert found is not None
    assert (found.ended, found.said) == ("failed", str(refused.value))


KILLED = """
import os, pathlib, sys
from hybridsearch.runtime.progress import silent
from hybridsearch.running import telling

with telling(pathlib.Path(sys.argv[1]), silent) as run:
    run("indexing", 7, 10)
    os._exit(9)
"""


def test_a_run_that_was_killed_is_under_way_no_more(tmp_path: Path) -> None:
    path = tmp_path / "home" / "progress.json"
    with subprocess.Popen([sys.executable, "-c", KILLED, str(path)]) as child:
        assert child.wait() == 9
    found = last(path)
    assert found is not None
    assert (found.process, found.ended) == (child.pid, "")
    assert not is_under_way(path)


def test_it_is_written_about_once_a_second_and_the_end_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, now, told = tmp_path / "home" / "progress.json", [100.0], []
    monkeypatch.setattr("hybridsearch.running.time.monotonic", lambda: now[0])
    with telling(path, lambda *given: told.append(given)) as run:
        for second, done in ((100.5, 1), (101.0, 2), (101.5, 3)):
            now[0] = second
            run("indexing", done, 4, {"rejected": 1})
        during = last(path)
        run.ended({"indexed": 4})
    after = last(path)
    assert during is not None
    assert after is not None
    assert (during.done, during.total, during.counts) == (2, 4, {"rejected": 1})
    assert (after.done, after.report) == (3, {"indexed": 4})
    assert [given[1] for given in told] == [1, 2, 3]


def test_where_it_cannot_be_written_the_run_goes_on(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("no folder")
    with telling(tmp_path / "home" / "progress.json", silent) as run:
        run("indexing", 1, 2)
        run.ended({})


def test_a_second_run_does_not_write_over_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hybridsearch.running.PATIENCE", 0.0)
    path = tmp_path / "home" / "progress.json"
    with telling(path, silent) as first:
        first.ended({"number": 1})
        with telling(path, silent) as second:
            second.ended({"number": 2})
    found = last(path)
    assert found is not None
    assert found.report == {"number": 1}


def test_the_time_that_is_left_follows_from_the_speed_of_the_stage() -> None:
    run = Run(1, begun=0.0, changed=10.0, stage="indexing", staged=10.0, already=100, done=100, total=300)
    assert (run.per_second, run.seconds_left) == (0.0, None)
    later = run.at("indexing", 150, 300, {}, now=15.0)
    assert (later.per_second, later.seconds_left) == (50 / 5, 150 / 10)
    assert later.at("checking", 300, None, {}, now=20.0).seconds_left is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"process": "x"}', "\udcff"])
def test_what_is_no_such_file_is_no_run(tmp_path: Path, content: str) -> None:
    (tmp_path / "progress.json").write_text(content, errors="surrogateescape")
    assert last(tmp_path / "progress.json") is None


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.floats(0, 10**6), st.floats(0, 10**6))
def test_speed_and_time_are_numbers_whatever_the_clock_does(done: int, total: int, staged: float, now: float) -> None:
    run = Run(1, 0.0, now, "indexing", staged, done=done, total=total)
    assert run.seconds_left is None or run.seconds_left >= 0
