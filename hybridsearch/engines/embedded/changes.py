"""The log of changes in a SQLite file beside the generations: the last change of each product."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import orjson

from hybridsearch.changes import Change, Recorded
from hybridsearch.disk.durable import make_folder
from hybridsearch.disk.errors import explained
from hybridsearch.disk.modes import create

NAME = "changes.db"
PAGE = 500
PLACE = "SELECT place FROM changes WHERE id = ?"
TIMEOUT = 30.0
"""Seconds for another process to finish its write."""
TABLE = """
CREATE TABLE IF NOT EXISTS changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,  -- the position; each change gets a new one, never used twice
    id TEXT NOT NULL UNIQUE,
    row BLOB,                               -- JSON; NULL: it was removed
    version INTEGER,
    place INTEGER NOT NULL,                 -- the precedence of the change
    time REAL NOT NULL
)
"""


class FileChanges:
    """The change log of one folder; the protocol in hybridsearch/changes.py says what the methods do."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME

    def newest(self, changes: Sequence[Change]) -> list[Change]:
        if not self.path.exists():
            return list(changes)
        with self._opened() as db:
            known = {change.id: db.execute(PLACE, (change.id,)).fetchone() for change in changes}
        return [change for change in changes if known[change.id] is None or change.precedence >= known[change.id][0]]

    def record(self, changes: Sequence[Change]) -> Recorded:
        accepted, before = [], {}
        with self._opened() as db, db:
            db.execute("BEGIN IMMEDIATE")
            for change in changes:
                known = db.execute("SELECT id, row, version, place FROM changes WHERE id = ?", (change.id,)).fetchone()
                if known is None or change.precedence >= known[3]:
                    remember(db, change, change.precedence)
                    accepted.append(change)
                    if known is not None:
                        before[change.id] = to_change(*known[:3])
        return Recorded(accepted, before=before)

    def withdraw(self, changes: Sequence[Change], before: Mapping[str, Change]) -> None:
        with self._opened() as db, db:
            db.execute("BEGIN IMMEDIATE")
            for change in changes:
                known = db.execute("SELECT id, row, version FROM changes WHERE id = ?", (change.id,)).fetchone()
                if known is None or to_change(*known) != change:
                    continue
                if change.id in before:
                    remember(db, before[change.id], change.precedence)
                else:
                    db.execute("DELETE FROM changes WHERE id = ?", (change.id,))

    def position(self) -> int:
        if not self.path.exists():
            return 0
        with self._opened() as db:
            ((position,),) = db.execute("SELECT coalesce(max(seq), 0) FROM changes")
        return int(position)

    def since(self, position: int) -> tuple[list[Change], int]:
        if not self.path.exists():
            return [], position
        with self._opened() as db:
            sql = "SELECT seq, id, row, version FROM changes WHERE seq > ? ORDER BY seq LIMIT ?"
            rows = db.execute(sql, (position, PAGE)).fetchall()
        return [to_change(*row[1:]) for row in rows], rows[-1][0] if rows else position

    def forget(self, hours: float) -> None:
        if self.path.exists():
            with self._opened() as db, db:
                db.execute("DELETE FROM changes WHERE time < ?", (time.time() - hours * 3600,))

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with explained(self.path):
            make_folder(self.path.parent, self.path.parent.parent)
            create(self.path)
            db = sqlite3.connect(self.path, timeout=TIMEOUT, isolation_level=None)
            try:
                # With FULL a power cut could restore the rollback journal, whose removal is the commit.
                db.execute("PRAGMA synchronous = EXTRA")
                db.execute(TABLE)
                yield db
            finally:
                db.close()


def remember(db: sqlite3.Connection, change: Change, place: int) -> None:
    """Make a change the last one of its product, at a place among its changes."""
    row = None if change.row is None else orjson.dumps(change.row)
    values = (change.id, row, change.version, place, time.time())
    db.execute("INSERT OR REPLACE INTO changes (id, row, version, place, time) VALUES (?,?,?,?,?)", values)


def to_change(key: str, row: bytes | None, version: int | None) -> Change:
    """Read what `remember` wrote."""
    return Change(key, None if row is None else orjson.loads(row), version)
