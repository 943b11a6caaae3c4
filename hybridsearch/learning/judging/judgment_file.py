"""A file of judgments that raters write: each judgment is on the disk before its rater is told that it is.

Any number of processes may write to it. Lines are only ever added, under a lock, so that two raters never lose one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import orjson

from hybridsearch.catalog.base import product
from hybridsearch.catalog.formats.jsonl import parse
from hybridsearch.disk import modes
from hybridsearch.disk.durable import make_folder, sync_folder
from hybridsearch.disk.errors import explained
from hybridsearch.disk.lock import FileLock
from hybridsearch.disk.paths import shown
from hybridsearch.errors import ConfigError
from hybridsearch.learning.judging.ledger import Ledger, line_of
from hybridsearch.learning.sources.formats import recognise
from hybridsearch.learning.sources.grades import Judgment, judgment
from hybridsearch.values import Product

GZIP = b"\x1f\x8b"
COMPARED = 256
"""Bytes before the place up to which a file was read, by which a change further up is noticed."""
PATIENCE = 10.0
"""Seconds that a judgment waits for those of other processes."""


@dataclass(slots=True)
class Known:
    """What was read of a file so far.

    Attributes:
        place: Where the first line begins that was not.
        end: The last bytes before it.
        number: Of the last line.
        inode: Of the file.
        refused: Lines that cannot be used; they stay in the file, and count for nothing.
        first_refused: The first of them, with place and reason.
    """

    ledger: Ledger = field(default_factory=Ledger)
    place: int = 0
    end: bytes = b""
    number: int = 0
    inode: int = 0
    refused: int = 0
    first_refused: str = ""

    def begins(self, file: IO[bytes]) -> bool:
        """Tell whether a file still begins so: nobody has edited, replaced or cut it."""
        status = os.fstat(file.fileno())
        if status.st_ino != self.inode or status.st_size < self.place:
            return False
        file.seek(self.place - len(self.end))
        return bool(file.read(len(self.end)) == self.end)

    def read_on(self, file: IO[bytes], name: str) -> None:
        """Add the whole lines behind the place."""
        self.inode = os.fstat(file.fileno()).st_ino
        file.seek(self.place)
        for line in file:
            if not line.endswith(b"\n"):
                break
            self.number += 1
            self.place += len(line)
            self.end = (self.end + line)[-COMPARED:]
            if line.strip():
                self.add(line, f"{name}:{self.number}")

    def add(self, line: bytes, where: str) -> None:
        """Add a line to the ledger, or count it as one that cannot be used."""
        row = product(parse(line.decode("utf-8-sig", "surrogateescape").strip()), "product_id", where)
        try:
            if isinstance(row, Product):
                self.ledger.add(judgment(row))
                return
            reason = row.reason
        except ValueError as error:
            reason = str(error)
        self.refused += 1
        self.first_refused = self.first_refused or f"{where}: {reason}"


class JudgmentFile:
    """The file; one thread at a time uses it.

    Args:
        path: It is made when the first judgment comes.

    Raises from all methods:
        EngineError: The file cannot be read, written or locked.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(path.with_name(f".{path.name}.lock"), "writing judgments in", timeout=PATIENCE)
        self.known = Known()

    @classmethod
    def open(cls, path: Path) -> JudgmentFile:
        """Return the file with all that it says so far.

        Raises:
            ConfigError: It is no file of JSON lines, which alone can be added to.
        """
        found = cls(path)
        with explained(path):
            if path.exists() and (not path.is_file() or path.stat().st_size):
                require_lines(path)
        found.read()
        return found

    def read(self) -> Ledger:
        """Return what the file says now; of one that has only grown, the new lines are read."""
        with explained(self.path):
            try:
                with self.path.open("rb") as file:
                    if not self.known.begins(file):
                        self.known = Known()
                    self.known.read_on(file, self.path.name)
            except FileNotFoundError:
                self.known = Known()
        return self.known.ledger

    def add(self, decide: Callable[[Ledger], Sequence[Judgment]]) -> Sequence[Judgment]:
        """Write judgments, and return them once they are on the disk.

        Args:
            decide: Gets all that the file says, which no other process changes meanwhile, and returns what to add.
        """
        with explained(self.path):
            if not self.path.parent.is_dir():
                make_folder(self.path.parent, None)
        with closing(self._lock):
            self._lock.acquire()
            self._end_last_line()
            said = decide(self.read())
            if said:
                self._append(said)
                self.read()
            else:
                self._sync()
        return said

    def _append(self, said: Sequence[Judgment]) -> None:
        now = datetime.now(UTC)
        content = b"".join(orjson.dumps(line_of(each, now)) + b"\n" for each in said)
        with explained(self.path):
            is_new = not self.path.exists()
            with modes.appending(self.path) as file:
                write_through(file, content)
            if is_new:
                sync_folder(self.path.parent)

    def _sync(self) -> None:
        """Force to the disk what may stand in the file since an attempt that failed."""
        with explained(self.path):
            if self.path.exists():
                with modes.appending(self.path) as file:
                    os.fsync(file.fileno())

    def _end_last_line(self) -> None:
        """End a line that a killed writer, a full disk or an editor has left without an end: it costs no other one."""
        with explained(self.path):
            if not self.path.exists() or not self.path.stat().st_size:
                return
            with modes.appending(self.path) as file:
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    write_through(file, b"\n")


def write_through(file: IO[bytes], content: bytes) -> None:
    """Write bytes to an unbuffered file, and return when they are on the disk.

    Raises:
        OSError: Not all of them are.
    """
    if (written := file.write(content)) != len(content):
        raise OSError(None, f"only {written} of {len(content)} bytes were written")
    os.fsync(file.fileno())


def require_lines(path: Path) -> None:
    """Require that judgments can be added to a file.

    Raises:
        ConfigError: They cannot.
        CatalogError: It cannot be read.
    """
    remedy = "Name a file of JSON lines, or one that is not there yet; 'eval' and 'tune' read all of them."
    if not path.is_file():
        raise ConfigError(f"{shown(path)} is no file. {remedy}")
    with path.open("rb") as file:
        if file.read(2) == GZIP:
            raise ConfigError(f"{shown(path)} is packed, and judgments are added line by line. {remedy}")
    if (found := recognise(path)) != "lines":
        raise ConfigError(f"{shown(path)} is a file of {found}, to which no judgments can be added. {remedy}")
