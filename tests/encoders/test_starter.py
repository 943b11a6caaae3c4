"""The starter loads with transformers' own classes, offline, and finds colours and kinds in six languages."""

import csv
import json
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

pytest.importorskip("torch", reason="the extra 'clip' is not installed")

import torch
from torch.nn import functional
from transformers import AutoTokenizer, CLIPImageProcessorPil, VisionTextDualEncoderModel

import hybridsearch

PACKAGE = Path(hybridsearch.__file__).parent
STARTER = PACKAGE / "models" / "starter"
SAMPLE = PACKAGE / "sample"
FLOOR = 0.75
Vectors = NDArray[np.float32]


@cache
def model() -> VisionTextDualEncoderModel:
    return VisionTextDualEncoderModel.from_pretrained(STARTER, local_files_only=True, dtype=torch.float32)


@torch.inference_mode()
def text_vectors(texts: list[str]) -> Vectors:
    tokens = AutoTokenizer.from_pretrained(STARTER, local_files_only=True)(texts, padding=True, return_tensors="pt")
    rows: Vectors = functional.normalize(model().get_text_features(**tokens).pooler_output, dim=1).numpy()
    return rows


@torch.inference_mode()
def image_vectors(images: list[Image.Image]) -> Vectors:
    pixels = CLIPImageProcessorPil.from_pretrained(STARTER, local_files_only=True)(images, return_tensors="pt")
    pooled = model().vision_model(**pixels).pooler_output.flatten(1)
    rows: Vectors = functional.normalize(model().visual_projection(pooled), dim=1).numpy()
    return rows


@cache
def products() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SAMPLE / "products.jsonl").read_text(encoding="utf-8").splitlines()]


@cache
def pictures() -> tuple[list[str], Vectors]:
    """Ids and vectors of the sample's products that have a picture."""
    shown = [row for row in products() if "image" in row]
    return [row["id"] for row in shown], image_vectors(
        [Image.open(SAMPLE / row["image"]).convert("RGB") for row in shown]
    )


@cache
def queries() -> dict[str, dict[str, set[str]]]:
    """For each language its queries, each with the ids of the products of the right kind and colour."""
    right: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    shown = set(pictures()[0])
    with (SAMPLE / "judgments.tsv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            if row["grade"] == "2" and row["product_id"] in shown:
                right[row["locale"]][row["query"]].add(row["product_id"])
    return right


def precision_at_5(scores: Vectors, right: set[str]) -> float:
    ids = pictures()[0]
    return len(right & {ids[i] for i in np.argsort(-scores)[:5]}) / min(5, len(right))


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "ja", "zh"])
def test_colour_and_kind_are_found_in_pictures_alone(language: str) -> None:
    asked = queries()[language]
    scores = text_vectors(list(asked)) @ pictures()[1].T
    precisions = [precision_at_5(row, right) for row, right in zip(scores, asked.values(), strict=True)]
    assert np.mean(precisions) >= FLOOR


def test_words_without_meaning_score_low_against_everything() -> None:
    sense = (text_vectors(list(queries()["en"])) @ pictures()[1].T).max(axis=1)
    nonsense = (text_vectors(["xkjwq zzpl", "quantum philosophy", "Vertragsrecht", "民主主義"]) @ pictures()[1].T).max(
        axis=1
    )
    assert np.median(nonsense) < np.median(sense) / 2


def test_a_photo_finds_the_product_that_it_shows() -> None:
    ids, vectors = pictures()
    (photo,) = image_vectors([Image.open(SAMPLE / "photo.jpg").convert("RGB")])
    best = {ids[i] for i in np.argsort(-(vectors @ photo))[:5]}
    red_mugs = {row["id"] for row in products() if (row["category"], row["color"]) == ("mug", "red")}
    assert best & red_mugs


def test_the_weights_stay_small() -> None:
    assert (STARTER / "model.safetensors").stat().st_size <= 20 * 2**20
