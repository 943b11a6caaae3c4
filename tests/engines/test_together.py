"""What was bought together, on both engines: the same page, under filters, without what is gone.

With it the command, `learn_baskets`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest

from hybridsearch import AsyncHybridSearch, HybridSearch, cli
from hybridsearch.errors import QueryError
from tests.engines.builders import on_both_engines
from tests.learning.test_baskets import learned
from tests.shops import PRODUCTS, write_config

Shops = tuple[HybridSearch, HybridSearch]
ORDERS = {
    **{f"a{n}": ["1", "2"] for n in range(9)},
    **{f"b{n}": ["1", "3", "gone"] for n in range(4)},
    **{f"c{n}": ["1", "4"] for n in range(3)},
}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, es_url: str) -> Iterator[Shops]:
    """The same shop on both engines."""
    folder = tmp_path_factory.mktemp("together")
    learned(folder, ORDERS)
    with on_both_engines(folder, es_url, PRODUCTS) as shops:
        yield shops


def test_what_was_bought_most_often_with_it_comes_first(both: Shops) -> None:
    """A product that is no longer there is left out, and the product itself."""
    pages = [one.also_bought("1", facets=["brand"]) for one in both]
    for page in pages:
        assert [hit.id for hit in page] == ["2", "3", "4"]
        assert page.total == 3
        assert page.facets == {"brand": {"Borealis": 2, "Acme": 1}}
        assert [*page[0].signals] == ["bought together: 2"]
    assert [hit.score for hit in pages[0]] == pytest.approx([hit.score for hit in pages[1]], abs=1e-6)


def test_filters_and_pages_hold(both: Shops) -> None:
    for one in both:
        assert [hit.id for hit in one.also_bought("1", filters={"brand": "Borealis"})] == ["3", "4"]
        assert [hit.id for hit in one.also_bought("1", page=2, size=2)] == ["4"]


def test_a_product_that_no_basket_has_is_told_of(both: Shops) -> None:
    for one in both:
        for name in ("5", "\0", "x" * 500):
            page = one.also_bought(name)
            assert page.total == 0
            assert page.notes[0].startswith("no baskets tell what goes with '")


@pytest.mark.parametrize("wrong", [["1", "2"], None, {}, ""])
def test_what_is_no_id_is_refused(both: Shops, wrong: object) -> None:
    for one in both:
        with pytest.raises(QueryError):
            one.also_bought(wrong)  # type: ignore[arg-type]


def test_the_other_client_does_the_same(both: Shops) -> None:
    async def found() -> list[str]:
        async with AsyncHybridSearch.open(both[1].settings) as other:
            return [hit.id for hit in await other.also_bought("1")]

    assert asyncio.run(found()) == ["2", "3", "4"]


def test_the_command_learns_from_orders(
    tmp_path: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    monkeypatch.chdir(folder)
    write_config(folder)
    rows = [{"order_id": name, "product_id": product} for name, products in ORDERS.items() for product in products]
    (folder / "orders.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert cli.run(["learn-baskets", "orders.jsonl", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["baskets"], report["products"], report["pairs"]) == (16, 5, 10)
    with HybridSearch.open() as shop:
        shop.reindex()
        assert [hit.id for hit in shop.also_bought("1")] == ["2", "3", "4"]
