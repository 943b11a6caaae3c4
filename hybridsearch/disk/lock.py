"""One process at a time: a file that a process keeps locked until it releases it or ends."""

from __future__ import annotations

import errno
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from hybridsearch.disk.durable import make_folder
from hybridsearch.disk.errors import explained
from hybridsearch.disk.modes import appending
from hybridsearch.disk.paths import shown
from hybridsearch.errors import EngineError
from hybridsearch.runtime import forks

if sys.platform == "win32":
    import msvcrt

    LOCKED_BYTE = 1 << 30
    """Windows forbids reading locked bytes: lock one far behind the owner's process number."""

    def lock(file: IO[bytes]) -> None:
        """Lock an open file, or raise OSError at once."""
        file.seek(LOCKED_BYTE)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

    def unlock(_: IO[bytes]) -> None:
        """Windows unlocks a file when it is closed."""
else:
    import fcntl

    def lock(file: IO[bytes]) -> None:
        """Lock an open file, or raise OSError at once."""
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def unlock(file: IO[bytes]) -> None:
        """Unlock an open file, for all processes that have inherited it."""
        fcntl.flock(file, fcntl.LOCK_UN)


HELD_BY_ANOTHER = {errno.EAGAIN, errno.EACCES, errno.EDEADLK}
"""Error numbers by which operating systems say that another process has the lock."""


class FileLock:
    """The right to do one thing in one folder. The file stays; whether it is locked is what counts.

    Args:
        path: The file, in a folder of the home folder.
        activity: What the owner of the lock is doing, for the message to a process that is refused: `writing to`.
        timeout: Seconds to wait for an owner that is about to release the lock.
    """

    def __init__(self, path: Path, activity: str, *, timeout: float = 0.0) -> None:
        self.path, self.activity, self.timeout = path, activity, timeout
        self._file: IO[bytes] | None = None
        self._taken = False
        forks.register(self)

    def acquire(self) -> None:
        """Take the lock; nothing happens if this object has it already.

        Raises:
            EngineError: Another engine, of this or another process, has it, or the folder cannot be written to.
        """
        if self._taken:
            return
        with explained(self.path):
            make_folder(self.path.parent, self.path.parent.parent)
            with forks.no_fork:  # a child would keep the lock with a file that it does not know of
                self._file = file = appending(self.path)
        try:
            self._wait(file)
            self._taken = True
            with explained(self.path):
                file.truncate(0)
                file.write(str(os.getpid()).encode())
        except BaseException:
            self.close()
            raise

    def is_held(self) -> bool:
        """Return whether another object, of this or another process, has the lock. Nothing is waited for.

        Of a lock whose file may not be read nobody knows: it counts as free.
        """
        with suppress(OSError), forks.no_fork, open(self.path, "rb") as file:
            try:
                lock(file)
                unlock(file)
            except OSError as error:
                return error.errno in HELD_BY_ANOTHER
        return False

    def _wait(self, file: IO[bytes]) -> None:
        """Lock an open file as soon as its owner releases it."""
        deadline = time.monotonic() + self.timeout
        while True:
            try:
                lock(file)
                return
            except OSError as error:
                if error.errno not in HELD_BY_ANOTHER:
                    raise EngineError(
                        f"{shown(self.path.parent)} is on a disk that locks no files ({error.strerror}), as network "
                        "disks may be. Put 'engine.folder' on a disk of this machine, or use Elasticsearch."
                    ) from error
                if time.monotonic() < deadline:
                    time.sleep(0.01)
                    continue
                file.seek(0)
                owner = file.read().decode(errors="replace") or "unknown"
                raise EngineError(
                    f"Process {owner} is {self.activity} {shown(self.path.parent)}. Wait until it has ended, "
                    "then try again."
                ) from error

    def close(self) -> None:
        """Release the lock."""
        if self._file is not None and self._taken:
            unlock(self._file)  # at once, also where a process that was just forked has the file open
        self.after_fork()

    def after_fork(self) -> None:
        """Have no lock: that of the parent stays, whose file is open still."""
        file, self._file, self._taken = self._file, None, False
        if file is not None:
            file.close()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def require(self) -> None:
        """Make sure that the lock is ours, see `Lease`; the operating system guarantees it, but not to a child."""
        if not self._taken:
            raise EngineError(
                f"This process, {os.getpid()}, has no lock in {shown(self.path.parent)}: it was forked from its owner. "
                "Leave the work to that one."
            )
