"""The journal of a run: a file of JSON lines that says what is done, so that another process can go on.

The first line says what the run is. Each further line says how far it is, and is written after the work that it speaks
of. A line that a kill or a power cut left half written is as good as absent: the journal may lag behind the work, which
then is repeated, and never runs ahead of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

import orjson

from hybridsearch.catalog.base import Mark
from hybridsearch.errors import EngineError
from hybridsearch.reindex.report import Counts

FORMAT = 2
Stage = Literal["filling", "filled", "swapping"]
"""What is going on: the catalogue is read; all of it is written; the alias is moved, or was."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run is.

    Attributes:
        id: Names its dead letters.
        generation: What it fills.
        mark: Place in the log of changes from which on changes are replayed.
        identity: Of everything that the outcome depends on: another one cannot go on with this run.
    """

    id: str
    generation: str
    mark: int
    identity: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Position:
    """How far a run is.

    Attributes:
        cursor: Place in the catalogue up to which rows are indexed or in the dead letters.
        letters: Bytes of the file of dead letters that belong to them.
        seen: How far a living catalogue was written when it was read, or followed, for the last time.
    """

    stage: Stage = "filling"
    cursor: int = 0
    letters: int = 0
    counts: Counts = field(default_factory=Counts)
    seen: Mark | None = None


class Journal:
    """The journal in a file; at most one run of an index has one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None

    def load(self) -> tuple[Run, Position] | None:
        """Return the run that was not finished and how far it is, or None when there is none to go on with."""
        try:
            lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return None
        whole = lines[:-1]  # what follows the last line break is half a line, or nothing
        try:
            first = orjson.loads(whole[0])
            if first.pop("format") != FORMAT:
                return None
            run = Run(**first)
        except (IndexError, KeyError, TypeError, ValueError):
            return None
        position = Position()
        for line in whole[1:]:
            try:
                data = orjson.loads(line)
                position = Position(**{**data, "counts": Counts(**data["counts"])})
            except (KeyError, TypeError, ValueError):
                break
        return run, position

    def begin(self, run: Run) -> None:
        """Write the first line, durably, in place of what was there."""
        with self._explained():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            temporary = self.path.with_suffix(".new")
            with temporary.open("wb") as file:
                file.write(orjson.dumps({"format": FORMAT, **asdict(run)}) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.path)

    def advance(self, position: Position) -> None:
        """Write one line. It needs no flush to the disk: what a power cut takes away is done again."""
        with self._explained():
            if self._file is None:
                self._cut()
                self._file = self.path.open("ab")
            self._file.write(orjson.dumps(asdict(position)) + b"\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def remove(self) -> None:
        """Say that the run is over."""
        self.close()
        self.path.unlink(missing_ok=True)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise EngineError(
                f"Cannot write the journal '{self.path}': {error.strerror}. "
                "Make room or allow writing there, then continue with the same command."
            ) from error

    def _cut(self) -> None:
        """Take half a line at the end away."""
        data = self.path.read_bytes()
        with self.path.open("r+b") as file:
            file.truncate(data.rfind(b"\n") + 1)
