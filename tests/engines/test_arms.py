"""Arms on both engines: each ranks by its weights, and both in one list give the same pages everywhere."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import AsyncHybridSearch, HybridSearch
from hybridsearch.errors import DegradedAnswer, QueryError
from tests.engines.builders import on_both_engines
from tests.shops import settings

Shops = tuple[HybridSearch, HybridSearch]

PRODUCTS: list[dict[str, Any]] = [
    {"id": f"p{n:02}", "title": f"Oak table {'oak ' * (n % 4)}{n}", "brand": "AB"[n % 2], "sales": (n * 37) % 60}
    for n in range(60)
]
BY_SALES = {"signals": {"number.sales": 1.0, "text": 0.01}, "saturation": {"*": 16.0}}


@pytest.fixture(scope="module")
def shops(es_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    """Sixty tables, and weights that put those that sell first, on both engines."""
    folder = tmp_path_factory.mktemp("armed")
    (folder / "weights-b.json").write_text(json.dumps(BY_SALES))
    fields = {"title": "title", "numbers": ["sales"], "facets": ["brand"]}
    with on_both_engines(folder, es_url, PRODUCTS, fields=fields, weights={"b": "weights-b.json"}) as both:
        yield both


def ids(page: Any) -> list[str]:
    return [hit.id for hit in page]


def test_each_arm_ranks_by_its_weights(shops: Shops) -> None:
    for shop in shops:
        plain, first, second = (shop.search("oak table", variant=arm, size=60) for arm in (None, "a", "b"))
        assert ids(first) == ids(plain)
        assert (plain.arm, first.arm, second.arm) == ("", "a", "b")
        sales = {row["id"]: row["sales"] for row in PRODUCTS}
        assert ids(second) == sorted(sales, key=lambda key: -sales[key])
        assert second.to_json()["arm"] == "b"
        assert "arm" not in plain.to_json()
    assert ids(shops[0].search("oak table", variant="b")) == ids(shops[1].search("oak table", variant="b"))


def test_interleaved_pages_are_the_same_on_both_engines_and_neither_repeat_nor_leave_out(shops: Shops) -> None:
    lists = []
    for shop in shops:
        pages = [
            shop.search("oak table", variant="interleaved", session="s7", page=number, size=7, facets=["brand"])
            for number in range(1, 10)
        ]
        shown = [hit.id for page in pages for hit in page]
        assert len(shown) == len(set(shown)) == 60
        assert {page.total for page in pages} == {60}
        assert [page.number for page in pages] == list(range(1, 10))
        assert pages[0].facets == {"brand": {"A": 30, "B": 30}}
        assert all(len(page.teams) == len(page) for page in pages)
        assert abs(pages[0].teams.count("a") - 3.5) < 1
        lists.append((shown, [page.teams for page in pages]))
    assert lists[0] == lists[1]


def test_sessions_get_lists_of_their_own(shops: Shops) -> None:
    shop = shops[0]
    found = {tuple(ids(shop.search("oak table", variant="interleaved", session=n, size=8))) for n in range(20)}
    assert len(found) > 3
    assert ids(shop.search("oak table", variant="interleaved")) == ids(shop.search("oak table", variant="interleaved"))


def test_each_hit_of_an_interleaved_page_is_the_best_that_its_team_had_left(shops: Shops) -> None:
    for shop in shops:
        orders = {arm: ids(shop.search("oak table", variant=arm, size=60)) for arm in "ab"}
        page = shop.search("oak table", variant="interleaved", session="x", size=12)
        taken: list[str] = []
        for hit, team in zip(page, page.teams, strict=True):
            assert hit.id == next(key for key in orders[team] if key not in taken)
            taken.append(hit.id)


def test_nothing_is_tested_in_the_order_of_a_field(shops: Shops) -> None:
    for shop in shops:
        page = shop.search("oak table", variant="interleaved", sort="sales:asc", size=3)
        assert (page.arm, page.teams, page.sort) == ("", (), ("sales:asc",))
        assert [hit.product["sales"] for hit in page] == [0, 1, 2]


def test_coroutines_get_the_same_arms(shops: Shops) -> None:
    async def ask(shop: HybridSearch) -> list[Any]:
        async with AsyncHybridSearch.open(shop.settings) as awaited:
            plan = await awaited.plan("oak table", variant="b")
            assert plan == shop.plan("oak table", variant="b")
            return [
                await awaited.search("oak table", variant=arm, session="s", page=2, size=5)
                for arm in ("a", "b", "interleaved")
            ]

    for shop in shops:
        for page in asyncio.run(ask(shop)):
            expected = shop.search("oak table", variant=page.arm, session="s", page=2, size=5)
            assert (ids(page), page.teams, page.offset) == (ids(expected), expected.teams, 5)


def test_arms_that_are_not_there_are_refused(shops: Shops, tmp_path: Path) -> None:
    with HybridSearch.open(settings(tmp_path)) as untested:
        untested.reindex()
        with pytest.raises(QueryError, match=r"There is no arm 'b'\. Name its weights in the configuration"):
            untested.search("red", variant="b")
        assert untested.search("red", variant="a").arm == "a"
    for shop in shops:
        with pytest.raises(QueryError, match="expected 'a', 'b' or 'interleaved'"):
            shop.search("oak", variant="c")
        with pytest.raises(QueryError, match="Interleaved hits end at 1,000"):
            shop.search("oak", variant="interleaved", page=101)


def test_weights_of_b_that_cannot_be_used_cost_no_answer_and_count_for_no_arm(shops: Shops, tmp_path: Path) -> None:
    (tmp_path / "weights-b.json").write_text('{"signals": {"titel": 1}}')
    with HybridSearch.open(settings(tmp_path, weights={"b": "weights-b.json"})) as damaged:
        damaged.reindex()
        for arm in ("b", "interleaved"):
            page = damaged.search("red coat", variant=arm)
            assert ids(page) == ids(damaged.search("red coat"))
            assert (page.arm, page.teams) == ("", ())
            assert page.degraded[0].startswith("the weights of arm 'b' are not used, those in use are: ")
        with pytest.raises(DegradedAnswer):
            damaged.search("red coat", variant="b", strict=True)
        assert damaged.search("red coat", variant="a").arm == "a"


def test_a_shopper_gets_one_arm(shops: Shops) -> None:
    shop = shops[0]
    assert shop.arm_of("s1") == shop.arm_of("s1") == shops[1].arm_of("s1")
    assert {shop.arm_of(number) for number in range(50)} == {"a", "b"}
    with pytest.raises(QueryError, match="'session' is None"):
        shop.arm_of(None)


def test_a_photo_that_can_be_read_once_serves_both_arms(tmp_path: Path) -> None:
    from hybridsearch import sample

    class Once(io.BytesIO):
        def seekable(self) -> bool:
            return False

    photo = Path(sample.__file__).parent / "photo.jpg"
    catalog = {"path": "products.jsonl", "images": str(photo.parent)}
    rows = [json.loads(line) for line in (photo.parent / "products.jsonl").read_text(encoding="utf-8").splitlines()]
    (tmp_path / "products.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows[:20]), encoding="utf-8")
    (tmp_path / "weights-b.json").write_text(json.dumps({"signals": {"photo.*": 1.0}}))
    legs = [{"name": "image", "encoder": "starter", "reads": "image"}]
    fields = {"title": "title", "image": "image"}
    told = settings(tmp_path, catalog=catalog, fields=fields, vectors=legs, weights={"b": "weights-b.json"})
    with HybridSearch.open(told) as seeing:
        seeing.reindex()
        page = seeing.search(image=Once(photo.read_bytes()), variant="interleaved", size=5)
        assert (len(page), page.degraded) == (5, ())
