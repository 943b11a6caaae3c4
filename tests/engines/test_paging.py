"""Pages by a cursor, on both engines: together they are the whole list, each product once, however deep."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from hybridsearch import HybridSearch
from hybridsearch.errors import HybridSearchError, QueryError
from hybridsearch.search.weights import Weights, prior
from hybridsearch.values import Page
from tests.engines.builders import on_both_engines
from tests.shops import quietly

BRANDS = (["Acme", "Zeta"], "acme", "Zeta", "été", "跑步", None)
PRICES = (5, 9.5, -1, 0, None)
RELEASED = ("2024", "2025-03-01T10:00:00.123Z", "1969-12-31", "0001-01-01", None)
PRODUCTS: list[dict[str, Any]] = [
    {
        "id": f"p{number * 7 % 60}",
        "title": ["red hat", "red coat", "blue hat"][number % 3],
        "brand": BRANDS[number % 6],
        "price": PRICES[number % 5],
        "released": RELEASED[number // 2 % 5],
        "in_stock": [True, False, None][number % 3],
    }
    for number in range(60)
]
FIELDS = {
    "title": "title", "facets": ["brand"], "numbers": ["price"], "dates": ["released"], "booleans": ["in_stock"],
}  # fmt: skip
KEYS = st.builds(
    lambda name, direction: f"{name}{direction}",
    st.sampled_from(["brand", "price", "released", "in_stock"]),
    st.sampled_from(["", ":asc", ":desc"]),
)
SEARCHES = st.fixed_dictionaries(
    {},
    optional={
        "text": st.sampled_from(["", "red", "hat", "red hat"]),
        "sort": st.lists(KEYS, min_size=1, max_size=3),
        "filters": st.sampled_from([{"brand": ["Zeta", "acme"]}, {"price": {"gte": 0}}, {"price": {"missing": True}}]),
        "facets": st.sampled_from([["brand"], ["brand", "price"]]),
    },
).filter(lambda asked: "sort" in asked or not asked.get("text"))
POPULAR = prior().model_copy(update={"signals": {"number.price": 0.5}, "saturation": {"*": 4.0}})


@pytest.fixture(scope="module")
def shops(es_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HybridSearch, HybridSearch]]:
    """The catalogue on the embedded engine and on a server."""
    with on_both_engines(tmp_path_factory.mktemp("paging"), es_url, PRODUCTS, fields=FIELDS) as both:
        yield both


def pages(shop: HybridSearch, size: int, after: str = "", **asked: Any) -> list[Page]:
    """Return all pages, by their cursors, from the first or from a cursor on."""
    found = [shop.search(size=size, cursor=after, **asked)]
    while found[-1].cursor:
        found.append(shop.search(size=size, cursor=found[-1].cursor, **asked))
        assert len(found) < 100
    return found


def ids(found: list[Page]) -> list[str]:
    return [hit.id for page in found for hit in page]


@given(SEARCHES, st.integers(1, 25), st.sampled_from([None, POPULAR]))
@examples(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_all_pages_together_are_the_whole_list(
    shops: tuple[HybridSearch, HybridSearch], asked: dict[str, Any], size: int, weights: Weights | None
) -> None:
    for shop in shops:
        whole = shop.search(size=100, weights=weights, **asked)
        found = pages(shop, size, weights=weights, **asked)
        assert ids(found) == [hit.id for hit in whole]
        assert [page.number for page in found] == list(range(1, len(found) + 1))
        assert {page.total for page in found} == {whole.total}
        assert all(page.facets == whole.facets and page.notes == whole.notes for page in found)
        assert all(len(page) == size for page in found[:-1])
        assert whole.cursor == ""


@given(SEARCHES, st.integers(1, 25), st.sampled_from([None, POPULAR]))
@examples(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_cursor_of_one_engine_is_one_of_the_other(
    shops: tuple[HybridSearch, HybridSearch], asked: dict[str, Any], size: int, weights: Weights | None
) -> None:
    ours, theirs = (shop.search(size=size, weights=weights, **asked) for shop in shops)
    assert (ours.cursor == "") == (theirs.cursor == "")
    if ours.cursor:
        swapped = zip(shops, (theirs, ours), strict=True)
        after = [shop.search(size=size, cursor=page.cursor, weights=weights, **asked) for shop, page in swapped]
        assert [hit.id for hit in after[0]] == [hit.id for hit in after[1]]


def test_a_shop_without_words_is_whole_and_in_the_order_of_ids(shops: tuple[HybridSearch, HybridSearch]) -> None:
    for shop in shops:
        page = shop.search(facets=["in_stock"], size=3)
        assert (page.total, [hit.id for hit in page]) == (60, ["p0", "p1", "p10"])
        assert page.facets == {"in_stock": {"false": 20, "true": 20}}
        assert {hit.score for hit in page} == {0.0}


def test_numbers_with_a_weight_put_the_whole_shop_in_order(shops: tuple[HybridSearch, HybridSearch]) -> None:
    """9.5 / (9.5 + 4) * 0.5 is the score of the dearest; what has no price or a negative one scores nothing."""
    for shop in shops:
        found = pages(shop, 7, weights=POPULAR)
        scores = [hit.score for page in found for hit in page]
        assert scores[:12] == pytest.approx([0.5 * 9.5 / 13.5] * 12)
        assert scores[12:24] == pytest.approx([0.5 * 5 / 9] * 12)
        assert scores[24:] == [0.0] * 36
        assert found[0][0].signals == {"number.price": pytest.approx(0.5 * 9.5 / 13.5)}
        order = ids(found)
        assert order[:12] == sorted(order[:12])
        assert order[24:] == sorted(order[24:])


def test_a_numbered_page_is_continued_too(shops: tuple[HybridSearch, HybridSearch]) -> None:
    for shop in shops:
        third = shop.search(sort="price", page=3, size=10)
        fourth = shop.search(sort="price", size=10, cursor=third.cursor)
        assert [hit.id for hit in fourth] == [hit.id for hit in shop.search(sort="price", page=4, size=10)]
        assert fourth.number == 4
        assert shop.search(sort="price", page=6, size=10).cursor == ""


def test_hits_in_the_order_of_a_score_have_page_numbers_alone(shops: tuple[HybridSearch, HybridSearch]) -> None:
    for shop in shops:
        assert shop.search("red", size=3).cursor == ""
        cursor = shop.search(size=3).cursor
        with pytest.raises(QueryError) as refused:
            shop.search("red", size=3, cursor=cursor)
        assert str(refused.value) == (
            "'cursor' continues an order by fields, and the whole shop or a part of it; hits in the order of their "
            "score have page numbers alone. Leave it out, or give 'sort'."
        )


@pytest.mark.parametrize(
    "other",
    [
        {"sort": "price:desc"},
        {"sort": ["price", "brand"]},
        {"sort": "price", "filters": {"brand": "Zeta"}},
        {"sort": "price", "text": "red"},
        {},
    ],
    ids=str,
)
def test_a_cursor_of_another_search_is_refused(shops: tuple[HybridSearch, HybridSearch], other: dict[str, Any]) -> None:
    for shop in shops:
        cursor = shop.search(sort="price", size=3).cursor
        with pytest.raises(QueryError, match="'cursor' is that of another search"):
            shop.search(cursor=cursor, **other)


@pytest.mark.parametrize("after", ["2", "x" * 30_000, "é\0", b"QQ", 7, ["x"]], ids=repr)
def test_what_is_no_cursor_is_an_error_that_says_so(shops: tuple[HybridSearch, HybridSearch], after: Any) -> None:
    with pytest.raises(HybridSearchError, match="'cursor' is"):
        shops[0].search(sort="price", cursor=after)


def test_a_cursor_and_a_page_number_cannot_both_be_meant(shops: tuple[HybridSearch, HybridSearch]) -> None:
    cursor = shops[0].search(size=3).cursor
    with pytest.raises(QueryError, match="Page 2 was asked for and a cursor too"):
        shops[0].search(size=3, page=2, cursor=cursor)
    assert shops[0].search(size=3, cursor="").number == shops[0].search(size=3, cursor=None).number == 1


def test_beyond_ten_thousand_hits_a_cursor_goes_on_where_page_numbers_end(es_url: str, tmp_path: Path) -> None:
    """Fault 73."""
    products = [{"id": f"{number:05}", "title": "hat", "price": number // 7 % 50} for number in range(10_050)]
    with on_both_engines(tmp_path, es_url, products, fields={"title": "title", "numbers": ["price"]}) as both:
        for shop in both:
            last = shop.search(sort="price", page=1_000, size=10)
            assert last.notes == ()
            assert shop.search(sort="price", page=1_001, size=10).notes == (
                "only the first 10000 hits have page numbers; go on with the cursor of a page",
            )
            rest = pages(shop, 20, last.cursor, sort="price")
            whole = sorted((number // 7 % 50, f"{number:05}") for number in range(10_050))
            assert ids(rest) == [key for _, key in whole[10_000:]]


def test_a_catalogue_that_changes_between_two_pages_gives_each_other_product_once(es_url: str, tmp_path: Path) -> None:
    """What is removed, comes in, or moves behind the place meanwhile is as it is then."""
    products = [{"id": f"{number:02}", "title": "hat", "price": number} for number in range(10)]
    fields = {"title": "title", "facets": [], "numbers": ["price"]}
    with on_both_engines(tmp_path, es_url, products, fields=fields) as both:
        for shop in both:
            first = shop.search(sort="price", size=4)
            assert [hit.id for hit in first] == ["00", "01", "02", "03"]
            shop.delete(["03", "05"])
            shop.upsert([{"id": "new", "title": "hat", "price": 6.5}, {"id": "early", "title": "hat", "price": 1.5}])
            shop.upsert({"id": "00", "title": "hat", "price": 7.5})
            if shop is both[1]:
                shop.engine.refresh(next(g.name for g in shop.engine.generations() if g.state == "live"))
            second = shop.search(sort="price", size=4, cursor=first.cursor)
            assert [hit.id for hit in second] == ["04", "06", "new", "07"]
            third = shop.search(sort="price", size=4, cursor=second.cursor)
            assert ([hit.id for hit in third], third.cursor) == (["00", "08", "09"], "")


def test_a_swap_between_two_pages_ends_nothing(es_url: str, tmp_path: Path) -> None:
    products = [{"id": f"{number:02}", "title": "hat", "price": number % 3} for number in range(10)]
    fields = {"title": "title", "facets": [], "numbers": ["price"]}
    with on_both_engines(tmp_path, es_url, products, fields=fields) as both:
        for shop in both:
            first = shop.search(sort="price:desc", size=4)
            assert [hit.id for hit in first] == ["02", "05", "08", "01"]
            generation = shop.reindex(options=quietly()).generation
            assert ids(pages(shop, 4, first.cursor, sort="price:desc")) == ["04", "07", "00", "03", "06", "09"]
        both[1].engine.discard(generation)
