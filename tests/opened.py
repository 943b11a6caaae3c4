"""Which files are opened while something runs, by whatever code: Python, C or Rust. Linux alone has what this needs."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

IN_OPEN, IN_ISDIR, IN_NONBLOCK = 0x20, 0x40000000, 0x800
EVENT = struct.Struct("iIII")


@contextmanager
def opened_files(*folders: Path) -> Iterator[set[Path]]:
    """Gather the files below some folders that are opened; a link counts under the name by which it was opened.

    An audit hook of Python would not do: tokenizers and safetensors open files by themselves.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(IN_NONBLOCK)
    assert watch >= 0, os.strerror(ctypes.get_errno())
    opened: set[Path] = set()
    try:
        by_number = {
            libc.inotify_add_watch(watch, os.fsencode(place), IN_OPEN): place
            for folder in folders
            for place in (folder, *(inner for inner in folder.rglob("*") if inner.is_dir()))
        }
        yield opened
        for number, mask, name in events(watch):
            if name and not mask & IN_ISDIR:
                opened.add(by_number[number] / name)
    finally:
        os.close(watch)


def events(watch: int) -> Iterator[tuple[int, int, str]]:
    """Yield folder, kind and name of all events so far."""
    while True:
        try:
            data = os.read(watch, 1 << 16)
        except BlockingIOError:
            return
        at = 0
        while at < len(data):
            number, mask, _, length = EVENT.unpack_from(data, at)
            at += EVENT.size
            yield number, mask, os.fsdecode(data[at : at + length].rstrip(b"\0"))
            at += length
