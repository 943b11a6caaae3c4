"""Regions: where a photo shows several things on a background, a box around each. Pure functions of pixels, no model.

The background is what the edge of the photo shows: a plane of colour, fitted to the pixels along it. What differs from
it hangs together in pieces; a photo with one piece shows one thing and has no regions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 96
"""Pixels of the longer side that is looked at: a thing of a twentieth of it has five."""
MOST = 6
"""Regions of a photo, the largest: each is encoded and searched for."""
PART = 0.12
"""What is smaller than so much of the largest thing is a part of that, or nothing."""
EDGE = 0.04
"""Width of the edge of a photo, as a part of its shorter side;"""
EDGE_KEPT = 0.93
"""the part of its pixels that must belong to the background: else it is not known what that is;"""
ROUGH = 16.0
"""and how far they may be from it on average, as noise and grain are: a shelf or a lawn is none."""
LEAST = 0.012
"""The part of a photo that the box around a thing takes."""
DIFFERENCE = 22.0
"""The least distance of a colour from the background's, of 255 on each of three channels;"""
SPREADS = 4.0
"""and how often that of the background's own pixels, where it is no plain one."""
INSIDE = 0.1
"""The part of the box around a piece that lies in that of another one, from which on both are one thing."""
SPECK = 0.06
"""What is too small for a thing of its own belongs to what is that near, as a part of the longer side;"""
ALIKE = 40.0
"""and two of a size, a height and a colour, by their distance, that lie side by side are a pair."""
MOST_PIECES = 40
"""Pieces that are looked at, the largest."""
MARGIN = 0.08
"""What a box has around its thing, as a part of its sides: encoders know goods with some background."""

Pixels = NDArray[np.float32]
Mask = NDArray[np.bool_]


class Box(NamedTuple):
    """A part of a photo: its sides as parts of the width and the height, from the left and from the top."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        """The part of the photo that it takes."""
        return (self.right - self.left) * (self.bottom - self.top)

    def crop(self, picture: Image.Image) -> Image.Image:
        """Return this part of a picture, one pixel at least."""
        left, top = math.floor(self.left * picture.width), math.floor(self.top * picture.height)
        left, top = min(left, picture.width - 1), min(top, picture.height - 1)
        right = max(left + 1, math.ceil(self.right * picture.width - 1e-9))
        bottom = max(top + 1, math.ceil(self.bottom * picture.height - 1e-9))
        return picture.crop((left, top, min(right, picture.width), min(bottom, picture.height)))


class Piece(NamedTuple):
    """What hangs together: from which column and row to before which, how many pixels, and the sum of their colours."""

    left: int
    top: int
    right: int
    bottom: int
    pixels: int
    colours: tuple[float, ...]

    @property
    def mean(self) -> tuple[float, ...]:
        """Its colour."""
        return tuple(value / self.pixels for value in self.colours)

    @property
    def area(self) -> int:
        """The pixels of the box around it."""
        return (self.right - self.left) * (self.bottom - self.top)

    def smaller(self) -> Piece:
        """Return it as it was before its mask was grown."""
        return self._replace(left=self.left + 1, top=self.top + 1, right=self.right - 1, bottom=self.bottom - 1)

    def within(self, width: int, height: int) -> bool:
        """Tell whether it lies inside a picture of so many pixels; what its edge cuts off is mostly no thing."""
        return self.left > 0 and self.top > 0 and self.right < width and self.bottom < height


def regions(picture: Image.Image, most: int = MOST) -> tuple[Box, ...]:
    """Return a box around each of several things in a picture, the largest first; none where it shows one, or none.

    Args:
        picture: Of any mode and size.
        most: Boxes, at most.
    """
    small = picture.convert("RGB")
    small.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    pixels = np.asarray(small, np.float32)
    differs = foreground(pixels)
    if differs is None:
        return ()
    height, width = differs.shape
    found = whole(pieces(differs, pixels), max(height, width))
    least = max([LEAST * differs.size, *(PART * each.area for each in found)])
    things = [each for each in found if each.area >= least and each.within(width, height)]
    if len(things) < 2:
        return ()
    return tuple(boxed(each, width, height) for each in sorted(things, key=lambda each: -each.pixels)[:most])


def foreground(pixels: Pixels) -> Mask | None:
    """Return which pixels are not of the background; None where the edge of the picture shows no background."""
    height, width, _ = pixels.shape
    if min(height, width) < 8:
        return None
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    terms = np.stack([np.ones_like(rows), rows / height - 0.5, columns / width - 0.5], axis=-1)
    edge = np.ones((height, width), np.bool_)
    wide = max(2, round(EDGE * min(height, width)))
    edge[wide:-wide, wide:-wide] = False
    known, colours = terms[edge].astype(np.float64), pixels[edge].astype(np.float64)
    kept = np.ones(len(known), np.bool_)
    fitted: NDArray[Any] = np.zeros((3, 3))
    for _ in range(4):  # what lies on the edge and is no background is left out of the next fit
        fitted = np.linalg.lstsq(known[kept], colours[kept], rcond=None)[0]
        away = np.linalg.norm(colours - known @ fitted, axis=1)
        kept = away <= max(DIFFERENCE, 2.5 * float(np.median(away)))
    away = np.linalg.norm(pixels - terms @ fitted.astype(np.float32), axis=2)
    spread = float(np.median(away[edge]))
    if kept.mean() < EDGE_KEPT or spread > ROUGH:
        return None
    return solid(away > max(DIFFERENCE, SPREADS * spread))


def solid(mask: Mask) -> Mask:
    """Return a mask without specks and with small gaps closed."""
    inside = np.pad(shrunk(mask), 2)
    return grown(shrunk(shrunk(grown(grown(inside)))))[2:-2, 2:-2]


def grown(mask: Mask) -> Mask:
    """Return a mask with all neighbours of its pixels."""
    padded = np.pad(mask, 1)
    wide = padded[:, :-2] | padded[:, 1:-1] | padded[:, 2:]
    high: Mask = wide[:-2] | wide[1:-1] | wide[2:]
    return high


def shrunk(mask: Mask) -> Mask:
    """Return a mask without the pixels at its border; the border of the picture is none."""
    return ~grown(~mask)


def pieces(mask: Mask, pixels: Pixels) -> list[Piece]:
    """Return what lies two pixels apart at most in a mask: runs of rows, joined to those of the row above."""
    counted = np.concatenate([mask[..., None], pixels * mask[..., None]], axis=2, dtype=np.float64)
    sums = np.pad(np.cumsum(counted, axis=1), ((0, 0), (1, 0), (0, 0)))
    found: list[Piece] = []
    parents: list[int] = []

    def root(number: int) -> int:
        while parents[number] != number:
            parents[number] = number = parents[parents[number]]
        return number

    above: list[tuple[int, int, int]] = []
    for row, line in enumerate(np.diff(np.pad(grown(mask), ((0, 0), (1, 1))).astype(np.int8), axis=1)):
        here: list[tuple[int, int, int]] = []
        for begin, end in zip(np.flatnonzero(line == 1).tolist(), np.flatnonzero(line == -1).tolist(), strict=True):
            number = len(parents)
            parents.append(number)
            here.append((begin, end, number))
            count, *colours = map(float, sums[row, end] - sums[row, begin])
            found.append(Piece(begin, row, end, row + 1, int(count), tuple(colours)))
        first = 0
        for begin, end, number in here:
            while first < len(above) and above[first][1] < begin:
                first += 1
            for start, _, other in above[first:]:
                if start > end:
                    break
                parents[root(other)] = root(number)
        above = here
    joined: dict[int, Piece] = {}
    for number, piece in enumerate(found):
        joined[root(number)] = together(joined[root(number)], piece) if root(number) in joined else piece
    return [each.smaller() for each in joined.values() if each.pixels]


def together(one: Piece, other: Piece) -> Piece:
    """Return two pieces as one."""
    return Piece(
        min(one.left, other.left),
        min(one.top, other.top),
        max(one.right, other.right),
        max(one.bottom, other.bottom),
        one.pixels + other.pixels,
        tuple(first + second for first, second in zip(one.colours, other.colours, strict=True)),
    )


def whole(found: Sequence[Piece], side: int) -> list[Piece]:
    """Return pieces of which those are joined that are of one thing: one over the other, or two alike, as shoes are.

    Args:
        found: The pieces.
        side: Pixels of the longer side of what is looked at.
    """
    kept: list[Piece] = []
    for piece in sorted(found, key=lambda each: -each.pixels)[:MOST_PIECES]:
        while near := next((each for each in kept if belongs(piece, each, side)), None):
            kept.remove(near)
            piece = together(piece, near)
        kept.append(piece)
    return kept


def belongs(one: Piece, other: Piece, side: int) -> bool:
    """Tell whether two pieces are of one thing."""
    across = max(one.left, other.left) - min(one.right, other.right)
    down = max(one.top, other.top) - min(one.bottom, other.bottom)
    small = min(one.pixels, other.pixels)
    if across < 0 and down < 0 and across * down > INSIDE * min(one.area, other.area):
        return True
    if min(one.area, other.area) < LEAST * side * side and max(across, down) <= SPECK * side:
        return True
    apart = math.dist(one.mean, other.mean)
    level = -down / max(one.bottom - one.top, other.bottom - other.top)
    return (
        apart < ALIKE
        and small > 0.5 * max(one.pixels, other.pixels)
        and level > 0.5
        and across < 0.5 * min(one.right - one.left, other.right - other.left)
    )


def boxed(thing: Piece, width: int, height: int) -> Box:
    """Return the box around a thing in a picture of so many pixels, with some margin."""
    across, down = MARGIN * (thing.right - thing.left), MARGIN * (thing.bottom - thing.top)
    sides = (
        (thing.left - across) / width,
        (thing.top - down) / height,
        (thing.right + across) / width,
        (thing.bottom + down) / height,
    )
    return Box(*(round(min(max(side, 0.0), 1.0), 4) for side in sides))
