"""A connection to a SQLite file that threads share, and that one of them may close.

SQLite ends the process when a connection is closed under a statement; so whoever uses one holds its lock, and so does
whoever closes it. In a forked process it is neither used nor closed: SQLite allows neither.
"""

from __future__ import annotations

import ctypes
import os
import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hybridsearch.errors import EngineError, ShopClosed
from hybridsearch.runtime import forks


class Database:
    """An open file. It is closed when nobody refers to it any more, if not before.

    Args:
        path: The file, for messages.
        db: The connection, with `check_same_thread` off.
    """

    def __init__(self, path: Path, db: sqlite3.Connection) -> None:
        self._path = path
        self._process = os.getpid()
        self._db: sqlite3.Connection | None = db
        self._lock = forks.Lock()
        self._finalizer = weakref.finalize(self, close, db, self._lock)
        forks.register(self)

    @contextmanager
    def use(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection, which no other thread has for as long as the context lasts.

        Raises:
            ShopClosed: It was closed.
            EngineError: It belongs to another process.
        """
        with forks.still(), self._lock.held:
            if self._process != os.getpid():
                raise EngineError(
                    f"'{self._path}' was opened by process {self._process}, of which this one, {os.getpid()}, was "
                    "forked. Repeat what failed in this process."
                )
            if self._db is None:
                raise ShopClosed(f"'{self._path}' was closed. Open the shop again.")
            yield self._db

    def close(self) -> None:
        """Close the file, once nobody uses it; a second time nothing happens."""
        with self._lock.held:
            self._db = None
        self._finalizer()

    def after_fork(self) -> None:
        """Leave the connection to the parent: to close it would roll back what the parent is writing."""
        self._lock = forks.Lock()
        self._finalizer.detach()
        if self._db is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._db))  # or Python would close it at the end
            self._db = None


def close(db: sqlite3.Connection, lock: forks.Lock) -> None:
    """Close a connection once nobody uses it."""
    with forks.still(), lock.held:
        db.close()
