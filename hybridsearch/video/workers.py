"""The worker processes that decode videos, see `confined.workers`."""

from __future__ import annotations

import struct

from PIL import Image

from hybridsearch.confined.decoder import Decoder
from hybridsearch.confined.media import load
from hybridsearch.confined.workers import Workers
from hybridsearch.errors import VideoError
from hybridsearch.images.decode import ENOUGH
from hybridsearch.images.workers import UnsafePicture
from hybridsearch.video.decode import decode_in_process
from hybridsearch.video.extra import require
from hybridsearch.video.frames import Frame
from hybridsearch.video.kinds import require_video
from hybridsearch.video.limits import CATALOGUE, HEAD, MAX_FRAME, QUERY, Limits

SHAPE = struct.Struct("<dQQ")
"""Second, width and height of a frame, before its RGB pixels; of HEAD bytes."""
AT_ONCE = 2
"""Videos of a catalogue that are decoded at once: one may take gigabytes."""


class UnsafeVideo(VideoError, UnsafePicture):  # noqa: N818
    """A video that cannot be decoded within its limits, and need not be tried again."""


def pack(frames: list[Frame]) -> bytes:
    """Return frames as bytes."""
    return b"".join(
        part for frame in frames for part in (SHAPE.pack(frame.second, *frame.picture.size), frame.picture.tobytes())
    )


def unpack(data: bytearray) -> list[Frame]:
    """Return the frames that bytes hold.

    Raises:
        ValueError: They hold none.
    """
    frames, rest = [], memoryview(data)
    while rest:
        second, width, height = SHAPE.unpack(rest[:HEAD]) if len(rest) > HEAD else (0.0, 0, 0)
        size = 3 * width * height
        if not 0 < size <= min(3 * MAX_FRAME, len(rest) - HEAD) or not 0 <= second < float("inf"):
            raise ValueError("it did not answer with frames")
        frames.append(Frame(second, Image.frombytes("RGB", (width, height), rest[HEAD : HEAD + size])))
        rest = rest[HEAD + size :]
    return frames


DECODER = Decoder(
    module=__name__,
    noun="video",
    limits=Limits,
    error=VideoError,
    unsafe=UnsafeVideo,
    require=lambda data, limits: require_video(data, limits.bytes),
    decode=decode_in_process,
    pack=pack,
    unpack=unpack,
    smaller="Save it again as an ordinary, smaller MP4.",
    prepare=load,
)
CATALOGUE_WORKERS = Workers(DECODER, CATALOGUE, AT_ONCE)
QUERY_WORKERS = Workers(DECODER, QUERY)
"""Apart from the others: no catalogue keeps a shopper waiting."""


def decode(data: bytes, enough: int = ENOUGH) -> list[Frame]:
    """Decode a video of a catalogue in a worker process, see `decode_in_process`.

    Raises:
        UnsafeVideo: It takes too long, or ends the process that decodes it.
        VideoError: As `decode_in_process`; or no worker was free, or the extra is not installed.
    """
    require()
    return CATALOGUE_WORKERS.decode(data, enough)
