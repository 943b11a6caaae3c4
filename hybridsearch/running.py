"""What takes long, such as a rebuild, says in a file how far it is, so that every process of the machine can watch it.

The file is written at the beginning, about once a second meanwhile, and at the end. A lock beside it is held for as
long: the system releases it when the process ends, however that happens, so that a run that was killed looks like none
that goes on. Nothing depends on the file: where it cannot be written the run goes on, and nobody sees how far it is.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import orjson
from pydantic import TypeAdapter

from hybridsearch.disk.durable import make_folder, replacing
from hybridsearch.disk.lock import FileLock
from hybridsearch.errors import HybridSearchError
from hybridsearch.inputs.json_text import read_json
from hybridsearch.inputs.rows import tidy
from hybridsearch.runtime.progress import Progress

EVERY = 1.0
"""Seconds between two writes."""
PATIENCE = 2.0
"""Seconds to wait for the lock, which somebody who looks has for a moment."""


@dataclass(frozen=True, slots=True)
class Run:
    """How far a run is, or what became of it.

    Attributes:
        process: Its number.
        begun: When it began, in seconds since 1970.
        changed: When this was written.
        staged: When its stage began.
        already: How much of the stage was done then.
        ended: Whether it has ended, and how; empty also where its process was killed.
        said: A sentence on why it failed.
        report: What it says at its end, as the command with `--json` prints it.
    """

    process: int
    begun: float
    changed: float
    stage: str = "starting"
    staged: float = 0.0
    already: int = 0
    done: int = 0
    total: int | None = None
    counts: Mapping[str, float] = field(default_factory=dict)
    ended: Literal["", "done", "failed"] = ""
    said: str = ""
    report: Mapping[str, Any] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        """How much of the stage was done in a second; 0 where nothing was measured."""
        seconds = self.changed - self.staged
        return (self.done - self.already) / seconds if seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the end of the stage, None where nobody knows."""
        if self.total is None or self.per_second <= 0:
            return None
        return max(0.0, self.total - self.done) / self.per_second

    def at(self, stage: str, done: int, total: int | None, counts: Mapping[str, float], now: float) -> Run:
        """Return the run, a step further."""
        entered = {} if stage == self.stage else {"stage": stage, "staged": now, "already": done}
        return replace(self, done=done, total=total, counts=dict(counts), changed=now, **entered)  # type: ignore[arg-type]


RUN = TypeAdapter(Run)
"""What makes one of JSON; somebody may have edited it."""


def last(path: Path) -> Run | None:
    """Return the run that wrote a file last; None where none did, or it is no such file."""
    try:
        return RUN.validate_python(read_json(path))
    except (OSError, ValueError):
        return None


def is_under_way(path: Path) -> bool:
    """Tell whether a run that writes to this file goes on, in whichever process."""
    return lock_of(path).is_held()


def lock_of(path: Path) -> FileLock:
    """Return the lock of a run."""
    return FileLock(path.with_suffix(".lock"), "working in", timeout=PATIENCE)


class Telling:
    """A Progress that tells another one, and writes to the file.

    Args:
        path: The file; None: nothing is written.
        progress: Is told all.
    """

    def __init__(self, path: Path | None, progress: Progress) -> None:
        now = time.time()
        self._path, self._progress = path, progress
        self._run = Run(os.getpid(), now, now, staged=now)
        self._written = -EVERY
        self._write()

    def __call__(self, stage: str, done: int, total: int | None, counts: Mapping[str, float] = {}, /) -> None:
        """Take note of how far it is."""
        self._run = self._run.at(stage, done, total, counts, time.time())
        if time.monotonic() - self._written >= EVERY:
            self._write()
        self._progress(stage, done, total, counts)

    def ended(self, report: Mapping[str, Any]) -> None:
        """Say what was done."""
        with suppress(ValueError):
            self._run = replace(self._run, report=tidy(dict(report)))
        self._run = replace(self._run, changed=time.time(), ended="done")
        self._write()

    def failed(self, error: BaseException) -> None:
        """Say why nothing, or not all, was done."""
        said = str(error) if isinstance(error, HybridSearchError) else f"It was stopped ({type(error).__name__})."
        self._run = replace(self._run, changed=time.time(), ended="failed", said=said)
        self._write()

    def _write(self) -> None:
        self._written = time.monotonic()
        if self._path is not None:
            with suppress(OSError, TypeError), replacing(self._path) as file:
                file.write(orjson.dumps(asdict(self._run)))


@contextmanager
def telling(path: Path, progress: Progress) -> Iterator[Telling]:
    """Yield what a run tells how far it is, and `ended` at its end; what it raises is written down.

    Args:
        path: The file, in a folder of the home folder.
        progress: Is told all too.
    """
    lock = lock_of(path)
    try:
        make_folder(path.parent, path.parent.parent)
        lock.acquire()
    except (OSError, HybridSearchError):  # another run has it, or the disk is full: that is no reason to stop this one
        run = Telling(None, progress)
    else:
        run = Telling(path, progress)
    try:
        yield run
    except BaseException as error:
        run.failed(error)
        raise
    finally:
        lock.close()
