"""Files with something changed at random, from the same seeds each time: a picture or an `ImageError`, and soon."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hybridsearch.errors import ImageError
from hybridsearch.images import UnsafePicture, decode
from tests.pictures import saved

MUTANTS = int(os.environ.get("HYBRIDSEARCH_TEST_MUTANTS", "300"))
"""Of each file; all together take 3 s."""
SECONDS = 2.0

Mutation = Callable[[bytearray, np.random.Generator], None]

NOISE = Image.effect_noise((64, 48), 90).convert("RGB")
FRAMES = [NOISE, NOISE.rotate(180), NOISE.rotate(90)]
EXIF = Image.Exif()
EXIF[0x0112] = 6
MOVING: dict[str, Any] = {"save_all": True, "append_images": FRAMES}
FILES = {
    "JPEG": saved(NOISE, "JPEG"),
    "JPEG progressive": saved(NOISE, "JPEG", progressive=True, exif=EXIF),
    "JPEG CMYK": saved(NOISE.convert("CMYK"), "JPEG"),
    "PNG": saved(NOISE, exif=EXIF),
    "PNG palette": saved(NOISE.quantize(), transparency=3),
    "PNG moving": saved(NOISE, **MOVING),
    "GIF": saved(NOISE, "GIF"),
    "GIF moving": saved(NOISE, "GIF", **MOVING),
    "WEBP": saved(NOISE, "WEBP", exif=EXIF),
    "WEBP lossless": saved(NOISE.convert("RGBA"), "WEBP", lossless=True),
    "WEBP moving": saved(NOISE, "WEBP", **MOVING),
    "AVIF": saved(NOISE, "AVIF", speed=10),
}


def flip(data: bytearray, random: np.random.Generator) -> None:
    """Flip some bits, often near the start, where the sizes are."""
    end = len(data) if random.random() < 0.5 else min(len(data), 200)
    for place in random.integers(0, end, random.integers(1, 9)):
        data[place] ^= 1 << int(random.integers(8))


def cut(data: bytearray, random: np.random.Generator) -> None:
    """Cut off the end."""
    del data[int(random.integers(len(data))) :]


def overwrite(data: bytearray, random: np.random.Generator) -> None:
    """Write an extreme number somewhere."""
    number = random.choice([b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\1"])
    place = int(random.integers(len(data)))
    data[place : place + len(number)] = number


def swap(data: bytearray, random: np.random.Generator) -> None:
    """Exchange two pieces, wherever they begin."""
    a, b, c, d = sorted(map(int, random.integers(0, len(data), 4)))
    data[a:d] = data[c:d] + data[b:c] + data[a:b]


def repeat(data: bytearray, random: np.random.Generator) -> None:
    """Repeat a piece many times."""
    a, b = sorted(map(int, random.integers(0, len(data), 2)))
    data[b:b] = data[a:b] * int(random.integers(1, 50))


def drop(data: bytearray, random: np.random.Generator) -> None:
    """Leave out a piece."""
    a, b = sorted(map(int, random.integers(0, len(data), 2)))
    del data[a:b]


MUTATIONS: tuple[Mutation, ...] = (flip, cut, overwrite, swap, repeat, drop)


@pytest.mark.parametrize("kind", FILES)
def test_a_mutated_file_gives_a_picture_or_an_image_error_in_time(kind: str) -> None:
    """Faults 52 and 54."""
    outcomes = [outcome(kind, seed) for seed in range(MUTANTS)]
    assert 0 < outcomes.count("refused") < MUTANTS
    assert set(outcomes) <= {"refused", "decoded"}, [*enumerate(outcomes)]


def outcome(kind: str, seed: int) -> str:
    """Return what becomes of a mutant: `decoded`, `refused`, or what should not happen."""
    random = np.random.default_rng(seed)
    data = bytearray(FILES[kind])
    MUTATIONS[seed % len(MUTATIONS)](data, random)
    started = time.monotonic()
    try:
        result = "decoded" if decode(bytes(data), 64).mode == "RGB" else "another mode"
    except UnsafePicture:
        result = "crash or halt"
    except ImageError:
        result = "refused"
    return result if time.monotonic() - started < SECONDS else "slow"
