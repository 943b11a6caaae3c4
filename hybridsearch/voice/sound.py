"""Sound as recognisers get it: one channel, RATE samples a second."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hybridsearch.voice.limits import RATE, WIDTH

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

QUIET = 20 / 2**15
"""The loudest sample of a recording in which nothing is to be heard; a whisper has ten times as much."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording that is decoded.

    Attributes:
        samples: 16 bits each, the lower byte first.
        goes_on: Whether the recording is longer, and was cut.
    """

    samples: bytes
    goes_on: bool = False

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / (WIDTH * RATE)

    def wave(self) -> NDArray[np.float32]:
        """Return the samples as numbers in [-1, 1), shape (samples,)."""
        import numpy as np

        return np.frombuffer(self.samples, dtype="<i2").astype(np.float32) / np.float32(2**15)

    def is_silent(self) -> bool:
        """Tell whether nothing is to be heard."""
        return not self.samples or float(abs(self.wave()).max()) <= QUIET

    def wav(self) -> bytes:
        """Return the file of it, with nothing else in it."""
        size = len(self.samples)
        shape = struct.pack("<IHHIIHH", 16, 1, 1, RATE, WIDTH * RATE, WIDTH, 8 * WIDTH)
        return (
            b"RIFF"
            + struct.pack("<I", 36 + size)
            + b"WAVEfmt "
            + shape
            + b"data"
            + struct.pack("<I", size)
            + self.samples
        )
