"""Arrays in one file, with a checksum."""

from __future__ import annotations

import mmap
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from struct import Struct
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from hybridsearch.disk.durable import replacing

Arrays = Mapping[str, NDArray[Any]]
"""One-dimensional arrays by name."""
InPieces = Iterable[tuple[str, Iterable[NDArray[Any]]]]
"""Names, each with an array in one piece or several, to be read once and in order: none needs to be in memory whole."""


class Loaded(dict[str, NDArray[Any]]):
    """Arrays of a file, which can be referred to weakly."""


ALIGN = 64
"""Every array starts at a multiple of this many bytes: a cache line, and enough for every type."""
BLOCK = 1 << 20
"""Bytes that are summed up together."""
HELD = 32
"""Blocks of a mapped file until their memory is given back: a search may never need most of them."""
MAPPED_FROM = 16 << 20
"""Bytes: each process can hold as many of each file for itself."""
TRAILER = Struct("<QI")
"""Length of the table of contents, and CRC32 of the sums of all blocks before it, and of the table."""


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


def release(array: NDArray[Any]) -> None:
    """Give back the memory of a mapped file; what is read of it again comes from the disk, or what keeps its files.

    So a pass over vectors takes no more memory than it works on. Nothing happens where the system cannot do so.
    """
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)


def sums(data: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return the sum of the 64-bit words of each block.

    Their CRC32 takes a tenth of the time of that of all bytes: an index of a million products is opened in half a
    second less. A flipped bit changes a sum, and a block in another's place their order.
    """
    words, step = data.view(np.uint64), BLOCK // 8
    found = []
    for start in range(0, len(words) // step * step, HELD * step):
        some = words[start : start + HELD * step]
        found.append(some[: len(some) // step * step].reshape(-1, step).sum(axis=1))
        release(data)
    return np.concatenate([*found, [words[len(words) // step * step :].sum(dtype=np.uint64)]])


def matches(data: NDArray[np.uint8], table: NDArray[np.uint8], checksum: int) -> bool:
    """Tell whether arrays and their table have a checksum, which a version before computed of every byte."""
    if len(data) % ALIGN == 0 and zlib.crc32(table.data, zlib.crc32(sums(data).data)) == checksum:
        return True
    return zlib.crc32(table.data, zlib.crc32(data.data)) == checksum


def in_blocks(data: Iterable[bytes]) -> Iterator[bytes]:
    """Yield bytes again, a block at a time; the last one may be shorter."""
    waiting = bytearray()
    for each in data:
        waiting += each
        while len(waiting) >= BLOCK:
            yield bytes(waiting[:BLOCK])
            del waiting[:BLOCK]
    yield bytes(waiting)


def whole(arrays: Arrays) -> InPieces:
    """Return arrays in one piece each."""
    return ((name, (array,)) for name, array in arrays.items())


def held(arrays: InPieces) -> Arrays:
    """Return arrays that come in pieces, whole and in memory."""
    return {name: np.concatenate(list(pieces)) for name, pieces in arrays}


def save_arrays(path: Path, arrays: InPieces, commit: str) -> None:
    """Replace a file by arrays and what tells the commit from which they were computed."""
    contents: dict[str, tuple[str, int, int]] = {}

    def body() -> Iterator[bytes]:
        position = 0
        for name, pieces in arrays:
            start = position
            for piece in pieces:
                kind = piece.dtype
                position += piece.nbytes
                yield piece.tobytes()
            contents[name] = (kind.str, start, (position - start) // kind.itemsize)
            yield bytes(-position % ALIGN)
            position += -position % ALIGN

    checksum = 0
    with replacing(path) as file:
        for block in in_blocks(body()):
            checksum = zlib.crc32(sums(np.frombuffer(block, np.uint8))[:1].data, checksum)
            file.write(block)
        table = orjson.dumps({"commit": commit, "arrays": contents})
        file.write(table + TRAILER.pack(len(table), zlib.crc32(table, checksum)))


def load_arrays(path: Path) -> tuple[Arrays, object]:
    """Read or map what `save_arrays` wrote: the arrays, read-only, and what tells the commit.

    Raises:
        OSError: There is no such file.
        ValueError: The file is not as it was written.
    """
    file = bytes_of(path)
    body, trailer = file[: -TRAILER.size], file[-TRAILER.size :]
    if len(trailer) < TRAILER.size:
        raise ValueError("it is cut short")
    length, checksum = TRAILER.unpack(trailer.data)
    end = max(len(body) - length, 0)
    if not matches(body[:end], body[end:], checksum):
        raise ValueError("its checksum does not match")
    table = orjson.loads(body[end:].data)
    arrays = {
        name: np.frombuffer(body.data, dtype, count, offset) for name, (dtype, offset, count) in table["arrays"].items()
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
