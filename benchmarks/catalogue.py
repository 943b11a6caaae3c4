"""What the benchmarks on a server share: a catalogue of any size, an encoder that costs nothing, and a shop of both."""

from __future__ import annotations

import argparse
import datetime
import functools
import gzip
import hashlib
import json
import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from hybridsearch import HybridSearch
from hybridsearch.encoders.base import Encoder
from hybridsearch.encoders.by_leg import Encoders
from hybridsearch.engines.elasticsearch import ElasticsearchEngine
from hybridsearch.errors import EncoderError
from hybridsearch.query_sources import WORDS
from hybridsearch.search.weights import prior
from hybridsearch.settings import Settings
from hybridsearch.values import Vectors

SEED = 20261121
VOCABULARY = 20_000
SYLLABLES = [consonant + vowel for consonant in "bdfklmnrstv" for vowel in "aeiou"]
LEG = "text"
LANGUAGES = ("en", "de", "fr", "es", "ja", "zh")
FIELDS = {
    "title": "title",
    "text": ["short_description", "attr_t_*"],
    "codes": ["name", "ean"],
    "facets": ["supplier"],
    "numbers": ["price"],
}
"""Roles of the icecat catalogue, whose field names the generated one has too."""


class HashedWords:
    """A stand-in for a text encoder: the sum of one fixed random direction per word. It knows no meaning."""

    name = "hashed words"
    dims = 384
    fingerprint = "hashed-words-1"
    reads = frozenset({WORDS.name})
    enough = 0

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Return the direction of all words together, and of no word, which keeps an empty text from being zero."""
        rows = np.array([sum(map(direction, text.lower().split()), direction("")) for text in texts])
        unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        return unit

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return the same: it tells nothing apart."""
        return self.encode_texts(texts)

    def encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        """Refuse."""
        raise EncoderError(f"'{self.name}' does not see the {len(images)} pictures.")


@functools.lru_cache(maxsize=VOCABULARY)
def direction(word: str) -> Vectors:
    """Return the direction that stands for a word."""
    seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())
    return np.random.default_rng(seed).standard_normal(HashedWords.dims, np.float32)


class HashedLegs(Encoders):
    """Every leg reads with hashed words."""

    def __getitem__(self, name: str) -> Encoder:
        self._leg(name)
        return HASHED


HASHED = HashedWords()


def vocabulary() -> list[str]:
    """Return distinct words of two to five syllables."""
    random = np.random.default_rng(SEED)
    words = ("".join(random.choice(SYLLABLES, random.integers(2, 6))) for _ in range(2 * VOCABULARY))
    return list(dict.fromkeys(words))[:VOCABULARY]


def generated(products: int) -> Iterator[dict[str, Any]]:
    """Yield products with the shape of icecat's: words by Zipf's law, and a code that no other product has."""
    words = np.array(vocabulary())
    random = np.random.default_rng(SEED)
    for number in range(products):
        found = words[(random.zipf(1.15, 36) - 1) % len(words)].tolist()
        code = f"{found[0][:2].upper()}{number:06}"
        yield {
            "id": str(number),
            "name": code,
            "ean": [f"{4_000_000_000_000 + number}"],
            "title": " ".join([*found[:7], code]),
            "short_description": " ".join(found[7:20]),
            "supplier": f"Supplier {random.integers(200)}",
            "price": round(float(random.gamma(2, 30)), 2),
            **{f"attr_t_{place}": " ".join(found[20 + 2 * place : 22 + 2 * place]) for place in range(8)},
        }


def write_generated(path: Path, products: int) -> Path:
    """Write generated products as JSON lines."""
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as file:
        file.writelines(f"{json.dumps(product)}\n" for product in generated(products))
    return path


def open_shop(
    path: Path, folder: Path, index: str, *, url: str | None, languages: Sequence[str] = ("en",), encoder: str | None
) -> HybridSearch:
    """Return a shop whose one leg reads title and description.

    Args:
        path: The catalogue.
        folder: Where the encode cache lies, and the index of the embedded engine.
        index: What the index is called.
        url: The server; None for the embedded engine.
        languages: Languages that every text is analysed in.
        encoder: A model folder; "" for hashed words, None for no vectors at all.
    """
    leg = {"name": LEG, "encoder": encoder or HASHED.name, "reads": ["title", "short_description"]}
    named = prior().model_copy(update={"signals": {**prior().signals, f"words.{LEG}": 0.5}})  # whatever the leg knows
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights.json").write_text(named.model_dump_json(), encoding="utf-8")
    engine = {"index": index, "folder": str(folder), "replicas": 0, "timeout": 60}
    settings = Settings.parse(
        {
            "catalog": {"path": str(path.resolve())},
            "fields": {**FIELDS, "languages": list(languages)},
            "engine": engine | ({"url": url} if url else {}),
            "vectors": [] if encoder is None else [leg],
            "weights": {"path": "weights.json"},
        },
        folder=folder,
    )
    shop = HybridSearch.open(settings)
    if encoder == "":
        shop.encoders = HashedLegs(settings)
    return shop


def on_server(shop: HybridSearch) -> ElasticsearchEngine:
    """Return the engine of a shop that was opened with a URL."""
    assert isinstance(shop.engine, ElasticsearchEngine)
    return shop.engine


def versions(shop: HybridSearch) -> dict[str, str]:
    """Return what the figures depend on besides the machine."""
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "python": platform.python_version(),
        "client": version("elasticsearch"),
        "server": ".".join(map(str, on_server(shop).version())),
    }


def report(line: dict[str, Any], options: argparse.Namespace) -> None:
    """Print a line of figures, and append it to the file that was named."""
    print(json.dumps(line), flush=True)
    if options.jsonl:
        with options.jsonl.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(line)}\n")
