"""Questions on both engines, through both clients and the command line (`answering`)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hybridsearch import AsyncHybridSearch, HybridSearch
from hybridsearch.asking.answers import Answers
from hybridsearch.asking.comparison import Comparison
from hybridsearch.cli import cli
from hybridsearch.errors import QueryError
from tests.engines.builders import on_both_engines
from tests.shops import quietly, write_config, write_products

Shops = tuple[HybridSearch, HybridSearch]

PRODUCTS: list[dict[str, Any]] = [
    {"id": "1", "title": "Acme tent", "waterproof": True, "weight_g": 2400, "seats": "for two"},
    {"id": "2", "title": "Zeta tent", "weight_g": 3100},
    {"id": "3", "title": "Acme lamp", "material": "[/b] no\x1b markup"},
]


@pytest.fixture(scope="module")
def shops(es_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    folder = tmp_path_factory.mktemp("ask")
    with on_both_engines(folder, es_url, PRODUCTS, fields={"title": "title"}) as both:
        yield both


def test_both_engines_and_both_clients_give_the_same_answer(shops: Shops) -> None:
    async def ask(each: HybridSearch) -> tuple[Answers, Comparison]:
        async with AsyncHybridSearch.open(each.settings) as shop:
            with pytest.raises(QueryError, match="Found filters beside the product '1'"):
                await shop.ask("Wie schwer?", product="1", filters={"brand": "Acme"})
            return await shop.ask("Wie schwer ist das Zelt?", product="1"), await shop.compare(["1", "2"])

    answers = [shop.ask("Wie schwer ist das Zelt?", product="1") for shop in shops]
    assert answers[0] == answers[1]
    assert [(each.field, each.quote) for each in answers[0].answers] == [("weight_g", "2400")]
    beside = [shop.compare(["1", "2"]) for shop in shops]
    assert beside[0] == beside[1]
    assert [asyncio.run(ask(shop)) for shop in shops] == [(answers[0], beside[0])] * 2


def test_a_question_about_no_product_is_asked_of_what_a_search_finds(shops: Shops) -> None:
    for shop in shops:
        found = shop.ask("Which tent is waterproof?")
        assert [(each.product_id, each.field) for each in found.answers] == [("1", "waterproof")]
        assert not shop.ask("Which tent is waterproof?", size=0).stated


def test_what_cannot_be_asked_is_said(shops: Shops) -> None:
    for shop in shops:
        with pytest.raises(
            QueryError, match="Found filters beside the product '1', which is looked at whatever it has"
        ):
            shop.ask("how heavy?", product="1", filters={"brand": "Acme"})
        with pytest.raises(QueryError, match="no product 'gone'"):
            shop.ask("how heavy?", product="gone")
        with pytest.raises(QueryError, match="question is empty"):
            shop.ask(" ")
        with pytest.raises(QueryError, match="expected text such as"):
            shop.ask(17)  # type: ignore[arg-type]
        with pytest.raises(QueryError, match="Found 0 products"):
            shop.compare([])


def test_a_question_of_100_000_characters_is_answered(shops: Shops) -> None:
    for shop in shops:
        assert not shop.ask("zorb " * 20_000, product="1").stated


def test_the_command_answers_or_says_that_it_is_not_stated(tmp_path: Path) -> None:
    write_products(tmp_path / "products.jsonl", PRODUCTS)
    config = str(write_config(tmp_path, fields={"title": "title"}))
    HybridSearch.open(config).reindex(options=quietly())

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(cli, ["ask", *arguments, "-c", config], catch_exceptions=False)
        assert done.exit_code == 0
        return done.output

    assert run("is it waterproof", "--product", "1") == "1  waterproof: yes  (waterproof, 1.00)\n"
    assert run("is it waterproof", "--product", "3") == "not stated\n"
    assert json.loads(run("how heavy is the tent", "--json"))["stated"] is True
    both = json.loads(run("--product", "1", "--product", "2", "--json"))
    assert both["fields"][0] == {"field": "weight_g", "values": ["2400", "3100"], "same": False}
    assert "* weight g" in run("--product", "1", "--product", "2")
    assert "[/b] no markup" in run("--product", "3")
    both = ["ask", "how heavy?", "--product", "1", "--filter", "brand=Acme", "-c", config]
    with pytest.raises(QueryError, match="Found --filter beside --product"):
        CliRunner().invoke(cli, both, catch_exceptions=False, standalone_mode=False)
    assert run("what is the material", "--product", "3") == "3  material: [/b] no markup  (material, 1.00)\n"
