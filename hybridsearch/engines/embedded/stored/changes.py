"""The log of changes in a SQLite file beside the generations: the last change of each product."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from hybridsearch.changes import Change, Recorded
from hybridsearch.disk.durable import sync_folder
from hybridsearch.disk.errors import damaged, explained
from hybridsearch.disk.lock import FileLock
from hybridsearch.disk.modes import create, write
from hybridsearch.engines.embedded.stored import change_file
from hybridsearch.engines.embedded.stored.change_file import Entry, Salvaged, entries
from hybridsearch.runtime import forks

NAME = "changes.db"
PAGE = 500
TIMEOUT = 30.0
"""Seconds for another process to finish its write."""
REPAIR = "hybridsearch repair"
REMEDY = f"Keep what can be read of it with: {REPAIR}"


class FileChanges:
    """The change log of one folder; the protocol in hybridsearch/changes.py says what the methods do.

    Every change that is read is compared with its checksum; the whole log is when it is read to its end.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME

    def known(self, ids: Sequence[str]) -> Mapping[str, Change]:
        if not self._exists():
            return {}
        with self._opened() as db:
            logged = ((key, self._known(db, key)) for key in ids)
            return {key: entry.to_change() for key, entry in logged if entry is not None}

    def newest(self, changes: Sequence[Change]) -> list[Change]:
        if not self._exists():
            return list(changes)
        with self._opened() as db:
            known = {change.id: self._known(db, change.id) for change in changes}
        return [change for change in changes if is_newest(change, known[change.id])]

    def record(self, changes: Sequence[Change]) -> Recorded:
        recorded, before = Recorded([]), {}
        with self._writing() as db:
            for change in changes:
                known = self._known(db, change.id)
                if not is_newest(change, known):
                    continue
                told = change.onto(known.to_change() if known else None)
                remember(db, told, change.precedence)
                recorded.accepted.append(told)
                if known is not None:
                    before[change.id] = known.to_change()
        recorded.before = before
        return recorded

    def withdraw(self, changes: Sequence[Change], before: Mapping[str, Change]) -> None:
        with self._writing() as db:
            for change in changes:
                known = self._known(db, change.id)
                if known is None or known.to_change() != change:
                    continue
                if change.id in before:
                    remember(db, before[change.id], change.precedence)
                else:
                    db.execute("DELETE FROM changes WHERE id = ?", (change.id,))

    def position(self) -> int:
        if not self._exists():
            return 0
        with self._opened() as db:
            self._require_none(change_file.flaws(db))
            return max((entry.seq for entry in entries(db, "ORDER BY seq DESC LIMIT 1")), default=0)

    def since(self, position: int) -> tuple[list[Change], int]:
        if not self._exists():
            return [], position
        with self._opened() as db:
            page = list(entries(db, "WHERE seq > ? ORDER BY seq LIMIT ?", position, PAGE))
            if len(page) < PAGE:  # this is the last: now all of them were seen
                self._require_none(change_file.flaws(db))
        for entry in page:
            self._require_match(entry)
        return [entry.to_change() for entry in page], page[-1].seq if page else position

    def forget(self, hours: float) -> None:
        if self._exists():
            with self._writing() as db:
                self._require_none(change_file.flaws(db))
                db.execute("DELETE FROM changes WHERE time < ?", (time.time() - hours * 3600,))

    def verify(self) -> int | None:
        """Compare everything with its checksums, and return the number of changes; None if nothing was ever recorded.

        Raises:
            StoreDamaged: Something does not match.
        """
        if not self._exists():
            return None
        with self._opened() as db:
            self._require_none(change_file.flaws(db))
            return sum(1 for _ in entries(db))

    def repair(self) -> list[str]:
        """Put a damaged log aside, start a new one with all that can be read of it, and return what that means."""
        aside, new = (self.path.with_name(f"{NAME}.{suffix}") for suffix in ("damaged", "tmp"))
        with self._alone(), explained(self.path, REMEDY):
            salvaged = change_file.salvage(self.path)
            new.unlink(missing_ok=True)
            with opened(new) as db, db:
                db.execute("BEGIN IMMEDIATE")
                change_file.begin(db, salvaged)
            write(aside, self.path.read_bytes())
            new.replace(self.path)
            sync_folder(self.path.parent)
        return list(outcome(salvaged, aside))

    def _exists(self) -> bool:
        with explained(self.path):
            return self.path.exists()

    def _known(self, db: sqlite3.Connection, key: str) -> Entry | None:
        """Return the entry of a product, if there is one."""
        known = next(entries(db, "WHERE id = ?", key), None)
        if known is not None:
            self._require_match(known)
        return known

    def _require_match(self, entry: Entry) -> None:
        self._require_none(change_file.entry_flaws([entry]))

    def _require_none(self, flaws: Iterator[str]) -> None:
        for flaw in flaws:
            raise damaged(self.path, flaw, REMEDY)

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with explained(self.path, REMEDY), opened(self.path) as db:
            yield db

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction, if it is sound."""
        with self._alone(), self._opened() as db, db:
            db.execute("BEGIN IMMEDIATE")
            self._require_none(change_file.structural_flaws(db))
            change_file.prepare(db)
            yield db
            change_file.count(db, change_file.last_position(db))

    def _alone(self) -> FileLock:
        """Return the right to write: what is written while the file is replaced would be lost."""
        return FileLock(self.path.with_suffix(".lock"), "recording changes in", timeout=TIMEOUT)


def outcome(salvaged: Salvaged, aside: Path) -> Iterator[str]:
    """Yield what became of a damaged log, and what that means."""
    kept = len(salvaged.kept)
    yield f"The log of changes was damaged. It is now '{aside}'; a new one has the {kept:,} changes that can be read."
    if not salvaged.lost and salvaged.complete:
        yield "No change is missing."
        return
    named = ", ".join(map(repr, salvaged.lost))
    missing = [f"the changes of {len(salvaged.lost):,} products: {named}"] if salvaged.lost else []
    missing += [] if salvaged.complete else ["perhaps changes of products that cannot be named"]
    yield (
        f"Missing are {'; and '.join(missing)}. They are in the live index still, and will be in the next one only if "
        "the catalogue has them: before the next reindex write them there, or send them again by upsert and delete."
    )


def is_newest(change: Change, known: Entry | None) -> bool:
    """Return whether a change is not older than the one that is known."""
    return known is None or change.precedence >= known.place


def remember(db: sqlite3.Connection, change: Change, place: int) -> None:
    """Make a change the last one of its product, at a place among its changes."""
    change_file.write(db, [Entry.of(change_file.last_position(db) + 1, change, place)])


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file; every commit is on the disk before it returns."""
    create(path)
    with forks.still(), closing(sqlite3.connect(path, timeout=TIMEOUT, isolation_level=None)) as db:
        # With FULL a power cut could restore the rollback journal, whose removal is the commit.
        db.execute("PRAGMA synchronous = EXTRA")
        yield db
