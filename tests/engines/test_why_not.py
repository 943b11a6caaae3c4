"""Why a product is not found, on both engines: both clients and the command line share one answer (`answering`)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from hybridsearch import AsyncHybridSearch, HybridSearch
from hybridsearch.cli import cli
from hybridsearch.errors import QueryError
from hybridsearch.search.why import Why
from tests.engines.builders import on_both_engines
from tests.shops import FIELDS, PRODUCTS, write_config

Shops = tuple[HybridSearch, HybridSearch]
SOME = [{"id": f"more-{number:02}", "title": "Winter coat", "brand": "More"} for number in range(12)]
ASKED: list[tuple[str, str, dict[str, Any], str]] = [
    ("9", "red", {}, "It is not in the index."),
    (
        "2",
        "winter coat",
        {"filters": {"brand": "Borealis", "price": {"lt": 100}}},
        "The filter on brand leaves it out.",
    ),
    ("4", "winter coat", {}, "It lacks: winter, coat."),
    ("2", "winter coat", {}, "What is at place 10 has more of: "),
    ("4", "", {"sort": "price:desc"}, "It is at place 4 of 17."),
    ("1", "dress", {}, "It is at place 1 of 1."),
]


@pytest.fixture(scope="module")
def shops(es_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    folder = tmp_path_factory.mktemp("why")
    with on_both_engines(folder, es_url, [*PRODUCTS, *SOME], fields=FIELDS) as both:
        yield both


@pytest.mark.parametrize(("key", "words", "more", "said"), ASKED)
def test_engines_and_clients_give_the_same_verdict(
    shops: Shops, key: str, words: str, more: dict[str, Any], said: str
) -> None:
    async def ask(each: HybridSearch) -> Why:
        async with AsyncHybridSearch.open(each.settings) as shop:
            return await shop.why_not(key, words, **more)

    first = shops[0].why_not(key, words, **more)
    assert said in first.verdict
    for each in shops:
        for found in (each.why_not(key, words, **more), asyncio.run(ask(each))):
            assert found.verdict == first.verdict
            assert (found.place, found.matched, found.missing) == (first.place, first.matched, first.missing)
            added = {bar.name: bar.added for bar in found.bars}
            assert added == pytest.approx({bar.name: bar.added for bar in first.bars}, abs=1e-4)


def test_the_place_is_that_of_the_search(shops: Shops) -> None:
    for shop in shops:
        page = shop.search("winter coat", size=20)
        for place, hit in enumerate(page, 1):
            found = shop.why_not(hit.id, "winter coat")
            assert (found.place, found.total) == (place, page.total)
            assert found.score == pytest.approx(hit.score)
            assert sum(bar.added for bar in found.bars) == pytest.approx(hit.score, abs=1e-5)


@pytest.mark.parametrize("key", [None, True, ""])
def test_what_is_no_id_is_refused(shops: Shops, key: Any) -> None:
    with pytest.raises(QueryError):
        shops[0].why_not(key, "red")


def test_the_command_says_it_and_has_all_of_it_as_json(tmp_path: Any) -> None:
    config = str(write_config(tmp_path))
    runner = CliRunner()
    assert runner.invoke(cli, ["reindex", "-c", config]).exit_code == 0
    said = runner.invoke(cli, ["search", "winter coat", "--why-not", "4", "-c", config])
    assert said.exit_code == 0
    assert said.output.startswith("4: It has too few of the query's words")
    told = runner.invoke(
        cli, ["search", "winter coat", "--filter", "brand=Acme", "--why-not", "2", "--json", "-c", config]
    )
    found = json.loads(told.output)
    assert found.keys() == {
        "id", "verdict", "indexed", "found", "place", "total", "window", "hidden", "failed",
        "matched", "missing", "score", "signals", "behind", "because",
    }  # fmt: skip
    assert (found["place"], found["matched"], found["failed"]) == (1, ["winter", "coat"], [])
    assert found["signals"][0].keys() == {"name", "weight", "added"}
