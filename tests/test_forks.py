"""A forked process has no lock, lease or connection of its parent, and takes none from it: real forks, real kills."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch
from hybridsearch.runtime import forks
from tests.shops import settings

pytestmark = [
    pytest.mark.beside_one_server,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
]

ROOT = Path(__file__).parents[1]
SETUP = """
import json, os, signal, sys, time
from pathlib import Path
from hybridsearch import HybridSearch
from hybridsearch.errors import EngineError
from tests.killable import product
from tests.shops import quietly, settings

folder, engine = Path(sys.argv[1]), json.loads(sys.argv[2])
shop = HybridSearch.open(settings(folder, engine=engine))
"""
DIES = """
shop.reindex(options=quietly())
generation = shop.engine.create(shop.engine.schema())
with shop.engine.lease("night job"):
    shop.engine.write(generation, [])
    begun, begins = os.pipe()
    child = os.fork()
    if not child:
        os.write(begins, b".")
        time.sleep(120)
        os._exit(0)
    os.read(begun, 1)
    print(generation, child, flush=True)
    time.sleep(120)
"""
GOES_ON = """
from concurrent.futures import ThreadPoolExecutor

def refused(work):
    try:
        work()
    except EngineError as error:
        return "forked from its owner" in str(error)

shop.reindex(options=quietly())
shop.search("red")
schema, documents = shop.engine.schema(), shop.engine.stored(shop.engine.generations()[-1].name, list("12345"))
generation = shop.engine.create(schema)
with ThreadPoolExecutor(1) as pool, shop.engine.lease("night job") as lease:
    shop.engine.write(generation, list(documents.values())[:2])
    child = os.fork()
    if not child:
        signal.alarm(60)
        assert refused(lease.require)
        assert shop.search("red coat").total
        shop.close()
        sys.exit(7)  # through the lease's context, and then all that Python does at the end
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    lease.require()
    shop.engine.write(generation, list(documents.values())[2:])
    assert shop.engine.refresh(generation) == 5
    print("alone?", flush=True)
    sys.stdin.readline()
    lease.require()
    shop.engine.promote(generation, schema)
    assert shop.search("red coat").total == 1
shop.close()
"""


def started(program: str, folder: Path, engine: dict[str, Any]) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SETUP + program, str(folder), json.dumps(engine)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_what_an_owner_held_that_was_killed_is_free_while_its_child_lives(
    tmp_path: Path, engine: dict[str, Any]
) -> None:
    """Attack: the owner of a lock that forked and died."""
    with started(DIES, tmp_path, engine) as owner:
        assert owner.stdout is not None
        generation, child = owner.stdout.readline().split()
        try:
            owner.kill()
            owner.wait()
            with HybridSearch.open(settings(tmp_path, engine=engine)) as shop, shop.engine.lease("me") as lease:
                lease.require()
                shop.engine.discard(generation)
                os.kill(int(child), 0)
        finally:
            os.kill(int(child), signal.SIGKILL)


def test_a_child_neither_has_nor_releases_what_its_parent_holds(tmp_path: Path, engine: dict[str, Any]) -> None:
    """Attack: the owner of a lock that forked and went on."""
    with started(GOES_ON, tmp_path, engine) as owner:
        assert owner.stdout is not None
        assert owner.stdin is not None
        assert owner.stdout.readline() == "alone?\n"
        with HybridSearch.open(settings(tmp_path, engine=engine)) as shop:
            if not engine:  # on a server it would be watched for as long as it may be silent
                with pytest.raises(Exception, match=f"Process {owner.pid} is rebuilding"), shop.engine.lease("me"):
                    pass
            assert [generation.state for generation in shop.engine.generations()] == ["live", "unfinished"]
        owner.stdin.write("\n")
        owner.stdin.flush()
        assert owner.wait(60) == 0


def test_a_lock_that_another_thread_held_is_free_in_a_child() -> None:
    program = (
        "import os, signal, threading; from hybridsearch.runtime import forks\n"
        "lock, held = forks.Lock(), threading.Event()\n"
        "def hold():\n    with lock.held:\n        held.set(); threading.Event().wait()\n"
        "threading.Thread(target=hold, daemon=True).start(); held.wait(); child = os.fork()\n"
        "if not child:\n    signal.alarm(20)\n    with lock.held:\n        os._exit(0)\n"
        "os._exit(os.waitpid(child, 0)[1])"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, timeout=60).returncode == 0


class Told:
    """Counts how often it found itself in a forked process."""

    def __init__(self) -> None:
        self.times = 0
        forks.register(self)

    def after_fork(self) -> None:
        self.times += 1


def test_an_owner_is_told_in_the_child_alone() -> None:
    told = Told()
    child = os.fork()
    if not child:
        os._exit(told.times)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    assert told.times == 0
