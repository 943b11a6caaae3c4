"""From the bytes of an untrusted file to a picture that an encoder can read."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

from hybridsearch.disk.paths import shown
from hybridsearch.errors import ImageError

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF")
"""What shops use. Pillow's other forty parsers, with nearly all of its security reports, are never used."""

MAX_BYTES = 20 * 2**20
MAX_PIXELS = 40_000_000  # the worst case, a transparent WebP, then peaks at about 600 MB
MAX_JPEG_PIXELS = 80_000_000  # a JPEG decodes straight to an eighth; 48 megapixels from a phone are usual
MAX_SIDE = 20_000
MAX_ASPECT = 20

ENOUGH = 448
"""Shorter side, in pixels, that decoding keeps by default: twice what most encoders read."""

Photo = str | Path | bytes | Image.Image
"""A picture from trusted code: a path, the bytes of a file, or a picture in memory."""


def decode(data: bytes, enough: int = ENOUGH) -> Image.Image:
    """Decode a picture file: RGB, upright, first frame, transparency on white.

    Args:
        data: The file.
        enough: Pixels; a large picture comes back smaller, its shorter side between this and twice as much.

    Raises:
        ImageError: It is empty, not one of `FORMATS` by content, beyond a limit, or damaged.
    """
    image = inspect(data)
    try:
        image.draft(None, (enough, enough))
        return normalise(image, enough)
    # Given broken files, decoders raise OSError, ValueError, SyntaxError, struct.error, EOFError and more.
    except Exception as error:
        raise ImageError(f"The {image.format} picture is damaged: {error}. Save it again and retry.") from error


def inspect(data: bytes) -> Image.Image:
    """Read only the header of a picture file and check format, size and shape; no pixel is decoded.

    Raises:
        ImageError: As `decode`, except that damage behind the header is not noticed.
    """
    if not data:
        raise ImageError(f"The picture is empty; expected a {one_of(FORMATS)} file. Fetch or save it again.")
    if len(data) > MAX_BYTES:
        raise ImageError(
            f"The picture has {len(data):,} bytes, at most {MAX_BYTES:,} are read. Offer a smaller version of it."
        )
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
    # Pillow's own limit is higher than ours and belongs to the whole process: respect it, leave it unchanged.
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(f"The picture has more than {MAX_PIXELS:,} pixels. Offer a smaller version of it.") from error
    except Exception as error:
        raise ImageError(
            f"The content is {looks_like(data)}, expected a {one_of(FORMATS)} picture. Convert it, or correct the link."
        ) from error
    check_size(*image.size, MAX_JPEG_PIXELS if image.format in ("JPEG", "MPO") else MAX_PIXELS)
    return image


def open_query(photo: Photo, enough: int = ENOUGH) -> Image.Image:
    """Return a query's picture as `decode` does. A path may lie anywhere: it comes from trusted code.

    Raises:
        ImageError: There is no such file, or its content cannot be used.
    """
    if isinstance(photo, str | Path):
        photo = read_photo(photo)
    if isinstance(photo, bytes):
        return decode(photo, enough)
    check_size(*photo.size)
    try:
        return normalise(photo, enough)
    except Exception as error:
        raise ImageError(f"The picture cannot be converted to RGB: {error}. Pass the bytes of its file.") from error


def read_photo(path: str | Path) -> bytes:
    """Return the bytes of a query's picture file, at most one more than `MAX_BYTES`."""
    try:
        with Path(path).expanduser().open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: the home of a user who does not exist
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"Cannot read the picture {shown(path)}: {reason}. Check the path.") from error


def check_size(width: int, height: int, most: int = MAX_PIXELS) -> None:
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
    factor = min(image.size) // enough
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


def looks_like(data: bytes) -> str:
    """Return a guess at what the bytes are, for an error message."""
    start = data[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in start:
        return "an SVG drawing"
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "a web page"
    name = next((name for magic, name in MAGIC.items() if data.startswith(magic)), None)
    return name or "no picture, or a damaged one"


MAGIC = {
    b"%!PS": "PostScript",
    b"II*\0": "a TIFF picture",
    b"MM\0*": "a TIFF picture",
    b"8BPS": "a Photoshop file",
    b"%PDF": "a PDF document",
    b"BM": "a BMP picture",
    b"PK\3\4": "a ZIP archive",
    b"\x1f\x8b": "gzip data",
}


def one_of(names: tuple[str, ...]) -> str:
    """Return the names as a phrase: `A, B or C`."""
    return f"{', '.join(names[:-1])} or {names[-1]}"
