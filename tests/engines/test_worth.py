"""What products are worth, on both engines: popularity, ratings, dates and stock, `spreads` of the index included."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch
from hybridsearch.errors import ConfigError
from hybridsearch.schema import Spread
from tests.engines.builders import on_both_engines
from tests.shops import settings, shop, write_products

Shops = tuple[HybridSearch, HybridSearch]

TODAY = datetime.now(UTC).date()


def opened(folder: Path, products: list[dict[str, Any]], **changes: Any) -> HybridSearch:
    write_products(folder / "products.jsonl", products)
    return shop(folder, **changes)


def ago(days: int) -> str:
    return (TODAY - timedelta(days=days)).isoformat()


PRODUCTS: list[dict[str, Any]] = [
    {"id": "old", "title": "Red lamp", "sold": 300, "stars": 5.0, "votes": 2, "released": ago(180), "stock": True},
    {"id": "new", "title": "Red lamp", "sold": 20, "stars": 4.6, "votes": 300, "released": ago(0), "stock": False},
    {"id": "plain", "title": "Red lamp"},
    {"id": "bad", "title": "Red lamp", "stars": 1.0, "votes": 40, "released": ago(-30)},
    {"id": "uncounted", "title": "Red lamp", "stars": 1.0, "sold": -5},
    {"id": "other", "title": "Red chair of wood with a lamp", "sold": 1_000_000, "stars": 5, "votes": 1000, "stock": 1},
]
FIELDS = {
    "title": "title", "numbers": ["sold", "stars", "votes"], "dates": ["released"], "booleans": ["stock"],
    "ratings": {"stars": "votes"}, "languages": ["en"],
}  # fmt: skip
WORTH = {"number.sold": 0.04, "rating.stars": 0.04, "recency.released": 0.04, "boolean.stock": 0.04}
MEAN = (5 + 4.6 + 1 + 1 + 5) / 5


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, es_url: str) -> Iterator[Shops]:
    """The same shop on both engines."""
    weights = {"signals": WORTH, "saturation": {"number.sold": 100, "rating.stars": 20, "recency.released": 90}}
    with on_both_engines(tmp_path_factory.mktemp("worth"), es_url, PRODUCTS, fields=FIELDS, weights=weights) as shops:
        yield shops


def test_what_products_are_worth_is_the_same_on_both_engines(both: Shops) -> None:
    """Of five: a mean of 3.32, the worst 1, the best 5."""
    for one in both:
        signals = {hit.id: hit.signals for hit in one.search("red lamp", size=10)}
        assert {key: own.get("number.sold", 0.0) for key, own in signals.items()} == pytest.approx(
            {"old": 0.03, "new": 0.04 * 20 / 120, "plain": 0, "bad": 0, "uncounted": 0,
             "other": 0.04 * 1_000_000 / 1_000_100}, abs=1e-6
        )  # fmt: skip
        assert {key: own.get("recency.released", 0.0) for key, own in signals.items()} == pytest.approx(
            {"old": 0.01, "new": 0.04, "plain": 0, "bad": 0.04, "uncounted": 0, "other": 0}, abs=1e-6
        )
        assert {key: own.get("boolean.stock", 0.0) for key, own in signals.items()} == pytest.approx(
            {"old": 0.04, "new": 0, "plain": 0, "bad": 0, "uncounted": 0, "other": 0.04}, abs=1e-6
        )
        shrunk = {
            "old": MEAN + (5 - MEAN) * 2 / 22,
            "new": MEAN + (4.6 - MEAN) * 300 / 320,
            "plain": MEAN,
            "bad": MEAN + (1 - MEAN) * 40 / 60,
            "uncounted": MEAN,
            "other": MEAN + (5 - MEAN) * 1000 / 1020,
        }
        expected = {key: 0.04 * (value - 1) / 4 for key, value in shrunk.items()}
        assert {key: own.get("rating.stars", 0.0) for key, own in signals.items()} == pytest.approx(expected, abs=1e-6)


def test_few_ratings_count_less_than_many(both: Shops) -> None:
    """5.0 of two people is less than 4.6 of three hundred."""
    for one in both:
        signals = {hit.id: hit.signals for hit in one.search("red lamp", size=10)}
        assert signals["new"]["rating.stars"] > signals["old"]["rating.stars"] > signals["bad"]["rating.stars"]


def test_the_order_and_the_scores_are_the_same(both: Shops) -> None:
    pages = [one.search("red lamp", size=10) for one in both]
    assert [hit.id for hit in pages[0]] == [hit.id for hit in pages[1]]
    assert [hit.score for hit in pages[0]] == pytest.approx([hit.score for hit in pages[1]], abs=1e-5)
    assert [hit.id for hit in both[0].search(size=10)] == [hit.id for hit in both[1].search(size=10)]


def test_a_category_is_in_the_order_of_worth(both: Shops) -> None:
    for one in both:
        page = one.search("", size=10)
        assert page[0].id == "other"
        assert page[0].score == pytest.approx(sum(page[0].signals.values()), abs=1e-5)


def test_what_fits_worse_is_not_lifted_over_what_fits(tmp_path: Path) -> None:
    """Weights of 1 each are cut to a fifth of what words can give; a chair among reds is worth all that can be."""
    chair = {**PRODUCTS[5], "title": "Red chair", "released": ago(0)}
    fits = {"id": "fits", "title": "Red lamp", "sold": 0, "stars": 1, "votes": 1000}
    weights = {"signals": dict.fromkeys(WORTH, 1.0)}
    with opened(tmp_path, [chair, fits, *PRODUCTS[:3]], fields=FIELDS, weights=weights) as one:
        for query in ("red lamp", "lamp"):
            page = one.search(query, size=10)
            worth = {hit.id: sum(value for key, value in hit.signals.items() if key in WORTH) for hit in page}
            assert max(worth.values()) <= 0.2 + 1e-6
        ranked = [hit.id for hit in one.search("red lamps", size=10)]
        assert "other" not in ranked or ranked.index("fits") < ranked.index("other")


def test_without_a_constant_the_mean_of_the_catalogue_gives_half(tmp_path: Path) -> None:
    products = [{"id": str(sold), "title": "Lamp", "sold": sold} for sold in (0, 100, 500)]
    fields = {"title": "title", "numbers": ["sold"], "languages": ["en"]}
    with opened(tmp_path, products, fields=fields, weights={"signals": {"number.sold": 0.1}}) as one:
        assert one.engine.schema().spreads == {"sold": Spread(0.0, 200.0, 500.0)}
        found = {hit.id: hit.signals.get("number.sold", 0.0) for hit in one.search("lamp")}
        assert found == pytest.approx({"0": 0.0, "100": 0.1 / 3, "500": 0.1 * 5 / 7}, abs=1e-6)


def test_an_index_whose_products_all_have_one_rating_tells_nothing_by_it(tmp_path: Path) -> None:
    products = [{"id": str(n), "title": "Lamp", "stars": 4, "votes": n} for n in range(3)]
    fields = {"title": "title", "numbers": ["stars", "votes"], "ratings": {"stars": "votes"}, "languages": ["en"]}
    with opened(tmp_path, products, fields=fields, weights={"signals": {"rating.stars": 0.1}}) as one:
        assert all("rating.stars" not in hit.signals for hit in one.search("lamp"))


def test_an_index_that_an_earlier_version_built_says_nothing_of_ratings(tmp_path: Path) -> None:
    """It has no spreads; a rebuild measures them."""
    from hybridsearch.roles import Fields
    from hybridsearch.schema import Schema
    from hybridsearch.search.signals import signal_names

    stored = Schema(Fields.model_validate(FIELDS), spreads={"stars": Spread(1, 3, 5)}).to_json()
    assert "rating.stars" in signal_names(Schema.from_json(stored, "products"))
    del stored["spreads"]
    assert "rating.stars" not in signal_names(Schema.from_json(stored, "products"))


@pytest.mark.parametrize(
    ("fields", "weights", "said"),
    [
        ({"numbers": ["sold"]}, {"signals": {"number.solt": 0.1}}, "'number.solt', expected one of a product's worth"),
        ({"numbers": ["sold"]}, {"signals": {"title": 0.1}}, "'title', expected one of a product's worth"),
        ({"numbers": ["sold"]}, {"saturation": {"recency.sold": 3}}, "'recency.sold', expected"),
        ({"numbers": ["sold"]}, {"signals": {"number.sold": -1}}, "greater than or equal to 0"),
        ({"numbers": ["stars"], "ratings": {"stars": "votes"}}, {}, "'ratings' names 'votes', which is none"),
    ],
)  # fmt: skip
def test_a_worth_that_no_field_has_is_refused(
    tmp_path: Path, fields: dict[str, Any], weights: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        settings(tmp_path, fields={"title": "title", **fields}, weights=weights)
    assert said in str(refused.value)


def test_written_weights_count_whatever_was_learned(tmp_path: Path) -> None:
    learned = {"version": 1, "signals": {"title": 1.0, "number.sold": 0.0}, "kinds": {"words": {"number.sold": 0.0}}}
    (tmp_path / "weights.json").write_text(json.dumps(learned))
    weights = {"path": "weights.json", "signals": {"number.sold": 0.1}}
    with opened(tmp_path, PRODUCTS, fields=FIELDS, weights=weights) as one:
        assert any(hit.signals.get("number.sold") for hit in one.search("red lamp"))


def test_a_weight_of_a_field_that_the_index_lacks_is_told_of(tmp_path: Path) -> None:
    with opened(tmp_path, PRODUCTS, fields=FIELDS) as one:
        assert one.search("lamp").degraded == ()
    fields = {**FIELDS, "numbers": [*FIELDS["numbers"], "extra"]}
    with HybridSearch.open(settings(tmp_path, fields=fields, weights={"signals": {"number.extra": 0.1}})) as one:
        assert one.search("lamp").degraded == (
            "the index lacks what 'number.extra' of [weights.signals] weighs; rebuild it with: hybridsearch reindex",
        )
