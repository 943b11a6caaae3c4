"""The client that a shop's backend calls: pages, degraded answers, refusals, and rebuilds.

With it `shop`, `presenting`, `maintained`, `values` and the protocol in `base` that both engines keep to.
"""

import inspect
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch, Page, Plan, Settings, sample
from hybridsearch.encoders import load_encoder
from hybridsearch.errors import (
    DegradedAnswer,
    EncoderError,
    EngineError,
    GateError,
    ImageError,
    IndexMissing,
    QueryError,
)
from hybridsearch.indexing.fill import Options
from hybridsearch.search.weights import Weights
from hybridsearch.values import Row
from tests.servers.fake import HANG, Received, Reply, error, serving
from tests.servers.model import Model
from tests.shops import FIELDS, PRODUCTS, settings, shop, write_products

SAMPLE = Path(sample.__file__).parent
LEG = {"name": "words", "encoder": "starter", "reads": ["title"]}
SIGHT = {"name": "image", "encoder": "starter", "reads": "image"}


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HybridSearch]:
    """The five products on the embedded engine, found by words alone."""
    with shop(tmp_path_factory.mktemp("acme")) as my_shop:
        yield my_shop


@pytest.fixture(scope="module")
def seeing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HybridSearch]:
    """Forty products of the sample with their pictures, and the starter."""
    folder = tmp_path_factory.mktemp("seeing")
    rows = [json.loads(line) for line in (SAMPLE / "products.jsonl").read_text(encoding="utf-8").splitlines()]
    write_products(folder / "products.jsonl", [row for row in rows if row["category"] in ("mug", "dress")][:40])
    fields = {"title": "title", "image": "image", "languages": ["en"]}
    catalog = {"path": "products.jsonl", "images": str(SAMPLE)}
    with shop(folder, catalog=catalog, fields=fields, vectors=[SIGHT]) as my_shop:
        yield my_shop


def with_encoder(my_shop: HybridSearch, name: str) -> Settings:
    """Return the settings of a shop as if its leg were configured with another encoder."""
    legs = tuple(leg.model_copy(update={"encoder": name}) for leg in my_shop.settings.vectors)
    return my_shop.settings.model_copy(update={"vectors": legs})


def ids(page: Page) -> list[str]:
    return [hit.id for hit in page]


def test_a_search_is_a_page_of_products(acme: HybridSearch) -> None:
    page = acme.search("red coats", facets=["brand"])
    assert (page.total, ids(page), page.facets, page.number) == (1, ["3"], {"brand": {"Borealis": 1}}, 1)
    assert page.hits[0].product == PRODUCTS[2]
    assert page.hits[0].score == pytest.approx(sum(page.hits[0].signals.values()), abs=1e-5)
    assert page.took_ms > 0


def test_filters_and_orders_apply(acme: HybridSearch) -> None:
    assert ids(acme.search("red", filters={"brand": "Acme"})) == ["1"]
    read_from_json: dict[str, object] = {"brand": "Acme"}
    assert ids(acme.search("red", filters=read_from_json)) == ["1"]
    assert ids(acme.search("winter coat", filters={"price": {"lte": 100}})) == ["2"]
    assert ids(acme.search(sort="price:desc", size=3)) == ["3", "2", "5"]


def test_a_page_behaves_as_a_sequence(acme: HybridSearch) -> None:
    page = acme.search("winter coat")
    assert len(page) == 2
    assert list(page) == [page[0], page[-1]]
    assert page[:1] == page.hits[:1]
    assert page[0] in page


def test_a_page_keeps_to_the_protocol_of_djangos_paginator(acme: HybridSearch) -> None:
    """It calls `count()` if that takes no arguments, else `len()`, and then takes slices."""
    page = acme.search("winter coat")
    assert inspect.signature(page.count).parameters
    bottom, top = 1, min(2, len(page))
    assert [hit.id for hit in page[bottom:top]] == ids(page)[1:2]


def test_a_page_prints_what_it_found(acme: HybridSearch) -> None:
    page = acme.search("red coats")
    assert str(page) == f"1 products for 'red coats'\n  1. {page[0].score:.3f}  3"


def test_an_empty_query_is_the_whole_shop(acme: HybridSearch) -> None:
    """Fault 69."""
    page = acme.search("  ", facets=["brand"])
    assert (page.total, ids(page), page.facets["brand"]) == (
        5,
        ["1", "2", "3", "4", "5"],
        {"Acme": 2, "Borealis": 2, "Cumulus": 1},
    )


def test_what_is_typed_and_holds_no_word_finds_nothing(acme: HybridSearch) -> None:
    """Fault 69."""
    page = acme.search("  ?! ", facets=["brand"])
    assert (page.total, list(page), page.facets, page.degraded) == (0, [], {"brand": {}}, ())


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), "soon", [2], 1e400])
def test_a_time_that_no_search_can_take_is_refused(acme: HybridSearch, timeout: Any) -> None:
    with pytest.raises(QueryError, match="expected a number of seconds above 0"):
        acme.search("red", timeout=timeout)


def test_a_search_with_a_time_of_its_own_ends_by_then(tmp_path: Path) -> None:
    with serving(lambda _: HANG) as fake, HybridSearch.open(settings(tmp_path, engine={"url": fake.url})) as my_shop:
        started = time.monotonic()
        with pytest.raises(EngineError, match="did not answer in time"):
            my_shop.search("red", timeout=0.2)
        assert time.monotonic() - started < 2


def test_a_plan_is_what_a_search_runs(acme: HybridSearch) -> None:
    plan = acme.plan("red coats", filters={"brand": "Borealis"}, size=5)
    assert isinstance(plan, Plan)
    assert acme.engine.search(plan).hits == acme.search("red coats", filters={"brand": "Borealis"}, size=5).hits
    assert acme.engine.request(plan).body["size"] == 5


def test_a_search_may_have_weights_of_its_own(acme: HybridSearch) -> None:
    by_price = Weights(signals={"number.price": 1.0})
    assert acme.search("winter", weights=by_price).hits[0].signals.keys() == {"number.price"}
    assert acme.search("winter", weights=by_price) != acme.search("winter")
    with pytest.raises(QueryError, match="'weights' is 'heavy', expected the Weights of a weights file"):
        acme.search("winter", weights="heavy")  # type: ignore[arg-type]


def test_products_are_had_by_id(acme: HybridSearch) -> None:
    assert acme.get(["5", "1", "none"]) == {"5": PRODUCTS[4], "1": PRODUCTS[0]}
    assert acme.get([]) == {}


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "😀 red", "x" * 100_000, "哈" * 100_000, "*:* AND _id:1", "‮red"])
def test_any_text_is_answered(acme: HybridSearch, text: str) -> None:
    page = acme.search(text, filters={"brand": text[:50]})
    assert page.query == text
    json.dumps(page.to_json())


def test_a_long_query_is_cut_and_the_page_says_so(acme: HybridSearch) -> None:
    assert acme.search("red " * 100).notes == ("the query was cut to its first 256 of 400 characters",)


def test_a_photo_needs_a_leg_that_reads_pictures(acme: HybridSearch) -> None:
    with pytest.raises(QueryError) as refused:
        acme.search(image=SAMPLE / "photo.jpg")
    assert str(refused.value) == (
        "A photo was given, but no vector leg of the index reads pictures. "
        'Add [[vectors]] with reads = "image" and run: hybridsearch reindex'
    )


def test_a_search_before_the_first_rebuild_says_what_to_do(tmp_path: Path) -> None:
    with HybridSearch.open(settings(tmp_path)) as my_shop, pytest.raises(IndexMissing, match="hybridsearch reindex"):
        my_shop.search("red")


@pytest.mark.beside_one_server
def test_a_closed_shop_says_so(tmp_path: Path, engine: dict[str, Any]) -> None:
    with shop(tmp_path, engine=engine) as my_shop:
        pass
    my_shop.close()
    for ask in (
        lambda: my_shop.search("red"),
        lambda: my_shop.get(["1"]),
        lambda: my_shop.delete(["1"]),
        my_shop.reindex,
    ):
        with pytest.raises(EngineError, match=r"^This shop was closed\. Open another one with: HybridSearch\.open"):
            ask()


def test_a_photo_finds_what_it_shows(seeing: HybridSearch) -> None:
    page = seeing.search(image=SAMPLE / "photo.jpg", size=5)
    assert {"mug"} & {hit.product["category"] for hit in page[:3]}
    assert set(page[0].signals) == {"photo.image"}
    assert ids(seeing.search(image=(SAMPLE / "photo.jpg").read_bytes(), size=5)) == ids(page)


def test_words_and_a_photo_give_both_signals(seeing: HybridSearch) -> None:
    page = seeing.search("blue", image=SAMPLE / "photo.jpg")
    assert {"photo.image", "words.image"} <= {name for hit in page for name in hit.signals}


@pytest.mark.parametrize("content", [b"", b"no picture", b"<svg/>", (SAMPLE / "photo.jpg").read_bytes()[:300]])
def test_a_photo_that_is_no_picture_is_refused(seeing: HybridSearch, tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ImageError):
        seeing.search("mug", image=content)
    (tmp_path / "photo.jpg").write_bytes(content)
    with pytest.raises(ImageError):
        seeing.search(image=tmp_path / "photo.jpg")


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "x" * 100_000, "😀 red", "哈" * 100_000])
def test_any_text_can_be_encoded(seeing: HybridSearch, text: str) -> None:
    assert seeing.search(text).degraded == ()


def test_without_its_encoder_a_shop_answers_by_words_and_says_so(seeing: HybridSearch) -> None:
    """Fault 78."""
    with HybridSearch.open(with_encoder(seeing, "gone")) as my_shop:
        page = my_shop.search("mug")
        with pytest.raises(EncoderError, match="There is no encoder 'gone'"):
            my_shop.search(image=SAMPLE / "photo.jpg")
    assert page.total > 0
    assert len(page.degraded) == 1
    assert page.degraded[0].startswith("no vectors from 'image': There is no encoder 'gone'")


def test_an_encoder_that_reads_no_words_is_asked_for_photos_alone(
    seeing: HybridSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HybridSearch.open(seeing.settings) as my_shop:
        monkeypatch.setattr(my_shop.encoders["image"], "reads", frozenset({"photo"}))
        page = my_shop.search("mug", image=SAMPLE / "photo.jpg")
    assert page.degraded == ()
    assert {name for hit in page for name in hit.signals if name.endswith(".image")} == {"photo.image"}


def test_a_strict_search_without_its_encoder_is_an_error(seeing: HybridSearch) -> None:
    """Fault 9: also what the client itself left out counts."""
    assert seeing.search("mug", strict=True).total > 0
    with HybridSearch.open(with_encoder(seeing, "gone")) as my_shop, pytest.raises(DegradedAnswer, match="no vectors"):
        my_shop.search("mug", strict=True)


def test_an_index_with_a_leg_that_the_configuration_lacks_answers_by_words(seeing: HybridSearch) -> None:
    with HybridSearch.open(seeing.settings.model_copy(update={"vectors": ()})) as my_shop:
        (said,) = my_shop.search("mug").degraded
    assert "The index has a vector leg 'image', the configuration has not." in said


def test_vectors_of_another_encoder_are_never_compared(seeing: HybridSearch, tmp_path: Path) -> None:
    """Fault 40."""
    from tests.tiny_models import clip

    clip_folder = clip(tmp_path / "other")
    built, given = (load_encoder(name, folder=tmp_path).fingerprint for name in ("starter", str(clip_folder)))
    with HybridSearch.open(with_encoder(seeing, str(clip_folder))) as my_shop, pytest.raises(EncoderError) as refused:
        my_shop.search("mug")
    assert str(refused.value).startswith(f"Leg 'image' was built with encoder {built}, '{clip_folder}' is {given}.")


def test_a_rebuild_counts_what_it_did(tmp_path: Path) -> None:
    """Fault 60."""
    rows: list[Row] = [
        *PRODUCTS,
        {"id": "6", "title": "Free gift", "price": "free"},
        {"title": "no id"},
        {**PRODUCTS[0], "title": "Red autumn dress"},
    ]
    write_products(tmp_path / "products.jsonl", rows)
    with HybridSearch.open(settings(tmp_path)) as my_shop:
        report = my_shop.reindex()
        assert (report.indexed, report.rejected, report.duplicates) == (5, 2, 1)
        assert ids(my_shop.search("autumn")) == ["1"]
    assert [(reject.where, reject.id, reject.stage, reject.reason) for reject in report.rejects] == [
        ("products.jsonl:7", None, "read", "'id' is missing or empty, expected an id"),
        ("products.jsonl:6", "6", "document", "'price' is 'free', expected a number"),
    ]


def test_every_reject_is_in_the_file_with_its_product(tmp_path: Path) -> None:
    bad = {"id": "6", "title": "Free gift", "price": "free"}
    write_products(tmp_path / "products.jsonl", [*PRODUCTS, bad])
    with HybridSearch.open(settings(tmp_path)) as my_shop:
        file = my_shop.reindex().rejects_file
    assert file is not None
    (reject,) = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    assert reject.pop("time").endswith("Z")
    assert reject == {
        "where": "products.jsonl:6",
        "id": "6",
        "stage": "document",
        "reason": "'price' is 'free', expected a number",
        "product": bad,
    }


def test_a_catalogue_without_rejects_leaves_no_rejects_file(tmp_path: Path) -> None:
    with HybridSearch.open(settings(tmp_path)) as my_shop:
        report = my_shop.reindex()
    assert (report.rejects_file, report.rejects) == (None, ())
    assert not list((tmp_path / ".hybridsearch").glob("rejects-*"))


@pytest.mark.parametrize("row", [{}, {"title": "no id"}, {"id": "1", "title": "x", "price": "free"}])
def test_a_catalogue_with_nothing_to_index_leaves_the_old_index_alone(tmp_path: Path, row: dict[str, Any]) -> None:
    with shop(tmp_path) as my_shop:
        write_products(tmp_path / "products.jsonl", [row] if row else [])
        with pytest.raises(GateError, match="The old index stays"):
            my_shop.reindex()
        assert ids(my_shop.search("red coats")) == ["3"]


def test_a_catalogue_of_nothing_but_rejects_stops_early(tmp_path: Path) -> None:
    """Fault 22."""
    write_products(tmp_path / "products.jsonl", [{"title": "no id"}] * 5_000)
    read: list[int] = []
    with HybridSearch.open(settings(tmp_path)) as my_shop, pytest.raises(GateError, match="were all refused"):
        my_shop.reindex(lambda stage, done, *_: read.append(done))
    assert max(read) < 2_000


def test_progress_is_told_after_every_batch(tmp_path: Path) -> None:
    write_products(tmp_path / "products.jsonl", [{"id": str(number), "title": "hat"} for number in range(600)])
    told: list[tuple[str, int, int | None, float]] = []
    with HybridSearch.open(settings(tmp_path)) as my_shop:
        my_shop.reindex(lambda stage, done, total, counts={}: told.append((stage, done, total, counts["written"])))
    assert told == [
        ("indexing", 256, 600, 256),
        ("indexing", 512, 600, 512),
        ("indexing", 600, 600, 600),
        ("checking", 600, None, 600),
        ("promoting", 600, None, 600),
    ]


def test_a_rebuild_shows_what_changed_and_forgets_what_is_gone(tmp_path: Path) -> None:
    with shop(tmp_path) as my_shop:
        write_products(tmp_path / "products.jsonl", [{"id": "9", "title": "Yellow scarf"}])
        assert my_shop.search("scarf").total == 0
        my_shop.reindex()
        assert (my_shop.search("scarf").total, my_shop.search("coat").total) == (1, 0)


def test_of_two_rebuilds_at_once_the_second_is_refused(tmp_path: Path) -> None:
    """Faults 29 and 41."""
    with shop(tmp_path) as first, HybridSearch.open(first.settings) as second:
        with first.engine.lease("the first"), pytest.raises(EngineError) as refused:
            second.reindex()
        assert str(refused.value) == (
            f"Process {os.getpid()} is rebuilding '{tmp_path}/.hybridsearch/products'. "
            "Wait until it has ended, then try again."
        )
        assert second.reindex().indexed == 5


def test_vectors_come_from_the_cache_the_second_time(tmp_path: Path) -> None:
    with HybridSearch.open(settings(tmp_path, vectors=[LEG])) as my_shop:
        first, second = my_shop.reindex(), my_shop.reindex()
    assert (first.encoded, first.cached) == (5, 0)
    assert (second.encoded, second.cached) == (0, 5)


def test_a_product_with_a_broken_picture_is_found_by_its_words(tmp_path: Path) -> None:
    """Fault 33."""
    (tmp_path / "broken.jpg").write_bytes((SAMPLE / "photo.jpg").read_bytes()[:400])
    rows = [{"id": "1", "title": "mug", "image": "broken.jpg"}, {"id": "2", "title": "mug", "image": "none.jpg"}]
    write_products(tmp_path / "products.jsonl", [*rows, {"id": "3", "title": "mug"}])
    fields = {"title": "title", "image": "image", "languages": ["en"]}
    with HybridSearch.open(settings(tmp_path, fields=fields, vectors=[SIGHT])) as my_shop:
        report = my_shop.reindex()
        assert my_shop.search("mug").total == 3
    assert (report.indexed, report.rejected, report.without_picture) == (3, 0, 3)
    assert {(reject.id, reject.stage) for reject in report.rejects} == {("1", "picture"), ("2", "picture")}


def test_an_interrupted_rebuild_is_continued_by_the_same_command(tmp_path: Path) -> None:
    """Fault 30."""

    def interrupt(stage: str, done: int, *_: object) -> None:
        if done >= 512:
            raise KeyboardInterrupt

    with shop(tmp_path) as my_shop:
        write_products(tmp_path / "products.jsonl", [{"id": str(number), "title": "hat"} for number in range(1_000)])
        said: list[str] = []
        with pytest.raises(KeyboardInterrupt):
            my_shop.reindex(interrupt, Options(say=said.append))
        assert my_shop.search("coat").total == 2
        report = my_shop.reindex(options=Options(say=said.append))
        assert (report.resumed, report.indexed, my_shop.search("hat").total) == (512, 1_000, 1_000)
    assert said == [
        "The run stopped: 512 products are done. Continue with: hybridsearch reindex",
        "Continuing a run that was interrupted after 512 products.",
    ]


def test_an_interrupted_rebuild_of_another_catalogue_is_started_again_and_says_why(tmp_path: Path) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    with HybridSearch.open(settings(tmp_path)) as my_shop:
        with pytest.raises(KeyboardInterrupt):
            my_shop.reindex(interrupt)
        write_products(tmp_path / "products.jsonl", [{"id": "9", "title": "Yellow scarf"}])
        said: list[str] = []
        assert my_shop.reindex(options=Options(say=said.append)).indexed == 1
        assert [generation.state for generation in my_shop.engine.generations()] == ["live"]
    assert said == ["An interrupted run is not continued: the catalogue changed since. Starting a new one."]


def test_a_rebuild_that_the_server_refuses_at_once_removes_its_index(tmp_path: Path) -> None:
    """Fault 16."""
    model = Model()

    def script(asked: Received) -> Reply:
        if "_bulk" in asked.path:
            return error(403, "cluster_block_exception", "disk usage exceeded flood-stage watermark")
        return model.reply(asked)

    write_products(tmp_path / "products.jsonl", [{"id": str(number), "title": "hat"} for number in range(1_200)])
    with serving(script) as fake:
        my_shop = HybridSearch.open(settings(tmp_path, engine={"url": fake.url}))
        with my_shop, pytest.raises(EngineError, match=r"takes no writes: .*flood-stage.*\. Free disk space"):
            my_shop.reindex()
    assert list(model.indices) == ["products-lock"]
    assert not any("read_only" in asked.path or "_settings" in asked.path for asked in fake.asked)


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "😀 red", "x" * 100_000, "哈" * 100_000, "*:* AND _id:1"])
def test_any_text_is_answered_by_elasticsearch(tmp_path: Path, es_url: str, index: str, text: str) -> None:
    """Faults 70 and 71."""
    with shop(tmp_path, engine={"url": es_url, "index": index, "replicas": 0}) as built:
        assert built.search(text, filters={"brand": text[:50]}).degraded == ()


def test_a_shop_opens_from_its_file(tmp_path: Path) -> None:
    with shop(tmp_path):
        pass
    (tmp_path / "hybridsearch.toml").write_text('[catalog]\npath = "products.jsonl"\n')
    with HybridSearch.open(tmp_path / "hybridsearch.toml") as my_shop:
        assert ids(my_shop.search("red coats")) == ["3"]


@pytest.mark.beside_one_server
def test_a_field_that_waits_for_a_rebuild_is_said_to_wait(tmp_path: Path, engine: dict[str, Any]) -> None:
    """The message once said what the index has, as if the field had been misspelt."""
    built = {**FIELDS, "facets": ["sku"]}
    with shop(tmp_path, fields=built, engine=engine):
        pass
    now = settings(tmp_path, fields={**built, "facets": ["sku", "brand"], "dates": ["released"]}, engine=engine)
    with HybridSearch.open(now) as waiting:
        cases: list[tuple[dict[str, Any], str]] = [
            ({"filters": {"brand": "Acme"}}, "'brand' is configured under 'facets'"),
            ({"filters": {"released": {"gte": 2025}}}, "'released' is configured under 'dates'"),
            ({"sort": "released:desc"}, "'released' is configured under 'dates'"),
            ({"facets": ["brand"]}, "'brand' is configured under 'facets'"),
        ]
        for asked, role in cases:
            for call in (waiting.search, waiting.plan):
                with pytest.raises(QueryError) as refused:
                    call("red", **asked)
                assert str(refused.value) == (
                    f"{role}, but the live index was built without it. Bring it in with: hybridsearch reindex"
                )
        with pytest.raises(QueryError, match=r"Unknown filter field 'colour'. The index has: sku, price"):
            waiting.search("red", filters={"colour": "red"})
        waiting.reindex()
        assert [hit.id for hit in waiting.search("coat", filters={"brand": "Acme"})] == ["2"]


def test_a_shop_that_is_warm_loads_nothing_for_a_search(seeing: HybridSearch, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = (SAMPLE / "photo.jpg").read_bytes()
    with HybridSearch.open(seeing.settings) as fresh:
        fresh.warm_up()
        monkeypatch.setattr("hybridsearch.encoders.by_leg.load_encoder", refuse)
        assert fresh.search("mug", image=photo, strict=True).total
        monkeypatch.setattr(fresh.suggesting, "reading", refuse)
        assert fresh.suggest("mu")


def test_a_shop_that_would_answer_in_part_is_not_warm(seeing: HybridSearch, tmp_path: Path) -> None:
    with HybridSearch.open(with_encoder(seeing, "nowhere/to/be/found")) as broken, pytest.raises(EncoderError):
        broken.warm_up()
    with HybridSearch.open(settings(tmp_path)) as new, pytest.raises(IndexMissing):
        new.warm_up()


def refuse(*_: Any, **__: Any) -> Any:
    raise AssertionError("an encoder was loaded")


def test_a_dict_is_no_id(seeing: HybridSearch) -> None:
    for call in (seeing.similar, seeing.get, seeing.also_bought):
        with pytest.raises(QueryError, match=r"Found dict \{'id': '1'\}, expected ids: text or numbers"):
            call({"id": "1"})  # type: ignore[arg-type]
