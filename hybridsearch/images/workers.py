"""The worker processes that decode pictures, see `confined.workers`."""

from __future__ import annotations

import struct

from PIL import AvifImagePlugin, Image

from hybridsearch.confined.decoder import Decoder
from hybridsearch.confined.workers import Workers
from hybridsearch.errors import ImageError
from hybridsearch.images.decode import ENOUGH, decode_in_process
from hybridsearch.images.kinds import require_picture
from hybridsearch.images.limits import CATALOGUE, HEAD, QUERY, Limits

SIZE = struct.Struct("<QQ")
"""Width and height of a picture, before its RGB pixels; of HEAD bytes."""


class UnsafePicture(ImageError):  # noqa: N818
    """A picture that cannot be decoded within its limits, and need not be tried again."""


def pack(picture: Image.Image) -> bytes:
    """Return a picture as bytes."""
    return SIZE.pack(*picture.size) + picture.tobytes()


def unpack(data: bytearray) -> Image.Image:
    """Return the picture that bytes hold.

    Raises:
        ValueError: They hold none.
    """
    width, height = SIZE.unpack(data[:HEAD]) if len(data) > HEAD else (0, 0)
    if not width or 3 * width * height != len(data) - HEAD:
        raise ValueError("it did not answer with a picture")
    return Image.frombytes("RGB", (width, height), memoryview(data)[HEAD:])


def one_thread() -> None:
    """Let a decoder have no threads: each takes address space; there is a process for each core anyway."""
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1


DECODER = Decoder(
    module=__name__,
    noun="picture",
    limits=Limits,
    error=ImageError,
    unsafe=UnsafePicture,
    require=lambda data, limits: require_picture(data, limits.bytes),
    decode=decode_in_process,
    pack=pack,
    unpack=unpack,
    smaller="Save it again as an ordinary, smaller JPEG.",
    prepare=one_thread,
)
CATALOGUE_WORKERS = Workers(DECODER, CATALOGUE)
QUERY_WORKERS = Workers(DECODER, QUERY)
"""Apart from the others: no catalogue keeps a shopper waiting."""


def decode(data: bytes, enough: int = ENOUGH) -> Image.Image:
    """Decode a picture of a catalogue in a worker process: RGB, upright, first frame, transparency on white.

    Args:
        data: The file.
        enough: Pixels; a large picture comes back smaller, see `decode_in_process`.

    Raises:
        UnsafePicture: It takes too long, or ends the process that decodes it.
        ImageError: It is empty, not one of `FORMATS` by content, beyond a limit, or damaged; or no worker was free.
    """
    return CATALOGUE_WORKERS.decode(data, enough)
