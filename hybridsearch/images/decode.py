"""From the bytes of an untrusted file to a picture that an encoder can read, in this process.

Only a worker process calls this for files (see `workers`): a decoder in C may crash, and cannot be stopped.
"""

from __future__ import annotations

import math
from io import BytesIO

from PIL import AvifImagePlugin, GifImagePlugin, Image, ImageOps, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from hybridsearch.errors import ImageError
from hybridsearch.images.kinds import FORMATS, not_a_picture, require_picture
from hybridsearch.images.limits import CATALOGUE, MAX_ASPECT, MAX_SIDE, Limits
from hybridsearch.images.pieces import check_pieces

ENOUGH = 448
"""Shorter side, in pixels, that decoding keeps by default: twice what most encoders read."""

MAX_AREA = 8
"""Pixels of a decoded picture, in squares of that side: a long one would take ten times as much memory as others."""

DECODERS = (AvifImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin)
"""Named so that they are imported: for the first picture of some of these formats Pillow would import all it has."""


def decode_in_process(data: bytes, enough: int = ENOUGH, limits: Limits = CATALOGUE) -> Image.Image:
    """Decode a picture file: RGB, upright, first frame, transparency on white. It may take any time.

    Args:
        data: The file.
        enough: Pixels; a large picture comes back smaller, its shorter side between this and twice as much, or less if
            it is more than twice as long as wide.
        limits: What the picture may cost, but for time.

    Raises:
        ImageError: It is empty, not one of `FORMATS` by content, beyond a limit, or damaged.
    """
    image = inspect(data, limits)
    try:
        image.draft(None, (enough, enough))
        return normalise(image, enough)
    except MemoryError as error:
        raise ImageError(
            f"The {image.format} picture takes more memory than decoding may have. Offer a smaller version of it."
        ) from error
    # Given broken files, decoders raise OSError, ValueError, SyntaxError, struct.error, EOFError and more.
    except Exception as error:
        raise ImageError(f"The {image.format} picture is damaged: {error}. Save it again and retry.") from error


def inspect(data: bytes, limits: Limits = CATALOGUE) -> Image.Image:
    """Read only the header of a picture file and check format, size, pieces and shape; no pixel is decoded.

    Raises:
        ImageError: As `decode_in_process`, except that damage behind the header is not noticed.
    """
    check_pieces(data, require_picture(data, limits.bytes))
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
    # Pillow's own limit is higher than ours and belongs to the whole process: respect it, leave it unchanged.
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(
            f"The picture has more than {limits.pixels:,} pixels. Offer a smaller version of it."
        ) from error
    except Exception as error:
        raise not_a_picture(data) from error
    check_size(*image.size, limits.jpeg_pixels if image.format in ("JPEG", "MPO") else limits.pixels)
    return image


def check_size(width: int, height: int, most: int = CATALOGUE.pixels) -> None:
    """Refuse a picture whose declared size would cost too much memory, or whose sides differ too much."""
    if width * height > most or max(width, height) > MAX_SIDE:
        raise ImageError(
            f"The picture has {width} × {height} pixels, at most {most:,} and {MAX_SIDE:,} a side are decoded. "
            "Offer a smaller version of it."
        )
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise ImageError(
            f"The picture has {width} × {height} pixels, its sides may differ at most {MAX_ASPECT} times. "
            "Crop it to the product."
        )


def normalise(image: Image.Image, enough: int) -> Image.Image:
    """Return the picture in RGB, upright, on white, and no larger than needed."""
    image.load()
    mode = "RGBA" if image.has_transparency_data else "RGB"
    if image.mode.startswith("I"):
        image = image.point(lambda value: value / 256, "F").convert("L")  # 16 bits; convert() alone clips at 255
    if image.mode != mode:
        image = image.convert(mode)
    factor = max(min(image.size) // enough, math.ceil(math.sqrt(image.width * image.height / MAX_AREA) / enough))
    if factor > 1:
        image = image.reduce(factor)
    image = upright(image)
    if image.mode == "RGB":
        return image
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")


def upright(image: Image.Image) -> Image.Image:
    """Turn the picture as its EXIF data says; damaged EXIF data is ignored."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # the EXIF parser raises as many kinds of errors as the decoders
        return image
