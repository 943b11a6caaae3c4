"""Dead letters: what could not be indexed, with its reason, in a file that people and programs can read."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from hybridsearch.values import Reject


def describe(reject: Reject) -> dict[str, Any]:
    """Return a reject without its product."""
    return {"where": reject.where, "id": reject.id, "stage": reject.stage, "reason": reject.reason}


class DeadLetters:
    """A file of JSON lines with every reject; it appears with the first one."""

    SHOWN = 20

    def __init__(self, path: Path) -> None:
        self.path = path
        self.first: list[Reject] = []
        self._file: IO[str] | None = None

    def add(self, rejects: Iterable[Reject]) -> int:
        """Write rejects down and return how many they were."""
        count = 0
        for count, each in enumerate(rejects, 1):  # noqa: B007 - counted, and used after the loop
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self.path.open("w", encoding="utf-8", errors="replace")
            line = {**describe(each), "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "product": each.row}
            self._file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
            self.first += [each] * (len(self.first) < self.SHOWN)
        if self._file is not None:
            self._file.flush()
        return count

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()
