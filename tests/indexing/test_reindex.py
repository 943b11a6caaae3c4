"""A rebuild as a transaction, beside a shop that goes on."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from elasticsearch import Elasticsearch

from hybridsearch import HybridSearch
from hybridsearch.errors import EngineError
from hybridsearch.indexing.fill import Options
from tests.indexing.builders import rows
from tests.killable import product, settings_of, shop_of
from tests.servers.fake import Received, Reply, error, serving
from tests.servers.model import Model
from tests.shops import PRODUCTS, settings, shop, write_products


def test_settings_for_filling_are_gone_before_the_swap(tmp_path: Path, es_url: str, index: str) -> None:
    engine = {"url": es_url, "index": index, "replicas": 0}
    with shop(tmp_path, engine=engine) as found, Elasticsearch(es_url) as client:
        (live,) = client.indices.get(index=index).values()
        kept = live["settings"]["index"]
        assert ("refresh_interval" in kept, kept["number_of_replicas"]) == (False, "0")
        assert list(live["aliases"]) == [index]
        assert found.engine.generations()[0].state == "live"


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
    monkeypatch.setattr("hybridsearch.engines.elasticsearch.transport.retry.BUDGET", 0.5)
    model, away = Model(), threading.Event()

    def script(asked: Received) -> Reply:
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
