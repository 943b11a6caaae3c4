"""A lock on a file: one owner at a time, and none once the owner has ended."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hybridsearch.disk.lock import FileLock
from hybridsearch.errors import EngineError

ROOT = Path(__file__).parents[2]
OWNER = """
import sys
from pathlib import Path
from hybridsearch.disk.lock import FileLock

lock = FileLock(Path(sys.argv[1]), "tuning in")
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_owner_is_refused_with_the_process_of_the_first_and_what_it_does(tmp_path: Path) -> None:
    path = tmp_path / "new" / "lock"
    with FileLock(path, "tuning in"), pytest.raises(EngineError) as refused:
        FileLock(path, "tuning in").acquire()
    assert str(refused.value) == (
        f"Process {os.getpid()} is tuning in '{tmp_path / 'new'}'. Wait until it has ended, then try again."
    )


def test_a_released_lock_can_be_taken_and_taking_it_twice_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with FileLock(path, "tuning in") as first:
        first.acquire()
    with FileLock(path, "tuning in") as second:
        second.require()


def test_an_owner_that_releases_the_lock_in_time_is_waited_for(tmp_path: Path) -> None:
    path, first = tmp_path / "lock", FileLock(tmp_path / "lock", "tuning in")
    first.acquire()
    threading.Timer(0.1, first.close).start()
    started = time.monotonic()
    with FileLock(path, "tuning in", timeout=30):
        assert 0.05 < time.monotonic() - started < 30


def test_a_killed_process_holds_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    command = [sys.executable, "-c", OWNER, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(EngineError, match=f"Process {process.pid} is tuning in"):
            FileLock(path, "tuning in").acquire()
        process.kill()
        process.wait()
        with FileLock(path, "tuning in"):
            pass


def test_whether_a_lock_is_held_can_be_asked_without_taking_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not FileLock(path, "tuning in").is_held()
    assert not path.exists()
    with FileLock(path, "tuning in"):
        assert FileLock(path, "tuning in").is_held()
    assert not FileLock(path, "tuning in").is_held()
    with FileLock(path, "tuning in") as lock:
        lock.require()
