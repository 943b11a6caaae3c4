"""The pieces of a file: a few bytes each, and a decoder's time for each."""

from __future__ import annotations

import os
import time

import pytest
from PIL import Image

from hybridsearch.errors import ImageError
from hybridsearch.images import decode
from hybridsearch.images.limits import MAX_BYTES
from hybridsearch.images.pieces import check_pieces
from tests.pictures import chunk, png_of, saved, with_scans

JPEG = saved(Image.new("RGB", (60, 40), (255, 0, 0)), "JPEG")
FULL = MAX_BYTES - 1000
"""Bytes of an attack that fills a file."""


def stuffed(filling: bytes, size: int = FULL) -> bytes:
    """Return a JPEG with something repeated before its first segment."""
    return JPEG[:2] + filling * (size // len(filling)) + JPEG[2:]


@pytest.mark.parametrize(
    ("file", "pieces"),
    [
        (lambda: with_scans(260, 500), "100 scans"),
        (lambda: with_scans(1010, 100), "100 scans"),
        (lambda: stuffed(b"\xff\xfe\0\2"), "10,000 segments"),
        (lambda: stuffed(b"\xff\xff"), "65,536 bytes of padding"),
        (lambda: stuffed(b"\xff\xd0"), "65,536 bytes of padding"),
        (lambda: stuffed(b"\xff\0"), "65,536 bytes of padding"),
        (lambda: stuffed(b"\xff\xf0\xff\xfe" + b"\xff" * 65_000), "65,536 bytes of padding"),
        (lambda: b"\xff\xd8" + b"\xff" * FULL, "65,536 bytes of padding"),
        (lambda: png_of(30, 30, chunk(b"abCd", b"") * (FULL // 12)), "10,000 chunks"),
        (lambda: png_of(30, 30, chunk(b"tEXt", b"a\0b") * (FULL // 15)), "10,000 chunks"),
    ],
    ids=["scans", "more scans", "comments", "padding", "restarts", "zeros", "reserved", "endless", "chunks", "text"],
)  # fmt: skip
def test_a_file_of_too_many_pieces_is_refused_before_a_decoder_walks_over_them(file: object, pieces: str) -> None:
    """Fault 52."""
    data = file()  # type: ignore[operator]
    started = time.monotonic()
    with pytest.raises(ImageError, match=f"more than {pieces}"):
        decode(data)
    assert time.monotonic() - started < 2


def test_ordinary_encoders_write_few_scans() -> None:
    noise = Image.effect_noise((200, 200), 90)
    for picture in (noise, noise.convert("RGB"), noise.convert("CMYK")):
        for options in ({}, {"progressive": True}, {"progressive": True, "subsampling": 0}):
            data = saved(picture, "JPEG", **options)
            assert data.count(b"\xff\xda") <= 20
            check_pieces(data, "JPEG")


@pytest.mark.parametrize("behind", [b"\xff\xda" * 500_000, os.urandom(8_000_000)], ids=["scans", "film"])
def test_what_follows_the_end_of_a_photo_does_not_count(behind: bytes) -> None:
    """Phones append films, depth maps and other sizes to a photo."""
    assert decode(JPEG + behind).size == (60, 40)


def test_a_thumbnail_within_a_segment_does_not_count() -> None:
    thumbnail = b"\xff\xda" * 3000
    segment = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2) + thumbnail
    assert decode(JPEG[:2] + segment * 40 + JPEG[2:]).size == (60, 40)


def test_a_photo_with_a_large_profile_and_long_notes_is_fine() -> None:
    data = saved(Image.new("RGB", (60, 40)), "JPEG", icc_profile=os.urandom(3_000_000), comment=b"n" * 60_000)
    check_pieces(data, "JPEG")


def test_a_large_png_in_small_pieces_is_fine() -> None:
    assert decode(png_of(60, 40)[:33] + chunk(b"tEXt", b"a\0b") * 9000 + saved(Image.new("RGB", (60, 40)))[33:])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
@pytest.mark.parametrize("data", [b"", b"\xff", b"\xff\xd8\xff", b"\xff\xd8\xff\xda", b"\x89PNG\r\n\x1a\n\xff\xff"])
def test_a_file_that_ends_early_is_left_to_the_decoder(kind: str, data: bytes) -> None:
    check_pieces(data, kind)
