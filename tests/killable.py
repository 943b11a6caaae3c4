"""A rebuild in a process that may be killed, and what it needs: a shop with versions and a cheap encoder."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from PIL import Image

from hybridsearch import HybridSearch, Settings
from hybridsearch.indexing import fill
from hybridsearch.indexing.fill import Options
from hybridsearch.runtime import failpoints
from hybridsearch.runtime.progress import Progress
from hybridsearch.values import Row, Vector, Vectors

LEG = {"name": "words", "encoder": "hashed", "reads": ["title"]}
BATCH = 16


class Hashed:
    """An encoder whose vectors mean nothing, and are the same in every process."""

    name = fingerprint = "hashed"
    dims = 8
    reads = frozenset({"words"})
    asks_apart = False

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        digests = [hashlib.blake2b(text.encode(), digest_size=self.dims).digest() for text in texts]
        rows = np.frombuffer(b"".join(digests), np.uint8).reshape(-1, self.dims) - 127.5
        vectors: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        return vectors

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self.encode_texts(texts)

    def encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        raise NotImplementedError


class Cheap(dict[str, Hashed]):
    """Encoders by leg."""

    def vector(self, name: str, source: str, value: str) -> Vector:  # noqa: ARG002 - there are words alone
        return Vector(self[name].encode_texts([value])[0])


def shop_of(settings: Settings) -> HybridSearch:
    """Open a shop with the cheap encoder."""
    found = HybridSearch.open(settings)
    found.encoders = Cheap(words=Hashed())  # type: ignore[assignment]
    return found


def settings_of(folder: Path, **engine: Any) -> Settings:
    """Return the settings of a shop whose catalogue is `products.jsonl` in a folder."""
    data = {
        "catalog": {"path": "products.jsonl"},
        "fields": {"title": "title", "numbers": ["price"], "version": "v", "languages": ["en"]},
        "engine": engine,
        "vectors": [LEG],
    }
    return Settings.parse(data, folder=folder)


def rebuild(folder: Path, engine: dict[str, Any], point: str = "", progress: Progress | None = None) -> Any:
    """Rebuild in small batches, and die at a named point."""
    failpoints.arm(point)
    with mock.patch.object(fill, "BATCH", BATCH), shop_of(settings_of(folder, **engine)) as shop:
        return shop.reindex(progress, Options(say=lambda _: None))


def rebuild_quietly(folder: Path, engine: dict[str, Any], point: str = "") -> None:
    """Rebuild in a child: what it says on its way out interests nobody."""
    sys.stderr = sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - until the process ends
    rebuild(folder, engine, point)


def product(number: int, version: int) -> Row:
    """Return a product in one of its versions."""
    return {"id": f"p{number}", "title": f"red dress n{number} v{version % 7}", "price": version % 100, "v": version}
