"""Worker processes, `decoder`, `process`, `workers` and `worker`: they crash and hang, and no more suffers."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from hybridsearch.confined import process, workers
from hybridsearch.confined.process import TimeIsUp, WorkerDied, WorkerProcess, kept
from hybridsearch.confined.workers import Workers
from hybridsearch.errors import ImageError
from hybridsearch.images import UnsafePicture
from hybridsearch.images.limits import CATALOGUE, Limits
from hybridsearch.images.workers import DECODER
from tests.pictures import saved, slow

Pool = Workers[Image.Image, Limits]

ROOT = Path(__file__).parents[2]
RED = saved(Image.new("RGB", (60, 40), (255, 0, 0)))
CRASH, GROW, PRINT, SLEEP = (RED + ending for ending in (b"crash", b"grow", b"print", b"sleep"))
"""Pictures, but for what a decoder does with them below."""
BROKEN = """
import os, signal, time
from dataclasses import replace
from hybridsearch.images import workers

def decode(data, enough, limits):
    if data.endswith(b"crash"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if data.endswith(b"grow"):
        bytearray(3 * limits.memory)
    if data.endswith(b"sleep"):
        time.sleep(0.5)
    if data.endswith(b"print"):
        os.write(1, b"libpng warning")
    return sound(data, enough, limits)

sound = workers.DECODER.decode
workers.DECODER = replace(workers.DECODER, decode=decode)
"""
"""What a worker starts with whose decoders have bugs."""
posix = pytest.mark.skipif(os.name != "posix", reason="signals and forks")


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Workers(DECODER, CATALOGUE, most=2)
    yield pool
    pool.close()
    assert not pool._alive


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, pool: Pool) -> Pool:
    start = process.START.replace("from hybridsearch", f"exec({BROKEN!r}); from hybridsearch")
    monkeypatch.setattr(process, "START", start)
    return pool


def pids(pool: Pool) -> set[int]:
    return {worker._process.pid for worker in pool._alive}


def ended(pid: int, within: float = 5.0) -> bool:
    """Return whether a process ends; one that waits to be collected has ended."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False


def run(code: str, data: bytes = b"") -> str:
    """Run a program of its own, without a main guard, and return what it prints."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, input=data, capture_output=True, timeout=60, check=False).stdout.decode()


def test_one_process_decodes_one_picture_after_the_other(pool: Pool) -> None:
    assert [pool.decode(RED, 64).getpixel((5, 5)) for _ in range(3)] == [(255, 0, 0)] * 3
    assert len(pids(pool)) == 1


def test_threads_share_as_many_processes_as_the_pool_may_have(pool: Pool) -> None:
    with ThreadPoolExecutor(8) as threads:
        pictures = list(threads.map(lambda _: pool.decode(RED, 64), range(64)))
    assert {picture.size for picture in pictures} == {(60, 40)}
    assert len(pids(pool)) <= 2


def test_what_is_wrong_with_a_picture_is_said_by_its_worker_which_goes_on(pool: Pool) -> None:
    for _ in range(2):
        with pytest.raises(ImageError, match="The PNG picture is damaged") as caught:
            pool.decode(RED[:-30], 64)
        assert not isinstance(caught.value, UnsafePicture)
    assert len(pids(pool)) == 1


def test_a_decoder_that_does_not_come_to_an_end_is_killed_and_replaced(pool: Pool) -> None:
    """Fault 56."""
    pool.limits = replace(CATALOGUE, seconds=0.3)
    data = slow()
    before, started = pids(pool), time.monotonic()
    with pytest.raises(UnsafePicture, match=r"not decoded within 0.3 s. Save it again"):
        pool.decode(data, 64)
    assert time.monotonic() - started < 2
    assert pool.decode(RED, 64).size == (60, 40)
    assert not pids(pool) & before


def test_a_decoder_that_crashes_ends_its_worker_alone(broken: Pool, caplog: pytest.LogCaptureFixture) -> None:
    """Fault 56."""
    broken.decode(RED, 64)
    before = pids(broken)
    with pytest.raises(UnsafePicture, match="ends the process that decodes it"):
        broken.decode(CRASH, 64)
    assert broken.decode(RED, 64).size == (60, 40)
    assert not pids(broken) & before
    assert len(caplog.records) == workers.ATTEMPTS


@posix
def test_a_picture_whose_worker_the_system_killed_is_tried_once_more(pool: Pool) -> None:
    pool.decode(RED, 64)
    (worker,) = pids(pool)
    os.kill(worker, signal.SIGKILL)
    assert pool.decode(RED, 64).size == (60, 40)
    assert pids(pool) != {worker}


@pytest.mark.skipif(sys.platform != "linux", reason="limits the address space")
def test_a_decoder_that_wants_too_much_memory_gets_none(broken: Pool) -> None:
    """Fault 56."""
    with pytest.raises(UnsafePicture):
        broken.decode(GROW, 64)
    assert broken.decode(RED, 64).size == (60, 40)


def test_what_a_decoder_prints_is_not_taken_for_an_answer(broken: Pool) -> None:
    assert [broken.decode(data, 64).size for data in (PRINT, RED)] == [(60, 40)] * 2


def test_a_query_does_not_wait_for_a_worker_longer_than_its_time(pool: Pool) -> None:
    """Fault 77."""
    data = slow()
    with ThreadPoolExecutor(2) as threads:
        others = [threads.submit(pool.decode, data, 64, 2.0) for _ in range(2)]
        time.sleep(0.3)
        started = time.monotonic()
        with pytest.raises(ImageError, match=r"cannot be decoded now: too many others"):
            pool.decode(RED, 64, 0.2)
        assert time.monotonic() - started < 1
        assert all(other.exception() for other in others)
    assert pool.decode(RED, 64, 5).size == (60, 40)


def test_after_a_close_no_process_is_left_and_the_next_picture_starts_one(pool: Pool) -> None:
    pool.decode(RED, 64)
    (worker,) = pids(pool)
    pool.close()
    assert ended(worker, 0.5)
    assert pool.decode(RED, 64).size == (60, 40)


def test_a_worker_that_is_busy_during_a_close_ends_when_it_has_answered(broken: Pool) -> None:
    with ThreadPoolExecutor(1) as threads:
        busy = threads.submit(broken.decode, SLEEP, 64)
        while not broken._alive:
            time.sleep(0.01)
        broken.close()
        assert busy.result().size == (60, 40)
    assert not broken._alive


def test_workers_that_nobody_needs_any_more_end(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Barrier(2)

    def both(_: int) -> Image.Image:
        start.wait()
        return pool.decode(RED, 64)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(both, range(2)))
    monkeypatch.setattr(workers, "IDLE_SECONDS", 0.0)
    pool.decode(RED, 64)
    assert len(pids(pool)) == 1


def test_an_import_starts_nothing_and_a_program_without_a_main_guard_may_decode() -> None:
    code = f"""
import hybridsearch.clients.client, hybridsearch.clients.async_client
from hybridsearch.confined.workers import POOLS
from hybridsearch.images.workers import decode
assert not any(pool._alive for pool in POOLS)
print(decode({RED!r}).size)
"""
    assert run(code) == "(60, 40)\n"


@posix
@pytest.mark.parametrize(
    "end", ["", "os.kill(os.getpid(), signal.SIGKILL)", "os._exit(0)"], ids=["exit", "kill", "_exit"]
)
def test_workers_end_with_their_parent_however_it_ends(end: str) -> None:
    code = f"""
import os, signal
from hybridsearch.images.workers import CATALOGUE_WORKERS as pool
pool.decode({RED!r}, 64)
print(*(worker._process.pid for worker in pool._alive), flush=True)
{end}
"""
    (worker,) = map(int, run(code).split())
    assert ended(worker)


@posix
def test_a_worker_ends_itself_when_its_parent_died_while_it_was_at_work() -> None:
    code = """
import os, signal, sys, threading, time
from pathlib import Path
from hybridsearch.confined.workers import Workers
from hybridsearch.images.limits import CATALOGUE
from hybridsearch.images.workers import DECODER
from dataclasses import replace
pool = Workers(DECODER, replace(CATALOGUE, seconds=0.5))
data = sys.stdin.buffer.read()
threading.Thread(target=pool.decode, args=[data, 64], daemon=True).start()
while not pool._alive:
    time.sleep(0.01)
time.sleep(0.2)
print(*(worker._process.pid for worker in pool._alive), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    (worker,) = map(int, run(code, slow()).split())
    assert ended(worker, 4.0)


@posix
def test_a_forked_process_starts_workers_of_its_own_and_leaves_those_of_its_parent_alone() -> None:
    code = f"""
import os
from hybridsearch.images.workers import CATALOGUE_WORKERS as pool
pids = lambda: {{worker._process.pid for worker in pool._alive}}
pool.decode({RED!r}, 64)
before = pids()
if child := os.fork():
    assert [pool.decode({RED!r}, 64).size for _ in range(50)] == [(60, 40)] * 50
    assert os.waitpid(child, 0)[1] == 0 and pids() == before
    pool.close()
    print("fine")
else:
    try:
        assert [pool.decode({RED!r}, 64).size for _ in range(50)] == [(60, 40)] * 50
        assert not pids() & before
        pool.close()
        os._exit(0)
    finally:
        os._exit(1)
"""
    assert run(code) == "fine\n"


@posix
def test_a_worker_ends_with_its_parent_although_a_fork_of_that_lives_on() -> None:
    code = f"""
import os, sys, time
from hybridsearch.images.workers import CATALOGUE_WORKERS as pool
pool.decode({RED!r}, 64)
print(*(worker._process.pid for worker in pool._alive), flush=True)
if not os.fork():
    os.close(1), os.close(2)
    time.sleep(8)
os._exit(0)
"""
    (worker,) = map(int, run(code).split())
    assert ended(worker)


@posix
def test_signals_to_the_whole_group_do_not_make_a_picture_seem_guilty(pool: Pool) -> None:
    pool.decode(RED, 64)
    (before,) = pids(pool)
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(before, number)
    assert pool.decode(RED, 64).size == (60, 40)
    assert pids(pool) == {before}


@pytest.mark.parametrize("python", ["", "/usr/sbin/uwsgi", "/nowhere/python3"])
def test_where_no_worker_starts_it_is_said_once_and_pictures_are_decoded_all_the_same(
    python: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", python)
    workers.warn_of_no_workers.cache_clear()
    with caplog.at_level(logging.WARNING):
        for pool in (Workers(DECODER, CATALOGUE), Workers(DECODER, CATALOGUE)):
            assert pool.decode(RED, 64).size == (60, 40)
            with pytest.raises(ImageError, match="damaged"):
                pool.decode(RED[:-30], 64)
    (said,) = caplog.messages
    assert said.startswith("No worker process starts (")
    assert said.endswith("let no strangers upload any.")


def test_where_workers_have_started_before_a_picture_is_not_decoded_without_one(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.decode(RED, 64)
    pool.close()
    monkeypatch.setattr(sys, "executable", "/nowhere/python3")
    with pytest.raises(ImageError, match=r"cannot be decoded now: no worker process starts. Try again."):
        pool.decode(RED, 64)


def test_a_worker_of_another_version_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "READY", b"hybridsearch 0.0\n")
    with pytest.raises(WorkerDied, match="another version"):
        WorkerProcess(DECODER, CATALOGUE)


def test_a_worker_that_is_not_ready_in_time_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "START", "import time; time.sleep(60)")
    with pytest.raises(TimeIsUp):
        WorkerProcess(DECODER, CATALOGUE, 0.2)


@pytest.mark.parametrize(
    "answer",
    ["ANSWER.pack(1, 2**62)", "ANSWER.pack(1, 25) + bytes(25)", "ANSWER.pack(1, 9) + bytes(9)", "ANSWER.pack(0, 0)"],
)
def test_a_worker_that_was_taken_over_cannot_answer_just_anything(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 56."""
    taken = f"from hybridsearch.confined import worker; worker.answer = lambda *_: (worker.{answer}, b''); "
    monkeypatch.setattr(process, "START", process.START.replace("from hybridsearch", f"{taken}from hybridsearch"))
    worker = WorkerProcess(DECODER, CATALOGUE)
    with pytest.raises(WorkerDied):
        worker.decode(RED, 64, 5.0)
    assert not worker.ready
    worker.stop()


def test_a_worker_gets_no_keys() -> None:
    assert [name for name in ("PATH", "PYTHONPATH", "LC_ALL", "HYBRIDSEARCH_API_KEY", "AWS_SECRET") if kept(name)] == [
        "PATH",
        "PYTHONPATH",
        "LC_ALL",
    ]


def test_a_file_named_like_a_module_in_the_working_directory_is_not_run(tmp_path: Path) -> None:
    for name in ("PIL", "struct", "json", "hybridsearch"):
        (tmp_path / f"{name}.py").write_text("open('stolen', 'w')")
    program = tmp_path / "bin" / "program.py"
    program.parent.mkdir()
    program.write_text(f"from hybridsearch.images import decode; print(decode({RED!r}).size)")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    output = subprocess.check_output([sys.executable, program], cwd=tmp_path, env=environment)
    assert output == b"(60, 40)\n"
    assert not (tmp_path / "stolen").exists()


def test_the_limits_reach_the_worker() -> None:
    limits = Limits(bytes=10**6, pixels=100, jpeg_pixels=100, seconds=5.0, memory=2**30)
    pool = Workers(DECODER, limits)
    with pytest.raises(ImageError, match="at most 100"):
        pool.decode(RED, 64)
    pool.close()
