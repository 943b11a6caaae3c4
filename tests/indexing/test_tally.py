"""What a run counts and remembers, whatever happens to its products, and in however many processes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.changes import Change
from hybridsearch.encoders.calibration import SAMPLE
from hybridsearch.engines.base import Written
from hybridsearch.indexing.build import Built
from hybridsearch.indexing.journal import Position
from hybridsearch.indexing.rejects import RejectsFile
from hybridsearch.indexing.report import Counts
from hybridsearch.indexing.tally import COMPARED, Tally
from hybridsearch.roles import Fields
from hybridsearch.schema import Schema
from hybridsearch.values import Document, Product, Reject, Vector

SCHEMA = Schema(Fields(title="title"))
MEMORY = Path("/dev/shm")
"""Every batch with a reject is synced to the disk."""
FATES = st.sampled_from(["written", "refused by us", "refused by the engine", "unreadable"])
CATALOGUES = st.lists(st.lists(st.tuples(st.integers(0, 20), FATES), min_size=1, max_size=8), max_size=8)
"""Batches of products: the number of each, and what becomes of it."""


@contextmanager
def tallies() -> Iterator[Path]:
    """A folder for a rejects file; yields its path."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(folder) / "rejects.jsonl"


def document(number: int, version: int = 0) -> Document:
    row = {"title": f"hat {number}"}
    return Document(f"p{number}", row, {}, vectors={"words": Vector([1.0, 0.0])}, version=version)


def product(number: int, place: int) -> Product:
    return Product(f"p{number}", {"title": f"hat {number}"}, f"products.jsonl:{place}", place=place)


def batch(numbers: list[tuple[int, str]], place: int) -> tuple[list[Product | Reject], Built, Written]:
    """Return the rows of a batch that begins at a place, what is built of them, and what the engine says."""
    rows: list[Product | Reject] = []
    built, written = Built(), Written()
    for number, fate in numbers:
        row, place = product(number, place), place + 1
        if fate == "unreadable":
            reject = Reject(row.where, None, "read", "no id", place=row.place)
            rows.append(reject)
            built.rejects.append(reject)
            continue
        rows.append(row)
        if fate == "refused by us":
            built.rejects.append(Reject(row.where, row.id, "document", "no price"))
            continue
        built.documents.append(document(number))
        if fate == "refused by the engine":
            written.refused.append(Reject(row.where, row.id, "write", "too long"))
    return rows, built, written


def play(tally: Tally, catalogue: list[list[tuple[int, str]]]) -> None:
    """Let a tally see that the batches of a catalogue were written, from its position on."""
    place = 1
    for numbers in catalogue:
        rows, built, written = batch(numbers, place)
        place += len(rows)
        if 0 < rows[-1].place <= tally.position.cursor:
            tally.remembered(tally.written_before(rows))
        else:
            tally.wrote(rows, built, written)


@given(CATALOGUES)
def test_every_row_is_counted_once_and_every_reject_is_in_the_file(catalogue: list[list[tuple[int, str]]]) -> None:
    fates = [fate for numbers in catalogue for _, fate in numbers]
    with tallies() as path:
        tally = Tally(SCHEMA, RejectsFile(path))
        play(tally, catalogue)
        assert tally.counts == Counts(
            read=len(fates), written=fates.count("written"), rejected=len(fates) - fates.count("written")
        )
        assert len(list(tally.rejects.read())) == tally.counts.rejected
        size = path.stat().st_size if path.exists() else 0
        assert (tally.position.cursor, tally.position.letters) == (len(fates), size)


@given(CATALOGUES)
def test_what_the_engine_must_hold_is_what_it_never_refused(catalogue: list[list[tuple[int, str]]]) -> None:
    given_to_engine = [number for numbers in catalogue for number, fate in numbers if fate in FATES_OF_DOCUMENTS]
    refused = {number for numbers in catalogue for number, fate in numbers if fate == "refused by the engine"}
    with tallies() as path:
        tally = Tally(SCHEMA, RejectsFile(path))
        play(tally, catalogue)
    assert tally.certain() == len(set(given_to_engine) - refused)
    assert tally.duplicates() == len(given_to_engine) - len(set(given_to_engine))
    assert {built.id for built in tally.comparable()} == {f"p{number}" for number in set(given_to_engine) - refused}


FATES_OF_DOCUMENTS = ("written", "refused by the engine")


@given(CATALOGUES, st.integers(0, 8))
def test_a_run_in_two_processes_ends_like_one_in_a_single_process(
    catalogue: list[list[tuple[int, str]]], first: int
) -> None:
    """Fault 28."""
    with tallies() as path, tallies() as other:
        single, earlier = Tally(SCHEMA, RejectsFile(path)), Tally(SCHEMA, RejectsFile(other))
        play(single, catalogue)
        play(earlier, catalogue[:first])
        position = earlier.position
        tally = Tally.of(SCHEMA, RejectsFile(other, size=position.letters), position)
        play(tally, catalogue)
    assert (tally.counts, tally.position.cursor) == (single.counts, single.position.cursor)
    assert (tally.certain(), tally.duplicates(), tally.uncertain) == (
        single.certain(),
        single.duplicates(),
        single.uncertain,
    )


def test_the_position_that_a_run_goes_on_from_is_not_changed(tmp_path: Path) -> None:
    position = Position(cursor=3, counts=Counts(read=3, written=3))
    before = asdict(position)
    tally = Tally.of(SCHEMA, RejectsFile(tmp_path / "rejects.jsonl"), position)
    tally.wrote(*batch([(4, "written")], 4))
    tally.replayed([Change("p4", None)], Built())
    tally.reached("filled")
    assert asdict(position) == before
    assert tally.position.counts == Counts(read=4, written=4, changes=1)


def test_what_changed_during_the_run_is_left_to_the_engine_to_tell(tmp_path: Path) -> None:
    tally = Tally(SCHEMA, RejectsFile(tmp_path / "rejects.jsonl"))
    tally.wrote(*batch([(number, "written") for number in range(5)], 1))
    tally.replayed([Change("p0", {}), Change("new", {})], Built())
    tally.amended([product(1, 0)], Built(documents=[document(1)]), Written(older=1))
    tally.removed(["p2"])
    assert (tally.certain(), tally.uncertain) == (2, {"p0", "p1", "p2", "new"})
    assert {built.id for built in tally.comparable()} == {"p3", "p4"}
    assert tally.counts == Counts(read=5, written=5, older=1, changes=3)


def test_what_a_change_lacks_is_written_down_and_counts_as_no_reject(tmp_path: Path) -> None:
    tally = Tally(SCHEMA, RejectsFile(tmp_path / "rejects.jsonl"))
    flaw = Reject("products.jsonl:1", "p1", "picture", "it is gone")
    tally.wrote([product(1, 1)], Built(documents=[document(1)], flaws=[flaw]), Written())
    tally.replayed([Change("p1", {})], Built(documents=[document(1)], flaws=[flaw]))
    assert tally.counts.rejected == 0
    assert [reject.reason for reject in tally.rejects.read()] == ["it is gone"] * 2


def test_rejects_in_a_row_are_counted_until_something_is_written(tmp_path: Path) -> None:
    tally = Tally(SCHEMA, RejectsFile(tmp_path / "rejects.jsonl"))
    bad = [(number, "refused by us") for number in range(3)]
    for turn in (1, 4):
        rejects = tally.wrote(*batch(bad, turn))
        assert (len(rejects), tally.refused_in_a_row) == (3, turn + 2)
    tally.wrote(*batch([*bad, (9, "written")], 7))
    assert tally.refused_in_a_row == 0


def test_an_older_document_is_not_compared_after_a_newer_one_had_left_the_sample(tmp_path: Path) -> None:
    tally = Tally(SCHEMA, RejectsFile(tmp_path / "rejects.jsonl"))
    tally.rebuilt([document(number, 9) for number in range(3 * COMPARED)])
    tally.rebuilt([document(number, 1) for number in range(3 * COMPARED)] * 3)
    assert [built.version for built in tally.comparable()] == [9] * COMPARED
    assert len(tally.described.items()) == 3 * COMPARED < SAMPLE


def test_each_product_is_as_likely_to_be_compared_as_any_other(tmp_path: Path) -> None:
    """A fault of the first or last products alone must be seen: each of 64 products comes in about half of 400 runs."""
    seen = [0] * (2 * COMPARED)
    for turn in range(400):
        tally = Tally(SCHEMA, RejectsFile(tmp_path / f"rejects-{turn}.jsonl"))
        tally.rebuilt([document(number) for number in range(2 * COMPARED)])
        for built in tally.comparable():
            seen[int(built.id[1:])] += 1
    assert 120 < min(seen) <= max(seen) < 280  # 8 standard deviations
