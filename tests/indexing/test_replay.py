"""Changes that were recorded before a rebuild or during it, and what they become in the new index."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch
from hybridsearch.changes import START, Change
from hybridsearch.indexing import replay
from hybridsearch.indexing.build import building
from tests.indexing.builders import rows
from tests.killable import product
from tests.shops import quietly, write_products


def test_a_removed_product_stays_gone_after_a_rebuild_from_an_older_catalogue(versioned: HybridSearch) -> None:
    """Faults 26 and 38: the catalogue was written down before the change."""
    versioned.delete(["p1"])
    versioned.upsert([product(2, 12), product(11, 12)])
    report = versioned.reindex()
    assert (report.indexed, report.changes) == (10, 3)
    assert rows(versioned, "p1", "p2", "p11") == {"p2": product(2, 12), "p11": product(11, 12)}


@pytest.mark.parametrize("during", [False, True], ids=["before the run", "during the run"])
def test_a_removal_of_a_product_that_only_the_catalogue_knows_needs_its_version(
    versioned: HybridSearch, tmp_path: Path, during: bool
) -> None:
    """Fault 26: without one it counts as the oldest change."""
    write_products(tmp_path / "products.jsonl", [product(number, 10) for number in range(14)])
    removals: list[Any] = [{"p10": 9}, {"p11": 10}, {"p12": 11}, ["p13"]]

    def remove(*_: object) -> None:
        while removals:
            versioned.delete(removals.pop())

    if not during:
        remove()
    versioned.reindex(remove, quietly())
    assert set(rows(versioned, "p10", "p11", "p12", "p13")) == {"p10", "p13"}


def test_changes_are_applied_as_often_as_they_come_and_what_is_refused_is_told(versioned: HybridSearch) -> None:
    """Fault 25: a run that was killed replays them again."""
    changes = [Change("p1", product(1, 20), 20), Change("p2", None, 20), Change("p3", {"id": "p3", "v": "?"}, 20)]
    schema = versioned.engine.schema()
    with building(versioned.settings, schema, versioned.encoders, ThreadPoolExecutor) as builder:
        for _ in range(2):
            built = replay.apply(versioned.engine, None, builder, changes, START)
            assert [(reject.id, reject.where) for reject in built.rejects] == [("p3", "change of p3")]
            assert rows(versioned, "p1", "p2", "p3") == {"p1": product(1, 20), "p3": product(3, 10)}


def test_the_log_is_read_page_by_page_until_it_ends(versioned: HybridSearch) -> None:
    log = versioned.engine.changes
    for version in (20, 21):
        log.record([Change(f"p{number}", product(number, version), version) for number in range(700)])
    ids = [change.id for changes, _ in replay.pages(log, START) for change in changes]
    assert sorted(ids) == sorted(f"p{number}" for number in range(700))
    *_, (_, last) = replay.pages(log, START)
    assert list(replay.pages(log, last)) == []
