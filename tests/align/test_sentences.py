"""Alignment of a leg that reads text: a real encoder, learned from judgments or from the products' own texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra 'clip' is not installed")

from hybridsearch import HybridSearch
from hybridsearch.align import linear
from hybridsearch.align.run import align
from hybridsearch.cli import run
from hybridsearch.disk.home import Home
from hybridsearch.encoders import load_encoder
from hybridsearch.errors import ConfigError, EncoderError, GateError
from hybridsearch.learning import judgments
from hybridsearch.settings import Settings
from tests import shops, tiny_models
from tests.align.test_run import name_of

COUNT = 240


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.sentences(tmp_path_factory.mktemp("models") / "sentences")


def shop(folder: Path, encoder: Path | str, *, judged: int = 0, **row: str) -> Settings:
    """Write a catalogue, judgments of queries that say the same in other words, and return the shop's settings."""
    names = [name_of(7 * number) for number in range(COUNT)]
    rows = [{"id": str(number), "title": f"thing {name} zz", **row} for number, name in enumerate(names)]
    shops.write_products(folder / "products.jsonl", rows)
    lines = [{"query": f"{name} qqqq", "product_id": str(number), "grade": 2} for number, name in enumerate(names)]
    (folder / "judged.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines[:judged]))
    more: dict[str, Any] = {"judgments": {"path": "judged.jsonl"}} if judged else {}
    vectors = [{"name": "words", "encoder": str(encoder), "reads": ["title"]}]
    shops.write_config(folder, fields={"title": "title", "text": ["note"]}, vectors=vectors, **more)
    return Settings.load(folder / "hybridsearch.toml")


@pytest.fixture(scope="module")
def adopted(model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Any]:
    """A shop whose encoder has learned from judged queries."""
    settings = shop(tmp_path_factory.mktemp("adopted"), model, judged=COUNT)
    return settings, align(settings)


def test_x(adopted):
    s, r = adopted
    print(r.reason, r.training, r.counts)
    assert 0
