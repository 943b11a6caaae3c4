"""What a person, and a program, see of a run that goes on."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Mapping

import pytest

from hybridsearch.cli.progress import progress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which goes on only when a test says so."""
    now = [0.0]
    monkeypatch.setattr("hybridsearch.cli.progress.time.monotonic", lambda: now[0])
    return now


def counts(read: int = 0, cached: int = 0, encoded: int = 0, rejected: int = 0) -> Mapping[str, float]:
    """What a rebuild says beside its progress."""
    return {"read": read, "written": read, "rejected": rejected, "encoded": encoded, "cached": cached}


def test_a_pipe_gets_a_line_every_five_seconds(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as tell:
        for second in range(12):
            clock[0] = float(second)
            tell("indexing", 100 * second, 2_000, counts(cached=7, encoded=1_090, rejected=1))
    assert capsys.readouterr().err.splitlines() == [
        "indexing: 500 of 2,000, 100/s, 15 s left; 7 vectors from the cache, 1,090 encoded, 1 rejected",
        "indexing: 1,000 of 2,000, 100/s, 10 s left; 7 vectors from the cache, 1,090 encoded, 1 rejected",
    ]


def test_what_an_interrupted_process_did_is_not_part_of_the_pace(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with progress() as tell:
        for second, done in ((5, 1_000), (10, 1_010)):
            clock[0] = float(second)
            tell("indexing", done, None)
    assert capsys.readouterr().err.splitlines() == ["indexing: 1,000 of ?, 0/s", "indexing: 1,010 of ?, 2/s"]


def test_a_stage_is_timed_by_itself(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as tell:
        for second, stage, done in ((5, "heads", 90), (10, "heads", 100), (15, "full", 10), (20, "full", 60)):
            clock[0] = float(second)
            tell(stage, done, 160, {"loss": 1.5, "best": 0.25} if stage == "full" else {})
    assert capsys.readouterr().err.splitlines() == [
        "heads: 90 of 160, 0/s",
        "heads: 100 of 160, 2/s, 30 s left",
        "full: 10 of 160, 0/s; loss 1.50, best validation MAP 0.250",
        "full: 60 of 160, 10/s, 10 s left; loss 1.50, best validation MAP 0.250",
    ]


def test_a_slow_batch_has_a_pace_too(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as tell:
        for second, done in ((60, 256), (180, 512)):
            clock[0] = float(second)
            tell("indexing", done, 1_024)
    assert capsys.readouterr().err.splitlines()[-1] == "indexing: 512 of 1,024, 2/s, 240 s left"


def test_a_program_gets_json_lines(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with progress(as_json=True) as tell:
        for second, read in ((5, 256), (10, 512)):
            clock[0] = float(second)
            tell("indexing", read, None, counts(read))
    *_, last = capsys.readouterr().err.splitlines()
    assert json.loads(last) == {
        "stage": "indexing",
        "done": 512,
        **counts(512),
        "total": None,
        "per_second": 51.2,
        "seconds_left": None,
    }


def test_a_terminal_gets_one_line_that_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "160")
    with progress() as tell:
        tell("indexing", 512, 1_024, counts(512, cached=3))
        tell("promoting", 1_024, None, counts(1_024, cached=3))
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue()).replace("\r", "\n").splitlines()
    last = [line.strip() for line in lines if line.strip()][-1]
    assert last.startswith("promoting")
    assert "1024/?" in last
    assert "3 vectors from the cache, 0 encoded, 0 rejected" in last
