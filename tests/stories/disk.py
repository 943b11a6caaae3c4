"""A disk that loses its power: what a process wrote, and what of it is left when it stops at any moment.

`record` runs a program and writes down all it does to the files of a folder, SQLite's part too. `Disk` does it again up
to some moment, and `cut` leaves what a disk may keep: all that was synced; of what was not, everything, nothing, a
part, or garbage. A folder keeps its changes in order, up to some moment after it was last synced, as journalling file
systems do; syncing a file does not sync its name (POSIX promises no more).

Source: `MockDirectoryWrapper.crash` of Lucene; Pillai et al., "All File Systems Are Not Created Equal" (OSDI 2014).
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from struct import Struct
from typing import NamedTuple

SHIM = Path(__file__).with_name("disk.c")
HEAD = Struct("<ciqII")
SECTOR = 512


class Call(NamedTuple):
    """One change: O(pen), W(rite), T(runcate), S(ync), R(ename), U(nlink), D(irectory)."""

    op: str
    fd: int
    number: int
    path: str
    data: bytes


def record(folder: Path, command: Sequence[str], scratch: Path) -> list[Call]:
    """Run a command and return all that it did below a folder."""
    shim, log = scratch / "disk.so", scratch / "disk.log"
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", str(shim), str(SHIM)], check=True)
    log.unlink(missing_ok=True)
    watched = {"LD_PRELOAD": str(shim), "DISK_ROOT": str(folder), "DISK_LOG": str(log)}
    subprocess.run(command, check=True, env={**os.environ, **watched})
    return list(parse(log.read_bytes()))


def can_record() -> bool:
    """Return whether this machine has what `record` needs."""
    return sys.platform == "linux" and shutil.which("cc") is not None


def parse(log: bytes) -> Iterator[Call]:
    place = 0
    while place < len(log):
        op, fd, number, path, data = HEAD.unpack_from(log, place)
        middle = place + HEAD.size + path
        yield Call(op.decode(), fd, number, log[place + HEAD.size : middle].decode(), log[middle : middle + data])
        place = middle + data


@dataclass(slots=True, eq=False)
class File:
    """A file: what is safe, and what was written since."""

    safe: bytes = b""
    later: list[tuple[int, bytes | None]] = field(default_factory=list)
    """Offset and data; without data, the new size."""

    def sync(self) -> None:
        self.safe, self.later = applied(self.safe, self.later), []

    def left(self, luck: random.Random) -> bytes:
        """Return what a power cut leaves."""
        fate = luck.choice(["all", "nothing", "half", "scrambled"])
        if fate == "scrambled":
            return applied(self.safe, [piece for write in self.later for piece in scrambled(write, luck)])
        kept = {"all": len(self.later), "nothing": 0}.get(fate, luck.randint(0, len(self.later)))
        return applied(self.safe, self.later[:kept])


def applied(content: bytes, writes: Sequence[tuple[int, bytes | None]]) -> bytes:
    found = bytearray(content)
    for place, data in writes:
        found.extend(bytes(max(0, place - len(found))))
        if data is None:
            del found[place:]
        else:
            found[place : place + len(data)] = data
    return bytes(found)


def scrambled(write: tuple[int, bytes | None], luck: random.Random) -> Iterator[tuple[int, bytes | None]]:
    """Yield some sectors of a write, some of them as garbage."""
    place, data = write
    if data is None:
        yield write
        return
    for start in range(0, len(data), SECTOR):
        sector = data[start : start + SECTOR]
        match luck.choice(["kept", "lost", "garbage"]):
            case "kept":
                yield place + start, sector
            case "garbage":
                yield place + start, luck.randbytes(len(sector))


@dataclass(slots=True, eq=False)
class Folder:
    """A folder: the names that are safe, and what changed since."""

    safe: dict[str, File | Folder] = field(default_factory=dict)
    later: list[dict[str, File | Folder | None]] = field(default_factory=list)

    def now(self) -> dict[str, File | Folder]:
        return self.after(len(self.later))

    def after(self, changes: int) -> dict[str, File | Folder]:
        found: dict[str, File | Folder | None] = {**self.safe}
        for change in self.later[:changes]:
            found |= change
        return {name: each for name, each in found.items() if each is not None}

    def sync(self) -> None:
        self.safe, self.later = self.now(), []

    def left(self, luck: random.Random) -> dict[str, File | Folder]:
        """Return the names that a power cut leaves."""
        return self.after(luck.choice([0, len(self.later), luck.randint(0, len(self.later))]))


class Disk:
    """A folder as it was, on which calls are done again."""

    def __init__(self, folder: Path) -> None:
        self.root = folder
        self.tree = taken(folder)
        self._open: dict[int, File | Folder] = {}

    def do(self, call: Call) -> None:
        """Do a call again."""
        match call.op:
            case "O":
                folder, name = self.place(call.path)
                if call.number & os.O_CREAT and name not in folder.now():
                    folder.later.append({name: File()})
                opened = self._open[call.fd] = folder.now()[name] if name else folder
                if call.number & os.O_TRUNC and isinstance(opened, File):
                    opened.later.append((0, None))
            case "W":
                self.file(call).later.append((call.number, call.data))
            case "T":
                self.file(call).later.append((call.number, None))
            case "S":
                self._open[call.fd].sync()
            case "R":
                folder, name = self.place(call.path)
                same, new = self.place(call.data.decode())
                assert folder is same
                folder.later.append({name: None, new: folder.now()[name]})
            case "U":
                folder, name = self.place(call.path)
                folder.later.append({name: None})
            case "D":
                folder, name = self.place(call.path)
                folder.later.append({name: Folder()})

    def file(self, call: Call) -> File:
        folder, name = self.place(call.path) if call.path else (None, "")
        found = folder.now()[name] if folder else self._open[call.fd]
        assert isinstance(found, File)
        return found

    def place(self, path: str) -> tuple[Folder, str]:
        """Return the folder of a path, and its name there; the root has none."""
        *above, name = Path(path).relative_to(self.root).parts or ("",)
        folder = self.tree
        for each in above:
            found = folder.now()[each]
            assert isinstance(found, Folder)
            folder = found
        return folder, name

    def cut(self, luck: random.Random) -> None:
        """Write what a power cut now leaves into the folder, in place of what is there."""
        shutil.rmtree(self.root)
        self.root.mkdir()
        write(self.root, self.tree, luck)


def taken(folder: Path) -> Folder:
    """Return a folder as it is; all of it is safe."""
    return Folder({each.name: taken(each) if each.is_dir() else File(each.read_bytes()) for each in folder.iterdir()})


def write(path: Path, folder: Folder, luck: random.Random) -> None:
    for name, each in folder.left(luck).items():
        if isinstance(each, Folder):
            (path / name).mkdir()
            write(path / name, each, luck)
        else:
            (path / name).write_bytes(each.left(luck))
