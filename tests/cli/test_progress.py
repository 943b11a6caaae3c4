"""What a person, and a program, see of a run that goes on."""

from __future__ import annotations

import io
import json
import re
import sys

import pytest

from hybridsearch.cli.progress import of_reindex, progress
from hybridsearch.indexing.report import Counts


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which goes on only when a test says so."""
    now = [0.0]
    monkeypatch.setattr("hybridsearch.cli.progress.time.monotonic", lambda: now[0])
    return now


def test_a_pipe_gets_a_line_every_five_seconds(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as tell:
        for second in range(12):
            clock[0] = float(second)
            of_reindex(tell)("indexing", Counts(read=100 * second, cached=7, encoded=90, rejected=1), 2_000)
    assert capsys.readouterr().err.splitlines() == [
        "indexing: 500 of 2,000, 0/s; 7 vectors from the cache, 90 encoded, 1 rejected",
        "indexing: 1,000 of 2,000, 100/s, 10 s left; 7 vectors from the cache, 90 encoded, 1 rejected",
    ]


def test_a_stage_is_timed_by_itself(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as tell:
        for second, stage, done in ((5, "heads", 90), (10, "heads", 100), (15, "full", 10), (20, "full", 60)):
            clock[0] = float(second)
            tell(stage, done, 160, "MRR 0.2" if stage == "full" else "")
    assert capsys.readouterr().err.splitlines() == [
        "heads: 90 of 160, 0/s",
        "heads: 100 of 160, 2/s, 30 s left",
        "full: 10 of 160, 0/s; MRR 0.2",
        "full: 60 of 160, 10/s, 10 s left; MRR 0.2",
    ]


def test_a_program_gets_json_lines(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with progress(as_json=True) as tell:
        for second, read in ((5, 256), (10, 512)):
            clock[0] = float(second)
            of_reindex(tell)("indexing", Counts(read=read, written=read), None)
    *_, last = capsys.readouterr().err.splitlines()
    found = json.loads(last)
    assert (found["stage"], found["read"], found["total"]) == ("indexing", 512, None)
    assert (found["per_second"], found["seconds_left"], found["rejected"]) == (51.2, None, 0)


def test_a_terminal_gets_one_line_that_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "160")
    with progress() as tell:
        of_reindex(tell)("indexing", Counts(read=512, cached=3), 1_024)
        of_reindex(tell)("promoting", Counts(read=1_024, cached=3), None)
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue()).replace("\r", "\n").splitlines()
    last = [line.strip() for line in lines if line.strip()][-1]
    assert last.startswith("promoting")
    assert "1024/?" in last
    assert "3 vectors from the cache, 0 encoded, 0 rejected" in last
