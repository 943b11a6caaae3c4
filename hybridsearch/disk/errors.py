"""Errors of the disk and of SQLite in our own words."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hybridsearch.errors import EngineError, StoreDamaged

TROUBLE = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY}
TROUBLE |= {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
TROUBLE |= {sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOLFS}
"""Primary result codes of SQLite that are the machine's trouble; with any other one the file is not what we wrote."""


def damaged(path: Path, why: str) -> StoreDamaged:
    """Return the error for a file that is not as it was written."""
    return StoreDamaged(f"'{path}' is damaged: {why}. Rebuild the index with: hybridsearch reindex")


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what the disk and SQLite raise into StoreDamaged, or into EngineError when the file itself is sound."""
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in TROUBLE:
            raise EngineError(f"Cannot use '{path}': {error}. {advice(path)}") from error
        raise damaged(path, str(error).partition("\n")[0]) from error
    except OSError as error:
        raise EngineError(f"Cannot use '{path}': {error.strerror}. {advice(path)}") from error


def advice(path: Path) -> str:
    """Return what to do about a path that cannot be used: it is closed to this user, or something is wrong with it."""
    while not os.access(path.parent, os.X_OK) or not path.exists():
        path = path.parent
    if os.access(path, os.R_OK | os.W_OK):
        return "Look at the folder and the free space."
    try:
        owner = path.owner()
    except (KeyError, NotImplementedError):  # a user without a name; Windows
        owner = f"user {path.stat().st_uid}"
    return f"'{path}' belongs to {owner}: run this as that user, or allow reading and writing there."
