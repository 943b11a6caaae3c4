"""The log of a shop on both engines: what is written of pages and clicks, and what is not.

With it `file`, `index`, `identity` and `posted`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import multiprocessing
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch import AsyncHybridSearch, HybridSearch, Page
from hybridsearch.doctor import checks
from hybridsearch.engines.base import Check
from hybridsearch.errors import CatalogError, ConfigError, QueryError
from hybridsearch.events.file import FileOfEvents
from hybridsearch.events.identity import hashed
from hybridsearch.events.source import rows
from hybridsearch.events.visits import Tally, visits
from tests.events.builders import lines, read
from tests.shops import settings, shop

SESSION = "alice@example.com"
LOG = {"path": "logs/events.jsonl"}
SHOWN = Page("red", (), 0, query_id="q")


@pytest.fixture
def logged(tmp_path: Path, engine: dict[str, Any]) -> Iterator[HybridSearch]:
    """The five products on either engine, with a log in a file."""
    with shop(tmp_path, engine=engine, log=LOG) as opened:
        yield opened


def log_of(opened: HybridSearch) -> Path:
    assert opened.settings.log.path is not None
    return opened.settings.resolve(opened.settings.log.path)


def test_each_answer_has_a_name_of_its_own(logged: HybridSearch) -> None:
    pages = [logged.search("red") for _ in range(3)]
    assert len({page.query_id for page in pages}) == 3
    assert all(len(page.query_id) == 22 for page in pages)
    assert pages[0].to_json()["query_id"] == pages[0].query_id


def test_a_page_and_its_clicks_are_lines_of_ubi(logged: HybridSearch) -> None:
    page = logged.search(" Winter coat ", filters={"price": {"gte": 50}}, size=1, page=2)
    (hit,) = page
    assert logged.log(page, clicked=hit.id, session=SESSION, action="add_to_cart")
    shown, clicked = lines(log_of(logged))
    time = shown.pop("timestamp")
    assert time == clicked.pop("timestamp")
    assert time.endswith("Z")
    who = shown["session_id"]
    assert shown == {
        "query_id": page.query_id,
        "session_id": who,
        "user_query": "Winter coat",
        "query_response_object_ids": [hit.id],
        "query_attributes": {"total": 2, "offset": 1, "filters": {"price": {"gte": 50}}},
    }
    assert clicked == {
        "action_name": "add_to_cart",
        "query_id": page.query_id,
        "session_id": who,
        "event_attributes": {"object": {"object_id": hit.id}, "position": {"ordinal": 2}},
    }


def test_nothing_is_written_unless_it_is_asked_for(tmp_path: Path) -> None:
    with shop(tmp_path, log=LOG) as opened:
        opened.search("red")
        assert not log_of(opened).exists()
    refused = pytest.raises(ConfigError, match=r"There is no log to write to\. Name one in the configuration: \[log\]")
    with shop(tmp_path) as silent, refused:
        silent.log(silent.search("red"))


def test_no_file_of_a_shop_holds_the_name_of_a_session(logged: HybridSearch, tmp_path: Path) -> None:
    """Also not in hexadecimal or base64, and not in what a plain hash would be."""
    import base64
    import hashlib

    page = logged.search("red")
    logged.log(page, "1", session=SESSION)
    logged.log_event({"query_id": page.query_id, "action_name": "click", "object_id": "1", "session_id": SESSION})
    plain = SESSION.encode()
    traces = [plain, plain.hex().encode(), base64.b64encode(plain)]
    traces += [hashlib.new(kind, plain).hexdigest().encode() for kind in ("md5", "sha1", "sha256", "blake2b")]
    traces += [trace[:32] for trace in traces[3:]]
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        content = path.read_bytes()
        assert not [trace for trace in traces if trace in content], path
    sessions = {line["session_id"] for line in lines(log_of(logged))}
    assert len(sessions) == 1


def test_the_key_is_the_shops_own_private_and_stays(tmp_path: Path) -> None:
    with shop(tmp_path, log=LOG) as first:
        first.log(first.search("red"), session=SESSION)
    with HybridSearch.open(first.settings) as second:
        second.log(second.search("red"), session=SESSION)
    assert len({line["session_id"] for line in lines(log_of(first))}) == 1
    key = first.settings.home / "log" / "key"
    assert len(key.read_bytes()) == 32
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_shops_with_one_key_of_the_environment_write_the_same_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYBRIDSEARCH_LOG_KEY", "a long and secret key")
    names = set()
    for folder in (tmp_path / "one", tmp_path / "two"):
        with shop(folder, log=LOG) as opened:
            opened.log(opened.search("red"), session=SESSION)
            names |= {line["session_id"] for line in lines(log_of(opened))}
            assert not (opened.settings.home / "log").exists()
    assert len(names) == 1


@given(st.text(min_size=1), st.text(min_size=1), st.binary(min_size=32, max_size=32))
def test_hashes_are_the_same_for_one_name_and_differ_for_two(first: str, second: str, key: bytes) -> None:
    ours, theirs = first.encode(errors="replace"), second.encode(errors="replace")
    assert (hashed(first, key) == hashed(second, key)) is (ours == theirs)
    assert len(hashed(first, key)) == 32
    assert hashed("", key) == ""


@pytest.mark.parametrize(
    "event",
    [
        {"query_id": "q", "action_name": "click_through", "object_id": "17", "position": 3, "evil": "x" * 9},
        {"query_id": "q", "action_name": "click_through", "object_id": 17, "position": "3", "timestamp": "1999-01-01"},
        {
            "query_id": "q",
            "action_name": "click_through",
            "event_attributes": {"object": {"object_id": "17", "x": 1}, "position": {"ordinal": 3}},
        },
    ],
)
def test_what_a_browser_posts_is_read_in_the_short_form_and_in_ubis(tmp_path: Path, event: dict[str, Any]) -> None:
    with HybridSearch.open(settings(tmp_path, log=LOG)) as opened:
        assert opened.log_event([event, event], session=SESSION)
        written = lines(log_of(opened))
    assert len(written) == 2
    assert written[0].pop("timestamp") > "2026"
    assert written[0].pop("session_id")
    assert written[0] == {
        "action_name": "click_through",
        "query_id": "q",
        "event_attributes": {"object": {"object_id": "17"}, "position": {"ordinal": 3}},
    }


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (None, "'event' is None, expected"),
        ("click", "'event' is 'click', expected"),
        ([[1]], "'event' is"),
        ({}, "'query_id' is None, expected"),
        ({"query_id": "q", "action_name": "scroll", "object_id": "1"}, "'action_name' is 'scroll', expected one of"),
        *(
            ({"query_id": "q", "action_name": "click", "object_id": "1", "position": odd}, "'position' is ")
            for odd in (0, -1, 1.5, True, "first", [3], 10**9)
        ),
        ({"query_id": "q", "action_name": "click"}, "'object_id' is None"),
        ({"query_id": "q", "action_name": "click", "object_id": "x" * 600}, "'object_id' is"),
        ({"query_id": "q", "action_name": "click", "object_id": True}, "'object_id' is True"),
        (
            [{"query_id": "q", "action_name": "click", "object_id": "1"}] * 101,
            "'event' holds 101 events, expected at most 100",
        ),
    ],
)
def test_what_is_no_event_is_refused_and_nothing_is_written(tmp_path: Path, event: Any, message: str) -> None:
    with HybridSearch.open(settings(tmp_path, log=LOG)) as opened:
        with pytest.raises(QueryError) as refused:
            opened.log_event(event)
        assert str(refused.value).startswith(message)
        assert not log_of(opened).exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"page": "red"},
        {"page": None},
        {"page": Page("red", (), 0)},
        {"clicked": 1.5},
        {"clicked": [""]},
        {"session": " "},
        {"action": "scroll"},
    ],
)
def test_what_cannot_be_logged_is_an_error_of_the_caller(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with HybridSearch.open(settings(tmp_path, log=LOG)) as opened, pytest.raises(QueryError):
        opened.log(**{"page": SHOWN, **wrong})


def test_a_log_that_cannot_be_written_stops_nobody_and_is_told_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    with HybridSearch.open(settings(tmp_path, log=LOG)) as opened, caplog.at_level(logging.WARNING):
        assert [opened.log(SHOWN) for _ in range(5)] == [False] * 5
    (record,) = (record for record in caplog.records if record.name.startswith("hybridsearch.events"))
    assert record.getMessage().startswith("The log cannot be written, 1 calls were lost: ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk here")
def test_a_full_disk_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "full.jsonl").symlink_to("/dev/full")
    with HybridSearch.open(settings(tmp_path, log={"path": "full.jsonl"})) as opened:
        assert opened.log(SHOWN) is False


def test_a_line_that_was_cut_off_costs_no_other_one(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"query_id": "a", "user_qu')
    FileOfEvents(path).append([{"query_id": "b", "user_query": "coat"}])
    found, tally = read(path)
    assert [visit.answer.query_id for visit in found] == ["b"]
    assert tally.refused == 1


def write_many(path: Path, name: str) -> None:
    """Write three hundred calls of two lines, the second of them long."""
    sink = FileOfEvents(path)
    for number in range(300):
        sink.append(
            [{"query_id": f"{name}-{number}", "user_query": "x"}, {"action_name": "click", "query_id": "y" * 4000}]
        )


def test_processes_that_write_to_one_file_keep_each_others_lines_whole(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=write_many, args=(path, str(number))) for number in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    written = lines(path)
    assert len(written) == 2 * 300 * 2
    for first, second in zip(written[::2], written[1::2], strict=True):  # the lines of one call stay together
        assert ("user_query" in first, second["query_id"][:1]) == (True, "y")


def test_a_file_that_is_renamed_is_begun_anew(logged: HybridSearch) -> None:
    page, path = logged.search("red"), log_of(logged)
    logged.log(page)
    path.rename(path.with_suffix(".1"))
    logged.log(page)
    assert len(lines(path)) == len(lines(path.with_suffix(".1"))) == 1
    assert stat.S_IMODE(os.stat(path).st_mode) & 0o007 == 0 or os.stat(path.parent).st_mode & 0o007


def test_a_log_in_an_index_has_the_same_lines(tmp_path: Path, es_url: str, index: str) -> None:
    engine = {"url": es_url, "index": index, "replicas": 0}
    with shop(tmp_path, engine=engine, log={"index": f"{index}-events"}) as opened:
        page = opened.search("winter coat")
        assert opened.log(page, clicked=["2", "3"], session=SESSION)
        assert opened.log_event({"query_id": page.query_id, "action_name": "purchase", "object_id": "2"})
        tally = Tally()
        (found,) = visits(rows(opened.settings, None), tally)
        assert (found.answer.query_id, found.answer.query, found.clicked) == (page.query_id, "winter coat", ("2", "3"))
        assert tally.lines == 4
        client = opened.engine.client  # type: ignore[attr-defined]
        mapping = client.indices.get_mapping(index=f"{index}-events")[f"{index}-events"]["mappings"]
        assert mapping["properties"]["timestamp"] == {"type": "date"}
        assert SESSION not in json.dumps(
            [hit["_source"] for hit in client.search(index=f"{index}-events")["hits"]["hits"]]
        )


def test_an_index_that_was_deleted_meanwhile_gets_its_mapping_again(
    tmp_path: Path, es_url: str, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hybridsearch.events.index.MADE", 0.0)
    engine = {"url": es_url, "index": index, "replicas": 0}
    with shop(tmp_path, engine=engine, log={"index": f"{index}-events"}) as opened, Elasticsearch(es_url) as client:
        for _ in range(2):
            assert opened.log(opened.search("red"))
            mapping = client.indices.get_mapping(index=f"{index}-events")[f"{index}-events"]["mappings"]
            assert (mapping["dynamic"], mapping["properties"]["query_id"]["type"]) == ("false", "keyword")
            client.indices.delete(index=f"{index}-events")


def test_an_index_to_which_nothing_was_written_says_so(tmp_path: Path, es_url: str, index: str) -> None:
    engine = {"url": es_url, "index": index, "replicas": 0}
    told = settings(tmp_path, engine=engine, log={"index": f"{index}-events"})
    with pytest.raises(CatalogError, match=r"The index '.*-events' of the log is missing\. Log a page first"):
        list(rows(told, None))


def test_coroutines_write_the_same(tmp_path: Path, engine: dict[str, Any]) -> None:
    with shop(tmp_path, engine=engine, log=LOG) as opened:
        pass

    async def run() -> None:
        async with AsyncHybridSearch.open(opened.settings) as awaited:
            page = await awaited.search("red")
            assert await awaited.log(page, "1", session=SESSION)
            event = {"query_id": page.query_id, "action_name": "purchase", "object_id": "1"}
            assert await awaited.log_event(event, session=SESSION)

    asyncio.run(run())
    written = lines(log_of(opened))
    assert [line.get("action_name") for line in written] == [None, "click_through", "purchase"]
    assert len({line["session_id"] for line in written}) == 1


@pytest.mark.parametrize(
    ("log", "message"),
    [
        ({"path": "a", "index": "b"}, "give either 'path'"),
        ({"index": "events"}, "say where it is in 'engine.url'"),
        ({"file": "a"}, "unknown key 'log.file'"),
    ],
)
def test_a_log_has_one_place(tmp_path: Path, log: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        settings(tmp_path, log=log)


def test_a_log_is_no_index_of_products(tmp_path: Path) -> None:
    engine = {"url": "http://localhost:9200", "index": "products"}
    with pytest.raises(ConfigError, match=r"'log\.index' is 'products', which holds products"):
        settings(tmp_path, engine=engine, log={"index": "products"})


def doctors(opened: HybridSearch) -> dict[str, Check]:
    """Return the lines of `doctor` by name."""
    return {check.name: check for check in checks(opened)}


def test_doctor_says_whether_the_log_can_be_written_and_arm_b_used(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text('{"signals": {"titel": 1}}')
    with shop(tmp_path, log=LOG, weights={"b": "b.json"}) as opened:
        assert doctors(opened)["log"].state == "ok"
        assert doctors(opened)["weights b"].state == "failure"
        assert "unknown signal 'titel'" in doctors(opened)["weights b"].found
        opened.log(opened.search("red"))
        assert doctors(opened)["log"].found.endswith("events.jsonl', 0.0 MB")
    (tmp_path / "b.json").write_text('{"signals": {"title": 1}}')
    (tmp_path / "taken").touch()
    with HybridSearch.open(settings(tmp_path, log={"path": "taken/events.jsonl"}, weights={"b": "b.json"})) as opened:
        assert doctors(opened)["log"].state == "failure"
        assert doctors(opened)["weights b"].state == "ok"
