"""Several pictures of a product, and a photo with words, on pictures that the project draws itself.

    python -m benchmarks.pictures [--encoder FOLDER] [--small]

`several`: each product has up to four pictures, a clean one first and snapshots behind it; a query is another snapshot
of it. The product's vector is the mean of its first 1, 2, 3 or 4. `words` are queries for colour and kind.

`but blue`: a query is a snapshot of a product in one colour with the name of another colour in each of six languages;
right are the products of that kind in the colour that was named. `share` is the part of the words in the sum of both
vectors; `library` is the whole search, with titles in mixed languages and `photo.*` weighted as it says, beside 0.5 for
`words.*`. The best share and weight are chosen on one half of the kinds and reported on the other.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.catalogue import LANGUAGES, SEED, report
from hybridsearch import HybridSearch
from hybridsearch.align.lexicon import lexicon
from hybridsearch.encoders import PRESETS, load_encoder
from hybridsearch.encoders.base import Encoder
from hybridsearch.images.product import mean
from hybridsearch.search.weights import prior
from hybridsearch.sections import WeightsSection
from hybridsearch.settings import Settings
from hybridsearch.values import Vector, Vectors
from training.render import COLOURS, render
from training.shapes import drawings

EDGE = 128  # pixels of a picture
CLEAN, SNAPSHOT = 0.06, 0.7
SHOTS = 4
PALETTE = ("red", "blue", "green", "yellow", "black", "white", "orange", "purple")
EACH = 3  # products of one kind and colour
SHARES = tuple(round(0.1 * step, 1) for step in range(1, 10))
WEIGHTS = (0.15, 0.25, 0.35, 0.5, 0.7, 1.0)
"""Of a photo; the last is the prior's."""
LEG = "image"
Random = np.random.Generator


@dataclass(frozen=True)
class Product:
    """One thing that can be photographed again and again: what is seen of it varies, it itself does not."""

    kind: str
    colour: str
    drawing: int
    base: NDArray[np.float64]

    def shot(self, clutter: float, random: Random) -> Image.Image:
        """Take a picture of it."""
        return render(self.kind, self.colour, "plain", random, EDGE, clutter, self.drawing, self.base)


def product(kind: str, colour: str, random: Random) -> Product:
    """Return a product of a kind, in a shade of a colour."""
    code = COLOURS[colour]
    shade = np.array([int(code[place : place + 2], 16) for place in (0, 2, 4)]) + random.normal(0, 8, 3)
    return Product(kind, colour, int(random.integers(len(drawings()[kind]))), np.clip(shade, 5, 250))


def ranks(scores: Vectors) -> NDArray[np.intp]:
    """Return the rank, from 1, of the product that each query (a row) is for: that of the same number."""
    own = np.diagonal(scores)[:, None]
    better: NDArray[np.intp] = (scores > own).sum(axis=1) + 1
    return better


def several(encoder: Encoder, count: int) -> dict[str, Any]:
    """Return how well a snapshot, and words, find a product whose vector is the mean of 1 to SHOTS pictures."""
    random = np.random.default_rng(SEED)
    kinds, colours = known_kinds(), [*COLOURS][:-1]
    products = [product(str(random.choice(kinds)), str(random.choice(colours)), random) for _ in range(count)]
    shots = [
        encoder.encode_images([each.shot(SNAPSHOT if number else CLEAN, random) for each in products])
        for number in range(SHOTS)
    ]
    photos = encoder.encode_images([each.shot(SNAPSHOT, random) for each in products])
    words = encoder.encode_texts([f"{each.colour.replace('-', ' ')} {spoken('kind', each.kind)}" for each in products])
    figures: dict[str, Any] = {"what": "several pictures", "products": count}
    for most in range(1, SHOTS + 1):
        vectors = np.stack([mean([Vector(row) for row in rows]).array for rows in zip(*shots[:most], strict=True)])
        by_photo, by_words = ranks(photos @ vectors.T), ranks(words @ vectors.T)
        figures[f"{most}"] = {
            "photo top-1": round(float((by_photo == 1).mean()), 3),
            "photo MRR": round(float((1 / by_photo).mean()), 3),
            "words MRR": round(float((1 / by_words).mean()), 3),
        }
    return figures


def known_kinds() -> list[str]:
    """Return the kinds of products that can be drawn and named."""
    return sorted(drawings().keys() & lexicon().concepts["kind"].keys())


def spoken(axis: str, name: str, language: str = "en") -> str:
    """Return the word of the lexicon that a shop would print."""
    return lexicon().concepts[axis][name].usual(language).text


@dataclass(frozen=True)
class Wish:
    """A photo of one thing, the colour that is wanted instead, and which products are right."""

    photo: Image.Image
    colour: str
    right: frozenset[int]


def wishes(products: Sequence[Product], kinds: Sequence[str], random: Random) -> list[Wish]:
    """Return wishes for each of the kinds: a snapshot in one colour, another colour in words."""
    found = []
    for kind in kinds:
        for shown, wanted in zip(PALETTE, [*PALETTE[3:], *PALETTE[:3]], strict=True):
            right = [number for number, each in enumerate(products) if (each.kind, each.colour) == (kind, wanted)]
            found.append(Wish(product(kind, shown, random).shot(SNAPSHOT, random), wanted, frozenset(right)))
    return found


def precision(order: Sequence[int], right: frozenset[int]) -> float:
    """Return the share of the first five that are right, of those that could be."""
    return len(right & set(order[:5])) / min(5, len(right))


class Bench:
    """The products of `but blue`, encoded, and a shop of them for each weight of the photo."""

    def __init__(self, encoder: Encoder, shop: HybridSearch, vectors: Vectors) -> None:
        self.encoder, self.vectors = encoder, vectors
        self.shops = {f"library {weight}": weighted(shop, weight) for weight in WEIGHTS}

    def by_vectors(self, wished: Sequence[Wish], language: str) -> dict[str, float]:
        """Return P@5 of words, photo, and sums of the two vectors."""
        words = self.encoder.encode_texts([spoken("colour", wish.colour, language) for wish in wished])
        photos = self.encoder.encode_images([wish.photo for wish in wished])
        sums = {"words": words, "photo": photos}
        sums |= {f"share {share}": share * words + (1 - share) * photos for share in SHARES}
        orders = {name: np.argsort(-(rows @ self.vectors.T), axis=1, kind="stable") for name, rows in sums.items()}
        return {
            name: float(np.mean([precision(ids, wish.right) for ids, wish in zip(order.tolist(), wished, strict=True)]))
            for name, order in orders.items()
        }

    def by_library(self, wished: Sequence[Wish], language: str) -> dict[str, float]:
        """Return P@5 of the whole search."""
        found: dict[str, list[float]] = {name: [] for name in self.shops}
        for wish in wished:
            word = spoken("colour", wish.colour, language)
            for name, shop in self.shops.items():
                page = shop.search(word, image=wish.photo, size=5)
                found[name].append(precision([int(hit.id) for hit in page], wish.right))
        return {name: float(np.mean(each)) for name, each in found.items()}

    def measure(self, wished: Sequence[Wish]) -> dict[str, dict[str, float]]:
        """Return P@5 by system and language, with the mean of the languages."""
        by_language = {
            language: {**self.by_vectors(wished, language), **self.by_library(wished, language)}
            for language in LANGUAGES
        }
        return {
            name: {
                **{language: round(each[name], 3) for language, each in by_language.items()},
                "all": round(float(np.mean([each[name] for each in by_language.values()])), 3),
            }
            for name in by_language["en"]
        }


def weighted(shop: HybridSearch, photo: float) -> HybridSearch:
    """Return a shop on the same index with the prior weights, but for that of photos."""
    path = shop.settings.folder / f"weights-{photo}.json"
    weights = prior()
    path.write_text(weights.model_copy(update={"signals": {**weights.signals, "photo.*": photo}}).model_dump_json())
    settings = shop.settings.model_copy(update={"weights": WeightsSection(path=path)})
    return HybridSearch.open(settings)


def open_shop(folder: Path, encoder: str, products: Sequence[Product], pictures: Sequence[Image.Image]) -> HybridSearch:
    """Return a shop on the embedded engine, each product with a picture and a title in one of the six languages."""
    rows = []
    for number, (each, picture) in enumerate(zip(products, pictures, strict=True)):
        picture.save(folder / f"{number}.png")
        language = LANGUAGES[number % len(LANGUAGES)]
        title = f"{spoken('colour', each.colour, language)} {spoken('kind', each.kind, language)}"
        rows.append({"id": str(number), "image": f"{number}.png", "title": title})
    (folder / "products.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    settings = Settings.parse(
        {
            "catalog": {"path": "products.jsonl"},
            "fields": {"image": "image", "title": "title", "languages": list(LANGUAGES)},
            "vectors": [{"name": LEG, "encoder": encoder}],
        },
        folder=folder,
    )
    shop = HybridSearch.open(settings)
    shop.reindex()
    return shop


def but_blue(encoder: Encoder, name: str, count: int) -> dict[str, Any]:
    """Return how well a photo of one colour and the name of another find the kind in that other colour."""
    random = np.random.default_rng(SEED + 1)
    kinds = [str(kind) for kind in random.permutation(known_kinds())[:count]]
    products = [product(kind, colour, random) for kind in kinds for colour in PALETTE for _ in range(EACH)]
    pictures = [each.shot(CLEAN, random) for each in products]
    with tempfile.TemporaryDirectory() as temporary, open_shop(Path(temporary), name, products, pictures) as shop:
        bench = Bench(encoder, shop, encoder.encode_images(pictures))
        tried = bench.measure(wishes(products, kinds[: count // 2], random))
        found = bench.measure(wishes(products, kinds[count // 2 :], random))
    best_share, best_weight = (
        max((name for name in tried if name.startswith(prefix)), key=lambda name: tried[name]["all"])
        for prefix in ("share", "library")
    )
    reported = ("words", "photo", "share 0.5", best_share, f"library {WEIGHTS[-1]}", best_weight)
    return {
        "what": "but blue",
        "products": len(products),
        "queries": len(LANGUAGES) * len(PALETTE) * (count - count // 2),
        "tried": {name: figures["all"] for name, figures in tried.items()},
        "P@5": {name: found[name] for name in dict.fromkeys(reported)},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default="starter", help="a CLIP that sees, as a folder or a preset")
    parser.add_argument("--small", action="store_true", help="20 products and 4 kinds: under a minute")
    parser.add_argument("--jsonl", type=Path, help="append the figures to this file")
    options = parser.parse_args()
    name = options.encoder if options.encoder in PRESETS else str(Path(options.encoder).resolve())
    encoder = load_encoder(name, folder=Path())
    model = {"model": Path(options.encoder).name, "fingerprint": encoder.fingerprint}
    report({**several(encoder, 20 if options.small else 400), **model}, options)
    report({**but_blue(encoder, name, 4 if options.small else 30), **model}, options)


if __name__ == "__main__":
    main()
