"""Errors of the disk and of SQLite as errors of this package."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hybridsearch.disk.paths import shown
from hybridsearch.errors import EngineError, StoreDamaged

ENVIRONMENT_ERRORS = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY}
ENVIRONMENT_ERRORS |= {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
ENVIRONMENT_ERRORS |= {sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOLFS}
"""Primary result codes of SQLite that the machine causes; any other one means that the file is not what we wrote."""


REBUILD = "Rebuild the index with: hybridsearch reindex"


def damaged(path: Path, reason: str, remedy: str = REBUILD) -> StoreDamaged:
    """Return the error for a file that is not as it was written."""
    return StoreDamaged(f"{shown(path)} is damaged: {reason}. {remedy}")


@contextmanager
def explained(path: Path, remedy: str = REBUILD) -> Iterator[None]:
    """Turn what the disk and SQLite raise into StoreDamaged, or into EngineError when the file itself is intact."""
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in ENVIRONMENT_ERRORS:
            raise EngineError(f"Cannot use {shown(path)}: {error}. {advice(path)}") from error
        raise damaged(path, str(error).partition("\n")[0], remedy) from error
    except UnicodeDecodeError as error:  # in what SQLite says of a damaged file, too
        raise damaged(path, "it holds bytes that are no text", remedy) from error
    except OSError as error:
        raise EngineError(f"Cannot use {shown(path)}: {error.strerror}. {advice(path)}") from error


def advice(path: Path) -> str:
    """Return what to do about a path that cannot be used: this user lacks access, or something is wrong with it."""
    while not os.access(path.parent, os.X_OK) or not path.exists():
        path = path.parent
    if os.access(path, os.R_OK | os.W_OK):
        return "Look at the folder and the free space."
    try:
        owner = path.owner()
    except (KeyError, NotImplementedError):  # a user without a name; Windows
        owner = f"user {path.stat().st_uid}"
    return f"{shown(path)} belongs to {owner}: run this as that user, or allow reading and writing there."
