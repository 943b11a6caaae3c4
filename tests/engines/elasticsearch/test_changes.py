"""The log of changes on a real server: what it holds, and what a run does when its shard does not work."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from hybridsearch.changes import START, Change
from hybridsearch.engines.elasticsearch import ElasticsearchEngine, changes
from hybridsearch.errors import EngineError
from hybridsearch.sections import EngineSection
from tests.servers.fake import Received, Reply, passed_on, serving
from tests.shops import FIELDS, PRODUCTS
from tests.shops import shop as open_shop


@pytest.fixture
def log(es_url: str, index: str) -> Iterator[changes.ServerChanges]:
    with closing(ElasticsearchEngine(EngineSection(url=es_url, index=index), Path())) as engine:
        yield engine.changes


def test_the_log_holds_the_last_change_of_each_product_in_the_order_of_recording(log: changes.ServerChanges) -> None:
    assert log.position() == START
    log.record([Change("a", {"price": 1}), Change("b", {"price": 2})])
    between = log.position()
    log.record([Change("a", None)])
    assert log.since(START) == ([Change("b", {"price": 2}), Change("a", None)], log.position())
    assert log.since(between) == ([Change("a", None)], log.position())
    assert log.since(log.position()) == ([], log.position())


def test_a_change_that_is_older_than_the_logged_one_is_not_recorded(log: changes.ServerChanges) -> None:
    log.record([Change("a", None, 7)])
    log.record([Change("a", {"price": 1}, 7), Change("b", {"price": 2}, 1)])
    assert log.since(START)[0] == [Change("a", None, 7), Change("b", {"price": 2}, 1)]


def test_old_changes_are_removed(log: changes.ServerChanges) -> None:
    log.record([Change("a", None)])
    log.forget(1.0)
    assert len(log.since(START)[0]) == 1
    log.forget(0.0)
    assert log.since(START)[0] == []


def test_a_log_of_changes_that_lost_its_shard_ends_a_rebuild_before_it_begins(
    tmp_path: Path, es_url: str, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 19: the server answers 200 for a red log, as if it were empty; its changes would be skipped."""
    monkeypatch.setattr(changes, "RECOVERY", "10ms")
    nowhere = {"hidden": True, "routing.allocation.require._name": "nowhere"}
    fields, engine = {**FIELDS, "version": "v"}, {"url": es_url, "index": index, "replicas": 0}
    with open_shop(tmp_path, fields=fields, engine=engine) as shop, Elasticsearch(es_url) as client:
        client.indices.create(index=f"{index}-changes", settings={"index": nowhere}, wait_for_active_shards=0)
        with pytest.raises(EngineError, match="has no shard that works: changes would be lost"):
            shop.reindex()
        assert len(shop.engine.generations()) == 1
        client.indices.delete(index=f"{index}-changes")
        assert shop.reindex().indexed == len(PRODUCTS)


def test_a_log_of_changes_that_was_created_a_moment_ago_is_waited_for(
    tmp_path: Path, es_url: str, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 19: its shard works according to the server, and is not in the statistics yet."""
    monkeypatch.setattr(changes, "INTERVAL", 0.01)
    left = 3

    def script(asked: Received) -> Reply:
        nonlocal left
        reply = passed_on(es_url, asked)
        if f"/{index}-changes/_stats" in asked.path and reply.status == 200 and left:
            left -= 1
            return replace(reply, body={**json.loads(reply.body), "indices": {}})
        return reply

    with serving(script) as fake, open_shop(tmp_path, engine={"url": fake.url, "index": index, "replicas": 0}) as shop:
        shop.upsert([PRODUCTS[0]])
        assert shop.engine.changes.position() == 0
        assert left == 0
