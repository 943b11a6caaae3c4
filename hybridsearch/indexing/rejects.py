"""Rejects: what could not be indexed, with its reason, in a file that people and programs can read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from hybridsearch.disk.durable import make_folder, sync_folder
from hybridsearch.disk.modes import appending
from hybridsearch.disk.paths import shown
from hybridsearch.errors import EngineError
from hybridsearch.redaction import redacted_row
from hybridsearch.values import Reject


def describe(reject: Reject) -> dict[str, Any]:
    """Return a reject without its product."""
    return {"where": reject.where, "id": reject.id, "stage": reject.stage, "reason": reject.reason}


class RejectsFile:
    """A file of JSON lines with every reject; it appears with the first one.

    Args:
        path: The file.
        size: Bytes of it that count; what an interrupted process wrote behind them is cut off.
    """

    SHOWN = 20

    def __init__(self, path: Path, *, size: int = 0) -> None:
        self.path = path
        self.size = size
        self.first: list[Reject] = []
        if path.exists():
            os.truncate(path, size)
            self.first += islice(self.read(), self.SHOWN)

    def add(self, rejects: Iterable[Reject]) -> int:
        """Write rejects down, durably, and return how many they were.

        Raises:
            EngineError: They cannot be written down. To go on would lose products silently.
        """
        new = list(rejects)
        if not new:
            return 0
        data = b"".join(map(line, new))
        try:
            make_folder(self.path.parent, self.path.parent)
            with appending(self.path) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if not self.size:
                sync_folder(self.path.parent)
        except OSError as error:
            raise EngineError(
                f"Cannot write rejects to {shown(self.path)}: {error.strerror}. Nothing is lost silently, so "
                "the run stops; make room or allow writing there, then continue with the same command."
            ) from error
        self.size += len(data)
        self.first += new[: max(0, self.SHOWN - len(self.first))]
        return len(new)

    def read(self) -> Iterator[Reject]:
        """Yield every reject in the file."""
        if self.path.exists():
            with self.path.open(encoding="utf-8", errors="replace") as file:
                for number, text in enumerate(file, 1):
                    yield parsed(text, f"{self.path}:{number}")


def parsed(text: str, place: str) -> Reject:
    """Return the reject of a line.

    Raises:
        EngineError: Somebody has edited it, so that it is none.
    """
    try:
        data = json.loads(text)
        where, key, stage, reason, row = (data[name] for name in ("where", "id", "stage", "reason", "product"))
        if not all(isinstance(value, str) for value in (where, stage, reason)):
            raise TypeError("a text is missing")
        if not isinstance(key, str | None) or not isinstance(row, dict | None):
            raise TypeError("an id is text, a product an object")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise EngineError(
            f"{place} is no reject as a run writes it: {error!r}. Remove the file, and build the index with: "
            "hybridsearch reindex --restart"
        ) from error
    return Reject(where, key, stage, reason, row)


def line(reject: Reject) -> bytes:
    """Return the line of a reject."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    data = {**describe(reject), "time": now, "product": redacted_row(reject.row)}
    return (json.dumps(data, ensure_ascii=False, default=str) + "\n").encode("utf-8", "replace")
