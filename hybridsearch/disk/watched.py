"""Files that people edit while a shop runs: read again when they have changed, without a restart."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Generic, TypeVar

from hybridsearch.disk.paths import shown
from hybridsearch.runtime import forks

LARGEST = 16 << 20
"""Bytes of a file that people write by hand."""

Value = TypeVar("Value")


class Watched(Generic[Value]):
    """What some files say together.

    Args:
        files: By name.
        optional: Names of those that need not be there.
        read: Makes the value of their texts, which are UTF-8; ValueError when it cannot.
        nothing: The value until they can be read.
    """

    def __init__(
        self,
        files: Mapping[str, Path],
        read: Callable[[Mapping[str, str]], Value],
        nothing: Value,
        optional: Collection[str] = (),
    ) -> None:
        self._files, self._read, self._optional = files, read, optional
        self._value, self._why = nothing, ""
        self._seen: object = None
        self._lock = forks.Lock()

    def get(self) -> tuple[Value, str]:
        """Return the value, and why it is an earlier one, or none at all, if so."""
        if not self._files:
            return self._value, ""
        with self._lock.held:
            if (state := [signature(path) for path in self._files.values()]) != self._seen:
                self._seen = state
                try:
                    there = {name for name, path in self._files.items() if name not in self._optional or path.exists()}
                    self._value = self._read(
                        {name: content(self._files[name]) for name in self._files if name in there}
                    )
                    self._why = ""
                except (OSError, ValueError) as error:
                    self._why = str(error)
            return self._value, self._why


def signature(path: Path) -> tuple[int, ...]:
    """Return what changes with a file; nothing for one that cannot be looked at."""
    if not os.access(path, os.F_OK):  # six of seven files of synonyms mostly: an exception for each takes far longer
        return ()
    try:
        status = os.stat(path)
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_size, status.st_ino


def content(path: Path) -> str:
    """Return the text of a file.

    Raises:
        ValueError: It cannot be read; the message says why.
    """
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise ValueError(f"{shown(path)} is no file")
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise ValueError(f"{shown(path)} cannot be read: {error.strerror}") from error
    if len(data) > LARGEST:
        raise ValueError(f"{shown(path)} is larger than {LARGEST >> 20} MiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{shown(path)} is not UTF-8 (byte {error.start:,}); save it as UTF-8") from error
