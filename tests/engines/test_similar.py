"""Products like one, on both engines: the same ones in the same order, with filters, facets and pages.

The client's part of it is in `related` and `async_related`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hybridsearch import AsyncHybridSearch, HybridSearch
from hybridsearch.engines.base import live_of
from hybridsearch.errors import QueryError
from tests.engines.builders import on_both_engines
from tests.shops import shop

Shops = tuple[HybridSearch, HybridSearch]

COLOURS = ("red", "blue", "green", "black")
KINDS = ("coat", "dress", "boots", "hat", "shirt")
BRANDS = ("Acme", "Borealis", "Zeta")
PRODUCTS: list[dict[str, Any]] = [
    *(
        {
            "id": f"p{number:02}",
            "title": f"{BRANDS[number % 3]} {COLOURS[number % 4]} {KINDS[number % 5]}",
            "note": f"a {KINDS[number % 5]} for every day",
            "brand": BRANDS[number % 3],
            "category": KINDS[number % 5],
            "price": number,
            "variants": [{"size": "SML"[number % 3]}, {"size": "XL"}],
        }
        for number in range(60)
    ),
    {"id": "zh1", "title": "Nike 跑步鞋 男", "category": "boots"},
    {"id": "zh2", "title": "Puma 跑步鞋 女", "category": "boots"},
    {"id": "ja1", "title": "赤いコート", "category": "coat"},
    {"id": "ja2", "title": "青いコート", "category": "coat"},
    {"id": "bare", "sku": "AC-4711"},
    {"id": "untitled", "note": "a hat for every day"},
]
RULES = """
[[rule]]
name = "not on pages without words"
when.query = ""
then = { hide = ["p20"], pin = ["p59"] }
"""
FIELDS = {
    "title": "title",
    "text": ["note"],
    "codes": ["sku"],
    "facets": ["brand", "category", "variants.size"],
    "numbers": ["price"],
    "languages": ["en", "zh", "ja"],
}
LEGS = [{"name": "words", "encoder": "starter", "reads": ["title"], "exact": True}]


@pytest.fixture(scope="module")
def shops(es_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    folder = tmp_path_factory.mktemp("similar")
    (folder / "rules.toml").write_text(RULES, encoding="utf-8")
    rules = {"path": "rules.toml"}
    with on_both_engines(folder, es_url, PRODUCTS, fields=FIELDS, vectors=LEGS, rules=rules) as both:
        yield both


@pytest.mark.parametrize("key", ["p00", "p17", "p33", "zh1", "ja1", "untitled", "bare"])
def test_both_engines_find_the_same_in_the_same_order(shops: Shops, key: str) -> None:
    facets = ["brand", "category", "variants.size"]
    ours, theirs = (each.similar(key, size=40, facets=facets) for each in shops)
    assert [(hit.id, hit.variant) for hit in ours] == [(hit.id, hit.variant) for hit in theirs]
    assert [hit.score for hit in ours] == pytest.approx([hit.score for hit in theirs], rel=1e-5)
    assert (ours.total, ours.facets) == (theirs.total, theirs.facets)
    assert key not in {hit.id for hit in ours}
    assert (ours.degraded, theirs.degraded) == ((), ())


def test_what_shares_most_comes_first(shops: Shops) -> None:
    """`p00` is an Acme red coat: no other is, but for a red coat in Japanese; what else leads has two of the three."""
    for each in shops:
        titles = {hit.id: set(hit.product["title"].split()) for hit in each.similar("p00", size=8)}
        assert titles.pop("ja1", None)
        assert {len(title & {"Acme", "red", "coat"}) for title in titles.values()} == {2}
        given = {name for hit in each.similar("p00") for name in hit.signals}
        assert given == {"title", "text", "pairs", "product.words", "same.brand", "same.category"}


def test_chinese_and_japanese_titles_find_their_like(shops: Shops) -> None:
    for each in shops:
        assert each.similar("zh1")[0].id == "zh2"
        first = each.similar("ja1", size=5)
        assert "ja2" in {hit.id for hit in first}
        assert {hit.product["category"] for hit in first} == {"coat"}


def test_a_product_without_a_title_or_with_a_code_alone_is_answered(shops: Shops) -> None:
    for each in shops:
        assert {hit.product["category"] for hit in each.similar("untitled", size=5)} == {"hat"}
        page = each.similar("bare", facets=["brand"])
        assert (page.total, page.hits, page.facets) == (0, (), {"brand": {}})
        assert page.notes == ("product 'bare' has neither a vector nor words that other products have",)


def test_filters_and_facets_are_those_of_a_search(shops: Shops) -> None:
    for each in shops:
        everything = each.similar("p00", facets=["brand"], size=100)
        page = each.similar("p00", filters={"brand": "Zeta"}, facets=["brand"], size=100)
        assert {hit.product["brand"] for hit in page} == {"Zeta"}
        assert page.total == page.facets["brand"]["Zeta"] > 0
        assert page.facets["brand"].keys() == everything.facets["brand"].keys()
        sized = each.similar("p00", filters={"variants.size": "L"}, size=3)
        assert [hit.variant for hit in sized] == [{"size": "L"}] * 3


def test_pages_repeat_and_leave_out_nothing(shops: Shops) -> None:
    for each in shops:
        whole = [hit.id for hit in each.similar("p07", size=100)]
        pages = [hit.id for page in range(1, 10) for hit in each.similar("p07", size=7, page=page)]
        assert pages == whole[:63]


def test_what_a_rule_hides_on_pages_without_words_is_hidden_and_nothing_is_pinned(shops: Shops) -> None:
    for each in shops:
        page = each.similar("p00", size=100)
        assert "p20" not in {hit.id for hit in page}
        assert page[0].id != "p59"
        assert page.rules == ("not on pages without words",)
        assert each.similar("p20").total > 0


def test_an_id_that_the_index_does_not_have_is_named_with_what_to_do(shops: Shops) -> None:
    for each in shops:
        with pytest.raises(QueryError) as refused:
            each.similar("gone")
        assert str(refused.value) == (
            "The index has no product 'gone', expected an id as 'id' of the catalogue has it. "
            "See the ids with: hybridsearch search"
        )
        for odd in ("", "x" * 600, ["p00", "p01"]):
            with pytest.raises(QueryError, match="was given, expected the id of one product"):
                each.similar(odd)  # type: ignore[arg-type]


def test_a_product_is_read_with_its_vectors_as_they_were_written(shops: Shops) -> None:
    ours, theirs = (each.engine.indexed(["p00", "gone", "bare"]) for each in shops)
    assert ours.keys() == theirs.keys() == {"p00", "bare"}
    assert ours["p00"].row == theirs["p00"].row == PRODUCTS[0]
    assert ours["p00"].vectors["words"].array == pytest.approx(theirs["p00"].vectors["words"].array, abs=1e-7)
    assert np.linalg.norm(ours["p00"].vectors["words"].array) == pytest.approx(1.0, abs=1e-6)
    assert ours["bare"].vectors == theirs["bare"].vectors == {}
    assert [each.engine.indexed([]) for each in shops] == [{}, {}]


def test_what_changed_is_similar_to_something_else(tmp_path: Path, engine: dict[str, Any]) -> None:
    with shop(tmp_path, engine=engine) as opened:
        assert [hit.id for hit in opened.similar("2")] == ["3", "1"]  # a winter coat, and another of Acme
        live = live_of(opened.engine.generations())
        assert live is not None
        opened.update("2", {"title": "Red summer dress", "note": ""})
        opened.engine.refresh(live.name)
        assert opened.similar("2", size=1)[0].id == "1"
        opened.delete("2")
        opened.engine.refresh(live.name)
        with pytest.raises(QueryError, match="no product '2'"):
            opened.similar("2")


def test_coroutines_find_the_same(shops: Shops) -> None:
    async def find(one: HybridSearch) -> list[str]:
        async with AsyncHybridSearch.open(one.settings) as awaited:
            with pytest.raises(QueryError, match="no product 'gone'"):
                await awaited.similar("gone")
            assert await awaited.plan_similar("p17", size=20) == one.plan_similar("p17", size=20)
            return [hit.id for hit in await awaited.similar("p17", filters={"price": {"lt": 30}}, size=20)]

    for each in shops:
        assert asyncio.run(find(each)) == [
            hit.id for hit in each.similar("p17", filters={"price": {"lt": 30}}, size=20)
        ]
