"""What an encoder is, and what a kind of encoder is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from PIL import Image

from hybridsearch.encoders.prompts import UNSAID, Prompts
from hybridsearch.errors import EncoderError
from hybridsearch.query_sources import WORDS
from hybridsearch.values import Vectors


class Encoder(Protocol):
    """Turns words, and perhaps pictures, into vectors of one space. Any thread may call it, several at once too."""

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
        """Return one unit row for each text that is said of a product, shape (len(texts), dims).

        Raises:
            EncoderUnavailable: It cannot be used at all for now.
            EncoderError: It fails on these texts.
        """
        ...

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return the same for texts that are asked for, which some encoders tell apart from what is to be found.

        Raises:
            EncoderError: As `encode_texts`.
        """
        ...

    def encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        """Return one unit row for each RGB picture, shape (len(images), dims).

        Raises:
            EncoderError: As `encode_texts`, or this encoder does not read pictures.
        """
        ...


def asks_apart(encoder: Encoder) -> bool:
    """Tell whether a text that is asked for may have another vector than the same text of a product.

    An encoder that knows says it in an attribute of this name.
    """
    asks = getattr(type(encoder), "encode_queries", TextEncoder.encode_queries)
    return bool(getattr(encoder, "asks_apart", asks is not TextEncoder.encode_queries))


def words_alone(encoder: Encoder) -> bool:
    """Tell whether an encoder that reads pictures can encode none on this machine.

    An encoder that knows says it in an attribute of this name.
    """
    return bool(getattr(encoder, "words_alone", False))


class TextEncoder:
    """The parts of the protocol that are the same for every encoder that reads only words."""

    name = ""
    reads = frozenset({WORDS.name})
    enough = 0

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Return one row for each text of a product, as the protocol says; each encoder has its own."""
        raise NotImplementedError

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors that the texts would have as a product's."""
        return self.encode_texts(texts)

    def encode_images(self, images: Sequence[Image.Image]) -> Vectors:  # noqa: ARG002
        """Refuse.

        Raises:
            EncoderError: Always.
        """
        raise EncoderError(f"Encoder '{self.name}' does not read pictures. Choose one that does for this leg.")


Backend = Literal["auto", "torch"]
"""What computes: for single texts NumPy where it can, or always torch."""


@dataclass(frozen=True, slots=True)
class EncoderOptions:
    """What a configuration says about an encoder.

    Attributes:
        name: The whole name, with its kind.
        folder: Where relative folders start.
        image_encoder: The name of a separate image tower, if there is one.
        prompts: What stands before texts, where the configuration says it.
        backend: What computes.
    """

    name: str
    folder: Path
    image_encoder: str | None = None
    prompts: Prompts = UNSAID
    backend: Backend = "auto"


Factory = Callable[[str, EncoderOptions], Encoder]
"""Opens an encoder of one kind; its first argument is the name without the kind."""
