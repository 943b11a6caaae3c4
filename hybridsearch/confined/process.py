"""One worker process, seen from its parent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from io import FileIO
from typing import Generic, cast

from hybridsearch.confined.decoder import Decoder, L, Limits, T
from hybridsearch.confined.worker import ANSWER, MAX_REASON, READY, REQUEST, read_exactly, write_all

START = "import sys; sys.path[:] = sys.argv[3:]; from hybridsearch.confined.worker import main; main(*sys.argv[1:3])"
"""Not `multiprocessing`, which would run the shop's own main file again. What it imports is what its parent would."""
START_SECONDS = 20.0
PYTHONS = ("python", "pypy", "graalpy")
KEPT = ("PATH", "HOME", "LANG", "SYSTEMROOT", "TEMP", "TMP", "USERPROFILE", "APPDATA")
KEPT_PREFIXES = ("PYTHON", "LC_", "LD_", "DYLD_")
"""Of the environment: what Python needs to start, and no keys."""


class WorkerDied(Exception):  # noqa: N818 - reads as the event that it names
    """A worker process ended before it answered, or could not be started."""


class TimeIsUp(Exception):  # noqa: N818
    """A worker process was killed because it took too long."""


class WorkerProcess(Generic[T, L]):
    """A process that decodes one file after the other; one thread at a time may ask it.

    Args:
        decoder: What it does.
        limits: What a file may cost.
        seconds: Until it must be ready.

    Attributes:
        ready: Whether it waits for a file; a process that was interrupted in an answer must not be asked again.
        used: When it last answered, on the monotonic clock.

    Raises:
        WorkerDied: It does not start, or not as this program's version.
        TimeIsUp: It does not start in time.
    """

    def __init__(self, decoder: Decoder[T, L], limits: L, seconds: float = START_SECONDS) -> None:
        self.used = time.monotonic()
        self.ready = False
        self._decoder, self._limits = decoder, limits
        self._process = start(decoder.module, limits)
        self._requests = cast(FileIO, self._process.stdin)
        self._answers = cast(FileIO, self._process.stdout)
        try:
            with self._killed_after(seconds):
                if read_exactly(self._answers, len(READY)) != READY:
                    raise WorkerDied("it ended at once, or is another version of this program")
        except BaseException:
            self.stop()
            raise
        self.ready = True

    def decode(self, data: bytes, wanted: int, seconds: float) -> T:
        """Return what a file gives, as the decoder does.

        Raises:
            HybridSearchError: As the decoder.
            TimeIsUp: It took longer than these seconds.
            WorkerDied: The process crashed, was killed by the system, or answers nothing of the kind.
        """
        self.ready = False
        with self._killed_after(seconds):
            write_all(self._requests, REQUEST.pack(len(data), wanted))
            write_all(self._requests, data)
            given, body = self._answer()
        if not given:
            self.ready, self.used = True, time.monotonic()
            raise self._decoder.error(body.decode("utf-8", "replace"))
        try:
            value = self._decoder.unpack(body)
        except ValueError as error:
            raise WorkerDied(str(error)) from error
        self.ready, self.used = True, time.monotonic()
        return value

    def kill(self) -> None:
        """End the process, whatever it is at; a thread that waits for its answer is told."""
        self._process.kill()

    def stop(self) -> None:
        """End the process, whatever it is at, and wait until it has ended."""
        self.kill()
        self._process.wait()
        self._close()

    def abandon(self) -> None:
        """Let go of a process that belongs to the process that this one was forked from."""
        self._process.returncode = 0  # it is no child of this process, which cannot wait for it
        self._close()

    def _answer(self) -> tuple[bool, bytearray]:
        """Read whether a file gives something, and that, or the reason why it does not.

        A decoder that was taken over may answer anything.
        """
        head = read_exactly(self._answers, ANSWER.size)
        given, size = ANSWER.unpack(head) if head else (0, 0)
        likely = 0 < size <= (self._limits.answer if given else MAX_REASON)
        body = read_exactly(self._answers, size) if likely else bytearray()
        if not body:
            raise WorkerDied("it ended before it had answered")
        return bool(given), body

    def _close(self) -> None:
        self._requests.close()
        self._answers.close()

    @contextmanager
    def _killed_after(self, seconds: float) -> Iterator[None]:
        """Kill the process unless the block ends in time; the pipes that the block waits for end with it."""
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            self._process.kill()

        timer = threading.Timer(seconds, expire)
        timer.daemon = True
        try:
            timer.start()
        except RuntimeError as error:
            raise self._decoder.not_now(error) from error
        try:
            yield
        except (WorkerDied, OSError) as error:
            raise TimeIsUp if expired.is_set() else WorkerDied(str(error)) from error
        finally:
            timer.cancel()
            timer.join()
        if expired.is_set():
            raise TimeIsUp


def start(module: str, limits: Limits) -> subprocess.Popen[bytes]:
    """Start a worker process with the decoder of a module.

    Raises:
        WorkerDied: This system cannot, or this program is not run by Python itself.
    """
    if getattr(sys, "frozen", False) or not os.path.basename(sys.executable or "").lower().startswith(PYTHONS):
        raise WorkerDied(f"'{sys.executable}' is not Python itself")
    try:
        return subprocess.Popen(
            [sys.executable, "-c", START, module, json.dumps(asdict(limits)), *map(str, sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env={name: value for name, value in os.environ.items() if kept(name)},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, RuntimeError, ValueError) as error:
        raise WorkerDied(str(error)) from error


def kept(name: str) -> bool:
    """Return whether a worker gets a variable of the environment."""
    return name.upper() in KEPT or name.startswith(KEPT_PREFIXES)
