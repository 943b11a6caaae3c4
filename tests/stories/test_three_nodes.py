"""Three nodes of one cluster, of which one is killed: during searches, before and during a rebuild. Nothing is lost.

Each test finds all three running, and leaves them as they are.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from hybridsearch import HybridSearch
from hybridsearch.engines.elasticsearch import bulk
from hybridsearch.engines.elasticsearch.generations import Generations
from hybridsearch.engines.elasticsearch.transport import retry
from hybridsearch.errors import EngineError
from hybridsearch.indexing import fill
from hybridsearch.indexing.fill import Options
from hybridsearch.values import Page
from tests.killable import product, settings_of, shop_of
from tests.servers.cluster import Cluster
from tests.shops import quietly, write_products

PRODUCTS = 600
SHARDS = 3
QUERIES = ("red dress", "n17", "dress n42 red", "n599")
STREAMS = 3


@contextmanager
def opened(folder: Path, cluster: Cluster, version: int | None = None) -> Iterator[HybridSearch]:
    """Open a shop that knows all nodes and has a replica, with a catalogue in some version, or as it is."""
    if version is not None:
        write_products(folder / "products.jsonl", list(catalogue(version).values()))
    index = f"shop-{folder.name[-40:].lower().replace('_', '-')}"
    with shop_of(settings_of(folder, url=cluster.urls, index=index, shards=SHARDS)) as shop:
        yield shop


def shown(page: Page) -> tuple[int, list[str]]:
    return page.total, [hit.id for hit in page.hits]


class Stream:
    """Searches that go on in threads, with what came of them."""

    def __init__(self, shop: HybridSearch) -> None:
        self.shop = shop
        self.expected = {query: shown(shop.search(query)) for query in QUERIES}
        self.pages: list[Page] = []
        self.wrong: list[object] = []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.search, args=(seed,)) for seed in range(STREAMS)]

    def search(self, seed: int) -> None:
        luck = random.Random(seed)
        while not self.over.is_set():
            query = luck.choice(QUERIES)
            try:
                page = self.shop.search(query)
            except Exception as error:
                self.wrong.append((query, error))
            else:
                self.pages.append(page)
                if not page.degraded and shown(page) != self.expected[query]:
                    self.wrong.append((query, page))

    def __enter__(self) -> Stream:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()

    def more(self, count: int) -> None:
        """Wait for so many more answers."""
        wanted, deadline = len(self.pages) + count, time.monotonic() + 60
        while len(self.pages) < wanted and not self.wrong and time.monotonic() < deadline:
            time.sleep(0.01)


@contextmanager
def dying_early(cluster: Cluster) -> Iterator[None]:
    """Kill the node with a part of the new index as its third batch is written, and let the run soon give up."""
    write, turns = bulk.Sender.attempt, iter(range(1_000))

    def attempt(sender: bulk.Sender, client: Any, target: str, *rest: Any) -> Any:
        if target.endswith("-filling") and next(turns) == 2:
            cluster.holding(target.removesuffix("-filling"))[0].kill()
        return write(sender, client, target, *rest)

    with (
        mock.patch.object(bulk.Sender, "attempt", attempt),
        mock.patch.object(bulk, "SHARD_AWAY", "1s"),
        mock.patch.object(retry, "BUDGET", 2.0),
        mock.patch.object(fill, "BATCH", 64),
    ):
        yield


def rows(shop: HybridSearch) -> dict[str, Any]:
    """Return what the live index holds."""
    return dict(shop.get([f"p{number}" for number in range(PRODUCTS + 5)]))


def catalogue(version: int) -> dict[str, Any]:
    return {f"p{number}": product(number, version) for number in range(PRODUCTS)}


def test_an_index_has_its_copies_before_it_is_searched(tmp_path: Path, cluster: Cluster) -> None:
    """Fault 20: a node that ended just after a swap took a part of the shop with it, though the index had replicas."""
    found: list[tuple[str, int]] = []
    switch = Generations.switch

    def look(generations: Generations, generation: str) -> None:
        health = cluster.get(f"/_cluster/health/{generation}")
        found.append((health["status"], health["active_shards"]))
        switch(generations, generation)

    with opened(tmp_path, cluster, version=1) as shop, mock.patch.object(Generations, "switch", look):
        shop.reindex(options=quietly())
    assert found == [("green", 2 * SHARDS)]


def test_the_master_dies_while_shoppers_search_and_the_shop_goes_on_and_is_rebuilt_without_it(
    tmp_path: Path, cluster: Cluster
) -> None:
    """Fault 20."""
    with opened(tmp_path, cluster, version=1) as shop:
        shop.reindex(options=quietly())
        with Stream(shop) as stream:
            stream.more(20)
            cluster.master().kill()
            stream.more(60)
            assert not stream.wrong
            assert not any(page.degraded for page in stream.pages[-20:])
        shop.upsert([product(PRODUCTS, 2)])
        assert len(rows(shop)) == PRODUCTS + 1
    with opened(tmp_path, cluster, version=3) as shop:
        shop.reindex(options=quietly())
        assert rows(shop) == {**catalogue(3), f"p{PRODUCTS}": product(PRODUCTS, 2)}
        live = next(each.name for each in shop.engine.generations() if each.state == "live")
        assert cluster.get(f"/_cluster/health/{live}")["active_shards"] == 2 * SHARDS  # on the two nodes that are left


def test_a_rebuild_that_loses_its_only_copy_ends_and_the_next_one_begins_anew(tmp_path: Path, cluster: Cluster) -> None:
    """Fault 19."""
    with opened(tmp_path, cluster, version=1) as shop:
        shop.reindex(options=quietly())
        expected = {query: shown(shop.search(query)) for query in QUERIES}

    with opened(tmp_path, cluster, version=2) as shop, Stream(shop) as stream, dying_early(cluster):
        with pytest.raises(EngineError) as ended:
            shop.reindex(options=quietly())
        stream.more(20)
    assert "Nodes of the cluster are away" in str(ended.value)
    assert not stream.wrong
    said: list[str] = []
    with opened(tmp_path, cluster) as shop:
        assert {query: shown(shop.search(query)) for query in QUERIES} == expected  # the old index is as it was
        shop.reindex(options=Options(say=said.append))
        assert rows(shop) == catalogue(2)
    assert "is lost with a node of the cluster. Starting a new one." in said[0]
