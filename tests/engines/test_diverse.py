"""Diverse pages on both engines, see `diversity`: the same order, and pages that continue without gaps or repeats."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from hybridsearch import AsyncHybridSearch, HybridSearch
from tests.engines.builders import on_both_engines

Shops = tuple[HybridSearch, HybridSearch]

KINDS = ("lamp of oak", "lamp of glass", "lamp for the desk", "garden lamp")
PRODUCTS: list[dict[str, Any]] = [
    {"id": f"{kind.split()[-1]}-{n:02}", "title": f"Red {kind}", "brand": kind.split()[-1], "price": n}
    for kind in KINDS
    for n in range(12)
]
FIELDS = {"title": "title", "facets": ["brand"], "numbers": ["price"], "languages": ["en"]}
LEGS = [{"name": "texts", "encoder": "starter", "reads": ["title"]}]


@pytest.fixture(scope="module", params=["words alone", "with a leg"])
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, es_url: str) -> Iterator[Shops]:
    """The same shop on both engines."""
    legs = LEGS if request.param == "with a leg" else []
    folder = tmp_path_factory.mktemp("diverse")
    with on_both_engines(folder, es_url, PRODUCTS, fields=FIELDS, vectors=legs) as shops:
        yield shops


def test_the_first_hits_are_of_different_kinds(both: Shops) -> None:
    for one in both:
        kinds = {
            diverse: {hit.product["title"] for hit in one.search("lamp", size=10, diverse=diverse)}
            for diverse in (False, True)
        }
        assert len(kinds[True]) == 4 > len(kinds[False])


def test_both_engines_have_one_order_and_the_same_totals(both: Shops) -> None:
    pages = [one.search("red lamp", size=25, diverse=True, facets=["brand"]) for one in both]
    assert [hit.id for hit in pages[0]] == [hit.id for hit in pages[1]]
    assert pages[0].facets == pages[1].facets
    assert pages[0].total == pages[1].total == one_total(both)


def one_total(both: Shops) -> int:
    return both[0].search("red lamp").total


@pytest.mark.parametrize("size", [7, 10, 50])
def test_pages_continue_without_gaps_or_repeats(both: Shops, size: int) -> None:
    for one in both:
        pages = [one.search("red lamp", page=page, size=size, diverse=True) for page in range(1, 48 // size + 2)]
        found = [hit.id for page in pages for hit in page]
        assert len(found) == len(set(found)) == pages[0].total
        assert found == [hit.id for hit in one.search("red lamp", size=100, diverse=True)]


def test_filters_hold(both: Shops) -> None:
    for one in both:
        page = one.search("red lamp", filters={"price": {"lt": 3}}, size=30, diverse=True)
        assert page.total == len(page) == 12
        assert all(hit.product["price"] < 3 for hit in page)


def test_an_order_by_a_field_stays_and_says_so(both: Shops) -> None:
    for one in both:
        page = one.search("red lamp", sort="price:asc", diverse=True)
        assert [hit.id for hit in page] == [hit.id for hit in one.search("red lamp", sort="price:asc")]
        assert any("stays as it is" in note for note in page.notes)
        assert [hit.id for hit in one.search(diverse=True)] == [hit.id for hit in one.search()]


def test_nothing_that_was_found_is_no_error(both: Shops) -> None:
    for one in both:
        assert one.search("zzzzqqqq", diverse=True).total == 0
        assert len(one.search("red lamp", size=0, diverse=True)) == 0
        assert len(one.search("red lamp", page=90, diverse=True)) == 0


def test_the_other_client_does_the_same(both: Shops) -> None:
    async def found() -> list[str]:
        async with AsyncHybridSearch.open(both[1].settings) as other:
            return [hit.id for hit in await other.search("red lamp", size=25, diverse=True)]

    assert asyncio.run(found()) == [hit.id for hit in both[1].search("red lamp", size=25, diverse=True)]


def test_the_request_asks_for_vectors_only_where_it_is_to_be_diverse(both: Shops) -> None:
    body = json.loads(json.dumps(both[1].engine.request(both[1].plan("red lamp")).to_json()))["body"]
    assert "fields" not in body


def test_a_product_that_a_rule_only_lifts_is_put_in_order_whatever_the_rule_is_called(
    tmp_path_factory: pytest.TempPathFactory, es_url: str
) -> None:
    """It is the pins that stay first, not what is called so."""
    folder = tmp_path_factory.mktemp("called")
    (folder / "rules.toml").write_text(
        '[[rule]]\nname = "x: pin y"\nwhen.contains = "lamp"\n'
        'then.boost = [{ filters = { brand = "oak" }, by = 0.01 }]\n'
    )
    rules = {"path": "rules.toml"}
    with on_both_engines(folder, es_url, PRODUCTS, fields=FIELDS, rules=rules) as shops:
        for one in shops:
            assert len({hit.product["title"] for hit in one.search("lamp", size=10, diverse=True)}) > 1
