"""Real kills: a rebuild dies at every named point and at random moments, and the next one ends as if nothing had been.

HYBRIDSEARCH_TEST_KILLS sets the number of random moments for each engine; a server gets half as many.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hybridsearch.disk.home import Home
from hybridsearch.indexing.journal import Journal
from hybridsearch.runtime.failpoints import POINTS
from hybridsearch.values import Row
from tests.killable import BATCH, Hashed, product, rebuild, rebuild_quietly, settings_of, shop_of
from tests.shops import write_products

pytestmark = pytest.mark.beside_one_server

KILLS = int(os.environ.get("HYBRIDSEARCH_TEST_KILLS", "15"))
PRODUCTS = 5 * BATCH + 3
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.killable"])


@dataclass(slots=True)
class Rounds:
    """A shop that lives through one rebuild after another."""

    folder: Path
    engine: dict[str, Any]
    luck: random.Random = field(default_factory=lambda: random.Random(1))
    truth: dict[str, Row] = field(default_factory=dict)
    clock: int = 0
    rows: int = 0

    def change(self, *, upserts: bool) -> None:
        """Write the catalogue down, and then change some products behind its back."""
        self.clock += 1
        for number in range(PRODUCTS):
            self.truth[f"p{number}"] = product(number, 1_000 * self.clock + number)
        self.rows = len(self.truth)
        bad = [{"title": "no id"}, {"id": "bad", "v": "?"}]
        write_products(self.folder / "products.jsonl", [*self.truth.values(), *bad])
        if upserts:
            with shop_of(settings_of(self.folder, **self.engine)) as shop:
                changed = [product(number, 1_000 * self.clock + 500 + number) for number in (1, 40, PRODUCTS)]
                shop.upsert(changed)
                self.truth |= {str(row["id"]): row for row in changed}
                shop.delete({"p2": 1_000 * self.clock + 999})
                del self.truth["p2"]

    def die(self, point: str) -> int | None:
        """Rebuild in a process that dies at a point; return how it ended."""
        process = FORKS.Process(target=rebuild_quietly, args=(self.folder, self.engine, point))
        process.start()
        process.join(60)
        return process.exitcode

    def die_after(self, seconds: float) -> int | None:
        """Rebuild in a process that is killed after a time."""
        process = FORKS.Process(target=rebuild_quietly, args=(self.folder, self.engine))
        process.start()
        process.join(seconds)
        process.kill()
        process.join(60)
        return process.exitcode

    def recover(self) -> Any:
        """Run the same command again and compare everything with what the shop has."""
        settings = settings_of(self.folder, **self.engine)
        journal = Journal(Home(settings.home).journal(settings.engine.index))
        before = journal.load()
        report = rebuild(self.folder, self.engine)
        if before is not None:
            assert report.resumed == before[1].counts.read
        with shop_of(settings) as shop:
            shop.clean(shop.leftovers())
            found = shop.engine.generations()
            assert sorted(each.state for each in found) == ["kept", "live"][-len(found) :]
            (live,) = (each.name for each in found if each.state == "live")
            assert report.generation == live
            shop.engine.refresh(live)
            ids = [*self.truth, "p2", "bad"]
            stored = shop.engine.stored(live, ids)
            assert {key: each.row for key, each in stored.items()} == self.truth
            assert [each.documents for each in shop.engine.generations() if each.state == "live"] == [len(self.truth)]
            vectors = Hashed().encode_texts([str(row["title"]) for row in self.truth.values()])
            kept = np.array([stored[key].vectors["words"].array for key in self.truth])
            np.testing.assert_allclose(kept, vectors, atol=1e-6)
        assert journal.load() is None
        assert report.rejected == 2
        rejects = [json.loads(line) for line in report.rejects_file.read_text().splitlines()]
        assert [(each["where"], each["id"]) for each in rejects] == [
            (f"products.jsonl:{self.rows + 1}", None),
            (f"products.jsonl:{self.rows + 2}", "bad"),
        ]
        return report


def at_every_point(rounds: Rounds, turns: Sequence[int]) -> int:
    """Live through a kill at every point, those of a batch in several turns; return how many there were."""
    rounds.change(upserts=False)
    rebuild(rounds.folder, rounds.engine)
    kills = 0
    for point in POINTS:
        if point.startswith(("change", "rollback")):
            continue  # test_acknowledged.py
        for turn in turns if point.startswith("chunk") else (1,):
            rounds.change(upserts=True)
            ended = rounds.die(f"{point}:{turn}")
            assert ended in (-signal.SIGKILL, 0), (point, ended)
            kills += ended == -signal.SIGKILL
            rounds.recover()
    return kills


def at_random_moments(rounds: Rounds, kills: int) -> int:
    """Live through kills at random moments; return how many came before the end of the run."""
    rounds.change(upserts=False)
    rebuild(rounds.folder, rounds.engine)
    rounds.change(upserts=True)
    started = time.monotonic()
    assert rounds.die("") == 0
    whole = time.monotonic() - started
    rounds.recover()
    early = 0
    for _ in range(kills):
        rounds.change(upserts=True)
        early += rounds.die_after(rounds.luck.uniform(0, whole)) == -signal.SIGKILL
        rounds.recover()
    return early


def test_a_rebuild_killed_at_any_point_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    """Faults 28, 35 and 42, on the embedded engine."""
    assert at_every_point(Rounds(tmp_path, {}), (1, 3)) >= 20


def test_a_rebuild_on_a_server_killed_at_any_point_ends_as_if_it_had_not_been(
    tmp_path: Path, es_url: str, index: str
) -> None:
    """Faults 28 and 35."""
    assert at_every_point(Rounds(tmp_path, {"url": es_url, "index": index, "replicas": 0}), (2,)) >= 20


def test_a_rebuild_killed_at_random_moments_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    """Faults 28, 35 and 42, on the embedded engine."""
    assert at_random_moments(Rounds(tmp_path, {}), KILLS) >= KILLS // 3


def test_a_rebuild_on_a_server_killed_at_random_moments_ends_as_if_it_had_not_been(
    tmp_path: Path, es_url: str, index: str
) -> None:
    """Faults 28 and 35."""
    rounds = Rounds(tmp_path, {"url": es_url, "index": index, "replicas": 0})
    assert at_random_moments(rounds, KILLS // 2) >= KILLS // 6
