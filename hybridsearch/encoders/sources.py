"""How what a query gives becomes a vector, source by source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from hybridsearch.encoders.base import Encoder
from hybridsearch.errors import ImageError
from hybridsearch.images import Photo, decode, open_query
from hybridsearch.images.decode import read_photo
from hybridsearch.json_values import named
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
    kind = type(photo)  # `isinstance` asks the object itself, and may be told anything
    if not issubclass(kind, str | Path | bytes | Image.Image):
        raise ImageError(f"The photo is {named(photo)}, expected a path, the bytes of a file, or a Pillow image.")
    if isinstance(photo, str | Path):
        photo = read_photo(photo if isinstance(photo, Path) else str.__str__(photo))
    if isinstance(photo, bytes):
        data = bytes.__getitem__(photo, slice(None))
        return Encodable(data, lambda: encoder.encode_images([decode(data, encoder.enough)]))
    picture = open_query(photo, encoder.enough)
    content = f"{picture.size}".encode() + picture.tobytes()
    return Encodable(content, lambda: encoder.encode_images([picture]))


ENCODABLE: dict[str, Callable[[Encoder, Any], Encodable]] = {WORDS.name: words, PHOTO.name: photo}
"""By name of the source."""
