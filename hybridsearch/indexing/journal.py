"""The journal of a run: a file of JSON lines that says what is done, so that another process can continue.

The first line says what the run is. Each further line says how far it is, and is written after the work that it speaks
of. A line that a kill or a power cut left half written is ignored, with all behind it: the journal may lag
behind the work, which then is repeated, and never runs ahead of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Annotated, Any, Literal

import orjson
from pydantic import Field, TypeAdapter

from hybridsearch.catalog.base import Mark
from hybridsearch.disk.durable import make_folder, replacing, sync_folder
from hybridsearch.disk.modes import appending
from hybridsearch.disk.paths import shown
from hybridsearch.errors import EngineError
from hybridsearch.indexing.report import Counts
from hybridsearch.inputs.json_text import parse_json

FORMAT = 2
Stage = Literal["filling", "filled", "swapping"]
"""What is going on: the catalogue is read; all of it is written; the alias is moved, or was."""


FileName = Annotated[str, Field(pattern=r"^[\w.-]+$", max_length=255)]
Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class Run:
    """What a run is.

    Attributes:
        id: Names its rejects file.
        generation: What it fills.
        mark: Place in the log of changes from which on changes are replayed.
        identity: Of everything that the outcome depends on: another one cannot continue this run.
    """

    id: FileName
    generation: FileName
    mark: int
    identity: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Position:
    """How far a run is.

    Attributes:
        cursor: Place in the catalogue up to which rows are indexed or in the rejects file.
        letters: Bytes of the rejects file that belong to them; the name is that of the stored key.
        seen: How far a living catalogue was written when it was read, or followed, for the last time.
    """

    stage: Stage = "filling"
    cursor: Count = 0
    letters: Count = 0
    counts: Counts = field(default_factory=Counts)
    seen: Mark | None = None


RUN, POSITION = TypeAdapter(Run), TypeAdapter(Position)
"""What makes them of JSON; somebody may have edited it."""


class Journal:
    """The journal in a file; at most one run of an index has one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None

    def load(self) -> tuple[Run, Position] | None:
        """Return the run that was not finished and how far it is, or None when there is none to continue."""
        stored = self._read()
        return stored[:2] if stored else None

    def begin(self, run: Run) -> None:
        """Write the first line, durably, in place of what was there."""
        with self._explained():
            make_folder(self.path.parent, self.path.parent.parent)
            with replacing(self.path) as file:
                file.write(orjson.dumps({"format": FORMAT, **asdict(run)}) + b"\n")

    def advance(self, position: Position) -> None:
        """Write one line; durably once all is written, for what a power cut takes away before that is done again."""
        with self._explained():
            if self._file is None:
                self._cut()
                self._file = appending(self.path)
            self._file.write(orjson.dumps(asdict(position)) + b"\n")
            self._file.flush()
            if position.stage != "filling":
                os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def remove(self) -> None:
        """Say that the run is over."""
        self.close()
        if self.path.exists():
            self.path.unlink()
            sync_folder(self.path.parent)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise EngineError(
                f"Cannot write the journal {shown(self.path)}: {error.strerror}. "
                "Make room or allow writing there, then continue with the same command."
            ) from error

    def _read(self) -> tuple[Run, Position, int] | None:
        """Return the run, how far it is, and the bytes of the lines that say so."""
        try:
            first, *lines = self.path.read_bytes().splitlines(keepends=True)
            data = parse_json(first)
            if data.pop("format") != FORMAT:
                return None
            run, position, size = RUN.validate_python(data), Position(), len(first)
        except (FileNotFoundError, AttributeError, KeyError, TypeError, ValueError):
            return None
        for line in lines:
            if not line.endswith(b"\n"):
                break
            try:
                data = parse_json(line)
                if "counts" not in data:  # every line that a run writes has all of it
                    break
                position = POSITION.validate_python(data)
            except (TypeError, ValueError):
                break
            size += len(line)
        return run, position, size

    def _cut(self) -> None:
        """Take what is behind the last whole line away."""
        stored = self._read()
        if stored:
            os.truncate(self.path, stored[2])
