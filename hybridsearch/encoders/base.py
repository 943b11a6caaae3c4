"""What an encoder is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PIL import Image

from hybridsearch.values import Vectors


class Encoder(Protocol):
    """Turns words, and perhaps pictures, into vectors of one space."""

    @property
    def name(self) -> str:
        """As the configuration wrote it."""
        ...

    @property
    def dims(self) -> int:
        """Length of each vector."""
        ...

    @property
    def fingerprint(self) -> str:
        """Hash of the weights and of everything that changes the vectors; short enough to print."""
        ...

    @property
    def reads(self) -> frozenset[str]:
        """The sources of queries that it encodes, by name; with `photo` among them it encodes pictures."""
        ...

    @property
    def enough(self) -> int:
        """Shorter side, in pixels, that a picture needs: twice what it looks at, so that its own resize stays sharp."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row for each text, shape (len(texts), dims)."""
        ...

    def encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        """Return one unit row for each RGB picture, shape (len(images), dims).

        Raises:
            EncoderError: This encoder does not read pictures.
        """
        ...
