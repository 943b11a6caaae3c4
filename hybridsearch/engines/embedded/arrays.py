"""Arrays in one file, with checksums."""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from struct import Struct
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from hybridsearch.disk.durable import replacing

Arrays = Mapping[str, NDArray[Any]]
"""One-dimensional arrays by name."""

ALIGN = 64
"""Every array starts at a multiple of this many bytes: a cache line, and enough for every type."""
MAPPED_FROM = 16 << 20
"""Bytes: each process can hold as many of each file for itself."""
TRAILER = Struct("<QI")
"""Length of the table of contents, and CRC32 of everything before the trailer."""


def bytes_of(path: Path) -> NDArray[np.uint8]:
    """Return the bytes of a file, read-only: a small one as it is now, a large one mapped, which processes share.

    Where a mapped file is cut short, the process that reads it is killed (SIGBUS).

    Raises:
        OSError: There is no such file.
        ValueError: It is large, and was emptied at this moment.
    """
    if path.stat().st_size > MAPPED_FROM:
        return np.memmap(path, np.uint8, "r")
    data = np.fromfile(path, np.uint8)
    data.flags.writeable = False
    return data


def save_arrays(path: Path, arrays: Arrays, commit: str) -> None:
    """Replace a file by arrays and what tells the commit from which they were computed."""
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


def load_arrays(path: Path) -> tuple[Arrays, object]:
    """Read or map what `save_arrays` wrote: the arrays, read-only, and what tells the commit.

    Raises:
        OSError: There is no such file.
        ValueError: The file is not as it was written.
    """
    file = bytes_of(path).data
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


def read_commit(path: Path) -> str:
    """Return what tells the commit, which is known before the arrays are read; no checksum is compared.

    Raises:
        OSError: There is no such file, or it is cut short.
        ValueError: The file is not as it was written.
    """
    with open(path, "rb") as file:
        file.seek(-TRAILER.size, os.SEEK_END)
        length, _ = TRAILER.unpack(file.read())
        file.seek(-TRAILER.size - length, os.SEEK_END)
        table = orjson.loads(file.read(length))
    if not isinstance(table, dict) or not isinstance(table.get("commit"), str):
        raise ValueError("it names no commit")
    return str(table["commit"])
