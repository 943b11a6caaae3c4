"""A storm: for a while the server refuses a third of all requests. Shoppers see none of it, and no change is lost.

Five seconds of it, or as many as HYBRIDSEARCH_TEST_STORM says; `pytest -rP` shows the figures.
"""

import asyncio
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from hybridsearch import AsyncHybridSearch, HybridSearch, Settings
from hybridsearch.errors import HybridSearchError
from tests.servers.fake import Received, Reply, error, passed_on, serving
from tests.shops import FIELDS, quietly, settings

pytestmark = pytest.mark.beside_one_server

SECONDS = float(os.environ.get("HYBRIDSEARCH_TEST_STORM", "5"))
SHARE = 1 / 3
"""Of all requests that fail."""
WORDS = ["red dress", "winter coat", "blue", "rain boots", "red coat"]


@dataclass(slots=True)
class Storm:
    """A proxy in front of a real server that refuses some requests; by a seed, and so the same ones every time."""

    es_url: str
    luck: random.Random = field(default_factory=lambda: random.Random(13))
    blows: bool = False
    asked: Counter[str] = field(default_factory=Counter)
    """Requests while it blew, by path, and those that were refused, by status."""

    def __call__(self, asked: Received) -> Reply:
        if self.blows:
            self.asked["all"] += 1
            self.asked[asked.path.partition("?")[0].rpartition("/")[2]] += 1
            if self.luck.random() < SHARE:
                return self.refusal()
        return passed_on(self.es_url, asked)

    def refusal(self) -> Reply:
        status = self.luck.choice([429, 503])
        self.asked[str(status)] += 1
        kind = "es_rejected_execution_exception" if status == 429 else "unavailable_shards_exception"
        reply = error(status, kind, "too much to do")
        return replace(reply, headers={**reply.headers, "Retry-After": "1"}) if self.luck.random() < 0.1 else reply


@dataclass(slots=True)
class Seen:
    """What shoppers and the shop saw."""

    searches: int = 0
    slowest: float = 0.0
    errors: list[str] = field(default_factory=list)
    written: dict[str, int] = field(default_factory=dict)
    """The price of each product whose change was acknowledged."""
    changes: int = 0

    def search(self, ask: Callable[[], object]) -> None:
        started = time.monotonic()
        try:
            ask()
        except HybridSearchError as failure:
            self.errors.append(str(failure))
        self.note(time.monotonic() - started)

    def note(self, seconds: float) -> None:
        self.searches += 1
        self.slowest = max(self.slowest, seconds)


def shop_with(tmp_path: Path, url: str, index: str) -> Settings:
    fields = {**FIELDS, "version": "price"}
    return settings(tmp_path, fields=fields, engine={"url": url, "index": index, "replicas": 0})


def test_nobody_notices_a_storm_and_no_change_is_lost(tmp_path: Path, es_url: str, index: str) -> None:
    """Attack: a storm of refusals."""
    with HybridSearch.open(shop_with(tmp_path, es_url, index)) as calm:
        calm.reindex(options=quietly())
        storm, seen = Storm(es_url, blows=True), Seen()
        with serving(storm) as fake:
            weather(shop_with(tmp_path, fake.url, index), seen)
        stored = calm.get(list(seen.written))
        calm.engine.refresh(calm.engine.generations()[-1].name)
        found = {hit.id for hit in calm.search("yellow scarf", size=1000)}
    print(f"{seen.searches} searches, slowest {seen.slowest:.1f} s, {seen.changes} changes, {dict(storm.asked)}")
    assert seen.errors == []
    assert seen.searches > 3 * SECONDS
    assert {key: row["price"] for key, row in stored.items()} == seen.written
    assert found == set(seen.written)
    assert storm.asked["429"] + storm.asked["503"] > storm.asked["all"] / 5
    assert storm.asked["_search"] < 2 * seen.searches  # 1.5 requests each, as one of three is refused


def weather(shop: Settings, seen: Seen) -> None:
    """Search in threads and coroutines, and write, for as long as the storm lasts."""
    until = time.monotonic() + SECONDS
    with HybridSearch.open(shop) as opened:
        people = [threading.Thread(target=shopper, args=(opened, seen, until)) for _ in range(3)]
        people += [threading.Thread(target=asyncio.run, args=(visitors(shop, seen, until),))]
        people += [threading.Thread(target=merchant, args=(opened, seen, until))]
        for person in people:
            person.start()
        for person in people:
            person.join()


def shopper(opened: HybridSearch, seen: Seen, until: float) -> None:
    while time.monotonic() < until:
        seen.search(lambda: opened.search(WORDS[seen.searches % len(WORDS)], strict=True))
        time.sleep(0.05)


async def visitors(shop: Settings, seen: Seen, until: float) -> None:
    async def visitor() -> None:
        while time.monotonic() < until:
            started = time.monotonic()
            try:
                await opened.search(WORDS[seen.searches % len(WORDS)], strict=True)
            except HybridSearchError as failure:
                seen.errors.append(str(failure))
            seen.note(time.monotonic() - started)
            await asyncio.sleep(0.05)

    async with AsyncHybridSearch.open(shop) as opened:
        await asyncio.gather(*(visitor() for _ in range(3)))


def merchant(opened: HybridSearch, seen: Seen, until: float) -> None:
    number = 0
    while time.monotonic() < until:
        number += 1
        key = f"new-{number % 7}"
        try:
            done = opened.upsert({"id": key, "title": "Yellow scarf", "price": 100 + number})
        except HybridSearchError as failure:
            seen.errors.append(str(failure))
        else:
            assert (done.written, done.rejects) == (1, ())
            seen.changes += 1
            seen.written[key] = 100 + number
