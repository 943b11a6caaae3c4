"""A rebuild as a transaction: what it checks, what it refuses, how one goes back, and what single changes do to it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from elasticsearch import Elasticsearch

from hybridsearch import HybridSearch, document
from hybridsearch.errors import EncoderError, EngineError, GateError
from hybridsearch.indexing import updates
from hybridsearch.indexing.fill import Options
from hybridsearch.indexing.rejects import RejectsFile
from hybridsearch.indexing.verify import differences
from hybridsearch.prefetch import result_of
from hybridsearch.settings import Fields
from hybridsearch.values import Document, Reject, Row, Stored, Vector
from tests.killable import Hashed, product, settings_of, shop_of
from tests.servers.fake import PreparedQuery, Reply, error, serving
from tests.servers.model import Model
from tests.shops import PRODUCTS, Stop, quietly, settings, shop, write_products

Open = Callable[..., HybridSearch]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def versioned(tmp_path: Path, engine: dict[str, Any]) -> Iterator[HybridSearch]:
    """A shop of ten products with versions, which is indexed."""
    write_products(tmp_path / "products.jsonl", [product(number, 10) for number in range(10)])
    with shop_of(settings_of(tmp_path, **engine)) as found:
        found.reindex()
        yield found


def rows(found: HybridSearch, *ids: str) -> dict[str, Row]:
    """Return what is live of these products."""
    live = next(each.name for each in found.engine.generations() if each.state == "live")
    found.engine.refresh(live)
    return {key: each.row for key, each in found.engine.stored(live, ids).items()}


def test_a_single_change_is_live_and_costs_no_encoder_when_no_text_changes(versioned: HybridSearch) -> None:
    done = versioned.upsert([{**product(1, 10), "price": 77, "v": 11}])
    assert (done.written, done.older, done.encoded, done.rejects) == (1, 0, 0, ())
    assert rows(versioned, "p1")["p1"]["price"] == 77
    assert versioned.upsert([{**product(1, 10), "title": "blue hat", "v": 12}]).encoded == 1


def test_an_old_change_after_a_new_one_changes_nothing(versioned: HybridSearch) -> None:
    """Faults 24 and 25."""
    new = product(1, 30)
    assert versioned.upsert([new]).written == 1
    late = versioned.upsert([product(1, 20)])
    assert (late.written, late.older) == (0, 1)
    assert versioned.upsert([new]).written == 1
    assert rows(versioned, "p1") == {"p1": new}


def test_a_late_change_does_not_bring_a_removed_product_back(versioned: HybridSearch) -> None:
    """Fault 26: the removal is a document of the log, which no server forgets after a minute."""
    assert versioned.delete(["p1"]).written == 1
    for late in (5, 10):
        assert versioned.upsert([product(1, late)]).older == 1
    assert rows(versioned, "p1") == {}
    versioned.upsert([product(1, 11)])
    assert rows(versioned, "p1") == {"p1": product(1, 11)}


def test_a_removed_product_stays_gone_after_a_rebuild_from_an_older_catalogue(versioned: HybridSearch) -> None:
    """Faults 26 and 38: the catalogue was written down before the change."""
    versioned.delete(["p1"])
    versioned.upsert([product(2, 12), product(11, 12)])
    report = versioned.reindex()
    assert (report.indexed, report.changes) == (10, 3)
    assert rows(versioned, "p1", "p2", "p11") == {"p2": product(2, 12), "p11": product(11, 12)}


@pytest.mark.parametrize("during", [False, True], ids=["before the run", "during the run"])
def test_a_removal_of_a_product_that_only_the_catalogue_knows_needs_its_version(
    versioned: HybridSearch, tmp_path: Path, during: bool
) -> None:
    """Fault 26: without one it counts as the oldest change."""
    write_products(tmp_path / "products.jsonl", [product(number, 10) for number in range(14)])
    removals: list[Any] = [{"p10": 9}, {"p11": 10}, {"p12": 11}, ["p13"]]

    def remove(*_: object) -> None:
        while removals:
            versioned.delete(removals.pop())

    if not during:
        remove()
    versioned.reindex(remove, quietly())
    assert set(rows(versioned, "p10", "p11", "p12", "p13")) == {"p10", "p13"}


def test_without_versions_the_last_write_wins(tmp_path: Path, engine: dict[str, Any]) -> None:
    """Fault 27."""
    with shop(tmp_path, engine=engine) as found:
        found.upsert([{**PRODUCTS[0], "price": 1}, {**PRODUCTS[0], "price": 2}])
        found.upsert([{**PRODUCTS[0], "price": 3}])
        found.delete(["2"])
        assert rows(found, "1", "2") == {"1": {**PRODUCTS[0], "price": 3}}
        found.upsert([PRODUCTS[1]])
        assert rows(found, "2") == {"2": PRODUCTS[1]}


def test_that_products_have_no_version_is_said_once_and_where_it_may_cost_a_change(
    tmp_path: Path, engine: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Fault 27."""
    updates.say_that_versions_are_missing.cache_clear()
    said: list[str] = []
    with shop(tmp_path, engine=engine) as found:
        found.reindex(options=Options(say=said.append))
        assert (said, caplog.messages) == ([], [])
        found.upsert([{**PRODUCTS[0], "price": 1}])
        found.delete(["2"])
        found.reindex(options=Options(say=said.append))
    (warning,) = caplog.messages
    assert warning.startswith("Products have no version: of two changes of one product the last to arrive counts")
    (sentence,) = said
    assert sentence.startswith("Products have no version ('fields.version'): of the changes before this run")


def test_products_with_versions_are_not_warned_of(versioned: HybridSearch, caplog: pytest.LogCaptureFixture) -> None:
    """Fault 27."""
    updates.say_that_versions_are_missing.cache_clear()
    said: list[str] = []
    versioned.upsert([product(1, 11)])
    versioned.reindex(options=Options(say=said.append))
    assert (said, caplog.messages) == ([], [])


def test_a_change_that_cannot_be_indexed_is_returned_and_costs_no_other(versioned: HybridSearch) -> None:
    """Fault 21."""
    done = versioned.upsert([{"title": "no id"}, {**product(1, 11), "v": "soon"}, product(2, 11)])
    assert done.written == 1
    assert [(each.id, each.stage) for each in done.rejects] == [(None, "read"), ("p1", "document")]
    assert "expected a whole number or a date" in done.rejects[1].reason


def test_a_change_made_with_another_encoder_is_refused(versioned: HybridSearch) -> None:
    """Fault 40."""

    class Other(Hashed):
        fingerprint = "another"

    versioned.encoders = {"words": Other()}  # type: ignore[assignment]
    with pytest.raises(EncoderError) as refused:
        versioned.upsert([product(1, 11)])
    assert str(refused.value) == (
        "Leg 'words' of the live index was built with encoder hashed, not with the configured one. "
        "Configure the encoder that it was built with, or rebuild with: hybridsearch reindex"
    )


def test_one_goes_back_and_forth_and_no_change_is_lost(versioned: HybridSearch, tmp_path: Path) -> None:
    """Fault 39."""
    write_products(tmp_path / "products.jsonl", [product(number, 20) for number in range(10)])
    new = versioned.reindex().generation
    versioned.upsert([product(3, 25)])
    done = versioned.rollback()
    assert (done.before, done.changes, done.missing) == (new, 1, "")
    assert rows(versioned, "p2", "p3") == {"p2": product(2, 10), "p3": product(3, 25)}
    with pytest.raises(GateError, match=f"none to go back to. Others, for --to: {new}"):
        versioned.rollback()
    versioned.rollback(new)
    assert rows(versioned, "p2", "p3") == {"p2": product(2, 20), "p3": product(3, 25)}


@pytest.mark.parametrize("keep", [0, 1, 2])
def test_as_many_generations_are_kept_as_configured(tmp_path: Path, engine: dict[str, Any], keep: int) -> None:
    with shop(tmp_path, engine={**engine, "keep": keep}) as found:
        for _ in range(3):
            found.reindex()
        assert [each.state for each in found.engine.generations()] == ["kept"] * keep + ["live"]


def test_clean_removes_what_a_dead_run_left_and_nothing_else(tmp_path: Path, engine: dict[str, Any]) -> None:
    """Fault 35."""
    with shop(tmp_path, engine=engine) as found:
        found.reindex()
        schema = found.engine.schema()
        dead = found.engine.create(schema)
        assert [each.name for each in found.leftovers()] == [dead]
        found.clean(found.leftovers())
        assert sorted(each.state for each in found.engine.generations()) == ["kept", "live"]


def test_while_a_run_is_under_way_clean_and_rollback_refuse(tmp_path: Path, engine: dict[str, Any]) -> None:
    """Faults 29 and 41."""
    with shop(tmp_path, engine=engine) as found, HybridSearch.open(found.settings) as other:
        dead = found.engine.create(found.engine.schema())
        with found.engine.lease("somebody"):
            with pytest.raises(EngineError, match="Wait until it has ended, then try again"):
                other.clean(other.leftovers())
            with pytest.raises(EngineError, match="Wait until it has ended, then try again"):
                other.rollback()
        assert dead in {each.name for each in other.engine.generations()}


def lose_some(found: HybridSearch, count: int) -> None:
    """Make the engine of a shop lose products on the way, as a fault that nobody thought of would."""
    write = found.engine.write

    def losing(generation: str | None, documents: Any) -> Any:
        return write(generation, documents[count:])

    found.engine.write = losing  # type: ignore[method-assign]


def test_an_index_that_lacks_products_is_not_made_live_unless_forced(versioned: HybridSearch) -> None:
    """Fault 37."""
    live = [each.name for each in versioned.engine.generations()]
    lose_some(versioned, 2)
    with pytest.raises(GateError) as refused:
        versioned.reindex(options=quietly())
    assert "the new index holds 8 products, 10 were written" in str(refused.value)
    assert "product 'p0' is missing" in str(refused.value)
    assert [each.name for each in versioned.engine.generations() if each.state == "live"] == live
    said: list[str] = []
    assert versioned.reindex(options=Options(force=True, say=said.append)).indexed == 8
    assert said[0] == "Continuing a run that was interrupted after 10 products."
    assert "Swapping all the same: the new index holds 8 products, 10 were written." in said


def test_a_catalogue_that_shrank_to_less_than_half_is_not_made_live_unless_forced(
    tmp_path: Path, engine: dict[str, Any]
) -> None:
    """Fault 37."""
    write_products(tmp_path / "products.jsonl", [{"id": str(number), "title": "hat"} for number in range(300)])
    with shop(tmp_path, engine=engine) as found:
        write_products(tmp_path / "products.jsonl", [{"id": str(number), "title": "hat"} for number in range(149)])
        with pytest.raises(GateError, match="the new index holds 149 products, the live one 300"):
            found.reindex(options=quietly())
        assert found.reindex(options=quietly(force=True)).indexed == 149


def test_what_is_stored_is_compared_field_by_field() -> None:
    vectors = {"a": Vector([1.0, 0.0])}
    kept: dict[str, dict[str, Stored]] = {"facets": {"f": ("v",)}, "numbers": {"n": 1.0}}
    built = Document("1", {"x": 1}, {"title": {"en": "red"}}, ("c",), kept, vectors)
    assert differences(built, built) == []
    near = replace(built, vectors={"a": Vector([1.0, 1e-8])})
    assert differences(built, near) == []
    for name, other in (
        ("row", {"row": {"x": 2}}),
        ("text", {"text": {}}),
        ("codes", {"codes": ()}),
        ("facets", {"fields": {**kept, "facets": {"f": ("w",)}}}),
        ("numbers", {"fields": {**kept, "numbers": {"n": 2.0}}}),
        ("dates", {"fields": {**kept, "dates": {"d": 0}}}),
        ("vector", {"vectors": {"a": Vector([0.0, 1.0])}}),
        ("vector", {"vectors": {}}),
    ):
        assert differences(built, replace(built, **other)) == [name]


def test_settings_for_filling_are_gone_before_the_swap(tmp_path: Path, es_url: str, index: str) -> None:
    engine = {"url": es_url, "index": index, "replicas": 0}
    with shop(tmp_path, engine=engine) as found, Elasticsearch(es_url) as client:
        (live,) = client.indices.get(index=index).values()
        kept = live["settings"]["index"]
        assert ("refresh_interval" in kept, kept["number_of_replicas"]) == (False, "0")
        assert list(live["aliases"]) == [index]
        assert found.engine.generations()[0].state == "live"


def test_a_generation_that_is_removed_while_it_is_filled_is_not_made_anew(
    tmp_path: Path, es_url: str, index: str
) -> None:
    """Fault 18."""
    write_products(tmp_path / "products.jsonl", [{"id": str(number), "title": "hat"} for number in range(2_000)])
    with Elasticsearch(es_url) as client:

        def remove(*_: Any) -> None:
            for name in client.indices.get(index=f"{index}-2*"):
                client.indices.delete(index=name)

        found = HybridSearch.open(settings(tmp_path, engine={"url": es_url, "index": index, "replicas": 0}))
        with found, pytest.raises(EngineError, match="It was removed while it was written"):
            found.reindex(remove, quietly())
        assert not client.indices.get(index=f"{index}-2*")
        said: list[str] = []
        with HybridSearch.open(found.settings) as again:
            assert again.reindex(options=Options(say=said.append)).indexed == 2_000
    assert "is gone. Beginning anew." in said[0]


def test_a_stop_that_comes_just_before_a_wait_begins_is_noticed(stop_after: Stop) -> None:
    """Fault 30."""
    work: Future[None] = Future()
    end = threading.Timer(20, work.set_result, [None])
    try:
        stop_after(0.2)
        end.start()
        with pytest.raises(KeyboardInterrupt):
            result_of(work)
        assert not work.done()
    finally:
        end.cancel()


OWNER = """
import sys, time
from pathlib import Path
from hybridsearch import HybridSearch
from tests.shops import settings
with HybridSearch.open(settings(Path(sys.argv[1]), engine={"url": sys.argv[2], "index": sys.argv[3]})) as shop:
    with shop.engine.lease("night job"):
        print("held", flush=True)
        time.sleep(60)
"""


def test_a_lease_on_a_server_names_its_owner_and_is_taken_from_a_dead_one(
    tmp_path: Path, es_url: str, index: str
) -> None:
    """Faults 29 and 41, across processes."""
    command = [sys.executable, "-c", OWNER, str(tmp_path), es_url, index]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with HybridSearch.open(settings(tmp_path, engine={"url": es_url, "index": index, "replicas": 0})) as found:
            with pytest.raises(EngineError) as refused:
                found.reindex()
            assert str(refused.value).startswith(f"A rebuild is under way: night job, process {process.pid} on ")
            process.kill()
            process.wait()
            assert found.reindex().indexed == 5


def test_rejects_are_tried_again_as_the_catalogue_has_them_now(tmp_path: Path, engine: dict[str, Any]) -> None:
    """Fault 33."""
    bad = [{"id": "6", "title": "Free gift", "price": "free"}, {"id": "7", "title": "Bad gift", "price": "bad"}]
    write_products(tmp_path / "products.jsonl", [*PRODUCTS, *bad])
    with shop(tmp_path, engine=engine) as found:
        write_products(tmp_path / "products.jsonl", [*PRODUCTS, {**bad[0], "price": 0}, bad[1]])
        done, file = found.retry_rejects()
        assert (done.written, [each.id for each in done.rejects]) == (1, ["7"])
        assert rows(found, "6") == {"6": {**bad[0], "price": 0}}
        assert [json.loads(line)["id"] for line in Path(file).read_text().splitlines()] == ["7"]
        write_products(tmp_path / "products.jsonl", [*PRODUCTS, bad[0]])
        assert found.retry_rejects()[1] == ""
        assert not list((tmp_path / ".hybridsearch").glob("rejects-*"))


def test_dead_letters_that_cannot_be_written_stop_the_run(tmp_path: Path) -> None:
    """Fault 31."""
    (tmp_path / "file").touch()
    with pytest.raises(EngineError, match=r"Cannot write rejects to .* Nothing is lost silently, so the run stops"):
        RejectsFile(tmp_path / "file" / "rejects.jsonl").add([Reject("x:1", None, "read", "why")])


def test_dead_letters_behind_the_journals_position_are_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "rejects.jsonl"
    letters = RejectsFile(path)
    letters.add([Reject("x:1", "1", "read", "why")])
    size = letters.size
    letters.add([Reject("x:2", "2", "read", "why")])
    assert [each.id for each in RejectsFile(path, size=size).read()] == ["1"]


def test_rejects_in_a_row_stop_a_run_in_the_middle_and_it_reads_on_when_forced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 22."""
    good = [{"id": str(number), "title": "hat"} for number in range(512)]
    bad = [{"title": "no id"}] * 1_500
    write_products(tmp_path / "products.jsonl", [*good, *bad, {"id": "last", "title": "hat"}])
    with HybridSearch.open(settings(tmp_path)) as found:
        with pytest.raises(GateError, match=r"1,024 products in a row were all refused, such as products\.jsonl:"):
            found.reindex(options=quietly())
        report = found.reindex(options=quietly(force=True))
    assert (report.indexed, report.rejected) == (513, 1_500)


def test_products_that_the_encoder_fails_on_are_found_by_words_and_written_down(
    tmp_path: Path, engine: dict[str, Any]
) -> None:
    """Fault 32: the batch is halved until only the product is left that cannot be encoded."""

    class Short(Hashed):
        def encode_texts(self, texts: Any) -> Any:
            if any("n7" in text for text in texts) or len(texts) > 4:
                raise MemoryError("no room")
            return super().encode_texts(texts)

    write_products(tmp_path / "products.jsonl", [product(number, 10) for number in range(20)])
    with shop_of(settings_of(tmp_path, **engine)) as found:
        found.encoders = {"words": Short()}  # type: ignore[assignment]
        report = found.reindex()
        live = found.engine.stored(report.generation, [f"p{number}" for number in range(20)])
    assert (report.indexed, report.rejected) == (20, 0)
    assert [(each.id, each.stage) for each in report.rejects] == [("p7", "encode")]
    assert {key for key, each in live.items() if not each.vectors} == {"p7"}


def test_a_zero_or_infinite_vector_never_reaches_an_index(tmp_path: Path, engine: dict[str, Any]) -> None:
    """Fault 66."""

    class Broken(Hashed):
        def encode_texts(self, texts: Any) -> Any:
            found = super().encode_texts(texts)
            found[0] = np.nan
            return found

    write_products(tmp_path / "products.jsonl", [product(number, 10) for number in range(20)])
    with shop_of(settings_of(tmp_path, **engine)) as found:
        found.encoders = {"words": Broken()}  # type: ignore[assignment]
        report = found.reindex()
    assert (report.indexed, report.rejected) == (20, 0)
    assert [(each.id, each.stage) for each in report.rejects] == [("p0", "encode")]


def test_a_live_writer_and_a_live_reader_notice_nothing_of_a_rebuild(tmp_path: Path, engine: dict[str, Any]) -> None:
    """Faults 35 and 38: nothing is lost, nothing comes back, no search fails or sees half an index."""
    count = 600
    truth = {f"p{number}": product(number, 1_000) for number in range(count)}
    write_products(tmp_path / "products.jsonl", [*truth.values()])
    with shop_of(settings_of(tmp_path, **engine)) as found:
        found.reindex()
        over, totals, luck = threading.Event(), [], np.random.default_rng(0)

        def read() -> None:
            with shop_of(found.settings) as reader:
                while not over.is_set():
                    page = reader.search("dress", filters={"price": {"gte": 0}})
                    assert not page.degraded
                    totals.append(page.total)

        def write() -> None:
            clock = 2_000
            with shop_of(found.settings) as writer:
                while not over.is_set():
                    clock += 1
                    number = int(luck.integers(0, count + 20))
                    if luck.random() < 0.1 and f"p{number}" in truth:
                        writer.delete({f"p{number}": clock})
                        del truth[f"p{number}"]
                    else:
                        truth[f"p{number}"] = product(number, clock)
                        writer.upsert([truth[f"p{number}"]])
                    time.sleep(0.02)

        with ThreadPoolExecutor(2) as pool:
            others = [pool.submit(read), pool.submit(write)]
            try:
                reports = [found.reindex() for _ in range(2)]
            finally:
                over.set()
            for other in others:
                other.result()
        assert sum(report.changes for report in reports) > 0
        assert rows(found, *(f"p{number}" for number in range(count + 20))) == truth
    # A removal and a new product at a time: never a half index, never two at once.
    assert len(totals) > 5
    assert min(totals) > 0.9 * count
    assert max(totals) <= count + 20


@pytest.mark.parametrize(
    ("value", "version"),
    [
        (7, 7),
        ("7", 7),
        ("1970-01-01T00:00:01Z", 1_000_000),
        ("1970-01-01T01:00:01+01:00", 1_000_000),
        ("1970-01-01 00:00:00.000002", 2),
        ("1970-01-02", 86_400_000_000),
        (None, 0),
        ("", 0),
    ],
)
def test_a_version_is_a_number_or_a_date(value: Any, version: int) -> None:
    assert document.version({"at": value}, Fields(title="title", version="at")) == version


@pytest.mark.parametrize("value", [True, -1, 1.5, "soon", "1969-01-01", 2**62, [1, 2]])
def test_what_is_no_version_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"'at' is .*, expected a whole number or a date"):
        document.version({"at": value}, Fields(title="title", version="at"))


def test_nothing_depends_on_the_clock_of_the_wall(
    tmp_path: Path, engine: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 34."""
    with shop(tmp_path, engine=engine) as found:
        monkeypatch.setattr(time, "time", lambda: 0.0)
        found.upsert([{**PRODUCTS[0], "price": 1}])
        assert found.reindex().indexed == 5


def test_a_server_that_goes_away_in_the_middle_stops_the_run_with_the_command_that_continues_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 2."""
    monkeypatch.setattr("hybridsearch.engines.elasticsearch.retry.BUDGET", 0.5)
    model, away = Model(), threading.Event()

    def script(asked: PreparedQuery) -> Reply:
        return error(503, "unavailable") if away.is_set() else model.reply(asked)

    write_products(tmp_path / "products.jsonl", [{"id": str(number), "title": "hat"} for number in range(900)])
    said: list[str] = []
    with serving(script) as fake:
        found = HybridSearch.open(settings(tmp_path, engine={"url": fake.url, "replicas": 0}))
        with found:
            with pytest.raises(EngineError, match="503"):
                found.reindex(lambda *_: away.set(), Options(say=said.append))
            away.clear()
            report = found.reindex(options=Options(say=said.append))
    assert report.indexed == 900
    assert 256 <= report.resumed < 900
    assert said == [
        f"The run stopped: {report.resumed} products are done. Continue with: hybridsearch reindex",
        f"Continuing a run that was interrupted after {report.resumed} products.",
    ]


def test_a_journal_on_a_full_disk_is_an_error_and_the_run_can_be_continued(tmp_path: Path) -> None:
    """Fault 44, as far as the journal goes."""
    with HybridSearch.open(settings(tmp_path)) as found:
        folder = tmp_path / ".hybridsearch" / "products"
        folder.mkdir(parents=True)
        (folder / "run.jsonl.tmp").mkdir()
        with pytest.raises(EngineError, match="Cannot write the journal"):
            found.reindex()
        shutil.rmtree(folder / "run.jsonl.tmp")
        assert found.reindex().indexed == 5


def test_half_a_line_at_the_end_of_the_journal_is_as_good_as_absent(tmp_path: Path) -> None:
    """Fault 28."""

    def stop(stage: str, counts: Any, total: int | None) -> None:
        if counts.read == 512:
            raise KeyboardInterrupt

    write_products(tmp_path / "products.jsonl", [{"id": str(number), "title": "hat"} for number in range(900)])
    with HybridSearch.open(settings(tmp_path)) as found:
        with pytest.raises(KeyboardInterrupt):
            found.reindex(stop, quietly())
        journal = tmp_path / ".hybridsearch" / "products" / "run.jsonl"
        os.truncate(journal, journal.stat().st_size - 5)
        report = found.reindex(options=quietly())
    assert (report.resumed, report.indexed, report.duplicates) == (256, 900, 0)
