"""One writer at a time: a file that the writing process holds locked, until it lets go of it or ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO

from hybridsearch.engines.embedded.files import explained
from hybridsearch.errors import EngineError

if sys.platform == "win32":
    import msvcrt

    FAR = 1 << 30
    """Windows forbids to read locked bytes: lock one far behind the owner's number."""

    def lock(file: IO[bytes]) -> None:
        """Lock an open file, or raise OSError at once."""
        file.seek(FAR)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def lock(file: IO[bytes]) -> None:
        """Lock an open file, or raise OSError at once."""
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class WriterLock:
    """The right to write to one index. The file stays; whether it is locked is what counts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None

    def acquire(self) -> None:
        """Take the lock, or keep it.

        Raises:
            EngineError: Another engine, of this or another process, is writing, or the folder cannot be written to.
        """
        if self._file is not None:
            return
        with explained(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = self.path.open("a+b")
        try:
            lock(file)
        except OSError as error:
            file.seek(0)
            owner = file.read().decode(errors="replace") or "unknown"
            file.close()
            raise EngineError(
                f"Process {owner} is writing to '{self.path.parent}'. Wait until it has ended, then try again."
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()).encode())
        file.flush()
        self._file = file

    def close(self) -> None:
        """Let go of the lock."""
        if self._file is not None:
            self._file.close()
            self._file = None
