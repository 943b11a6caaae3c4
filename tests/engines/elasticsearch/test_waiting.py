"""Requests of a run other than bulk requests are repeated while the server is busy or briefly away.

That is what a patient client of `client.py` does.
"""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from elastic_transport import TransportError
from elasticsearch import ApiError

from hybridsearch import HybridSearch
from hybridsearch.engines.elasticsearch import ElasticsearchEngine
from hybridsearch.engines.elasticsearch.repeating import MOST_LOST
from hybridsearch.engines.elasticsearch.transport.connection import connect
from hybridsearch.engines.elasticsearch.transport.waiting import Waiting
from hybridsearch.errors import EngineError
from hybridsearch.sections import EngineSection
from tests.servers.fake import HALF, HANG, HTML, INFO, RESET, Fake, Received, Reply, error, serving
from tests.servers.model import Model
from tests.shops import FIELDS, PRODUCTS, quietly, settings

BUSY = error(429, "es_rejected_execution_exception")
AWAY = error(503, "unavailable_shards_exception")
PROXY = Reply(b"<html>Bad gateway</html>", 502, "text/html", {})
FULL = error(429, "cluster_block_exception", "disk usage exceeded flood-stage watermark")
VERSIONED = {**FIELDS, "version": "price"}


class Troubled:
    """A model of a server on which some requests fail.

    Args:
        trouble: The answer to them.
        done: Whether they are executed anyway.
    """

    def __init__(self, trouble: Reply, *, done: bool = False) -> None:
        self.model = Model()
        self.trouble, self.done = trouble, done
        self.moves: list[str] = []
        self.model.swapped = self.moves.append
        self.failing: set[int] = set()
        """Which requests of a run fail, counted from 0, without those for the version and the heartbeats."""
        self.counted = -1
        self.fails_from = ""
        """A part of a path; from the first request for it on, everything fails."""

    def script(self, asked: Received) -> Reply:
        heartbeat = b'"beats"' in asked.body and b'"beats":0' not in asked.body
        if asked.path == "/" or heartbeat:
            return self.model.reply(asked)
        self.counted += 1
        if self.fails_from and self.fails_from in asked.path:
            self.failing = set(range(self.counted, 10_000))
        if self.counted not in self.failing:
            return self.model.reply(asked)
        if self.done:
            self.model.reply(asked)
        return self.trouble


@contextmanager
def opened(folder: Path, server: Troubled, **more: Any) -> Iterator[tuple[HybridSearch, Fake, list[float]]]:
    """Open a shop on a server, and record the pauses that it would make."""
    pauses: list[float] = []
    with serving(server.script) as fake:
        engine = {"url": fake.url, "replicas": 0, **more}
        with HybridSearch.open(settings(folder, fields=VERSIONED, engine=engine)) as shop:
            assert isinstance(shop.engine, ElasticsearchEngine)
            unwanted = shop.engine.waiting.sleep

            def sleep(seconds: float) -> bool | None:
                pauses.append(seconds)
                return unwanted(0)

            shop.engine.waiting.sleep = sleep
            yield shop, fake, pauses


def rebuilt(folder: Path, server: Troubled) -> Any:
    with opened(folder, server) as (shop, *_):
        return shop.reindex(options=quietly())


@pytest.mark.parametrize(("trouble", "done"), [(AWAY, False), (RESET, True)], ids=["away", "done, and no answer"])
def test_whichever_request_of_a_rebuild_goes_wrong_twice_the_rebuild_goes_on(
    tmp_path: Path, trouble: Reply, done: bool
) -> None:
    """Faults 2, 5 and 7: each request in turn, so that none is forgotten."""
    well = Troubled(trouble)
    assert rebuilt(tmp_path, well).indexed == len(PRODUCTS)
    assert well.counted > 20
    retried: list[int] = []
    for number in range(well.counted):
        server = Troubled(trouble, done=done)
        server.failing = {number, number + 1}
        report = rebuilt(tmp_path, server)
        assert report.indexed == len(PRODUCTS), number
        retried.append(report.retried)
        assert len(server.moves) == 1, number
        assert [name for name in server.model.indices if "-2" in name] == server.moves, number
    assert retried.count(2) > well.counted / 2  # those of the lease are none of the run's


@pytest.mark.parametrize("trouble", [BUSY, AWAY, PROXY, RESET, HALF, HTML, HANG])
def test_a_patient_client_asks_again_and_an_impatient_one_does_not(trouble: Reply) -> None:
    """Faults 3, 5, 6, 7 and 8."""
    left, pauses = [trouble] * 4, list[float]()
    with (
        serving(lambda _: left.pop() if left else INFO) as fake,
        closing(connect(EngineSection(url=fake.url, timeout=0.2), Path())) as client,
    ):
        with pytest.raises((ApiError, TransportError)):
            client.info()
        assert client.patient(Waiting(pauses.append)).info()["tagline"]
    assert (len(fake.asked), len(pauses)) == (5, 3)
    assert pauses == sorted(pauses)


def test_a_server_that_stays_away_is_not_waited_for_a_second_time(tmp_path: Path) -> None:
    """Fault 2: the run ends with its budget; the cleanup asks once."""
    server = Troubled(AWAY)
    server.fails_from = "_bulk"
    with opened(tmp_path, server) as (shop, fake, pauses), pytest.raises(EngineError, match="503"):
        shop.reindex(options=quietly())
    assert 300 <= sum(pauses) < 330
    paths = [asked.path for asked in fake.asked if "-lock" not in asked.path]
    assert len(paths) - max(number for number, path in enumerate(paths) if "_bulk" in path) == 2


def test_a_full_disk_is_not_waited_for(tmp_path: Path) -> None:
    """Fault 16: it does not become empty by itself."""
    server = Troubled(FULL)
    server.failing = set(range(10_000))
    with opened(tmp_path, server) as (shop, _, pauses), pytest.raises(EngineError, match="flood-stage watermark"):
        shop.reindex(options=quietly())
    assert pauses == []


def test_a_server_that_never_answered_is_not_waited_for(tmp_path: Path) -> None:
    """Fault 1: a wrong address is said at once."""
    with serving(lambda _: RESET) as fake, HybridSearch.open(settings(tmp_path, engine={"url": fake.url})) as shop:
        for call in (shop.leftovers, shop.rollback, shop.reindex, lambda: shop.engine.changes.position()):
            with pytest.raises(EngineError, match="Cannot reach Elasticsearch"):
                call()
    assert len(fake.asked) == 4 * (1 + MOST_LOST)


def test_a_search_is_not_repeated_for_longer_than_it_may_take(tmp_path: Path) -> None:
    """Fault 5: a shopper does not wait as long as a run does."""
    server = Troubled(AWAY)
    with opened(tmp_path, server, timeout=1.0) as (shop, fake, pauses):
        shop.reindex()
        shop.search("red")
        asked = len(fake.asked)
        server.failing = set(range(10_000))
        started = time.monotonic()
        with pytest.raises(EngineError, match="503"):
            shop.search("red")
        assert time.monotonic() - started < 1.2
    assert 3 < len(fake.asked) - asked < 10
    assert pauses == []


def test_waits_are_given_up_for_a_run_and_not_for_what_comes_after_it() -> None:
    """A run may have just ended when somebody in another thread cancels it."""
    with serving(Model().reply) as fake, closing(ElasticsearchEngine(EngineSection(url=fake.url), Path())) as engine:
        engine.abandon()
        assert not engine.waiting.sleep(0)
        with engine.lease("this test"):
            engine.abandon()
            assert engine.waiting.sleep(0)
        assert not engine.waiting.sleep(0)
