"""The encoder of questions: loaded once, asked once for each name, and told of where it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hybridsearch import AsyncHybridSearch, HybridSearch
from hybridsearch.asking.concepts import properties
from hybridsearch.errors import EncoderError
from hybridsearch.shop import meaning
from hybridsearch.values import Vectors
from tests.shops import settings, shop, write_products

ROWS: list[dict[str, Any]] = [{"id": "1", "title": "lamp", "zorkness": "sine"}, {"id": "2", "title": "pen"}]
QUESTION = "Which shape does the voltage have?"


class Knowing:
    """Puts the question beside `zorkness`, and everything else far away."""

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return np.array([[1.0, 0.0]] * len(texts), np.float32)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        self.encoded += texts
        rows = [[1.0, 0.0] if text == "zorkness" else [0.1 * (len(text) % 3), 0.9] for text in texts]
        return np.array(rows, np.float32)


@pytest.fixture
def knowing(monkeypatch: pytest.MonkeyPatch) -> Knowing:
    encoder = Knowing()
    monkeypatch.setattr(meaning, "load_encoder", lambda name, folder: encoder)
    return encoder


def opened(folder: Path, **questions: Any) -> HybridSearch:
    """Return a shop of two products, whose index has been built."""
    write_products(folder / "products.jsonl", ROWS)
    return shop(folder, fields={"title": "title"}, questions=questions)


def test_an_encoder_that_the_configuration_names_finds_what_the_table_of_words_does_not(
    tmp_path: Path, knowing: Knowing
) -> None:
    with opened(tmp_path, encoder="e5-small") as found:
        assert [each.field for each in found.ask(QUESTION, product="1").answers] == ["zorkness"]
        assert not found.ask(QUESTION, product="2").stated
        found.ask(QUESTION, product="1")
    assert sorted(knowing.encoded) == sorted([*properties(), "zorkness"])

    async def ask() -> list[str]:
        async with AsyncHybridSearch.open(found.settings) as other:
            return [each.field for each in (await other.ask(QUESTION, product="1")).answers]

    assert asyncio.run(ask()) == ["zorkness"]


def test_without_one_the_table_alone_answers(tmp_path: Path, knowing: Knowing) -> None:
    with opened(tmp_path) as found:
        assert not found.ask(QUESTION, product="1").stated
        assert found.ask("zorkness?", product="1").stated
    assert knowing.encoded == []


def test_an_encoder_that_fails_costs_no_answer_and_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str, folder: Path) -> None:
        raise EncoderError(f"Cannot load '{name}'.")

    monkeypatch.setattr(meaning, "load_encoder", load)
    with opened(tmp_path, encoder="e5-small") as found:
        answers = found.ask("zorkness?", product="1")
    assert answers.stated
    assert answers.notes == ("answered by the table of words alone: Cannot load 'e5-small'.",)


def test_names_that_were_encoded_are_forgotten_before_they_are_too_many(
    tmp_path: Path, knowing: Knowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meaning, "KEPT", 2)
    write_products(tmp_path / "products.jsonl", ROWS)
    near, _ = meaning.Meaning(settings(tmp_path, fields={"title": "title"}, questions={"encoder": "x"})).of(QUESTION)
    assert near is not None
    assert near(["zorkness", "b"])["zorkness"] > 1
    assert list(near(["c", "b"])) == ["c", "b"]
    assert list(near([])) == []
    assert knowing.encoded[-3:] == ["b", "c", "b"]
