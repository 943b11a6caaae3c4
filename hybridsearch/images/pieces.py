"""The pieces that a picture file is made of, counted before a decoder walks over them.

Decoders take time for each piece, however small it is: a JPEG of 24 kB with 1,010 scans takes 8 s, one of 20 MB that
begins with padding 48 s.
"""

from __future__ import annotations

import re

from hybridsearch.errors import ImageError
from hybridsearch.images.limits import MAX_JUNK, MAX_PIECES, MAX_SCANS

MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""Neither a byte of a scan that happens to be 255, nor a restart within it."""
SCAN, END = 0xDA, 0xD9
ALONE = {0x01, 0xC8, 0xD8, END, *range(0xF0, 0xFE)}
"""Markers that no decoder reads a segment behind."""


def check_pieces(data: bytes, kind: str) -> None:
    """Refuse a file of more pieces than any encoder writes.

    Raises:
        ImageError: It is one.
    """
    if kind == "JPEG":
        check_jpeg(data)
    elif kind == "PNG":
        check_png(data)


def check_jpeg(data: bytes) -> None:
    """Refuse a JPEG of too many scans or segments, or with junk between those of its header."""
    position = segments = scans = junk = 0
    while marker := MARKER.search(data, position):
        code, gap = data[marker.end() - 1], marker.start() - position
        position = marker.end()
        if code == END and scans:
            return  # what follows is another file: a thumbnail, or the film of a photo that moves
        if code not in ALONE:
            position += int.from_bytes(data[position : position + 2])
        junk += 0 if scans else gap
        segments, scans = segments + 1, scans + (code == SCAN)
        if scans > MAX_SCANS:
            raise too_many("JPEG", MAX_SCANS, "scans")
        if segments > MAX_PIECES:
            raise too_many("JPEG", MAX_PIECES, "segments")
        if junk > MAX_JUNK:
            raise too_many("JPEG", MAX_JUNK, "bytes of padding")
    if not scans and len(data) - position > MAX_JUNK:
        raise too_many("JPEG", MAX_JUNK, "bytes of padding")


def check_png(data: bytes) -> None:
    """Refuse a PNG of too many chunks."""
    position = 8
    for _ in range(MAX_PIECES):
        if position >= len(data):
            return
        position += 12 + int.from_bytes(data[position : position + 4])
    raise too_many("PNG", MAX_PIECES, "chunks")


def too_many(kind: str, most: int, pieces: str) -> ImageError:
    """Return the error about a file of too many pieces."""
    return ImageError(f"The {kind} picture has more than {most:,} {pieces}. Save it again with an ordinary encoder.")
