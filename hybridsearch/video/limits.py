"""What a video may cost: one of a catalogue, and one that a shopper shows."""

from __future__ import annotations

from dataclasses import dataclass

from hybridsearch.confined import decoder as confined

HEAD = 24
"""Bytes in front of the pixels of a frame that say when it is shown, and how wide and how high it is."""
MAX_BYTES = 50 * 2**20
MAX_SIDE = 8_192
MAX_ASPECT = 20
MAX_FRAME = 2**20
"""Pixels of a frame that is kept; it is made smaller otherwise."""
LONGEST = 600
"""Seconds of a video that are looked at; product videos last one or two minutes."""
MOST_PACKETS = 100_000
"""Pictures of those, shown or not: ten minutes at 60 a second have 36,000."""
FETCH_SECONDS = 60.0
"""For one video, redirects included."""


@dataclass(frozen=True, slots=True)
class Limits(confined.Limits):
    """What one video may cost.

    Attributes:
        frames: That are kept, at most.
        resolution: Pixels of a frame as it is filmed.
        forward: Pixels that are decoded where there are too few key frames: of a larger video less is seen, and not
            something else on a slower machine.
    """

    frames: int
    resolution: int
    forward: int

    @property
    def answer(self) -> int:
        """Bytes that its frames have at most."""
        return self.frames * (HEAD + 3 * MAX_FRAME)


CATALOGUE = Limits(
    bytes=MAX_BYTES,
    frames=32,
    resolution=4_096 * 2_304,
    forward=4_000_000_000,  # 64 s of 1080p at 30 frames a second: 3 s of work, of AV1 more
    seconds=30.0,
    memory=2 * 2**30,
)
QUERY = Limits(
    bytes=MAX_BYTES,
    frames=8,  # a shopper waits while each is encoded
    resolution=4_096 * 2_304,  # telephones film in 4K
    forward=1_000_000_000,
    seconds=5.0,
    memory=2 * 2**30,
)
