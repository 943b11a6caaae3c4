"""What a training step uses, and the fixed queries of the validation; without torch."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from hybridsearch.align.material import Material, Replay, ValidationQueries
from hybridsearch.align.pairs import Pair, Pixels, picture_digest
from hybridsearch.values import Vectors

PAIRS = [Pair(str(n), f"Red mug {'abcdefgh'[n]}", {"color": ("red",), "kind": ("mug",)}, n, str(n)) for n in range(8)]


def resize(images: Sequence[Image.Image]) -> Pixels:
    return np.stack([np.asarray(image.resize((4, 4))).transpose(2, 0, 1) for image in images])


@pytest.fixture(scope="module")
def replay() -> Replay:
    return Replay.load(resize, without=())


@pytest.fixture(scope="module")
def material(replay: Replay) -> Material:
    return Material(PAIRS, range(6), ["en"], replay)


def test_a_batch_holds_what_was_asked_for_and_only_products_of_the_training_part(material: Material) -> None:
    batch = material.draw(4, 3, 2, random.Random(0))
    assert len(set(batch.pictures)) == 4
    assert set(batch.pictures) <= set(range(6))
    assert len(batch.replayed) == 3
    assert [len(texts) for texts in batch.texts[:2]] == [4, 4]
    assert len(batch.originals) == len(batch.translations.texts) == 2
    assert batch.titles.match.diagonal().all()
    assert batch.lexicon.match.shape[0] == 4 + 3


def test_the_seed_decides_what_is_drawn(material: Material) -> None:
    drawn = [material.draw(4, 3, 2, random.Random(seed)) for seed in (1, 1, 2)]
    assert drawn[0].texts == drawn[1].texts != drawn[2].texts


def test_more_than_there_is_gives_all(material: Material) -> None:
    assert len(material.draw(100, 0, 0, random.Random(0)).pictures) == 6


def test_pictures_that_are_not_trained_on_are_not_replayed(replay: Replay) -> None:
    kept = Replay.load(resize, without={picture_digest(replay.pixels[0])})
    assert len(kept.claims) == len(kept.pixels) < len(replay.pixels)


def test_queries_that_rank_every_fitting_picture_first_score_1(material: Material) -> None:
    queries = ValidationQueries(material, [6, 7], 0)
    answers = {text: row for texts, relevant in queries.parts for text, row in zip(texts, relevant, strict=True)}

    def encode(texts: Sequence[str]) -> Vectors:
        return np.stack([answers[text] for text in texts]).astype(np.float32)

    assert queries.pictures == [6, 7]
    assert queries.score(np.eye(2, dtype=np.float32), encode) == 1.0
