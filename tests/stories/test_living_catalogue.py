"""A catalogue that is an index, and goes on being written to while a run reads it."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from elasticsearch import Elasticsearch

from hybridsearch import HybridSearch
from hybridsearch.engines.elasticsearch.transport import retry
from hybridsearch.indexing import fill
from hybridsearch.indexing.catch_up import CatchUp
from hybridsearch.indexing.fill import Options
from hybridsearch.settings import Settings
from hybridsearch.values import Row
from tests.killable import shop_of
from tests.servers.fake import Received, Reply, error, passed_on, serving
from tests.shops import Stop

BATCH = 16
PRODUCTS = 5 * BATCH + 3


@dataclass
class Backend:
    """A shop whose products live in an index of its own; it writes them there and nowhere else."""

    client: Elasticsearch
    name: str
    routed: bool = False
    truth: dict[str, Row] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def write(self, *numbers: int, price: int, **more: Any) -> None:
        for number in numbers:
            row = {"title": f"red dress n{number}", "price": price, **more}
            self.truth[f"p{number}"] = row
            self.client.index(index=self.name, id=f"p{number}", document=row, **self.place(number))

    def remove(self, *numbers: int) -> None:
        for number in numbers:
            del self.truth[f"p{number}"]
            self.client.delete(index=self.name, id=f"p{number}", **self.place(number))

    def place(self, number: int) -> dict[str, Any]:
        return {"routing": f"branch{number % 7}"} if self.routed else {}


@pytest.fixture(
    params=[
        pytest.param((1, False), id="one shard", marks=pytest.mark.beside_one_server),
        pytest.param((3, False), id="three shards", marks=pytest.mark.beside_one_server),
        pytest.param((3, True), id="routing"),
    ]
)
def backend(
    request: pytest.FixtureRequest, es_url: str, index: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Backend]:
    monkeypatch.setattr(fill, "BATCH", BATCH)
    with Elasticsearch(es_url, request_timeout=60) as client:
        name, (shards, routed) = f"{index}-own", request.param
        client.indices.create(
            index=name, settings={"number_of_shards": shards, "number_of_replicas": 0, "refresh_interval": -1}
        )
        found = Backend(client, name, routed)
        found.write(*range(PRODUCTS), price=1)
        client.indices.refresh(index=name)
        yield found


def configured(backend: Backend, folder: Path, url: str, index: str) -> Settings:
    data = {
        "catalog": {"index": backend.name},
        "fields": {"title": "title", "numbers": ["price"]},
        "engine": {"url": url, "index": index, "replicas": 0},
        "vectors": [{"name": "words", "encoder": "hashed", "reads": ["title"]}],
    }
    return Settings.parse(data, folder=folder)


@pytest.fixture
def dresses(backend: Backend, tmp_path: Path, es_url: str, index: str) -> Iterator[HybridSearch]:
    """The shop, not indexed yet."""
    with shop_of(configured(backend, tmp_path, es_url, index)) as found:
        yield found


def stored(found: HybridSearch) -> dict[str, Row]:
    """Return all that is live."""
    live = next(each.name for each in found.engine.generations() if each.state == "live")
    found.engine.refresh(live)
    names = list(found.engine.ids(live))
    assert len(set(names)) == len(names)
    return {key: each.row for key, each in found.engine.stored(live, names).items()}


def during(stage: str, act: Any, *, read: int = 0) -> Any:
    """Return a progress that acts once, when a stage is reached and so many products are read."""
    left = [act]

    def progress(now: str, done: int, *_: object) -> None:
        if now == stage and done >= read and left:
            left.pop()()

    return progress


@pytest.mark.parametrize("stage", ["indexing", "checking"])
def test_what_is_written_to_the_catalogue_meanwhile_is_in_the_new_index(
    backend: Backend, dresses: HybridSearch, stage: str
) -> None:
    """Fault 38, without `upsert`: old products and new ones, read already or still to come."""

    def others() -> None:
        backend.write(0, 1, 50, PRODUCTS - 1, PRODUCTS, price=2)

    report = dresses.reindex(during(stage, others), Options(say=backend.said.append))
    assert report.changes >= 5
    assert (report.indexed, report.duplicates) == (PRODUCTS + 1, 0)
    assert stored(dresses) == backend.truth


def test_what_leaves_the_catalogue_meanwhile_is_not_in_the_new_index(backend: Backend, dresses: HybridSearch) -> None:
    """Fault 38."""
    dresses.reindex(during("indexing", lambda: backend.remove(0, 1, 50, PRODUCTS - 1)))
    assert stored(dresses) == backend.truth


def test_what_leaves_the_catalogue_during_the_swap_is_removed_after_it(backend: Backend, dresses: HybridSearch) -> None:
    """Fault 38: as many come as go, so that only the ids tell."""

    def others() -> None:
        backend.remove(0, 50)
        backend.write(PRODUCTS, PRODUCTS + 1, price=2)
        dresses.upsert([told])

    told = {"id": "told", "title": "blue hat", "price": 7}
    dresses.reindex()
    report = dresses.reindex(during("promoting", others))
    assert report.indexed == PRODUCTS + 1
    assert stored(dresses) == {**backend.truth, "told": told}


def test_a_run_that_was_interrupted_goes_on_although_the_catalogue_changed(
    backend: Backend, dresses: HybridSearch
) -> None:
    """Fault 28."""

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dresses.reindex(during("indexing", stop, read=3 * BATCH), Options(say=backend.said.append))
    backend.write(0, 1, 50, PRODUCTS, price=2)
    backend.remove(2, 3, 60)
    report = dresses.reindex(options=Options(say=backend.said.append))
    assert backend.said[1] == f"Continuing a run that was interrupted after {report.resumed} products."
    assert report.resumed >= 3 * BATCH
    assert report.encoded + report.cached <= PRODUCTS + 2 * 4  # in both processes: nothing but the four changes again
    assert stored(dresses) == backend.truth


def test_a_run_interrupted_at_any_moment_loses_no_product(backend: Backend, dresses: HybridSearch) -> None:
    """Fault 28: shards share places, and no cut may fall between two products of one place unseen."""
    luck = random.Random(1)

    def stop() -> None:
        raise KeyboardInterrupt

    for turn in range(PRODUCTS // BATCH):
        with pytest.raises(KeyboardInterrupt), mock.patch.object(fill, "BATCH", luck.randint(1, 2 * BATCH)):
            dresses.reindex(during("indexing", stop, read=turn * BATCH), Options(say=backend.said.append))
        backend.write(*luck.sample(sorted(int(key[1:]) for key in backend.truth), 3), price=turn)
    dresses.reindex(options=Options(say=backend.said.append))
    assert stored(dresses) == backend.truth


def test_a_removal_that_was_told_beats_a_catalogue_that_does_not_show_it_yet(
    backend: Backend, dresses: HybridSearch
) -> None:
    """Fault 38: written, read, told to be gone; and its old document is written once more before it goes."""
    dresses.reindex()

    def others() -> None:
        dresses.delete(["p0"])
        backend.write(0, price=3)

    dresses.reindex(during("indexing", others))
    backend.remove(0)
    assert stored(dresses) == backend.truth


def test_an_alias_that_is_rebuilt_from_itself_loses_nothing(backend: Backend, tmp_path: Path, es_url: str) -> None:
    """Fault 38: after the swap the alias that is read names the new index; the old one was written to until then."""
    alias = f"{backend.name}-alias"
    backend.client.indices.put_alias(index=backend.name, name=alias)
    data = {
        "catalog": {"index": alias},
        "fields": {"title": "title", "numbers": ["price"]},
        "engine": {"url": es_url, "index": alias, "replicas": 0},
    }
    with shop_of(Settings.parse(data, folder=tmp_path)) as found:
        report = found.reindex(during("promoting", lambda: backend.write(0, PRODUCTS, price=2)))
        assert report.changes == 2
        assert stored(found) == backend.truth


def test_a_run_that_dies_after_the_swap_follows_the_catalogue_all_the_same(
    backend: Backend, dresses: HybridSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 38."""

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    def changes() -> None:
        backend.write(0, PRODUCTS, price=2)
        backend.remove(5)

    others = during("promoting", changes)
    with monkeypatch.context() as patch:
        patch.setattr(CatchUp, "finish", die)
        with pytest.raises(KeyboardInterrupt):
            dresses.reindex(others, Options(say=backend.said.append))
    dresses.reindex(options=Options(say=backend.said.append))
    assert len(dresses.engine.generations()) == 1
    assert stored(dresses) == backend.truth


def test_a_product_that_only_the_backend_tells_of_stays(backend: Backend, dresses: HybridSearch) -> None:
    new = {"id": "new", "title": "blue hat", "price": 7}

    def others() -> None:
        dresses.upsert([new])
        backend.remove(5)

    dresses.reindex()
    dresses.reindex(during("indexing", others))
    assert stored(dresses) == {**backend.truth, "new": new}


@pytest.mark.parametrize("stage", ["indexing", "checking"])
def test_changes_that_were_told_find_their_product_wherever_it_lies(
    backend: Backend, dresses: HybridSearch, stage: str
) -> None:
    """Where products have a routing value, the id does not say the shard; a change must not make a second product."""
    changed = {key: {**backend.truth[key], "id": key, "price": 9} for key in ("p0", "p1", "p2", "p3", "p70")}
    gone = {"p4", "p5", "p6", "p71"}
    expected = {key: row for key, row in (backend.truth | changed).items() if key not in gone}

    def tell() -> None:
        dresses.upsert(changed.values())
        dresses.delete(sorted(gone))

    dresses.reindex()
    tell()
    assert stored(dresses) == expected
    assert set(dresses.get(["p0", "p4", "p70", "p71", "p80"])) == {"p0", "p70", "p80"}
    dresses.reindex(during(stage, tell))
    assert stored(dresses) == expected


BUSY = error(429, "es_rejected_execution_exception")


def test_a_server_that_is_busy_while_its_catalogue_is_read_is_waited_for(
    backend: Backend, tmp_path: Path, es_url: str, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faults 3 and 38: each kind of request in turn, more often than the client itself tries."""
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.001)
    asked_for = Counter[str]()

    def script(asked: Received) -> Reply:
        asked_for[f"{asked.method} {asked.path}"] += 1
        well = asked.path == "/" or asked_for[f"{asked.method} {asked.path}"] > 6
        return passed_on(es_url, asked) if well else BUSY

    def others() -> None:
        backend.write(0, price=2)
        backend.remove(1)

    with serving(script) as fake, shop_of(configured(backend, tmp_path, fake.url, index)) as found:
        report = found.reindex(during("indexing", others))
    assert (report.indexed, report.changes) == (PRODUCTS - 1, 1)
    with shop_of(configured(backend, tmp_path, es_url, index)) as found:
        assert stored(found) == backend.truth


def test_a_run_that_waits_for_its_catalogue_is_stopped_at_once(
    backend: Backend, tmp_path: Path, es_url: str, index: str, monkeypatch: pytest.MonkeyPatch, stop_after: Stop
) -> None:
    """Fault 30."""
    monkeypatch.setattr(retry, "FIRST_PAUSE", 20.0)
    monkeypatch.setattr(retry, "BUDGET", 20.0)
    left = [stop_after]

    def script(asked: Received) -> Reply:
        if asked.path.startswith("/_search"):
            if left:
                left.pop()(0.5)
            return BUSY
        return passed_on(es_url, asked)

    with serving(script) as fake, shop_of(configured(backend, tmp_path, fake.url, index)) as found:
        started = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            found.reindex(options=Options(say=backend.said.append))
        assert time.monotonic() - started < 8
