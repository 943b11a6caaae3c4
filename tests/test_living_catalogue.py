"""A catalogue that is an index, and goes on being written to while a run reads it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from elasticsearch import Elasticsearch

from hybridsearch import HybridSearch
from hybridsearch.reindex import Counts, Options, fill
from hybridsearch.settings import Settings
from hybridsearch.values import Row
from tests.killable import shop_of

BATCH = 16
PRODUCTS = 5 * BATCH + 3


@dataclass
class Backend:
    """A shop whose products live in an index of its own; it writes them there and nowhere else."""

    client: Elasticsearch
    name: str
    truth: dict[str, Row] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def write(self, *numbers: int, price: int, **more: Any) -> None:
        for number in numbers:
            row = {"title": f"red dress n{number}", "price": price, **more}
            self.truth[f"p{number}"] = row
            self.client.index(index=self.name, id=f"p{number}", document=row)

    def remove(self, *numbers: int) -> None:
        for number in numbers:
            del self.truth[f"p{number}"]
            self.client.delete(index=self.name, id=f"p{number}")


@pytest.fixture(params=[1, 3], ids=["one shard", "three shards"])
def backend(
    request: pytest.FixtureRequest, es_url: str, index: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Backend]:
    monkeypatch.setattr(fill, "BATCH", BATCH)
    with Elasticsearch(es_url, request_timeout=60) as client:
        name = f"{index}-own"
        client.indices.create(
            index=name, settings={"number_of_shards": request.param, "number_of_replicas": 0, "refresh_interval": -1}
        )
        found = Backend(client, name)
        found.write(*range(PRODUCTS), price=1)
        client.indices.refresh(index=name)
        yield found


@pytest.fixture
def dresses(backend: Backend, tmp_path: Path, es_url: str, index: str) -> Iterator[HybridSearch]:
    """The shop, not indexed yet."""
    data = {
        "catalog": {"index": backend.name},
        "fields": {"title": "title", "numbers": ["price"]},
        "engine": {"url": es_url, "index": index, "replicas": 0},
        "vectors": [{"name": "words", "encoder": "hashed", "reads": ["title"]}],
    }
    with shop_of(Settings.parse(data, folder=tmp_path)) as found:
        yield found


def stored(found: HybridSearch) -> dict[str, Row]:
    """Return all that is live."""
    live = next(each.name for each in found.engine.generations() if each.state == "live")
    found.engine.refresh(live)
    names = list(found.engine.ids(live))
    return {key: each.row for key, each in found.engine.stored(live, names).items()}


def during(stage: str, act: Any, *, read: int = 0) -> Any:
    """Return a progress that acts once, when a stage is reached and so many products are read."""
    left = [act]

    def progress(now: str, counts: Counts, total: int | None) -> None:
        if now == stage and counts.read >= read and left:
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
    assert report.encoded + report.cached <= PRODUCTS + 4  # in both processes: nothing but the four changes twice
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


def test_a_product_that_only_the_backend_tells_of_stays(backend: Backend, dresses: HybridSearch) -> None:
    new = {"id": "new", "title": "blue hat", "price": 7}

    def others() -> None:
        dresses.upsert([new])
        backend.remove(5)

    dresses.reindex()
    dresses.reindex(during("indexing", others))
    assert stored(dresses) == {**backend.truth, "new": new}
