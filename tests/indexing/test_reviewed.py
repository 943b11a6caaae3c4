"""Reviews in a file of their own: joined to products, read again when the file changes, bad ones counted."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch
from hybridsearch.disk.home import Home
from hybridsearch.errors import CatalogError, ConfigError, HybridSearchError
from hybridsearch.indexing import reindex
from hybridsearch.reviews.read import MOST
from tests.shops import quietly, settings, write_products

PRODUCTS: list[Mapping[str, Any]] = [
    {"id": "1", "title": "Shoe"},
    {"id": "2", "title": "Boot", "reviews": ["Sturdy boot."]},
]
FIELDS = {"title": "title", "reviews": "reviews", "languages": ["en"]}
REVIEWS: list[Mapping[str, Any]] = [
    {"product_id": "1", "text": "Runs small.", "rating": 2},
    {"product_id": 2, "text": "Squeaks a lot.", "rating": 3},
    {"product_id": "9", "text": "Of nothing that is sold."},
]


def opened(folder: Path, lines: list[Mapping[str, Any]] | str = "", **changes: Any) -> HybridSearch:
    write_products(folder / "products.jsonl", PRODUCTS)
    if lines:
        write(folder, lines)
    reviews = {"path": "reviews.jsonl", **changes}
    return HybridSearch.open(settings(folder, fields=FIELDS, vectors=(), reviews=reviews))


def write(folder: Path, lines: list[Mapping[str, Any]] | str) -> None:
    text = lines if isinstance(lines, str) else "\n".join(map(json.dumps, lines))
    (folder / "reviews.jsonl").write_text(text, encoding="utf-8")


def found(shop: HybridSearch, words: str) -> list[str]:
    return [hit.id for hit in shop.search(words)]


def test_reviews_of_a_file_are_joined_to_their_products_behind_their_own(tmp_path: Path) -> None:
    with opened(tmp_path, REVIEWS) as shop:
        report = shop.reindex(options=quietly())
        assert (report.indexed, report.reviews, report.unused_reviews) == (2, 3, 0)
        assert (found(shop, "runs small"), found(shop, "squeaks"), found(shop, "sturdy")) == (["1"], ["2"], ["2"])
        assert shop.get("2")["2"]["reviews"] == ["Sturdy boot.", {"text": "Squeaks a lot.", "rating": 3}]


def test_an_update_and_an_upsert_keep_the_reviews_of_the_file_once(tmp_path: Path) -> None:
    with opened(tmp_path, REVIEWS) as shop:
        shop.reindex(options=quietly())
        shop.update("1", {"title": "Blue shoe"})
        shop.upsert([{"id": "2", "title": "Green boot"}])
        assert shop.get("1")["1"]["reviews"] == [{"text": "Runs small.", "rating": 2}]
        assert shop.get("2")["2"]["reviews"] == [{"text": "Squeaks a lot.", "rating": 3}]


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    with opened(tmp_path, REVIEWS) as shop:
        shop.reindex(options=quietly())
        write(tmp_path, [{"product_id": "1", "text": "Runs large, and squeaks."}])
        shop.reindex(options=quietly())
        assert (found(shop, "runs large"), found(shop, "squeaks")) == (["1"], ["1"])


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_the_file_may_have_any_format_of_a_catalogue(tmp_path: Path, suffix: str) -> None:
    texts = {"csv": "sku,text,rating\n1,Runs small.,2\n", "json": '[{"sku": 1, "text": "Runs small.", "rating": 2}]'}
    (tmp_path / f"reviews.{suffix}").write_text(texts[suffix])
    with opened(tmp_path, path=f"reviews.{suffix}", product="sku") as shop:
        assert shop.reindex(options=quietly()).reviews == 2
        assert found(shop, "runs small") == ["1"]


def test_bad_lines_cost_only_themselves_and_are_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bad = [*map(json.dumps, REVIEWS), "{broken", '{"text": "of no product"}', '{"product_id": "1", "rating": 77}']
    with caplog.at_level(logging.WARNING), opened(tmp_path, "\n".join(bad)) as shop:
        report = shop.reindex(options=quietly())
    assert (report.indexed, report.rejected, report.reviews, report.unused_reviews) == (2, 0, 3, 2)
    assert [(reject.id, reject.stage) for reject in report.rejects] == [
        ("1", "reviews"),
        (None, "reviews"),
        (None, "reviews"),
    ]
    assert report.rejects[0].reason.startswith("2 of its reviews cannot be used as they are; review 2: 'rating' is 77")
    assert "2 rows of reviews.jsonl are no reviews, the first: reviews.jsonl:4: " in caplog.text


def test_a_burst_is_named_in_the_report(tmp_path: Path) -> None:
    copied = [{"product_id": "1", "text": "Everyone should buy this amazing shoe today", "rating": 5}] * 4
    with opened(tmp_path, [*copied, {"product_id": "1", "text": "Broke.", "rating": 1}]) as shop:
        report = shop.reindex(options=quietly())
        assert report.odd_reviews == 4
        assert [reject.reason for reject in report.rejects] == [
            "some of its 5 reviews count as one together: 4 reviews say nearly the same"
        ]
        assert shop.search("shoe")[0].buyers_say["score"] == 3.0


def test_a_missing_file_is_an_error_that_says_so(tmp_path: Path) -> None:
    with opened(tmp_path) as shop, pytest.raises(CatalogError, match=r"Correct 'reviews\.path' and try again\."):
        shop.reindex(options=quietly())


def test_a_damaged_database_is_made_again_once_it_is_removed(tmp_path: Path) -> None:
    with opened(tmp_path, REVIEWS) as shop:
        database = Home(shop.settings.home).reviews
        shop.reindex(options=quietly())
        database.write_bytes(b"no database" * 1000)
        with pytest.raises(HybridSearchError, match="Remove the file"):
            shop.reindex(options=quietly())
        database.unlink()
        assert shop.reindex(options=quietly()).reviews == 3


def test_a_file_of_reviews_needs_a_field_that_products_have_them_under(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="say under which field products have them"):
        settings(tmp_path, fields={"title": "title"}, vectors=(), reviews={"path": "reviews.jsonl"})


def test_reviews_of_products_that_are_not_there_are_counted_and_named(tmp_path: Path) -> None:
    more = [{"product_id": f"X{n}", "text": "Good."} for n in range(20)]
    with opened(tmp_path, [*REVIEWS, *more, {"product_id": "9", "text": "Of it, too."}]) as shop:
        report = shop.reindex(options=quietly())
        assert (report.stray_reviews, report.rejected) == (22, 0)
        (told,) = report.rejects
        assert (told.where, told.id, told.stage) == ("reviews.jsonl", None, "reviews")
        names = ", ".join(f"'{name}'" for name in ("9", *(f"X{n}" for n in range(9))))
        assert told.reason == f"22 of its reviews are of 21 products that are not there: {names}, …"


def test_a_product_that_comes_during_the_run_is_there(tmp_path: Path) -> None:
    with opened(tmp_path, REVIEWS) as shop:
        shop.reindex(options=quietly())
        shop.upsert([{"id": "9", "title": "Sandal"}])
        again = quietly()
        seen: list[str] = []

        def progress(stage: str, *_: Any) -> None:
            if stage == "indexing" and not seen:
                shop.upsert([{"id": "9", "title": "Red sandal"}])
                seen.append(stage)

        assert shop.reindex(progress, options=again).stray_reviews == 0


def test_a_run_that_goes_on_names_them_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(point: str) -> None:
        if point == "run.checked":
            raise OSError("no more")

    with opened(tmp_path, REVIEWS) as shop:
        monkeypatch.setattr(reindex, "reach", fail)
        with pytest.raises(OSError, match="no more"):
            shop.reindex(options=quietly())
        monkeypatch.undo()
        report = shop.reindex(options=quietly())
        assert (report.stray_reviews, len(report.rejects)) == (1, 1)


def test_of_very_many_reviews_of_a_product_the_newest_are_read(tmp_path: Path) -> None:
    old = [{"product_id": "1", "text": "Squeaks.", "date": "2020-01-01"}] * 3
    new = [{"product_id": "1", "text": f"Fine, says {n}.", "date": "2026-01-01"} for n in range(MOST)]
    undated = [{"product_id": "1", "text": "Runs large."}]
    with opened(tmp_path, [*old, *undated, *new]) as shop:
        report = shop.reindex(options=quietly())
        assert (report.reviews, found(shop, "squeaks"), found(shop, "runs large")) == (MOST + 1, [], [])
        assert "of which the newest 500 are read" in report.rejects[0].reason
