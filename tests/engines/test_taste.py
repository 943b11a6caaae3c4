"""A person's taste, on both engines: the same order, the same reasons, and no product more or less."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import AsyncHybridSearch, HybridSearch
from hybridsearch.errors import QueryError
from hybridsearch.values import Page
from tests.engines.builders import on_both_engines
from tests.engines.test_similar import FIELDS, LEGS, PRODUCTS
from tests.shops import shop, write_products

Shops = tuple[HybridSearch, HybridSearch]

ACME = ["p00", "p03", "p06", "p09"]
"""Products of one brand: red coat, black hat, green dress, blue shirt."""


@pytest.fixture(scope="module")
def shops(es_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    folder = tmp_path_factory.mktemp("taste")
    with on_both_engines(folder, es_url, PRODUCTS, fields=FIELDS, vectors=LEGS) as both:
        yield both


@pytest.mark.parametrize("query", ["coat", "red dress", "boots for every day", "跑步鞋", "nike"])
def test_a_history_changes_the_order_alone_and_on_both_engines_alike(shops: Shops, query: str) -> None:
    facets = ["brand", "category"]
    ours, theirs = (each.search(query, history=ACME, size=100, facets=facets) for each in shops)
    plain = shops[0].search(query, size=100, facets=facets)
    assert [(hit.id, hit.because) for hit in ours] == [(hit.id, hit.because) for hit in theirs]
    assert [hit.score for hit in ours] == pytest.approx([hit.score for hit in theirs], rel=1e-5)
    assert (ours.total, ours.facets) == (theirs.total, theirs.facets) == (plain.total, plain.facets)
    assert {hit.id for hit in ours} == {hit.id for hit in plain}


def ranks(found: Page) -> list[int]:
    """Return the ranks of the products of the brand that was looked at, of those that were not looked at themselves."""
    return [rank for rank, hit in enumerate(found) if hit.product.get("brand") == "Acme" and hit.id not in ACME]


def test_liked_products_rise_and_say_why(shops: Shops) -> None:
    for each in shops:
        page, plain = (each.search("shirt", history=history, size=100) for history in (ACME, None))
        assert sum(ranks(page)) < sum(ranks(plain))
        hit = page[ranks(page)[0]]
        assert "taste brand: Acme" in hit.signals
        (reason,) = hit.because
        assert reason.removeprefix("because you looked at ").split(" ")[0] in ACME
        assert page.to_json()["hits"][ranks(page)[0]]["because"] == [reason]


def test_what_it_adds_is_bounded(shops: Shops) -> None:
    for each in shops:
        for hit in each.search("coat", history=ACME, size=100):
            added = sum(value for name, value in hit.signals.items() if name.startswith("taste"))
            assert added <= each.weights[0].taste + 1e-6


def test_without_a_history_nothing_changes(shops: Shops) -> None:
    for each in shops:
        plain = each.search("red coat", size=50)
        for nothing in (None, [], ["gone"]):
            page = each.search("red coat", size=50, history=nothing)
            assert page.hits == plain.hits
        assert page.notes == ("not in the index: 1 of 1 products of the history",)
        assert each.plan("red coat", history=[]) == each.plan("red coat")


def test_pages_of_a_search_with_the_same_history_repeat_and_leave_out_nothing(shops: Shops) -> None:
    for each in shops:
        whole = [hit.id for hit in each.search("coat", history=ACME, size=60)]
        pages = [hit.id for page in range(1, 7) for hit in each.search("coat", history=ACME, size=10, page=page)]
        assert pages == whole


def test_a_history_of_a_million_events_is_answered_with_a_note(shops: Shops) -> None:
    for each in shops:
        page = each.search("shirt", history=[*map(str, range(1_000_000)), *ACME], size=40)
        assert {"taste brand: Acme"} & {name for hit in page for name in hit.signals}
        assert page.notes[0] == "of 1,000,004 events of the history the last 10,000 were read"
        assert page.notes[-1] == "not in the index: 46 of 50 products of the history"
        with pytest.raises(QueryError, match=r"'history' is 1\.5, expected ids"):
            each.search("coat", history=1.5)


def test_an_order_of_its_own_stays(shops: Shops) -> None:
    for each in shops:
        page = each.search("coat", history=ACME, sort="price:desc", size=5)
        assert [hit.id for hit in page] == [hit.id for hit in each.search("coat", sort="price:desc", size=5)]
        assert "the history changes nothing here: what is found has an order of its own" in page.notes


def test_a_start_page_shows_what_is_like_a_history(shops: Shops) -> None:
    ours, theirs = (each.recommend(ACME, size=30, facets=["brand"]) for each in shops)
    assert [(hit.id, hit.because) for hit in ours] == [(hit.id, hit.because) for hit in theirs]
    assert (ours.total, ours.facets) == (theirs.total, theirs.facets)
    assert not {hit.id for hit in ours} & set(ACME)
    assert [hit.product.get("brand") for hit in ours].count("Acme") >= 10
    for each in shops:
        again = each.recommend(ACME, again=True, size=60)
        assert set(ACME) <= {hit.id for hit in again}
        filtered = each.recommend(ACME, filters={"category": "boots"}, size=60)
        assert {hit.product["category"] for hit in filtered} == {"boots"}


def test_a_start_page_for_a_stranger_is_the_shop(shops: Shops) -> None:
    for each in shops:
        browsed = [hit.id for hit in each.search(size=10)]
        assert [hit.id for hit in each.recommend(size=10)] == browsed
        page = each.recommend(["gone"], size=10)
        assert [hit.id for hit in page] == browsed
        assert page.notes == ("not in the index: 1 of 1 products of the history",)


def test_a_history_is_read_once_for_all_searches_of_a_minute(shops: Shops, monkeypatch: pytest.MonkeyPatch) -> None:
    """The vectors of the hits come with the search itself, so that it is one request from the second one on."""
    for each in shops:
        first = each.search("coat", history=ACME)

        def read(ids: Any) -> Any:
            assert list(ids) == []
            return {}

        monkeypatch.setattr(each.engine, "indexed", read)
        assert each.search("coat", history=ACME).hits == first.hits


def test_where_nothing_is_like_a_history_the_shop_is_browsed_and_a_note_says_so(tmp_path: Path) -> None:
    products = [{"id": "1", "title": "Red coat"}, {"id": "2", "title": "Xylophone"}]
    write_products(tmp_path / "products.jsonl", products)
    with shop(tmp_path, fields={"title": "title", "languages": ["en"]}) as one:
        page = one.recommend(["2"], again=False)
        assert [hit.id for hit in page] == ["1", "2"]
        assert "nothing is like what was looked at" in page.notes

        async def ask() -> list[str]:
            async with AsyncHybridSearch.open(one.settings) as awaited:
                return [hit.id for hit in await awaited.recommend(["2"])]

        assert asyncio.run(ask()) == ["1", "2"]


def test_coroutines_answer_the_same(shops: Shops) -> None:
    async def ask(one: HybridSearch) -> tuple[Any, Any]:
        async with AsyncHybridSearch.open(one.settings) as awaited:
            found = await awaited.search("coat", history=ACME, size=20)
            return found.hits, (await awaited.recommend(ACME, size=20)).hits

    for each in shops:
        expected = each.search("coat", history=ACME, size=20).hits, each.recommend(ACME, size=20).hits
        assert asyncio.run(ask(each)) == expected


def test_nothing_of_a_person_is_logged(shops: Shops, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="hybridsearch"):
        for each in shops:
            each.search("coat", history=ACME)
            each.recommend(ACME)
    said = [record.getMessage() for record in caplog.records if record.name.startswith("hybridsearch")]
    assert said
    assert not [line for line in said for key in ACME if key in line]


def test_a_size_that_was_taken_lifts_what_is_there_in_it_on_both_engines(es_url: str, tmp_path: Path) -> None:
    fields = {"title": "title", "facets": ["variants.size"], "codes": ["variants.sku"], "languages": ["en"]}
    products = [
        {"id": f"{number}", "title": "Shirt", "variants": [{"sku": f"{number}{size}", "size": size} for size in sizes]}
        for number, sizes in enumerate(["S", "M", "ML", "L", "S", "S", "S", "S", "M"])
    ]
    history = [{"id": "2", "variant": "2M"}, {"id": "8", "variant": {"size": "M"}}]
    with on_both_engines(tmp_path, es_url, products, fields=fields) as both:
        for each in both:
            page = each.search("shirt", history=history, size=9)
            assert {hit.id for hit in page[:3]} == {"1", "2", "8"}
            assert page[0].signals["taste variants.size: M"] > 0
            assert "taste variants.size: M" not in page[3].signals
        assert (
            both[0].search("shirt", history=history).hits[0].id == both[1].search("shirt", history=history).hits[0].id
        )
