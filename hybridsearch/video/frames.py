"""Pictures out of a video, and which of them show something new."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from PIL import Image, ImageChops, ImageStat

GRID = 16
"""Pixels a side of the small grey pictures by which frames are compared."""
SAME = 2.0
"""Mean difference of these pixels, of 255, up to which two frames show the same; noise and compression make .5."""
PLAIN = 3.0
"""Deviation of these pixels up to which a frame is of one colour, as where a video fades in from black."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a video.

    Attributes:
        second: When it is shown.
        picture: In RGB.
    """

    second: float
    picture: Image.Image


def distinct(frames: Iterable[Frame]) -> list[Frame]:
    """Return the frames without those of one colour, and without those that look as one before; at least one of any."""
    found = list(frames)
    seen: list[Image.Image] = []
    kept = []
    for frame in found:
        small = frame.picture.convert("L").resize((GRID, GRID), Image.Resampling.BOX)
        if ImageStat.Stat(small).stddev[0] > PLAIN and all(difference(small, other) > SAME for other in seen):
            seen.append(small)
            kept.append(frame)
    return kept or found[:1]


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return the mean difference of the pixels of two grey pictures of one size, in [0, 255]."""
    return ImageStat.Stat(ImageChops.difference(one, other)).mean[0]


def spread(items: Sequence[T], most: int) -> list[T]:
    """Return at most so many of some items, the first and the last among them, at even distances."""
    if len(items) <= most:
        return list(items)
    if most == 1:
        return [items[len(items) // 2]]
    return [items[round(place * (len(items) - 1) / (most - 1))] for place in range(most)]
