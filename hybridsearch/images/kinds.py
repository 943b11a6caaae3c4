"""Which kind of file some bytes are: by their content, never by a name, and without a decoder."""

from __future__ import annotations

from hybridsearch.confined.files import one_of, require_size
from hybridsearch.errors import ImageError
from hybridsearch.images.limits import MAX_BYTES

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF")
"""What shops use. Pillow's other forty parsers, with nearly all of its security reports, are never used."""

BRANDS = (b"avif", b"avis", b"mif1", b"msf1")
"""Of the container that holds an AVIF."""

OTHERS = {
    b"%!PS": "PostScript",
    b"II*\0": "a TIFF picture",
    b"MM\0*": "a TIFF picture",
    b"8BPS": "a Photoshop file",
    b"%PDF": "a PDF document",
    b"BM": "a BMP picture",
    b"PK\3\4": "a ZIP archive",
    b"\x1f\x8b": "gzip data",
}


def require_picture(data: bytes, most: int = MAX_BYTES) -> str:
    """Return which of `FORMATS` a file seems to be; nothing behind its first bytes is read.

    Args:
        data: The file.
        most: Bytes that it may have.

    Raises:
        ImageError: It is empty, too large, or none of them.
    """
    require_size(
        data, most, "picture", one_of(FORMATS), ImageError, ("Fetch or save it again.", "Offer a smaller version.")
    )
    kind = kind_of(data)
    if kind is None:
        raise not_a_picture(data)
    return kind


def kind_of(data: bytes) -> str | None:
    """Return which of `FORMATS` the first bytes of a file announce, if any."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and data[8:12] in BRANDS:
        return "AVIF"
    return "GIF" if data.startswith((b"GIF87a", b"GIF89a")) else None


def not_a_picture(data: bytes) -> ImageError:
    """Return the error about a file that is no picture of these formats."""
    return ImageError(
        f"The content is {looks_like(data)}, expected a {one_of(FORMATS)} picture. Convert it, or correct the link."
    )


def looks_like(data: bytes) -> str:
    """Return a guess at what the bytes are, for an error message."""
    start = data[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in start:
        return "an SVG drawing"
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "a web page"
    name = next((name for magic, name in OTHERS.items() if data.startswith(magic)), None)
    return name or "no picture, or a damaged one"
