"""A spool: arrays that wait in a temporary file until they are merged."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

IN_MEMORY = 16 << 20
"""Bytes up to which nothing is written to the disk."""


class Stored(NamedTuple):
    """Where an array lies in a spool."""

    dtype: np.dtype[Any]
    position: int
    size: int


class Spool:
    """A file without a name, which is gone with the process, however that ends.

    Args:
        folder: Where it lies once it is large; elsewhere where that may not be written to.
    """

    def __init__(self, folder: Path) -> None:
        place = str(folder) if os.access(folder, os.W_OK) else None
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY, dir=place)  # noqa: SIM115 - closed by `close`

    def put(self, array: NDArray[Any]) -> Stored:
        """Append an array."""
        position = self._file.seek(0, os.SEEK_END)
        self._file.write(array.tobytes())
        return Stored(array.dtype, position, array.size)

    def get(self, stored: Stored, start: int = 0, end: int | None = None) -> NDArray[Any]:
        """Return an array, or what lies in it from one place to another."""
        end = stored.size if end is None else min(end, stored.size)
        self._file.seek(stored.position + start * stored.dtype.itemsize)
        return np.frombuffer(self._file.read((end - start) * stored.dtype.itemsize), stored.dtype)

    def forget(self, after: Stored) -> None:
        """Give back the room of an array and of all that was put behind it."""
        self._file.truncate(after.position)

    def close(self) -> None:
        """Give back all room."""
        self._file.close()
