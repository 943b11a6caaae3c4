"""What an encoder is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PIL import Image

from hybridsearch.values import Vectors


class Encoder(Protocol):
    """Turns words, and perhaps pictures, into vectors of one space.

    Attributes:
        name: As the configuration wrote it.
        dims: Length of each vector.
        fingerprint: Hash of the weights and of everything that changes the vectors; short enough to print.
        sees: Whether it encodes pictures.
    """

    @property
    def name(self) -> str: ...
    @property
    def dims(self) -> int: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def sees(self) -> bool: ...

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row for each text, shape (len(texts), dims)."""
        ...

    def encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        """Return one unit row for each RGB picture, shape (len(images), dims).

        Raises:
            EncoderError: This encoder does not see.
        """
        ...
