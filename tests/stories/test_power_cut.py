"""Power cuts on the embedded engine: the index opens at the last batch, and the next run ends as if nothing had been.

HYBRIDSEARCH_TEST_CUTS sets how many moments are tried for each start; 1000 are all of them.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hybridsearch import HybridSearch
from hybridsearch.changes import START, Change
from hybridsearch.engines.embedded.stored.changes import FileChanges
from hybridsearch.search.plan import Plan
from hybridsearch.values import Row
from tests.killable import product, rebuild, settings_of, shop_of
from tests.shops import write_products
from tests.stories.disk import Disk, can_record, record

pytestmark = pytest.mark.skipif(not can_record(), reason="recording what is written needs Linux and a C compiler")

CUTS = int(os.environ.get("HYBRIDSEARCH_TEST_CUTS", "15"))
FIRST, SECOND, LATER = 1_000, 2_000, 3_000
"""Versions of the products in two catalogues, and of changes after that."""
CHANGES: list[Row] = [
    product(3, LATER),
    {"id": "p7", "v": LATER + 1},  # a removal
    product(40, LATER + 2),
    product(3, LATER + 3),
    {"id": "p8", "v": LATER + 4},
    product(7, LATER + 5),
]
BEGUN, DONE, LIVE = b"c", b"C", b"L"
"""What the program says, into a file: of a change, and of the rebuild."""


def catalogue(version: int) -> list[Row]:
    """Return products in three batches; those of the first one have no words to encode."""
    rows = [product(number, version + number) for number in range(40)]
    return [{key: value for key, value in row.items() if key != "title"} for row in rows[:16]] + rows[16:]


def newest(*rows: Row) -> dict[str, Row]:
    """Return what a shop holds after rows that grow newer."""
    last = {row["id"]: row for row in rows}
    return {key: row for key, row in last.items() if row.keys() != {"id", "v"}}


def change(shop: HybridSearch, row: Row) -> None:
    shop.upsert([row]) if "title" in row else shop.delete({row["id"]: row["v"]})


def rebuild_and_change(folder: Path) -> None:
    """Rebuild; change products meanwhile, as soon as there is an index, and after it."""
    said = os.open(folder / ".hybridsearch" / "said", os.O_CREAT | os.O_WRONLY)
    waiting = iter(CHANGES)
    with shop_of(settings_of(folder)) as shop:

        def next_change(*_: object) -> None:
            row = next(waiting, None)
            if row is not None:
                os.write(said, BEGUN)
                change(shop, row)
                os.write(said, DONE)

        living = any(each.state == "live" for each in shop.engine.generations())
        rebuild(folder, {}, progress=next_change if living else None)
        os.write(said, LIVE)
        for _ in CHANGES:
            next_change()


def cuts(folder: Path, program: str) -> Iterator[bytes]:
    """Run a function of this module on a folder; yield, for power cuts at some moments of it, what it had said by then.

    What each leaves is in the folder.
    """
    disk = Disk(folder / ".hybridsearch")
    module = "tests.stories.test_power_cut"
    command = f"from pathlib import Path; from {module} import {program}; {program}(Path({str(folder)!r}))"
    calls = record(disk.root, [sys.executable, "-c", command], folder)
    moments = set(random.Random(1).sample(range(len(calls)), min(CUTS, len(calls))))
    said = b""
    for moment, call in enumerate(calls):
        if moment in moments:
            disk.cut(random.Random(moment))
            yield said
        disk.do(call)
        said += call.data * (call.op == "W" and call.data in (BEGUN, DONE, LIVE))


@pytest.mark.parametrize("living", [False, True], ids=["the first index", "another index"])
def test_after_a_power_cut_the_index_is_whole_and_the_next_run_ends_as_if_nothing_had_been(
    tmp_path: Path, living: bool
) -> None:
    """Fault 42: whatever was not synced is kept, lost, halved or scrambled."""
    (tmp_path / ".hybridsearch").mkdir()
    if living:
        write_products(tmp_path / "products.jsonl", catalogue(FIRST))
        rebuild(tmp_path, {})
    write_products(tmp_path / "products.jsonl", [*catalogue(SECOND), {"title": "no id"}, {"id": "bad", "v": "?"}])
    for said in cuts(tmp_path, "rebuild_and_change"):
        begun, done = CHANGES[: said.count(BEGUN)], CHANGES[: said.count(DONE)]
        with shop_of(settings_of(tmp_path)) as shop:
            if living or LIVE in said:
                found = {hit.id: hit.product for hit in shop.engine.search(Plan("browse", "", size=1000))}
                assert shop.engine.check()[-1].state == "ok"
                logged, _ = shop.engine.changes.since(START)  # a run that was cut while it swapped brings them in
                versions = {key: row["v"] for key, row in found.items()} | {each.id: each.version for each in logged}
                for key, row in newest(*catalogue(SECOND if LIVE in said else FIRST), *done).items():
                    assert versions[key] >= row["v"]
            for row in begun[len(done) :]:  # nobody told the shop that it is safe: the shop sends it again
                change(shop, row)
            before = {each.name for each in shop.engine.generations() if each.state == "live"}
        report = rebuild(tmp_path, {})
        assert report.rejected == len(report.rejects_file.read_text().splitlines()) == 2
        with shop_of(settings_of(tmp_path)) as shop:
            found = {hit.id: hit.product for hit in shop.engine.search(Plan("browse", "", size=1000))}
            assert found == newest(*catalogue(SECOND), *begun)
            assert all(each.state in ("live", "kept") for each in shop.engine.generations() if each.name in before)
            assert shop.engine.check()[-1].state == "ok"


def remember(folder: Path) -> None:
    """Write changes into the log, one after the other."""
    said = os.open(folder / ".hybridsearch" / "said", os.O_CREAT | os.O_WRONLY)
    for turn in range(9):
        FileChanges(folder / ".hybridsearch" / "products").record([Change(f"p{turn}", {}, turn)])
        os.write(said, DONE)


def test_a_change_that_was_logged_survives_a_power_cut(tmp_path: Path) -> None:
    """Fault 42: the log of changes."""
    (tmp_path / ".hybridsearch").mkdir()
    for said in cuts(tmp_path, "remember"):
        found, _ = FileChanges(tmp_path / ".hybridsearch" / "products").since(0)
        assert len(found) - said.count(DONE) in (0, 1)
