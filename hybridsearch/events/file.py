"""A log in a file: each call is one write to its end, so that any number of processes may write to one file.

The file is opened for each write: it may be renamed or removed meanwhile, and the next line begins a new one. Nothing
is forced to the disk: a power cut may take the last seconds, and no shopper waits for a disk.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import orjson

from hybridsearch.disk import modes
from hybridsearch.disk.durable import make_folder

LOOKS = 5
"""Looks, a millisecond apart, after which the end of a file is a leftover, and not what another process just writes."""


def ends_a_line(file: IO[bytes]) -> bool:
    """Tell whether the last line of a file that is not empty is whole, or will be in a moment."""
    for look in range(LOOKS):
        if look:
            time.sleep(0.001)
        file.seek(-1, os.SEEK_END)
        if file.read(1) == b"\n":
            return True
    return False


class FileOfEvents:
    """The file that a configuration names under `[log]`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """Write lines to the end, all in one.

        What a process that was killed, or a full disk, has left of a line is ended first: it costs no other one.

        Raises:
            OSError: The file cannot be written, or not all of it.
        """
        content = b"".join(orjson.dumps(line) + b"\n" for line in lines)
        if not self.path.parent.is_dir():
            make_folder(self.path.parent, None)
        with modes.appending(self.path) as file:
            if file.seek(0, os.SEEK_END) and not ends_a_line(file):
                content = b"\n" + content
            if (written := file.write(content)) != len(content):
                raise OSError(f"only {written} of {len(content)} bytes were written")

    def close(self) -> None:
        """Nothing is open between two writes."""
