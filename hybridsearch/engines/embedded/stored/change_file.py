"""The file of the log of changes: its entries with their checksums, whether it is sound, and what is left of it if not.

A file of an earlier version has no checksums. It gets them with the first change that is recorded.
"""

from __future__ import annotations

import re
import sqlite3
import struct
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import orjson

from hybridsearch.changes import Change, restored
from hybridsearch.runtime import forks

TABLE = """
CREATE TABLE IF NOT EXISTS changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,  -- the position; each change gets a new one, never used twice
    id TEXT NOT NULL UNIQUE,
    row BLOB,                               -- JSON, a list: fields that changed, and what was before; NULL: removed
    version INTEGER,
    place INTEGER NOT NULL,                 -- the precedence of the change
    time REAL NOT NULL
)
"""
COLUMN = "ALTER TABLE changes ADD COLUMN crc INTEGER"
"""Of everything else in the row; NULL: an earlier version wrote it."""
COUNTER = "CREATE TABLE counter (seq INTEGER NOT NULL, crc INTEGER NOT NULL)"
"""The last position that was given: SQLite's own record of it has no checksum."""
LAST = "SELECT seq, crc FROM counter"
GIVEN = "SELECT seq FROM counter"
"""Up to this position all entries have a checksum; an earlier version may write some behind it."""
BY_ID = "sqlite_autoindex_changes_1"
SCHEMA = "SELECT type, name, coalesce(sql, '') FROM sqlite_master ORDER BY name"
LAYOUT = re.compile(r"--[^\n]*+|\s++")
"""What may differ in the text of a table between versions: comments, and white space."""

T = TypeVar("T")


class Entry(NamedTuple):
    """A change as it is stored: a row of the table `changes`."""

    seq: int
    id: str
    row: bytes | None
    version: int | None
    place: int
    time: float
    crc: int | None = None

    @classmethod
    def of(cls, seq: int, change: Change, place: int) -> Entry:
        """Return the entry of a change at a position, with its checksum."""
        row = None if change.row is None else orjson.dumps(change.stored)
        return cls(seq, change.id, row, change.version, place, time.time()).signed()

    def signed(self) -> Entry:
        """Return the entry with its checksum."""
        return self._replace(crc=self.checksum())

    def checksum(self) -> int:
        """Return the CRC32 of all that is stored of a change."""
        text = f"{self.seq} {self.id} {self.row is None} {self.version} {self.place} {struct.pack('<d', self.time)!r} "
        return zlib.crc32(self.row or b"", zlib.crc32(text.encode(errors="replace")))

    def is_sound(self) -> bool:
        """Return whether the entry matches its checksum; one that has none can be read at least."""
        try:
            return bool(self.to_change()) if self.crc is None else self.crc == self.checksum()
        except (TypeError, ValueError, struct.error):  # a value of another type than was written
            return False

    def to_change(self) -> Change:
        """Return the change."""
        return restored(self.id, None if self.row is None else orjson.loads(self.row), self.version, self.seq)


def prepare(db: sqlite3.Connection) -> None:
    """Make the tables, or bring those of an earlier version up to date, within a transaction."""
    db.execute(TABLE)
    if not has_checksums(db):
        db.execute(COLUMN)
        db.execute(COUNTER)
        count(db, 0)
    unsigned = [entry for entry in entries(db, f"WHERE seq > ({GIVEN})") if entry.crc is None and entry.is_sound()]
    write(db, [entry.signed() for entry in unsigned])
    count(db, last_position(db))


def has_checksums(db: sqlite3.Connection) -> bool:
    """Return whether this version made the tables."""
    return "crc" in columns(db)


def columns(db: sqlite3.Connection) -> list[str]:
    """Return the columns of an entry; none while nothing was ever recorded."""
    return [name for _, name, *_ in db.execute("PRAGMA table_info(changes)")]


def entries(db: sqlite3.Connection, where: str = "ORDER BY seq", *parameters: object) -> Iterator[Entry]:
    """Yield entries, sound or not, as they are stored."""
    if names := columns(db):
        crc = f"ifnull(crc, CASE WHEN seq > ({GIVEN}) THEN NULL ELSE -1 END)" if "crc" in names else "NULL"
        for values in db.execute(f"SELECT seq, id, row, version, place, time, {crc} FROM changes {where}", parameters):
            yield Entry._make(values)


def write(db: sqlite3.Connection, written: Iterable[Entry]) -> None:
    """Store entries, each instead of what is there of its product."""
    db.executemany("INSERT OR REPLACE INTO changes VALUES (?, ?, ?, ?, ?, ?, ?)", written)


def last_position(db: sqlite3.Connection) -> int:
    """Return the last position that was given to a change, be it there or not."""
    ((position,),) = db.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'changes'")
    return int(position)


def count(db: sqlite3.Connection, position: int) -> None:
    """Write the last position down that was given."""
    db.execute("DELETE FROM counter")
    db.execute("INSERT INTO counter VALUES (?, ?)", (position, crc_of(position)))


def crc_of(position: int) -> int:
    """Return the CRC32 of a position."""
    return zlib.crc32(str(position).encode())


def begin(db: sqlite3.Connection, salvaged: Salvaged) -> None:
    """Fill a new file with what could be read of another one; its positions go on where those ended."""
    prepare(db)
    write(db, [entry.signed() for entry in salvaged.kept])
    db.execute("DELETE FROM sqlite_sequence")
    db.execute("INSERT INTO sqlite_sequence VALUES ('changes', ?)", (salvaged.position,))
    count(db, salvaged.position)


def flaws(db: sqlite3.Connection) -> Iterator[str]:
    """Yield what is not as it was written: every entry is read, which takes 10 µs each."""
    yield from structural_flaws(db)
    yield from entry_flaws(entries(db))


def entry_flaws(read: Iterable[Entry]) -> Iterator[str]:
    """Yield the flaws of entries."""
    for entry in read:
        if not entry.is_sound():
            yield f"the change of product '{entry.id}' does not match its checksum"


def structural_flaws(db: sqlite3.Connection) -> Iterator[str]:
    """Yield what is not as it was written, but for entries: 1 µs for each of these, of which none can be missing."""
    if tables(db) not in schemas():
        yield "its tables are not those that were made"
    for (line,) in db.execute("PRAGMA integrity_check(1)"):  # ids lie in an index too
        if line != "ok":
            yield str(line).replace("\n", " ")
    if has_checksums(db):
        for position, crc in db.execute(LAST):
            if crc != crc_of(position) or position > last_position(db):
                yield "the last position does not match its checksum"


def tables(db: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """Return the tables of a file: kind, name, and how each was made, without its layout."""
    return [(kind, name, LAYOUT.sub("", sql)) for kind, name, sql in db.execute(SCHEMA)]


@cache
def schemas() -> list[list[tuple[str, str, str]]]:
    """Return the tables of a new file, of one of an earlier version, and of one of this version."""
    with forks.still(), closing(sqlite3.connect(":memory:")) as db:
        db.execute(TABLE)
        old = tables(db)
        prepare(db)
        return [[], old, tables(db)]


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What can be read of a damaged file.

    Attributes:
        kept: The sound entries.
        lost: The products of the others, as far as their ids can be read.
        complete: Whether no other product can be missing.
        position: No change has a higher one.
    """

    kept: list[Entry]
    lost: list[str]
    complete: bool
    position: int


@forks.still()
def salvage(path: Path) -> Salvaged:
    """Read what can be read of a damaged file, from either end: entries, and ids in the index as well."""
    stored: set[Entry] = set()
    ids: set[str] = set()
    complete = False
    with closing(sqlite3.connect(path)) as db:
        db.text_factory = lambda text: text.decode(errors="replace")
        for order in ("", "DESC"):
            by_id = f"SELECT id FROM changes INDEXED BY {BY_ID} ORDER BY id {order}"
            read, all_read = readable(partial(entries, db, f"NOT INDEXED ORDER BY seq {order}"))
            named, all_named = readable(partial(db.execute, by_id))
            stored.update(read)
            ids.update(str(key) for (key,) in named)
            complete |= all_read or all_named
        given = [position for position, crc in readable(partial(db.execute, LAST))[0] if crc == crc_of(position)]
    sound = sorted(filter(Entry.is_sound, stored), key=lambda entry: (entry.place, entry.seq))
    last = {entry.id: entry for entry in sound}
    lost = (ids | {str(entry.id) for entry in stored}) - last.keys()
    # Without the last position that was given the time stands for it: seconds since 1970 are more than all changes.
    return Salvaged(sorted(last.values()), sorted(lost), complete, *(given or [int(time.time())]))


def readable(ask: Callable[[], Iterable[T]]) -> tuple[list[T], bool]:
    """Return the rows of an answer up to the one that cannot be read, and whether there is none such."""
    rows: list[T] = []
    try:
        rows.extend(ask())
    except (sqlite3.Error, UnicodeDecodeError):
        return rows, False
    return rows, True
