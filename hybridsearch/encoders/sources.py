"""How what a query gives becomes a vector, source by source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hybridsearch.encoders.base import Encoder
from hybridsearch.images import Photo, Upload
from hybridsearch.images.product import mean
from hybridsearch.query_sources import PHOTO, WORDS
from hybridsearch.values import Vector, Vectors
from hybridsearch.video.upload import Film


@dataclass(frozen=True, slots=True)
class Encodable:
    """A value that a query gives, for one encoder.

    Attributes:
        content: What it is known by: two values with the same content have the same vector.
        encode: Returns its vector as the only row, shape (1, dims).
    """

    content: bytes
    encode: Callable[[], Vectors]


def words(encoder: Encoder, text: str) -> Encodable:
    """Return a query's words for an encoder."""
    return Encodable(text.encode("utf-8", "surrogatepass"), lambda: encoder.encode_queries([text]))


def photo(encoder: Encoder, photo: Photo | Upload | Film) -> Encodable:
    """Return a query's photo for an encoder; a file is known by its bytes, and decoded only where it is encoded.

    A video in its place has the mean vector of its frames.

    Raises:
        ImageError: It cannot be read; `encode` raises it for a file that cannot be decoded.
    """
    if isinstance(photo, Film):
        return Encodable(photo.file, lambda: pooled(encoder.encode_images(photo.pictures(encoder.enough))))
    upload = photo if isinstance(photo, Upload) else Upload(photo)
    if upload.file is not None:
        return Encodable(upload.file, lambda: encoder.encode_images([upload.picture(encoder.enough)]))
    picture = upload.picture(encoder.enough)
    content = f"{picture.size}".encode() + picture.tobytes()
    return Encodable(content, lambda: encoder.encode_images([picture]))


def pooled(rows: Vectors) -> Vectors:
    """Return the mean of unit rows as the only one."""
    return mean([Vector(row) for row in rows]).array[None]


ENCODABLE: dict[str, Callable[[Encoder, Any], Encodable]] = {WORDS.name: words, PHOTO.name: photo}
"""By name of the source."""
