"""Picture files for tests: ordinary ones, and those that cost a decoder more than they should."""

from __future__ import annotations

import struct
import zlib
from functools import cache
from io import BytesIO
from typing import Any

from PIL import Image


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """Return the file of a picture."""
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, before: bytes = b"") -> bytes:
    """Return a PNG that declares a size and holds almost nothing, but for the chunks before its pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b""))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + pixels + chunk(b"IEND", b"")


def with_scans(scans: int, side: int) -> bytes:
    """Return a grey progressive JPEG whose last scan is repeated; each costs as much time as a whole picture."""
    data = saved(Image.new("L", (side, side), 128), "JPEG", progressive=True)
    first, last = data.index(b"\xff\xda"), data.rindex(b"\xff\xda")
    more = scans - data[first:].count(b"\xff\xda")
    return data[:-2] + data[last:-2] * more + b"\xff\xd9"


@cache
def slow() -> bytes:
    """Return a file within all limits of size and pieces that takes seconds to decode."""
    return with_scans(100, 7900)
