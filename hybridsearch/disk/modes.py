"""Who may read what is written, whatever the umask: a file or folder follows the folder that it lies in.

A new home folder is private (`durable.make_folder`), and with it all that lies in it. An operator who opens it to a
group (`chmod 750`) opens what is written there from then on too. Nothing is ever writable for everybody.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import IO

PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600
FOLDER, FILE = 0o2775, 0o664
"""The most that is taken from a folder, the inheritance of its group included."""


def of_folders(parent: Path) -> int:
    """Return the mode of a new folder in a folder: private where strangers share that one, as a temporary folder."""
    mode = parent.stat().st_mode
    return PRIVATE_FOLDER if mode & stat.S_ISVTX else PRIVATE_FOLDER | mode & FOLDER


def of_files(folder: Path) -> int:
    """Return the mode of a new file in a folder."""
    mode = folder.stat().st_mode
    return PRIVATE_FILE if mode & stat.S_ISVTX else PRIVATE_FILE | mode & FILE


def change(target: Path | int, mode: int) -> None:
    """Set the mode of a path or an open file, where the system and its disk have modes."""
    if os.name == "posix":
        with suppress(OSError):  # a disk without modes; what was made anew is private on all others
            os.chmod(target, mode)


def opener(path: str, flags: int) -> int:
    """Open a file for `open(..., opener=opener)`; a new one gets the mode that its folder gives."""
    if not flags & os.O_CREAT:
        return os.open(path, flags)
    try:
        descriptor = os.open(path, flags | os.O_EXCL, PRIVATE_FILE)
    except FileExistsError:
        return os.open(path, flags, PRIVATE_FILE)
    change(descriptor, of_files(Path(path).parent))
    return descriptor


def appending(path: Path) -> IO[bytes]:
    """Open a file for reading and for writing at its end, unbuffered; the caller closes it."""
    return open(path, "a+b", buffering=0, opener=opener)


def create(path: Path) -> None:
    """Make an empty file, unless there is one: SQLite keeps its mode, and gives it to the logs beside it."""
    if not path.exists():
        appending(path).close()


def write(path: Path, content: bytes) -> None:
    """Write a file that nobody reads meanwhile."""
    with open(path, "wb", opener=opener) as file:
        file.write(content)


def settle(folder: Path) -> None:
    """Give a folder, and all that a library wrote in it, the modes that follow from where it lies."""
    change(folder, of_folders(folder.parent))
    for entry in folder.iterdir():
        if entry.is_symlink():
            continue  # what it names lies elsewhere
        if entry.is_dir():
            settle(entry)
        else:
            change(entry, of_files(folder))
