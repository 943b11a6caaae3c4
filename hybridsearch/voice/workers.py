"""The worker processes that decode recordings, see `confined.workers`."""

from __future__ import annotations

from hybridsearch.confined.decoder import Decoder
from hybridsearch.confined.media import load
from hybridsearch.confined.workers import Workers
from hybridsearch.errors import AudioError
from hybridsearch.voice.decode import decode_in_process
from hybridsearch.voice.kinds import require_recording
from hybridsearch.voice.limits import HEAD, QUERY, WIDTH, Limits
from hybridsearch.voice.sound import Sound


class UnsafeRecording(AudioError):  # noqa: N818
    """A recording that cannot be decoded within its limits."""


def pack(sound: Sound) -> bytes:
    """Return sound as bytes."""
    return bytes([sound.goes_on]) + sound.samples


def unpack(data: bytearray) -> Sound:
    """Return the sound that bytes hold.

    Raises:
        ValueError: They hold none.
    """
    if data[0] > 1 or (len(data) - HEAD) % WIDTH:
        raise ValueError("it did not answer with sound")
    return Sound(bytes(data[HEAD:]), bool(data[0]))


DECODER = Decoder(
    module=__name__,
    noun="recording",
    limits=Limits,
    error=AudioError,
    unsafe=UnsafeRecording,
    require=lambda data, limits: require_recording(data, limits.bytes),
    decode=decode_in_process,
    pack=pack,
    unpack=unpack,
    smaller="Record it again.",
    prepare=load,
)
WORKERS = Workers(DECODER, QUERY)
