"""Files and folders that survive a power cut."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from hybridsearch.disk import modes


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing that replaces `path` at the end, durably; a failure leaves the old file.

    Only for the single writer of a folder: the leftover of a killed writer is overwritten. The mode of a file stays.
    """
    temporary = path.with_name(f"{path.name}.tmp")
    try:
        with open(temporary, "wb", opener=modes.opener) as file:
            mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else modes.of_files(path.parent)
            modes.change(file.fileno(), mode)
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def make_folder(folder: Path, home: Path | None) -> None:
    """Make a folder and its missing parents, durably; an existing folder is left as it is.

    Args:
        folder: Lies in `home`, or is it.
        home: Private if it is made here, with its parents; a folder in it gets the mode of the one that it lies in.
            None: so does every folder.
    """
    if not folder.is_dir():
        make_folder(folder.parent, home)
        folder.mkdir(modes.PRIVATE_FOLDER, exist_ok=True)
        if home is None or home in folder.parents:
            modes.change(folder, modes.of_folders(folder.parent))
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make the entries of a folder durable; Windows has no such call and needs none."""
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
