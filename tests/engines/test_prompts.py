"""A query finds what its encoder knows only behind the right prompts: on both engines, from the rebuild to the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch
from hybridsearch.encoders import ENCODERS
from hybridsearch.values import Vectors
from tests.knowing import LEG, ROWS, Guessing, Knowing
from tests.shops import settings, write_products

ELSEWHERE = "gift5"
"""A word that no product has; who knows the catalogue knows that it belongs to product 5."""


class Trained(Knowing):
    """Knows which words belong together behind `query: ` and `passage: `, and guesses anything else."""

    def __init__(self, *_: Any) -> None:
        super().__init__()
        TRAINED.append(self)

    def row(self, text: str) -> Vectors:
        known = text.startswith(("query: ", "passage: "))
        return super().row(text) if known else Guessing.row(self, text)  # type: ignore[arg-type]


TRAINED: list[Trained] = []


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[Trained]:
    monkeypatch.setitem(ENCODERS, "trained", Trained)
    TRAINED.clear()
    return TRAINED


def shop_with(folder: Path, engine: dict[str, Any], **prompts: str) -> HybridSearch:
    """Return an open shop, built with the encoder and these prompts."""
    write_products(folder / "products.jsonl", ROWS)
    leg = {**LEG, "encoder": "trained:x", **prompts}
    fields = {"title": "title", "languages": ["en"]}
    found = HybridSearch.open(settings(folder, fields=fields, vectors=[leg], engine=engine))
    found.reindex()
    return found


def without_prompt(texts: Sequence[str]) -> list[str]:
    return [text for text in texts if not text.startswith(("query: ", "passage: "))]


def test_a_query_with_prompts_finds_what_it_means(
    tmp_path: Path, engine: dict[str, Any], trained: list[Trained]
) -> None:
    with shop_with(tmp_path, engine, query_prompt="query: ", passage_prompt="passage: ") as shop:
        page = shop.search(ELSEWHERE)
        assert page[0].id == "5"
        assert page[0].signals["words.words"] > 0
        asked = [text for encoder in trained for text in encoder.asked]
        assert without_prompt(asked) == []
        assert f"query: {ELSEWHERE}" in asked
        assert f"passage: {ROWS[5]['title']}" in asked


def test_without_them_the_same_encoder_knows_nothing(
    tmp_path: Path, engine: dict[str, Any], trained: list[Trained]
) -> None:
    with shop_with(tmp_path, engine) as shop:
        assert [hit.id for hit in shop.search(ELSEWHERE)] == []
        assert shop.search("coat5")[0].id == "5"
