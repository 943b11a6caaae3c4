"""What is handed out in `encode.py`, and what `report.py` says of it; in this process alone."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import AsyncHybridSearch, HybridSearch
from hybridsearch.cluster import encode
from hybridsearch.cluster.encode import Block, in_order, outcome_of
from hybridsearch.cluster.forms import Cluster
from hybridsearch.cluster.worker import Outcome
from hybridsearch.encoders import ENCODERS
from hybridsearch.errors import ConfigError, EncoderError, EncoderUnavailable
from hybridsearch.indexing.rejects import describe
from hybridsearch.settings import Settings
from hybridsearch.values import Product, Reject
from tests.cluster.conftest import PRODUCTS, Model, rows, settings, title, vectors_of
from tests.encoders.test_cache import Counting, picture
from tests.shops import Run, quietly, runner, write_config, write_products


@pytest.fixture
def seeing(monkeypatch: pytest.MonkeyPatch) -> Counting:
    """An encoder of words and pictures that a configuration may name."""
    encoder = Counting()
    monkeypatch.setitem(ENCODERS, "counting", lambda *_: encoder)
    return encoder


def of_pictures(folder: Path) -> Settings:
    """Write a shop with pictures, some of which cannot be read, and of whose rows some cannot be indexed."""
    pictures = [f"{shade}.png" for shade in range(5)]
    for shade, name in enumerate(pictures):
        (folder / name).write_bytes(picture(10 * shade))
    (folder / "bad.png").write_bytes(b"<html>")
    products: list[dict[str, Any]] = [
        *({"id": f"p{n}", "title": f"hat {n}", "price": n, "image": [pictures[n % 5]]} for n in range(40)),
        {"id": "q1", "title": "a cap", "image": ["missing.png", "bad.png"]},
        {"id": "q2", "title": "a scarf", "image": ["bad.png", pictures[0]]},
        {"id": "q3", "title": "no number", "price": "free"},
        {"id": "q4"},
        {"title": "no id"},
    ]
    write_products(folder / "products.jsonl", products)
    legs = [
        {"name": "words", "encoder": "counting:", "reads": ["title"]},
        {"name": "image", "encoder": "counting:", "pictures": 2},
    ]
    fields = {"title": "title", "image": "image", "numbers": ["price"]}
    data = {"catalog": {"path": "products.jsonl"}, "fields": fields, "vectors": legs}
    return Settings.parse(data, folder=folder)


def test_texts_pictures_and_what_the_calibration_asks_are_found_by_the_rebuild(
    tmp_path: Path, seeing: Counting
) -> None:
    with HybridSearch.open(of_pictures(tmp_path)) as shop:
        encoded = shop.encode()
        asked = len(seeing.asked)
        rebuilt = shop.reindex(options=quietly())
    assert len(seeing.asked) == asked > 0
    assert (rebuilt.encoded, rebuilt.indexed) == (0, 43)
    for name in ("without_picture", "videos", "unread_videos"):
        assert getattr(encoded, name) == getattr(rebuilt, name)
    assert (encoded.rejected, rebuilt.rejected) == (1, 2)  # what it takes to be a document the rebuild alone finds out
    of_rebuild = {describe(each)["reason"] for each in rebuilt.rejects if each.stage != "document"}
    assert {describe(each)["reason"] for each in encoded.rejects} == of_rebuild
    assert len(of_rebuild) == encoded.flawed + encoded.rejected == 3


def test_what_is_known_is_not_encoded_again_and_what_is_new_is(tmp_path: Path, seeing: Counting) -> None:
    with HybridSearch.open(of_pictures(tmp_path)) as shop:
        first = shop.encode()
        asked = len(seeing.asked)
        assert shop.encode().encoded == 0
        assert len(seeing.asked) == asked
        write_products(tmp_path / "products.jsonl", [{"id": "new", "title": "a glove"}, {"id": "p1", "title": "hat 1"}])
        again = shop.encode()
    assert (again.encoded, again.cached) == (1, 1)
    assert first.to_json().keys() == again.to_json().keys()


def test_reviews_of_a_file_are_encoded_where_a_leg_reads_them(tmp_path: Path, seeing: Counting) -> None:
    write_products(tmp_path / "products.jsonl", [{"id": "1", "title": "hat"}])
    write_products(tmp_path / "reviews.jsonl", [{"product_id": "1", "text": "keeps warm"}])
    data = {
        "catalog": {"path": "products.jsonl"},
        "fields": {"title": "title", "reviews": "said"},
        "reviews": {"path": "reviews.jsonl"},
        "vectors": [{"name": "words", "encoder": "counting:", "reads": ["title", "said.text"]}],
    }
    with HybridSearch.open(Settings.parse(data, folder=tmp_path)) as shop:
        shop.encode()
        assert seeing.asked == ["hat keeps warm"]
        assert shop.reindex(options=quietly()).encoded == 0


def test_wrong_arguments_say_what_is_expected(tmp_path: Path, model: Model) -> None:
    with HybridSearch.open(settings(tmp_path, model)) as shop:
        for wrong, said in (
            ({"on": "spark"}, "'on' is 'spark', expected one of: local, dask, ray."),
            ({"on": 3}, "'on' is 3, expected local, dask or ray."),
            ({"workers": 0}, "'workers' is 0, expected a number from 1 to 10,000."),
            ({"workers": True}, "'workers' is True, expected a number from 1 to 10,000."),
            ({"address": 9}, "'address' is 9, expected that of a cluster."),
        ):
            with pytest.raises(ConfigError) as caught:
                shop.encode(**wrong)
            assert str(caught.value) == said
    with (
        HybridSearch.open(settings(tmp_path, model).model_copy(update={"vectors": ()})) as shop,
        pytest.raises(ConfigError, match=r"has no \[\[vectors\]\]"),
    ):
        shop.encode()


def test_an_encoder_that_is_away_ends_the_run_and_what_is_encoded_stays(
    tmp_path: Path, seeing: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encode, "BLOCK", 16)
    whole = seeing.encode_texts

    def away(texts: Any) -> Any:
        if "hat 20" in texts:
            raise EncoderUnavailable("It is away.")
        return whole(texts)

    with HybridSearch.open(of_pictures(tmp_path)) as shop:
        monkeypatch.setattr(seeing, "encode_texts", away)
        with pytest.raises(EncoderUnavailable, match="It is away"):
            shop.encode()
        monkeypatch.undo()
        monkeypatch.setitem(ENCODERS, "counting", lambda *_: seeing)
        assert shop.encode().cached >= 16


def test_few_blocks_are_under_way_at_once_and_come_in_order() -> None:
    waiting: list[Future[Outcome]] = []

    def submit(_: object) -> Future[Outcome]:
        waiting.append(Future())
        return waiting[-1]

    blocks = in_order(([product(n)] for n in range(5)), Cluster(submit, 2), list)
    assert next(blocks).rows[0].where == "0"
    assert len(waiting) == 2
    assert [block.rows[0].where for block in blocks] == ["1", "2", "3", "4"]
    assert len(waiting) == 5


def product(number: int) -> Product | Reject:
    return Product(str(number), {"title": title(number)}, str(number))


def test_a_block_that_ends_its_workers_is_named() -> None:
    died = Future[Outcome]()
    died.set_exception(RuntimeError("worker died"))
    with pytest.raises(EncoderError) as caught:
        outcome_of(Block([product(3), product(7)], [], died))
    assert str(caught.value) == (
        "The block from 3 to 7 could not be encoded, with up to 3 further tries (RuntimeError: worker died). If its "
        "workers died, give them more memory or use fewer. What is encoded stays: continue with the same command."
    )


def test_coroutines_encode_too_and_a_cancelled_call_stops_after_its_block(
    tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encode, "BLOCK", 32)
    found = settings(tmp_path, model)

    async def cancelled() -> None:
        async with AsyncHybridSearch.open(found) as shop:
            task: asyncio.Task[Any]
            loop = asyncio.get_running_loop()

            def tell(*_: object) -> None:
                loop.call_soon_threadsafe(task.cancel)

            task = asyncio.create_task(shop.encode(tell))
            with pytest.raises(asyncio.CancelledError):
                await task
            assert len(vectors_of(found)) < PRODUCTS
            assert (await shop.encode()).read == PRODUCTS + 2

    asyncio.run(cancelled())
    assert len(vectors_of(found)) >= PRODUCTS


def test_the_command_says_what_was_encoded(
    tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    found = settings(tmp_path, model)
    write_config(tmp_path, **found.model_dump(exclude_defaults=True, exclude={"folder"}))
    run: Run = runner(tmp_path, monkeypatch, capfdbinary, "encode")
    code, out, err = run()
    assert code == 1  # two rows are no products
    assert out.startswith(f"Encoded {PRODUCTS:,} texts, pictures and videos of {len(rows()):,} products in ")
    assert out.endswith(" 0 were known; 2 rejected, 0 without a usable picture. Processes: 1.\n")
    assert "products.jsonl:6: read: " in err
    code, out, _ = run("--json")
    said = json.loads(out)
    assert (code, said["encoded"], said["cached"], said["on"]) == (1, 0, PRODUCTS, "local")
    code, _, err = run("--workers", "2")
    assert code == 2
    assert "those of a cluster" in err
