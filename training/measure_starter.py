"""Measure an encoder's folder, picture vectors only: the sample, words that training never met, nonsense, real photos.

    python -m training.measure_starter FOLDER --data DATA

Without --data only the sample catalogue is used. Nothing here is trained on; `fashion` never is.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import resource
import time
import zipfile
from collections import defaultdict
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from hybridsearch.align.lexicon import LANGUAGES, lexicon
from hybridsearch.encoders import load_encoder
from training.material import rows_of, unseen_products

Vectors = NDArray[np.float32]
SAMPLE = Path(__file__).parents[1] / "hybridsearch" / "sample"
NONSENSE = (
    "quantum philosophy", "tax declaration", "parliament", "xkjwq zzpl", "asdfgh", "photosynthesis", "Steuererklärung",
    "Vertragsrecht", "Nebensatz", "blorfinator", "philosophie allemande", "assurance maladie", "grammaire", "hipoteca",
    "fotosíntesis", "ley electoral", "確定申告", "民主主義", "むにゃむにゃ", "量子力学", "社会保险", "税务局",
)  # fmt: skip


class Starter:
    """The encoder as the library loads it; it keeps count of its time."""

    def __init__(self, folder: Path) -> None:
        self.encoder = load_encoder(str(folder.resolve()), folder=Path())
        self.spent: dict[str, list[float]] = defaultdict(list)

    def texts(self, texts: list[str]) -> Vectors:
        """Encode texts, (n, dims)."""
        return np.asarray(self.encoder.encode_texts(texts), dtype=np.float32)

    def images(self, images: Iterable[Image.Image]) -> Vectors:
        """Encode pictures, (n, dims), a batch at a time."""
        rows, every = [], iter(images)
        while batch := [image.convert("RGB") for image in islice(every, 128)]:
            began = time.process_time()
            rows.append(np.asarray(self.encoder.encode_images(batch), dtype=np.float32))
            self.spent["picture"].append((time.process_time() - began) / len(batch))
        return np.concatenate(rows)

    def pace(self) -> dict[str, Any]:
        """Milliseconds of processor time for a picture and for a query alone, and the most memory so far."""
        for word in ("red dress", "rotes Kleid", "robe rouge", "赤いワンピース", "红色连衣裙") * 4:
            began = time.process_time()
            self.texts([word])
            self.spent["query"].append(time.process_time() - began)
        figures = {f"ms a {kind}": round(1000 * median(seconds), 1) for kind, seconds in self.spent.items()}
        return figures | {"MB of memory at most": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


def archived(path: Path, names: list[str]) -> Iterable[Image.Image]:
    """Read pictures from a zip in the given order."""
    with zipfile.ZipFile(path) as archive:
        for name in names:
            yield Image.open(io.BytesIO(archive.read(name)))


def precision(scores: Vectors, relevant: set[int], k: int) -> float:
    """P@k, where fewer than k relevant products count as k: the share of what could be in the first k and is."""
    top = np.argsort(-scores, kind="stable")[:k]
    return len(relevant.intersection(top.tolist())) / min(k, len(relevant))


def on_sample(starter: Starter) -> dict[str, Any]:
    """Colour x kind queries, the same with words held out of training, and nonsense."""
    rows = [json.loads(line) for line in (SAMPLE / "products.jsonl").read_text(encoding="utf-8").splitlines()]
    shown = [row for row in rows if "image" in row]
    position = {row["id"]: i for i, row in enumerate(shown)}
    pictures = starter.images(Image.open(SAMPLE / row["image"]) for row in shown)
    right: dict[tuple[str, str], set[int]] = defaultdict(set)
    with (SAMPLE / "judgments.tsv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            if row["grade"] == "2" and row["product_id"] in position:
                right[row["locale"], row["query"]].add(position[row["product_id"]])
    scores = starter.texts([query for _, query in right]) @ pictures.T
    by_language = defaultdict(list)
    for (language, _), row, relevant in zip(right, scores, right.values(), strict=True):
        by_language[language].append(precision(row, relevant, 5))
    nonsense = (starter.texts(list(NONSENSE)) @ pictures.T).max(axis=1)
    known = scores.max(axis=1)
    return {
        "sample P@5": {language: round(mean(values), 3) for language, values in by_language.items()},
        "sample P@5, all": round(mean(value for values in by_language.values() for value in values), 3),
        "sample P@5, held-out words": held_out(starter, shown, pictures),
        "highest cosine, queries (5 %, median)": [round(float(np.quantile(known, q)), 2) for q in (0.05, 0.5)],
        "highest cosine, nonsense (median, 95 %)": [round(float(np.quantile(nonsense, q)), 2) for q in (0.5, 0.95)],
    }


def held_out(starter: Starter, shown: list[dict[str, Any]], pictures: Vectors) -> dict[str, Any]:
    """Ask with each kind word that training never saw, joined with a usual colour word, for all colours on sale."""
    by_language: dict[str, list[float]] = defaultdict(list)
    for kind in lexicon().concepts["kind"].values():
        same = [i for i, row in enumerate(shown) if row["category"] == kind.usual("en").text]
        for language in LANGUAGES:
            for word in (word for word in kind.words[language] if word.held_out):
                for colour in sorted({shown[i]["color"] for i in same}):
                    hue = lexicon().concepts["colour"][colour.replace(" ", "-")].usual(language)
                    vector = starter.texts([f"{hue.agreeing(word)} {word.text}"])[0]
                    by_language[language].append(
                        precision(pictures @ vector, {i for i in same if shown[i]["color"] == colour}, 5)
                    )
    return {language: (round(mean(values), 3), len(values)) for language, values in by_language.items()}


def on_fashion(starter: Starter, folder: Path) -> dict[str, Any]:
    """P@10 over all photos for translated article types and for English colours; relevance as the set judges it."""
    products = list(rows_of(folder / "products.jsonl.gz"))
    photos = starter.images(archived(folder / "images.zip", [row["image"] for row in products]))

    def p10(queries: list[tuple[str, str]], field: str) -> float:
        scores = starter.texts([text for text, _ in queries]) @ photos.T
        values = np.asarray([row[field] for row in products])
        return round(
            float(
                np.mean(
                    [
                        np.mean(values[np.argsort(-row)[:10]] == value)
                        for row, (_, value) in zip(scores, queries, strict=True)
                    ]
                )
            ),
            3,
        )

    types = list(rows_of(folder / "article_type_translations.jsonl.gz"))
    spoken = {
        tag: [(row[tag], row["article_type"]) for row in types if tag in row]
        for tag in types[0]
        if tag != "article_type"
    }
    colours = sorted({row["query"] for row in rows_of(folder / "judgments.jsonl.gz") if row["kind"] == "color"})
    return {
        "fashion P@10, article types": {tag: p10(queries, "article_type") for tag, queries in spoken.items()},
        f"fashion P@10, {len(colours)} colours": p10([(colour, colour) for colour in colours], "color"),
    }


def on_grocery(starter: Starter, folder: Path) -> dict[str, Any]:
    """Phone photo of the test split to catalogue picture: products trained by phone, and products never seen so."""
    products = list(rows_of(folder / "products.jsonl.gz"))
    tests = [row for row in rows_of(folder / "photos.jsonl.gz") if row["split"] == "test"]
    shelf = starter.images(archived(folder / "images.zip", [row["image"] for row in products]))
    phone = starter.images(archived(folder / "images.zip", [row["image"] for row in tests]))
    place = {row["id"]: i for i, row in enumerate(products)}
    unseen = unseen_products(products)
    ranks: dict[str, list[int]] = defaultdict(list)
    for row, scores in zip(tests, phone @ shelf.T, strict=True):
        own = scores[place[row["product_id"]]]
        ranks["unseen" if row["product_id"] in unseen else "seen"].append(1 + int((scores > own).sum()))
    return {
        f"grocery top-1 / MRR, {name}": (
            round(mean(rank == 1 for rank in found), 3),
            round(mean(1 / rank for rank in found), 3),
        )
        for name, found in ranks.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, help="folder with fashion/ and grocery/")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    starter = Starter(options.folder)
    figures = on_sample(starter)
    if options.data:
        figures |= on_fashion(starter, options.data / "fashion") | on_grocery(starter, options.data / "grocery")
    for name, value in (figures | starter.pace()).items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
