"""What a recording may cost."""

from __future__ import annotations

from dataclasses import dataclass

from hybridsearch.confined import decoder as confined

RATE = 16_000
"""Samples a second that recognisers get, whatever a recording has."""
WIDTH = 2
"""Bytes of a sample."""
HEAD = 1
"""Bytes in front of samples that say whether the recording goes on."""
MOST_SECONDS = 30
"""Of a recording that are heard at most: what Whisper hears at once."""


@dataclass(frozen=True, slots=True)
class Limits(confined.Limits):
    """What one recording may cost.

    Attributes:
        slowest: Samples a second that it may have at least,
        fastest: and at most.
        channels: That it may have.
    """

    slowest: int
    fastest: int
    channels: int

    @property
    def answer(self) -> int:
        """Bytes that its samples have at most."""
        return HEAD + WIDTH * RATE * MOST_SECONDS


QUERY = Limits(
    bytes=25 * 2**20,  # two minutes of the largest WAV that a browser records have 23 MB
    seconds=5.0,  # half a minute of any of the formats takes less than 0.1
    memory=2**30,
    slowest=4_000,  # telephones have 8,000
    fastest=192_000,
    channels=8,
)
