"""How what a query gives becomes a vector, source by source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybridsearch.encoders.base import Encoder
from hybridsearch.images import Photo, decode, open_query
from hybridsearch.images.decode import read_photo
from hybridsearch.query_sources import PHOTO, WORDS
from hybridsearch.values import Vectors


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
    return Encodable(text.encode("utf-8", "surrogatepass"), lambda: encoder.encode_texts([text]))


def photo(encoder: Encoder, photo: Photo) -> Encodable:
    """Return a query's photo for an encoder; a file is known by its bytes, and decoded only where it is encoded.

    Raises:
        ImageError: It cannot be read; `encode` raises it for a file that cannot be decoded.
    """
    if isinstance(photo, str | Path):
        photo = read_photo(photo)
    if isinstance(photo, bytes):
        data = photo
        return Encodable(data, lambda: encoder.encode_images([decode(data, encoder.enough)]))
    picture = open_query(photo, encoder.enough)
    content = f"{picture.size}".encode() + picture.tobytes()
    return Encodable(content, lambda: encoder.encode_images([picture]))


ENCODABLE: dict[str, Callable[[Encoder, Any], Encodable]] = {WORDS.name: words, PHOTO.name: photo}
"""By name of the source."""
