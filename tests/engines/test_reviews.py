"""Reviews on both engines: their words find products, and what buyers say is filtered, counted and sorted by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hybridsearch import HybridSearch
from tests.engines.builders import on_both_engines

Shops = tuple[HybridSearch, HybridSearch]


def review(text: str, rating: float, date: str = "2026-01-02") -> dict[str, Any]:
    return {"text": text, "rating": rating, "date": date}


PRODUCTS: list[dict[str, Any]] = [
    {
        "id": "trail",
        "title": "Trail shoe",
        "reviews": [review("Runs small, order one size up.", 2), review("Runs small! Great quality.", 4)],
    },
    {"id": "hiking", "title": "Hiking boot", "reviews": [review("Fits perfectly, great quality.", 5)] * 2},
    {"id": "small", "title": "Small trail shoe that runs"},
    {"id": "talked", "title": "Sandal", "reviews": [f"{n}: the shoe of my trail, my trail shoe." for n in range(90)]},
    {"id": "lamp", "title": "Lampe", "reviews": ["Das Licht ist viel zu dunkel.", "声が小さい", 17]},
    {"id": "plain", "title": "Plain shoe", "reviews": []},
]  # fmt: skip
FIELDS = {"title": "title", "reviews": "reviews", "languages": ["en", "de", "ja"]}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, es_url: str) -> Iterator[Shops]:
    folder = tmp_path_factory.mktemp("reviews")
    weights = {"signals": {"rating.buyers_say.score": 0.02}}
    with on_both_engines(folder, es_url, PRODUCTS, fields=FIELDS, vectors=(), weights=weights) as shops:
        yield shops


def alike(both: Shops, *arguments: Any, **options: Any) -> Any:
    """Return the page that both engines give."""
    ours, theirs = (shop.search(*arguments, **options) for shop in both)
    assert [hit.id for hit in ours] == [hit.id for hit in theirs]
    assert ours.total == theirs.total
    assert ours.facets == theirs.facets
    assert [hit.product for hit in ours] == [hit.product for hit in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert one.score == pytest.approx(other.score, abs=1e-4)
        assert one.signals == pytest.approx(other.signals, abs=1e-4)
    return ours


def test_the_words_of_reviews_find_a_product_behind_those_that_have_them_in_the_title(both: Shops) -> None:
    page = alike(both, "runs small")
    assert [hit.id for hit in page] == ["small", "trail"]
    assert {*page[1].signals} <= {"reviews", "rating.buyers_say.score"}
    assert 0 < page[1].signals["reviews"] <= 0.1


def test_the_words_of_many_reviews_do_not_lead(both: Shops) -> None:
    ids = [hit.id for hit in alike(both, "trail shoe")]
    assert {*ids[:2]} == {"small", "trail"}
    assert "talked" in ids


def test_reviews_are_found_in_each_language_of_the_shop(both: Shops) -> None:
    assert [hit.id for hit in alike(both, "dunkles licht")] == ["lamp"]
    assert [hit.id for hit in alike(both, "声が小さい")] == ["lamp"]


def test_a_typo_is_corrected_to_a_word_of_reviews(both: Shops) -> None:
    assert alike(both, "qualitty")[0].id in ("trail", "hiking")


def test_hits_say_what_buyers_say(both: Shops) -> None:
    said = alike(both, "hiking")[0].buyers_say
    assert said["score"] == 5.0
    assert said["praised"] == ["size", "quality"]
    assert said["aspects"]["size"]["quotes"] == [
        {"text": "Fits perfectly, great quality.", "review": 1, "positive": True}
    ]
    assert alike(both, "plain")[0].buyers_say == {}


def test_products_are_filtered_counted_and_sorted_by_what_buyers_say(both: Shops) -> None:
    page = alike(both, facets=["buyers_say.praised", "buyers_say.criticised"], sort="buyers_say.score:desc")
    assert page[0].id == "hiking"
    assert page.facets["buyers_say.praised"] == {"quality": 1, "size": 1}
    assert page.facets["buyers_say.criticised"] == {"size": 1}
    assert [hit.id for hit in alike(both, filters={"buyers_say.criticised": "size"})] == ["trail"]
    assert [hit.id for hit in alike(both, filters={"buyers_say.score": {"gte": 4.5}})] == ["hiking"]


def test_the_words_of_aspects_are_no_words_of_the_product(both: Shops) -> None:
    assert "hiking" not in [hit.id for hit in alike(both, "size")]


def test_a_changed_product_says_what_its_new_reviews_say(tmp_path: Any, es_url: str) -> None:
    with on_both_engines(tmp_path, es_url, PRODUCTS, fields=FIELDS, vectors=()) as shops:
        for shop in shops:
            shop.update("plain", {"reviews": ["The heel squeaks."]})
            shop.update("trail", {"title": "Trail runner"})
            shop.engine.refresh(shop.engine.generations()[-1].name)
            assert [hit.id for hit in shop.search("squeaks")] == ["plain"]
            assert shop.search("runner")[0].buyers_say["criticised"] == ["size"]


def test_a_field_of_the_shop_that_is_called_so_is_refused(tmp_path: Any, es_url: str) -> None:
    with on_both_engines(tmp_path, es_url, PRODUCTS, fields=FIELDS, vectors=()) as shops:
        for shop in shops:
            refused = shop.upsert([{"id": "odd", "title": "Odd", "buyers_say": "hello"}]).rejects
            assert [reject.reason for reject in refused] == [
                "it has a field 'buyers_say', which is what its reviews say; rename it in the catalogue"
            ]
