"""Connections to the database of a generation."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from hybridsearch.runtime import forks


@forks.still()
def connect(path: Path) -> sqlite3.Connection:
    """Open a database for writing: every commit is on the disk before it returns."""
    db = sqlite3.connect(path, check_same_thread=False)
    db.execute("PRAGMA synchronous = FULL")
    return db


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open a database for reading, at its present commit whatever a writer does.

    SQLite cannot open a WAL database in a folder that it may not write to, unless it is told that nobody else writes.
    That is so when no write-ahead log lies beside it: the last writer has merged it.
    """
    uri, log = path.absolute().as_uri(), path.with_name(f"{path.name}-wal")
    try:
        return open_snapshot(f"{uri}?mode=ro")
    except sqlite3.OperationalError:
        if log.exists() and log.stat().st_size:
            raise
        return open_snapshot(f"{uri}?immutable=1")


@forks.still()
def open_snapshot(uri: str) -> sqlite3.Connection:
    """Open a database and begin a transaction on its present commit."""
    db = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
    try:
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM sqlite_master")
    except BaseException:
        db.close()
        raise
    return db
