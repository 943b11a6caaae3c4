"""A connection that threads share: closed while they use it, and used after it was closed or the process forked."""

from __future__ import annotations

import gc
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hybridsearch.disk.database import Database
from hybridsearch.errors import EngineError, ShopClosed
from hybridsearch.runtime import forks

ROOT = Path(__file__).parents[2]
COUNT = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 200000) SELECT count(*) FROM n"
CLOSING = """
import sys, threading, time
from pathlib import Path
from hybridsearch.errors import ShopClosed
from tests.disk.test_database import COUNT, opened

def count(database):
    try:
        while True:
            with database.use() as db:
                assert db.execute(COUNT).fetchall() == [(200000,)]
    except ShopClosed:
        pass

database, left_open = (opened(Path(path)) for path in sys.argv[1:])
threads = [threading.Thread(target=count, args=[database]) for _ in range(3)]
[thread.start() for thread in threads]
time.sleep(0.05)
database.close()
[thread.join() for thread in threads]
threading.Thread(target=count, args=[left_open], daemon=True).start()
time.sleep(0.05)  # it runs while the process ends
"""


@forks.still()
def opened(path: Path) -> Database:
    return Database(path, sqlite3.connect(path, check_same_thread=False))


def test_a_statement_that_runs_is_waited_for(tmp_path: Path) -> None:
    """Attack: a shop closed under its searches."""
    command = [sys.executable, "-c", CLOSING, *(str(tmp_path / name) for name in ("some.db", "another.db"))]
    assert subprocess.run(command, cwd=ROOT, timeout=60).returncode == 0


def test_a_closed_file_says_so(tmp_path: Path) -> None:
    database = opened(tmp_path / "some.db")
    database.close()
    database.close()
    with pytest.raises(ShopClosed, match=r"some.db' was closed\. Open the shop again\."), database.use():
        pass


def test_a_file_that_nobody_refers_to_is_closed(tmp_path: Path) -> None:
    database = opened(tmp_path / "some.db")
    with database.use() as db:
        pass
    del database
    gc.collect()
    with pytest.raises(sqlite3.ProgrammingError, match="closed database"):
        db.execute("SELECT 1")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_neither_uses_nor_rolls_back_what_its_parent_writes(tmp_path: Path) -> None:
    database = opened(tmp_path / "some.db")
    with database.use() as db:
        db.execute("CREATE TABLE t (x)")
        db.execute("INSERT INTO t VALUES (1)")
        child = os.fork()
        if not child:
            try:
                with database.use():
                    os._exit(1)
            except EngineError as error:
                said = f"was opened by process {os.getppid()}, of which this one, {os.getpid()}, was forked. "
                database.close()
                del database
                gc.collect()
                os._exit(0 if said in str(error) else 2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        db.commit()
        assert db.execute("SELECT x FROM t").fetchall() == [(1,)]
    database.close()


def test_threads_take_turns(tmp_path: Path) -> None:
    database, inside, most = opened(tmp_path / "some.db"), [0], [0]

    def use() -> None:
        for _ in range(50):
            with database.use() as db:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                db.execute("SELECT 1").fetchall()
                inside[0] -= 1

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database.close()
    assert most == [1]


INTERRUPTED = """
import faulthandler, random, signal, sys, threading, time
from contextlib import suppress
from pathlib import Path
from tests.disk.test_database import opened

class Interrupted(BaseException):
    pass

def interrupt(*_):
    raise Interrupted

faulthandler.dump_traceback_later(20, exit=True)
signal.signal(signal.SIGALRM, interrupt)
database, luck = opened(Path(sys.argv[1])), random.Random(1)
end = time.monotonic() + 3
while time.monotonic() < end:
    with suppress(Interrupted):
        try:
            signal.setitimer(signal.ITIMER_REAL, luck.uniform(1e-5, 3e-4))
            while True:
                with database.use() as db:
                    db.execute("SELECT 1").fetchall()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
thread = threading.Thread(target=database.close)
thread.start()
thread.join()
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timers of signals")
def test_an_exception_of_a_signals_handler_leaves_the_file_free(tmp_path: Path) -> None:
    """Attack: Ctrl-C, or an alarm that raises, at thousands of moments of a use."""
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path / "some.db")]
    child = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert child.returncode == 0, child.stderr[-2000:]


FORKING = """
import faulthandler, os, sys, threading
from pathlib import Path
from tests.disk.test_database import opened

def use(path):
    while True:
        database = opened(path)
        with database.use() as db:
            db.execute("CREATE TABLE IF NOT EXISTS t (x)")
            db.execute("SELECT count(*) FROM t").fetchall()
        database.close()

folder = Path(sys.argv[1])
for number in range(4):
    threading.Thread(target=use, args=[folder / f"{number}.db"], daemon=True).start()
for number in range(150):
    child = os.fork()
    if not child:
        faulthandler.dump_traceback_later(20, exit=True)
        with opened(folder / "child.db").use() as db:
            db.execute("SELECT 1").fetchall()
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        os._exit(1)
os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_while_other_threads_use_sqlite_leaves_the_child_one_that_works(tmp_path: Path) -> None:
    """Attack: a fork of a web server whose threads search. A child hung in locks that SQLite itself holds."""
    command = [sys.executable, "-c", FORKING, str(tmp_path)]
    child = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert child.returncode == 0, child.stderr[-2000:]
