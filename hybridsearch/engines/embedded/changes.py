"""The log of changes in a SQLite file beside the generations: the last change of each product."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import orjson

from hybridsearch.changes import Change
from hybridsearch.disk.durable import make_folder
from hybridsearch.disk.errors import explained

NAME = "changes.db"
PAGE = 500
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

    def record(self, changes: Sequence[Change]) -> list[Change]:
        accepted = []
        with self._opened() as db, db:
            db.execute("BEGIN IMMEDIATE")
            for change in changes:
                known = db.execute("SELECT place FROM changes WHERE id = ?", (change.id,)).fetchone()
                if known is None or change.precedence >= known[0]:
                    row = None if change.row is None else orjson.dumps(change.row)
                    values = (change.id, row, change.version, change.precedence, time.time())
                    db.execute(
                        "INSERT OR REPLACE INTO changes (id, row, version, place, time) VALUES (?,?,?,?,?)", values
                    )
                    accepted.append(change)
        return accepted

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
        changes = [Change(key, None if row is None else orjson.loads(row), version) for _, key, row, version in rows]
        return changes, rows[-1][0] if rows else position

    def forget(self, hours: float) -> None:
        if self.path.exists():
            with self._opened() as db, db:
                db.execute("DELETE FROM changes WHERE time < ?", (time.time() - hours * 3600,))

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with explained(self.path):
            make_folder(self.path.parent)
            db = sqlite3.connect(self.path, timeout=TIMEOUT, isolation_level=None)
            try:
                # With FULL a power cut could restore the rollback journal, whose removal is the commit.
                db.execute("PRAGMA synchronous = EXTRA")
                db.execute(TABLE)
                yield db
            finally:
                db.close()
