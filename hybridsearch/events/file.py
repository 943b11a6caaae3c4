"""A log in a file: each call is one write to its end, so that any number of processes may write to one file.

The file is opened for each write: it may be renamed or removed meanwhile, and the next line begins a new one. Nothing
is forced to the disk: a power cut may take the last seconds, and no shopper waits for a disk.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from hybridsearch.disk import modes
from hybridsearch.disk.durable import make_folder


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
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                content = content if file.read(1) == b"\n" else b"\n" + content
            if (written := file.write(content)) != len(content):
                raise OSError(f"only {written} of {len(content)} bytes were written")

    def close(self) -> None:
        """Nothing is open between two writes."""
