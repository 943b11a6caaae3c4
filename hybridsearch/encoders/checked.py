"""Check what an encoder returns, once, where it comes in: an encoder that is not ours may return anything."""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hybridsearch.encoders.base import Encoder, asks_apart
from hybridsearch.encoders.prompts import UNSAID, Prompts
from hybridsearch.errors import EncoderError, EncoderUnavailable, guarded
from hybridsearch.values import Vectors

Item = TypeVar("Item", str, Image.Image)


class CheckedEncoder:
    """An encoder that is held to what the protocol says: its rows have the right shape, a direction, and unit length.

    Attributes:
        name: As the configuration wrote it.
        fingerprint: 16 hexadecimal digits of its kind, its dims, whatever it calls its own fingerprint, and prompts.
        prompts: What the configuration puts before texts.
        asks_apart: Whether a text that is asked for may have another vector than the same text of a product.

    Raises:
        EncoderError: It has no usable dims or fingerprint.
    """

    def __init__(self, kind: str, name: str, encoder: Encoder, prompts: Prompts = UNSAID) -> None:
        self.name = name
        self.dims = operator.index(encoder.dims)
        self.reads = frozenset(encoder.reads)
        self.enough = encoder.enough
        self.prompts = prompts
        self.asks_apart = prompts.differ or asks_apart(encoder)
        self._encoder = encoder
        stated = encoder.fingerprint
        if self.dims < 1 or not isinstance(stated, str) or not stated:
            raise EncoderError(
                f"Encoder '{name}' has {self.dims} dims and the fingerprint {stated!r}, expected a whole number from 1 "
                f"and a text that changes whenever its vectors do. Correct the kind '{kind}'."
            )
        decides = f"{kind}\0{self.dims}\0{stated}".encode() + prompts.decisive
        self.fingerprint = hashlib.blake2b(decides, digest_size=8).hexdigest()

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row for each text of a product, shape (len(texts), dims).

        Raises:
            EncoderError: The encoder failed, or returned something else.
        """
        return self._encode(self._encoder.encode_texts, self.prompts.passage_texts(texts))

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return the same for texts that are asked for; many encoders do not tell them apart."""
        encode = getattr(self._encoder, "encode_queries", self._encoder.encode_texts)
        return self._encode(encode, self.prompts.query_texts(texts))

    def encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        """Return one unit row for each picture, shape (len(images), dims).

        Raises:
            EncoderError: As `encode_texts`, or the encoder does not read pictures.
        """
        return self._encode(self._encoder.encode_images, images)

    def _encode(self, encode: Callable[[Sequence[Item]], Vectors], items: Sequence[Item]) -> Vectors:
        if not items:
            return np.empty((0, self.dims), dtype=np.float32)
        with guarded(EncoderError):
            try:
                rows = np.asarray(encode(items), dtype=np.float64)
            except EncoderError:
                raise
            except Exception as error:  # it is somebody else's code
                raise EncoderError(f"Encoder '{self.name}' failed: {type(error).__name__}: {error}.") from error
        if rows.shape != (len(items), self.dims):
            raise EncoderUnavailable(
                f"Encoder '{self.name}' gave an array of the shape {rows.shape} for {len(items)} items, expected "
                f"{(len(items), self.dims)}. It was changed, or does not keep to the protocol of an encoder."
            )
        return unit_rows(rows, self.name, "Look into what serves it, or choose another encoder.")


def unit_rows(rows: NDArray[np.floating], name: str, remedy: str) -> Vectors:
    """Return the rows at unit length, normalised in float64 and cast last.

    Raises:
        EncoderError: A row is zero or not finite: it has no direction, and no index can hold it.
    """
    wide = rows.astype(np.float64)
    with np.errstate(over="ignore"):
        lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    bad = np.flatnonzero(~(np.isfinite(lengths) & (lengths > 0)))
    if bad.size:
        raise EncoderError(
            f"Encoder '{name}' gave a vector without direction for item {bad[0]} of {len(rows)}. {remedy}"
        )
    unit: Vectors = (wide / lengths).astype(np.float32)
    return unit
