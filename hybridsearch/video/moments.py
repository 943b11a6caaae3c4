"""Moments: what is kept of the frames of a product's video, to say which of them is the nearest to a query."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hybridsearch.values import Vector
from hybridsearch.video.limits import LONGEST

MOST = 16
"""Frames of a video of which a vector is kept; of more, some at even distances."""
STEPS = 127
"""In which the largest number of a frame's vector is kept, an int8."""
LATEST = 0.5
"""The part of a row that says the last second of a video, in `timed`."""


class Filmed(Vector):
    """A vector with the moments of the video that it comes from.

    Attributes:
        moments: As an index stores them, see `Moments`; an engine hands them on and never looks into them.
    """

    __slots__ = ("moments",)

    def __init__(self, values: Sequence[float] | NDArray[np.float32], moments: str) -> None:
        super().__init__(values)
        self.moments = moments


@dataclass(frozen=True, slots=True)
class Moments:
    """Some frames of a video.

    Attributes:
        video: Which of a product's videos it is, from 0.
        seconds: When each is shown.
        rows: The vector of each, of any length, shape (frames, dims).
    """

    video: int
    seconds: tuple[float, ...]
    rows: NDArray[np.float32]

    def __str__(self) -> str:
        """Return how they are stored: base64 of the video, the number of frames, seconds as float32, rows as int8."""
        largest = np.abs(self.rows).max(axis=1, keepdims=True)
        rows = np.rint(self.rows * (STEPS / np.where(largest > 0, largest, 1))).astype(np.int8)
        head = bytes([min(self.video, 255), len(self.seconds)])
        return base64.b64encode(head + np.array(self.seconds, "<f4").tobytes() + rows.tobytes()).decode()

    @classmethod
    def read(cls, stored: str, dims: int) -> Moments | None:
        """Read what `str` gives; None where it is nothing of the kind, or of vectors of other dimensions."""
        try:
            data = base64.b64decode(stored, validate=True)
        except ValueError:
            return None
        count = data[1] if len(data) > 1 else 0
        if not count or len(data) != 2 + count * (4 + dims):
            return None
        seconds = np.frombuffer(data, "<f4", count, 2)
        rows = np.frombuffer(data, np.int8, offset=2 + 4 * count).reshape(count, dims).astype(np.float32)
        return cls(data[0], tuple(map(float, seconds)), rows)

    def nearest(self, direction: NDArray[np.float32]) -> float:
        """Return the second of the frame whose cosine to a vector is the largest; of equal ones the first."""
        lengths = np.linalg.norm(self.rows, axis=1)
        return self.seconds[int(np.argmax((self.rows @ direction) / np.where(lengths > 0, lengths, 1)))]


def of_video(stored: str, video: int) -> str:
    """Return stored moments as those of another of a product's videos."""
    data = bytearray(base64.b64decode(stored))
    data[0] = min(video, 255)
    return base64.b64encode(data).decode()


def timed(second: float, row: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a unit vector and a second as one unit vector with a number more, so that one thing is to be kept."""
    part = LATEST * min(second, LONGEST) / LONGEST
    return np.append(row * math.sqrt(1 - part**2), part).astype(np.float32)


def moments_of(rows: Sequence[NDArray[np.float32]]) -> Moments:
    """Return the moments of rows that `timed` made, of the first of a product's videos."""
    seconds = tuple(round(float(row[-1]) / LATEST * LONGEST, 2) for row in rows)
    return Moments(0, seconds, np.array([row[:-1] for row in rows], np.float32))
