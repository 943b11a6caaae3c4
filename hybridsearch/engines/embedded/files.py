"""Arrays in one file, and errors of the disk in our own words."""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from struct import Struct
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from hybridsearch.durable import replacing
from hybridsearch.errors import EngineError, StoreDamaged

Arrays = Mapping[str, NDArray[Any]]
"""One-dimensional arrays by name."""

ALIGN = 64
"""Every array starts at a multiple of this many bytes: a cache line, and enough for every type."""
TRAILER = Struct("<QI")
"""Length of the table of contents, and CRC32 of everything before the trailer."""
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


def save_arrays(path: Path, arrays: Arrays, commit: int) -> None:
    """Write arrays, and the number of the commit that they were made from, in place of a file."""
    contents: dict[str, tuple[str, int, int]] = {}
    position = checksum = 0
    with replacing(path) as file:
        for name, array in arrays.items():
            contents[name] = (array.dtype.str, position, array.size)
            data = array.tobytes() + bytes(-array.nbytes % ALIGN)
            checksum = zlib.crc32(data, checksum)
            position += file.write(data)
        table = orjson.dumps({"commit": commit, "arrays": contents})
        file.write(table + TRAILER.pack(len(table), zlib.crc32(table, checksum)))


def load_arrays(path: Path) -> tuple[Arrays, int]:
    """Map what `save_arrays` wrote: the arrays, read-only, and the number of the commit.

    Raises:
        OSError: There is no such file.
        ValueError: The file is not as it was written.
    """
    file = np.memmap(path, np.uint8, "r").data
    body, trailer = file[: -TRAILER.size], file[-TRAILER.size :]
    if len(trailer) < TRAILER.size:
        raise ValueError("it is cut short")
    length, checksum = TRAILER.unpack(trailer)
    if zlib.crc32(body) != checksum:
        raise ValueError("its checksum does not match")
    table = orjson.loads(body[len(body) - length :])
    arrays = {
        name: np.frombuffer(body, dtype, count, offset) for name, (dtype, offset, count) in table["arrays"].items()
    }
    return arrays, table["commit"]
