"""One at a time: a file that a process holds locked, until it lets go of it or ends."""

from __future__ import annotations

import errno
import os
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from hybridsearch.disk.durable import make_folder
from hybridsearch.disk.errors import explained
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


TAKEN = {errno.EAGAIN, errno.EACCES, errno.EDEADLK}
"""How the systems say that somebody else has the lock."""


class FileLock:
    """The right to do one thing in one folder. The file stays; whether it is locked is what counts.

    Args:
        path: The file.
        deed: What the owner of the lock is doing, for the message of whoever is refused: `writing to`.
        patience: Seconds for which an owner that is about to let go is waited for.
    """

    def __init__(self, path: Path, deed: str, *, patience: float = 0.0) -> None:
        self.path, self.deed, self.patience = path, deed, patience
        self._file: IO[bytes] | None = None

    def acquire(self) -> None:
        """Take the lock, or keep it.

        Raises:
            EngineError: Another engine, of this or another process, has it, or the folder cannot be written to.
        """
        if self._file is not None:
            return
        with explained(self.path):
            make_folder(self.path.parent)
            file = self.path.open("a+b")
        deadline = time.monotonic() + self.patience
        while True:
            try:
                lock(file)
                break
            except OSError as error:
                if error.errno not in TAKEN:
                    file.close()
                    raise EngineError(
                        f"'{self.path.parent}' is on a disk that locks no files ({error.strerror}), as network disks "
                        "may be. Put 'engine.folder' on a disk of this machine, or use Elasticsearch."
                    ) from error
                if time.monotonic() < deadline:
                    time.sleep(0.01)
                    continue
                file.seek(0)
                owner = file.read().decode(errors="replace") or "unknown"
                file.close()
                raise EngineError(
                    f"Process {owner} is {self.deed} '{self.path.parent}'. Wait until it has ended, then try again."
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

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def require(self) -> None:
        """Make sure that the lock is still ours: the system sees to that."""
