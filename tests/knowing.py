"""Encoders that know all of a catalogue, or nothing of it, and the catalogue."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from hybridsearch import HybridSearch
from hybridsearch.encoders.prompts import Prompts
from hybridsearch.values import Vectors
from tests.shops import settings, write_products

COUNT = 80
WORDS = ("coat", "hood", "zip", "wool", "warm", "long")
ROWS = [{"id": str(number), "title": " ".join(f"{word}{number}" for word in WORDS)} for number in range(COUNT)]
"""No two products have a word in common: that words of one belong together is known or not."""
LEG = {"name": "words", "encoder": "fake", "reads": ["title"]}

_NUMBER = re.compile(r"\d+")


class Knowing:
    """Knows which words belong together: those with the same number; `asked` is all that it was given."""

    name = "knowing"
    fingerprint = "knowing"
    dims = COUNT
    enough = 1
    reads = frozenset({"words"})
    asks_apart = False

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.stack([self.row(text) for text in texts])

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self.encode_texts(texts)

    def encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        raise NotImplementedError

    def row(self, text: str) -> Vectors:
        """Return the axis of the number that the words have."""
        number = _NUMBER.search(text)
        row: Vectors = np.eye(COUNT, dtype=np.float32)[int(number[0]) % COUNT if number else 0]
        return row


class Guessing(Knowing):
    """Gives every text another direction."""

    name = fingerprint = "guessing"

    def row(self, text: str) -> Vectors:
        seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
        row = np.random.default_rng(seed).normal(size=COUNT)
        return (row / np.linalg.norm(row)).astype(np.float32)


def known_shop(folder: Path, encoder: Any, *, built: bool = True, **changes: Any) -> HybridSearch:
    """Return an open shop with one leg and its encoder."""
    if not (folder / "products.jsonl").exists():
        write_products(folder / "products.jsonl", ROWS)
    changes = {"fields": {"title": "title", "languages": ["en"]}, "vectors": [LEG], **changes}
    found = HybridSearch.open(settings(folder, **changes))
    found.encoders._loaded = dict.fromkeys((("fake", None, None, Prompts(), "auto"),), encoder)
    if built:
        found.reindex()
    return found
