"""The log of changes on a disk that flips bits: noticed, and kept as far as it can be read by the command `repair`."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from hybridsearch.changes import START, Change
from hybridsearch.engines.embedded.stored import change_file
from hybridsearch.engines.embedded.stored.changes import FileChanges
from hybridsearch.errors import EngineError, StoreDamaged
from tests.shops import FIELDS, Run, quietly, runner, shop, write_config

CHANGES = [Change(f"p{turn}", {"title": f"red dress {turn}"} if turn % 4 else None, turn or None) for turn in range(60)]
LATER = [Change("p7", {}, 6), Change("p8", {}, 9), Change("new", {}, 1)]
FLIPS = 100
VERSIONED = {**FIELDS, "version": "v"}
SCARF = {"id": "8", "title": "Yellow scarf", "v": 1}


@pytest.fixture
def log(tmp_path: Path) -> FileChanges:
    """A log of some changes, the last of which was withdrawn."""
    found = FileChanges(tmp_path)
    found.record(CHANGES)
    found.record([Change("gone", {}, 1)])
    found.withdraw([Change("gone", {}, 1)], {})
    return found


def everything(log: FileChanges) -> list[object]:
    """Return what a log tells, and what it does with more changes."""
    told = [log.since(START), log.position(), log.newest(LATER)]
    recorded = log.record(LATER)
    return [*told, recorded.accepted, dict(recorded.before), log.since(START), log.position()]


def flip(path: Path, luck: random.Random) -> None:
    """Flip one bit of a file."""
    data = bytearray(path.read_bytes())
    data[luck.randrange(len(data))] ^= 1 << luck.randrange(8)
    path.write_bytes(data)


def test_a_flipped_bit_is_noticed_or_changes_nothing_and_a_repair_loses_nothing_silently(log: FileChanges) -> None:
    """Attack: a flipped bit in changes.db."""
    intact, luck, noticed = log.path.read_bytes(), random.Random(1), 0
    expected = everything(log)
    for _ in range(FLIPS):
        log.path.write_bytes(intact)
        flip(log.path, luck)
        try:
            assert everything(log) == expected
        except EngineError:
            noticed += 1
            said = " ".join(log.repair())
            kept, _ = log.since(START)
            assert all(change in [*CHANGES, *LATER] for change in kept)
            missing = {change.id for change in CHANGES} - {change.id for change in kept}
            assert "cannot be named" in said or all(f"'{key}'" in said for key in missing)
            assert log.record([Change("next", {}, 1)]).accepted
            assert log.position() > expected[1]  # type: ignore[operator]
    assert noticed > FLIPS / 10


def damage(path: Path, key: str) -> None:
    """Change the row of a product, as a flipped bit does."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE changes SET row = replace(row, 'e', 'f') WHERE id = ?", (key,))


def test_a_change_that_does_not_match_its_checksum_is_never_read(log: FileChanges) -> None:
    damage(log.path, "p7")
    for read in (
        lambda: log.since(START),
        log.position,
        log.verify,
        lambda: log.forget(1.0),
        lambda: log.newest([Change("p7", {}, 9)]),
        lambda: log.record([Change("p7", {}, 9)]),
    ):
        with pytest.raises(StoreDamaged) as refused:
            read()
        assert str(refused.value) == (
            f"'{log.path}' is damaged: the change of product 'p7' does not match its checksum. "
            "Keep what can be read of it with: hybridsearch repair"
        )
    assert log.record([Change("p9", {}, 9)]).accepted  # it is not about this product


def test_a_repair_keeps_every_other_change_and_its_position_and_names_what_is_missing(log: FileChanges) -> None:
    before, position = log.since(START)
    damage(log.path, "p7")
    damaged = log.path.read_bytes()
    aside = log.path.with_name("changes.db.damaged")
    assert log.repair() == [
        f"The log of changes was damaged. It is now '{aside}'; a new one has the 59 changes that can be read.",
        "Missing are the changes of 1 products: 'p7'. They are in the live index still, and will be in the next one "
        "only if the catalogue has them: before the next reindex write them there, or send them again by upsert and "
        "delete.",
    ]
    assert aside.read_bytes() == damaged
    assert log.since(START) == ([change for change in before if change.id != "p7"], position)
    assert log.verify() == 59


def test_of_a_file_in_which_nothing_can_be_read_that_is_said(log: FileChanges) -> None:
    position = log.position()
    log.path.write_bytes(b"no database at all " * 300)
    with pytest.raises(StoreDamaged, match="hybridsearch repair"):
        log.verify()
    assert "perhaps changes of products that cannot be named" in " ".join(log.repair())
    assert log.record(LATER).accepted == LATER
    assert log.position() > position


def made_before(path: Path, changes: Sequence[Change]) -> None:
    """Write a log as the version without checksums did."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(change_file.TABLE)
        for entry in (change_file.Entry.of(0, change, change.precedence) for change in changes):
            columns = "INSERT OR REPLACE INTO changes (id, row, version, place, time) VALUES (?,?,?,?,?)"
            db.execute(columns, entry[1:6])


def test_a_log_of_an_earlier_version_is_read_and_gets_checksums_with_the_next_change(tmp_path: Path) -> None:
    log = FileChanges(tmp_path)
    made_before(log.path, CHANGES)
    assert log.since(START) == (CHANGES, 60)
    assert log.newest(LATER) == LATER[1:]
    assert log.verify() == 60
    log.record([Change("new", {}, 1)])
    assert log.since(START) == ([*CHANGES, Change("new", {}, 1)], 61)
    damage(log.path, "p7")
    with pytest.raises(StoreDamaged, match="'p7' does not match its checksum"):
        log.since(START)


def test_an_earlier_version_may_write_to_the_log_as_well(log: FileChanges) -> None:
    made_before(log.path, [Change("p7", None, 70)])
    assert log.since(START)[0][-1] == Change("p7", None, 70)
    assert log.record([Change("p7", {}, 71)]).before == {"p7": Change("p7", None, 70)}
    assert log.verify() == 60


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    write_config(tmp_path, fields=VERSIONED)
    return runner(tmp_path, monkeypatch, capfdbinary)


def test_a_shop_with_a_damaged_log_is_told_the_way_out_and_it_leads_out(tmp_path: Path, run: Run) -> None:
    """Attack: a flipped bit in changes.db, of a whole shop."""
    with shop(tmp_path, fields=VERSIONED) as open_shop:
        open_shop.upsert([SCARF, {"id": "9", "title": "Yellow hat", "v": 2}])
        open_shop.delete(["1"])
        path = open_shop.engine.changes.path  # type: ignore[attr-defined]
    assert "3 are remembered, checksums match" in run("doctor")[1]
    damage(path, "8")
    code, out, _ = run("doctor")
    assert code == 3
    assert "'8' does not match its checksum" in out
    assert "→ hybridsearch repair" in out
    assert run("reindex")[0::2] == (3, f"Error: {refusal(path)}\n")
    code, out, _ = run("repair")
    assert code == 0
    assert "Missing are the changes of 1 products: '8'. They are in the live index still" in out
    assert run("repair")[1] == "Nothing to repair.\n"
    with shop(tmp_path, fields=VERSIONED) as open_shop:
        open_shop.upsert(SCARF)
        open_shop.reindex(options=quietly())
        assert {hit.id for hit in open_shop.search("yellow")} == {"8", "9"}


def refusal(path: Path) -> str:
    """Return what is said about the log with the damaged product 8."""
    return (
        f"'{path}' is damaged: the change of product '8' does not match its checksum. "
        "Keep what can be read of it with: hybridsearch repair"
    )
