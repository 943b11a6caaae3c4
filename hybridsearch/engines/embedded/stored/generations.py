"""Generations of an index: sibling folders, and a file that names the live one."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

from hybridsearch.disk.durable import make_folder, replacing, sync_folder
from hybridsearch.disk.errors import damaged, explained
from hybridsearch.disk.lock import FileLock
from hybridsearch.disk.modes import create
from hybridsearch.engines.embedded.stored.store import NAME as STORE

POINTER = "current"
UNFINISHED = "unfinished"
"""A file in the folder of a generation that is not complete yet."""
GENERATION = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}")
REMOVED = "removed-"
"""Begins the name of a folder that is being removed: no run continues it, and no rollback returns to it."""

Stamp = tuple[int, ...]
"""Equal as long as the same generation, in the same state, is live."""


class Generations:
    """The folder of one index."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pointer = folder / POINTER

    def path(self, generation: str) -> Path:
        """Return a generation's folder."""
        return self.folder / generation

    def writing(self, generation: str, *, timeout: float = 0.0) -> FileLock:
        """Return the right to write to a generation, which is not taken yet; `timeout` is that of a FileLock."""
        return FileLock(self.folder / f"{generation}.lock", "writing to", timeout=timeout)

    def names(self) -> list[str]:
        """Return all generations, the oldest first."""
        return sorted(path.name for path in self.folder.glob("*-*-*") if GENERATION.fullmatch(path.name))

    def live_name(self) -> str | None:
        """Return the content of the pointer, even if it is damaged; None when there is no pointer yet."""
        with explained(self.pointer):
            if not self.pointer.exists():
                return None
            return self.pointer.read_bytes().decode(errors="replace")

    def live(self) -> str | None:
        """Return the live generation, or None when there is none yet.

        Raises:
            StoreDamaged: The file that names it does not hold a name.
        """
        name = self.live_name()
        if name is not None and not GENERATION.fullmatch(name):
            raise damaged(self.pointer, "it does not name a generation")
        return name

    def stamp(self) -> Stamp | None:
        """Return what changes with every `point`; None when there is no live generation. Costs a few microseconds."""
        with explained(self.pointer):
            try:
                status = os.stat(self.pointer)
            except FileNotFoundError:
                return None
        # With the process number, because neither a lock nor a connection of SQLite survives a fork.
        return os.getpid(), status.st_mtime_ns, status.st_ino, status.st_size

    def point(self, generation: str) -> None:
        """Make a generation the live one, atomically; or tell readers that the live one has changed."""
        with explained(self.pointer), replacing(self.pointer) as file:
            file.write(generation.encode())

    def mark_unfinished(self, generation: str) -> None:
        """Create the folder of a generation that will be filled."""
        with explained(self.folder):
            make_folder(self.path(generation), self.folder.parent)
            create(self.path(generation) / UNFINISHED)

    def mark_finished(self, generation: str) -> None:
        """Record that a generation may be searched."""
        with explained(self.folder):
            (self.path(generation) / UNFINISHED).unlink(missing_ok=True)
            sync_folder(self.path(generation))

    def is_unfinished(self, generation: str) -> bool:
        """Return whether a generation was started and never made live, be it killed before it was marked as such."""
        folder = self.path(generation)
        return (folder / UNFINISHED).exists() or not (folder / STORE).exists()

    def remove(self, generation: str) -> None:
        """Remove a generation, and what is left of those whose removal was killed.

        Files open in another process go when it closes them, or on Windows later.
        """
        removed = self.folder / f"{REMOVED}{generation}"
        with suppress(OSError):  # it is gone already, or on Windows a file of it is open
            self.path(generation).rename(removed)
        for folder in (self.path(generation), *self.folder.glob(f"{REMOVED}*")):
            shutil.rmtree(folder, ignore_errors=True)
