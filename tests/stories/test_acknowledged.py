"""Real kills at random moments of everything that writes: what a shop was told is done is found again.

HYBRIDSEARCH_TEST_KILLS sets the number of kills for each engine; a server gets half as many.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest

from hybridsearch import HybridSearch
from hybridsearch.errors import GateError
from hybridsearch.indexing import fill
from hybridsearch.indexing.fill import Options
from hybridsearch.runtime import failpoints
from hybridsearch.runtime.failpoints import POINTS
from hybridsearch.values import Row
from tests.killable import BATCH, Hashed, product, settings_of, shop_of
from tests.shops import write_products

pytestmark = pytest.mark.beside_one_server

KILLS = int(os.environ.get("HYBRIDSEARCH_TEST_KILLS", "20"))
PRODUCTS = 3 * BATCH
LONGEST_LIFE = 0.6
"""Seconds after which a process is killed at the latest."""
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.stories.test_acknowledged"])

State = Row | None
"""What a product is: its row, or None where it was removed."""


def calls(luck: random.Random, clock: int) -> Iterator[tuple[str, dict[str, State]]]:
    """Yield what a shop does, without end: the method, and the products that it changes. Versions grow from a clock."""
    while True:
        method = luck.choices(("upsert", "update", "delete", "reindex", "rollback", "clean"), (6, 6, 4, 2, 2, 1))[0]
        numbers = luck.sample(range(PRODUCTS + BATCH), luck.choice((1, 5, 2 * BATCH)))
        if method == "upsert":
            yield method, {f"p{number}": product(number, clock + turn) for turn, number in enumerate(numbers, 1)}
        elif method == "update":
            names = ["v", luck.choice(("title", "stock"))]
            rows = [{**product(number, clock + turn), "stock": clock} for turn, number in enumerate(numbers, 1)]
            yield method, {str(row["id"]): {name: row[name] for name in names} for row in rows}
        else:
            yield method, {f"p{number}": None for number in numbers if method == "delete"}
        clock += 100


def call(shop: HybridSearch, method: str, changes: dict[str, State], version: int) -> None:
    """Do one thing of those that `calls` yields."""
    match method:
        case "upsert":
            assert not shop.upsert([row for row in changes.values() if row is not None]).rejects
        case "update":
            shop.update([{"id": key, **fields} for key, fields in changes.items() if fields is not None])
        case "delete":
            shop.delete(dict.fromkeys(changes, version))
        case "reindex":
            with mock.patch.object(fill, "BATCH", BATCH):
                shop.reindex(None, Options(say=lambda _: None))
        case "rollback":
            with suppress(GateError):  # a rebuild that was killed may have left none to return to
                shop.rollback()
        case "clean":
            shop.clean(shop.leftovers())


def live_and_report(folder: Path, engine: dict[str, Any], seed: int, clock: int, point: str = "") -> None:
    """Call one method after another until the process is killed; note when each begins and when it is done."""
    failpoints.arm(point)
    with (folder / "calls.jsonl").open("ab", buffering=0) as notes, shop_of(settings_of(folder, **engine)) as shop:
        for method, changes in calls(random.Random(seed), clock):
            version = clock + 99
            notes.write(json.dumps(["begun", method, changes, version]).encode() + b"\n")
            call(shop, method, changes, version)
            notes.write(b'["done"]\n')
            clock += 100


@dataclass(slots=True)
class Life:
    """A shop whose processes are killed one after another.

    Attributes:
        states: What each product may be: what was acknowledged, and what killed calls would have made of it since.
        begun: How many calls of each method were killed.
    """

    folder: Path
    engine: dict[str, Any]
    luck: random.Random = field(default_factory=lambda: random.Random(1))
    clock: int = 1_000
    states: dict[str, list[State]] = field(default_factory=dict)
    begun: Counter[str] = field(default_factory=Counter)

    def begin(self) -> None:
        """Build the index of a catalogue that never changes, whose products have the lowest versions."""
        rows = [product(number, number) for number in range(PRODUCTS)]
        write_products(self.folder / "products.jsonl", rows)
        self.states = {str(row["id"]): [row] for row in rows}
        with self.open() as shop:
            call(shop, "reindex", {}, 0)
            call(shop, "reindex", {}, 0)  # so that there is a generation to return to

    def open(self) -> HybridSearch:
        """Open the shop."""
        return shop_of(settings_of(self.folder, **self.engine))

    def die(self, point: str = "") -> None:
        """Live until the process is killed, at a point or at a random moment, and take note of what it did."""
        notes = self.folder / "calls.jsonl"
        notes.unlink(missing_ok=True)
        arguments = (self.folder, self.engine, self.luck.randrange(10**9), self.clock, point)
        process = FORKS.Process(target=live_and_report, args=arguments)
        process.start()
        deadline = time.monotonic() + 30
        while not notes.exists() and process.is_alive() and time.monotonic() < deadline:
            time.sleep(0.002)
        process.join(30 if point else self.luck.uniform(0, LONGEST_LIFE))
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL, process.exitcode
        lines = [json.loads(line) for line in notes.read_bytes().split(b"\n")[:-1]]
        for note, following in pairwise([*lines, None]):
            if note[0] == "begun":
                self.take(*note[1:], done=following is not None)
        self.clock += 100 * (len(lines) + 1)

    def take(self, method: str, changes: dict[str, State], version: int, *, done: bool) -> None:  # noqa: ARG002
        """Take note of one call."""
        self.begun[method] += not done
        for key, change in changes.items():
            before = self.states.get(key, [None])
            after = [changed(state, change) for state in before] if method == "update" else [change]
            # Fields of a product whose removal was logged, by a call that was killed, are no change.
            unsure = not done or (method == "update" and None in before)
            self.states[key] = [*before, *(state for state in after if state not in before)] if unsure else after

    def require_what_was_acknowledged(self) -> None:
        """Compare every product of the live index with what is known, its vector and the total included."""
        with self.open() as shop:
            live = next(generation.name for generation in shop.engine.generations() if generation.state == "live")
            if self.engine:
                shop.engine.refresh(live)
            stored = shop.engine.stored(live, sorted(self.states))
            for key, possible in self.states.items():
                assert (stored[key].row if key in stored else None) in possible, key
            titles = [str(stored[key].row["title"]) for key in stored]
            vectors = [stored[key].vectors["words"].array for key in stored]
            np.testing.assert_allclose(np.reshape(vectors, (-1, Hashed.dims)), Hashed().encode_texts(titles), atol=1e-6)
            assert shop.search("red dress").total == len(stored)

    def require_recovery(self) -> None:
        """See that the next rebuild goes well."""
        with self.open() as shop:
            call(shop, "reindex", {}, 0)
            assert {generation.state for generation in shop.engine.generations()} <= {"live", "kept", "unfinished"}
        self.require_what_was_acknowledged()


def changed(state: State, fields: State) -> State:
    """Return a product with other values of some fields; one that is not there stays away."""
    return None if state is None else {**state, **(fields or {})}


def through_random_kills(life: Life, kills: int) -> None:
    """Live through kills at random moments."""
    life.begin()
    for _ in range(kills):
        life.die()
        life.require_what_was_acknowledged()
    life.require_recovery()
    print(f"killed in: {dict(life.begun)}")


def through_kills_at_points(life: Life) -> None:
    """Live through a kill at each point of a change and a rollback."""
    life.begin()
    for point in POINTS:
        if point.startswith(("change", "rollback")):
            life.die(point)
            life.require_what_was_acknowledged()
    life.require_recovery()


def test_what_was_acknowledged_survives_kills_at_any_moment(tmp_path: Path) -> None:
    through_random_kills(Life(tmp_path, {}), KILLS)


def test_what_was_acknowledged_survives_kills_at_any_moment_on_a_server(
    tmp_path: Path, es_url: str, index: str
) -> None:
    through_random_kills(Life(tmp_path, {"url": es_url, "index": index, "replicas": 0}), KILLS // 2)


def test_what_was_acknowledged_survives_a_kill_at_each_point_of_a_change(tmp_path: Path) -> None:
    through_kills_at_points(Life(tmp_path, {}))


def test_what_was_acknowledged_survives_a_kill_at_each_point_of_a_change_on_a_server(
    tmp_path: Path, es_url: str, index: str
) -> None:
    through_kills_at_points(Life(tmp_path, {"url": es_url, "index": index, "replicas": 0}))
