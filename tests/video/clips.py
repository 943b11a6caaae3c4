"""Videos of products, made by PyAV: a picture that turns, comes nearer, or stands on a background; and broken ones."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageChops

FORMATS = {
    "mp4": ("mp4", "libx264"),
    "webm": ("webm", "libvpx-vp9"),
    "mov": ("mov", "mpeg4"),
    "avi": ("avi", "mjpeg"),
    "mkv": ("matroska", "libvpx"),
}
"""Container and codec, by the ending of a name."""
SIZE = (320, 240)
RATE = 10
"""Frames a second."""


def filmed(
    pictures: Iterable[Image.Image], name: str = "mp4", *, gop: int = 250, rate: int = RATE, **options: str
) -> bytes:
    """Return a video of some pictures of one size.

    Args:
        pictures: One for each frame.
        name: Of `FORMATS`.
        gop: Frames from one key frame to the next one.
        rate: Frames a second.
        options: Of the codec.
    """
    import av

    container, codec = FORMATS[name]
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream: Any = None
        for number, picture in enumerate(pictures):
            if stream is None:
                stream = output.add_stream(codec, rate=rate, options=options)
                stream.width, stream.height = picture.size
                stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
                stream.codec_context.gop_size = gop
            frame: Any = av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")
            frame.pts = number
            output.mux(stream.encode(frame))
        if stream is not None:
            output.mux(stream.encode(None))
    return file.getvalue()


def plain(color: str, size: tuple[int, int] = SIZE) -> Image.Image:
    """Return a picture of one colour."""
    return Image.new("RGB", size, color)


def scene(seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """Return a picture of some coloured squares, another one for each seed."""
    cells = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return Image.fromarray(cells).resize(size, Image.Resampling.NEAREST)


def cuts(scenes: int = 4, frames: int = 10, size: tuple[int, int] = SIZE) -> Iterator[Image.Image]:
    """Yield a video of scenes that stand still for some frames each."""
    return (scene(number, size) for number in range(scenes) for _ in range(frames))


def turning(
    product: Image.Image, background: Image.Image, frames: int = 60, *, turn: float = 90.0, near: float = 1.4
) -> Iterator[Image.Image]:
    """Yield a product, whose white counts as nothing, that turns by some degrees and comes nearer, without a cut."""
    for number in range(frames):
        part = number / max(1, frames - 1)
        scale = 0.55 * (1 + (near - 1) * part)
        side = round(scale * min(background.size))
        small = product.resize((side, side)).rotate(turn * part, expand=True, fillcolor="white")
        yield standing(small, background)


def standing(product: Image.Image, background: Image.Image) -> Image.Image:
    """Return a product in the middle of a background; its white counts as nothing."""
    dark = ImageChops.invert(product.convert("L")).point(lambda value: 255 if value > 12 else 0)
    place = [(whole - part) // 2 for whole, part in zip(background.size, product.size, strict=True)]
    shown = background.copy()
    shown.paste(product, (place[0], place[1]), dark)
    return shown


def backgrounds(seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """Return a background: a soft gradient of two colours, or soft patches, another one for each seed."""
    random = np.random.default_rng(seed)
    cells = random.integers(90, 256, (2 + seed % 3, 2 + seed % 4, 3), dtype=np.uint8)
    return Image.fromarray(cells).resize(size, Image.Resampling.BICUBIC)


def damaged(data: bytes, places: Sequence[int], value: int = 0) -> bytes:
    """Return a file with other bytes at some places."""
    broken = bytearray(data)
    for place in places:
        broken[place] = value
    return bytes(broken)
