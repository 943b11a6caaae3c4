"""The data of one generation: documents in SQLite, vectors in files whose sizes and checksums SQLite holds.

A batch is written in two steps: its vectors, flushed to the disk, then one transaction with the documents and with the
number and checksum of those vectors. A batch whose second step did not happen is overwritten by the next one.
"""

from __future__ import annotations

import sqlite3
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from hybridsearch.changes import precedence
from hybridsearch.disk import modes
from hybridsearch.disk.database import Database
from hybridsearch.disk.durable import make_folder
from hybridsearch.disk.errors import damaged, explained
from hybridsearch.disk.paths import shown
from hybridsearch.engines.base import Written
from hybridsearch.engines.embedded.arrays import vectors
from hybridsearch.engines.embedded.arrays.files import Checked
from hybridsearch.engines.embedded.arrays.vectors import Sound
from hybridsearch.engines.embedded.stored.connections import connect, connect_reader
from hybridsearch.engines.embedded.stored.records import Record, Rows, encode, require_fit
from hybridsearch.errors import EngineError
from hybridsearch.runtime import forks
from hybridsearch.schema import Schema
from hybridsearch.values import Document, Reject, Row, Vectors

FORMAT = 2
"""Number of the layout of these files; kept in SQLite's `user_version`."""
NAME = "store.db"
TABLES = """
CREATE TABLE documents (
    number INTEGER PRIMARY KEY,  -- ascending in the order of writing; a replaced document gets a new one
    id TEXT NOT NULL UNIQUE,
    row BLOB NOT NULL,           -- the shop's row, JSON
    content BLOB NOT NULL,       -- what is searched, JSON
    crc INTEGER NOT NULL,        -- of number, id, row and content
    place INTEGER NOT NULL       -- the precedence of its last change: a lower one never replaces it
);
CREATE TABLE removals (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, place INTEGER NOT NULL);
CREATE TABLE batches (leg TEXT NOT NULL, rows INTEGER NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE schema (json BLOB NOT NULL, crc INTEGER NOT NULL);
"""


LAYERS = "CREATE TABLE IF NOT EXISTS layers (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, state TEXT NOT NULL)"
"""An earlier version did without: it compiled everything each time."""
NUMBERS = "SELECT max(number) AS number FROM documents UNION ALL SELECT max(number) FROM removals"
COLUMNS = "number, id, row, content, crc"
PAGE = 1000
"""Documents that are read at once where all are: another thread may read between two pages."""
AFTER = f"SELECT number, id FROM documents WHERE id {{}} ? ORDER BY id LIMIT {PAGE}"
AMONG = "SELECT {} FROM (SELECT value AS wanted FROM json_each(?)) CROSS JOIN documents ON {} = wanted"
"""Given what is wanted as one JSON parameter: SQLite limits the number of parameters, and prepares this statement once.
Looked up in the order given, which takes less than `IN`, for which SQLite sorts what is wanted first."""


class Extent(NamedTuple):
    """What a compiled file holds: the documents behind one number, up to another, as they were at that commit."""

    first: int
    last: int
    state: str


class Store:
    """One generation's folder, open for writing, or for reading one and the same commit until it is closed.

    Raises:
        EngineError: The store cannot be opened, or has another format.
        StoreDamaged: A file is not as it was written.
    """

    def __init__(self, folder: Path, *, writing: bool = False) -> None:
        self.folder = folder
        self.path = folder / NAME
        if not self.path.exists():
            raise damaged(self.path, "it is missing")
        with explained(self.path):
            self._database = Database(self.path, connect(self.path) if writing else connect_reader(self.path))
        self._open()

    def _open(self) -> None:
        """Check the format and read what is always needed."""
        ((version,),) = self._all("PRAGMA user_version")
        if not version:
            raise damaged(self.path, "it was never finished, or emptied")
        if version != FORMAT:
            raise EngineError(
                f"{shown(self.path)} has format {version}, this version reads {FORMAT}. "
                "Rebuild the index with: hybridsearch reindex"
            )
        ((json, crc),) = self._all("SELECT json, crc FROM schema")
        if zlib.crc32(json) != crc:
            raise damaged(self.path, "the schema does not match its checksum")
        self.schema = Schema.from_json(orjson.loads(json), self.folder.name)
        ((self.commit,),) = self._all(f"SELECT coalesce(max(number), 0) FROM ({NUMBERS})")
        self._rows = Counter[str]()
        for leg, rows in self._all("SELECT leg, sum(rows) FROM batches GROUP BY leg"):
            self._rows[leg] = rows

    @classmethod
    def create(cls, folder: Path, schema: Schema) -> Store:
        """Create a folder with an empty store, and open it for writing."""
        with explained(folder), forks.still():
            make_folder(folder, folder.parent.parent)
            modes.create(folder / NAME)
            db = connect(folder / NAME)
            try:
                db.executescript(f"PRAGMA journal_mode = WAL; BEGIN; {TABLES} PRAGMA user_version = {FORMAT};")
                write_schema(db, schema)
                db.commit()
            finally:
                db.close()
        return cls(folder, writing=True)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def save_schema(self, schema: Schema) -> None:
        """Replace the schema."""
        with explained(self.path), self._database.use() as db, db:
            db.execute("DELETE FROM schema")
            write_schema(db, schema)
        self.schema = schema

    def write(self, documents: Sequence[Document]) -> Written:
        """Store documents as one batch, durably, except those that are refused or older than what is stored."""
        legs = {leg.name: leg.dims for leg in self.schema.legs}
        written = Written()
        records: list[tuple[object, ...]] = []
        added: dict[str, list[NDArray[np.float32]]] = {leg: [] for leg in legs}
        stored = self._precedences([document.id for document in documents])
        for document in documents:
            rows = {leg: self._rows[leg] + len(added[leg]) for leg in document.vectors if leg in legs}
            incoming = precedence(document.version)
            if incoming < stored.get(document.id, 0):
                written.older += 1
                continue
            try:
                require_fit(document, legs)
                row, content = orjson.dumps(document.row), encode(document, rows)
                record = Record.of(self.commit + len(records) + 1, document.id, row, content)
            except (TypeError, ValueError) as error:
                written.refused.append(Reject(document.id, document.id, "write", str(error), document.row))
                continue
            records.append((*record, incoming))
            stored[document.id] = incoming
            for leg, vector in document.vectors.items():
                added[leg].append(vector.array)
        with explained(self.folder):
            batches = [
                (leg, len(rows), vectors.append(self._leg_path(leg), self._rows[leg], np.stack(rows)))
                for leg, rows in added.items()
                if rows
            ]
            with self._database.use() as db, db:
                db.executemany(
                    f"INSERT OR REPLACE INTO documents ({COLUMNS}, place) VALUES (?, ?, ?, ?, ?, ?)", records
                )
                db.executemany("INSERT INTO batches VALUES (?, ?, ?)", batches)
        self.commit += len(records)
        self._rows.update({leg: rows for leg, rows, _ in batches})
        return written

    def remove(self, ids: Mapping[str, int | None]) -> Written:
        """Remove documents that are not newer, and record the removals, durably."""
        stored = self._precedences(list(ids))
        incoming = {key: precedence(version, removed=True) for key, version in ids.items()}
        rows = [(key, number) for key, number in incoming.items() if number >= stored.get(key, 0)]
        numbered = [(self.commit + turn, key, number) for turn, (key, number) in enumerate(rows, 1)]
        with explained(self.folder), self._database.use() as db, db:
            removed = db.executemany("DELETE FROM documents WHERE id = ?", [(key,) for key, _ in rows])
            db.executemany("INSERT OR REPLACE INTO removals VALUES (?, ?, ?)", numbered)
        self.commit += len(rows)
        return Written(older=len(ids) - len(rows), missing=len(rows) - removed.rowcount)

    def stored(self, ids: Sequence[str], legs: Mapping[str, Rows] | None = None) -> dict[str, Document]:
        """Return documents as they were given, by id, with their vectors; unknown ids are absent.

        Args:
            ids: Of the documents.
            legs: The vectors of each leg, where somebody mapped them already: to check all takes time.
        """
        if legs is None:
            legs = {leg.name: self.vectors(leg.name, leg.dims) for leg in self.schema.legs}
        return {record.id: record.to_document(legs) for record in self._select("id", ids)}

    def _precedences(self, ids: Sequence[str]) -> dict[str, int]:
        """Return the precedence of the last change of each of these products; unknown ids are absent."""
        known = "SELECT id, place FROM documents {0} UNION ALL SELECT id, place FROM removals {0}"
        where = "WHERE id IN (SELECT value FROM json_each(?1))"
        try:
            keys = orjson.dumps(ids).decode()
        except TypeError:  # an id that is no text: its document is refused by itself
            return {}
        return dict(self._all(f"SELECT id, max(place) FROM ({known.format(where)}) GROUP BY id", keys))

    def state(self) -> str:
        """Return what tells this commit from those of other generations, and of copies, with as many changes."""
        newest = "SELECT number, {} FROM {} ORDER BY number DESC LIMIT 1"
        last = self._all(newest.format("crc", "documents")) + self._all(newest.format("id", "removals"))
        return f"{self.folder.name} {zlib.crc32(repr(last).encode(errors='replace'))}"

    def count(self) -> int:
        """Return the number of documents."""
        ((count,),) = self._all("SELECT count(*) FROM documents")
        return int(count)

    def ids(self) -> list[str]:
        """Return the ids of all documents, in order of numbers."""
        return [key for (key,) in self._all("SELECT id FROM documents ORDER BY number")]

    def records(self, after: int = 0) -> Iterator[Record]:
        """Yield every document behind a number, in order of numbers.

        Raises:
            StoreDamaged: One does not match its checksum.
        """
        last, sql = after, f"SELECT {COLUMNS} FROM documents WHERE number > ? ORDER BY number LIMIT {PAGE}"
        while page := self._all(sql, last):
            for values in page:
                yield self._sound(values)
            last = page[-1][0]

    def changed(self, after: int) -> list[str]:
        """Return the ids of the products that were written or removed after a number; some may occur twice."""
        sql = "SELECT id FROM documents WHERE number > ?1 UNION ALL SELECT id FROM removals WHERE number > ?1"
        return [key for (key,) in self._all(sql, after)]

    def written(self, after: int) -> int:
        """Return how many documents have a number behind another one."""
        ((count,),) = self._all("SELECT count(*) FROM documents WHERE number > ?", after)
        return int(count)

    def layers(self) -> list[Extent]:
        """Return what was recorded of compiled files, the oldest first."""
        there = self._all("SELECT 1 FROM sqlite_master WHERE name = 'layers'")
        return [Extent(*row) for row in self._all("SELECT * FROM layers ORDER BY first")] if there else []

    def save_layers(self, layers: Sequence[Extent]) -> None:
        """Record the compiled files that are to be searched from now on, at once."""
        with explained(self.path), self._database.use() as db, db:
            db.execute(LAYERS)
            db.execute("DELETE FROM layers")
            db.executemany("INSERT INTO layers VALUES (?, ?, ?)", layers)

    def in_order_of_ids(self) -> NDArray[np.int64]:
        """Return the numbers of all documents in the order of their ids, by code point."""
        numbers, last = array("q"), ""
        while page := self._all(AFTER.format(">" if numbers else ">="), last):
            numbers.extend(number for number, _ in page)
            last = page[-1][1]
        return np.array(numbers, np.int64)

    def numbers_of(self, ids: Sequence[str]) -> dict[str, int]:
        """Return the number of each document with one of these ids; unknown ids are absent."""
        return dict(self._all(AMONG.format("id, number", "id"), orjson.dumps(ids).decode()))

    def next_of(self, key: str) -> int | None:
        """Return the number of the first document behind an id, which none needs to have; None where none is."""
        found = self._all("SELECT number FROM documents WHERE id > ? ORDER BY id LIMIT 1", key)
        return found[0][0] if found else None

    def read(self, numbers: Sequence[int]) -> list[Record]:
        """Return the documents with these numbers, in their order.

        Raises:
            StoreDamaged: One is missing, or does not match its checksum.
        """
        records = {record.number: record for record in self._select("number", numbers)}
        if len(records) < len(numbers):
            raise damaged(self.path, "a document is missing")
        return [records[number] for number in numbers]

    def get(self, ids: Sequence[str]) -> dict[str, Row]:
        """Return the rows of the documents with these ids; unknown ids are absent."""
        return {record.id: record.to_row() for record in self._select("id", ids)}

    def vectors(self, leg: str, dims: int) -> Vectors:
        """Map the vectors of a leg, of shape (rows, dims), after a check of every batch."""
        return vectors.load(self._leg_path(leg), dims, self.batches(leg))

    def sound(self, leg: str, dims: int, checked: Checked) -> Sound:
        """Map the vectors of a leg, of which a batch is checked once it is needed."""
        return Sound(self._leg_path(leg), dims, self.batches(leg), checked)

    def batches(self, leg: str) -> list[tuple[int, int]]:
        """Return the number of rows and the checksum of each batch of a leg, in the order of writing."""
        return self._all("SELECT rows, crc FROM batches WHERE leg = ? ORDER BY rowid", leg)

    def verify(self) -> None:
        """Read everything and compare it with its checksums.

        Raises:
            StoreDamaged: Something does not match.
        """
        problems = [line for (line,) in self._all("PRAGMA integrity_check") if line != "ok"]
        if problems:
            raise damaged(self.path, problems[0])
        for _ in self.records():
            pass
        for leg in self.schema.legs:
            self.vectors(leg.name, leg.dims)

    def _select(self, column: str, values: Sequence[object]) -> list[Record]:
        sql = AMONG.format(COLUMNS, column)
        return [self._sound(record) for record in self._all(sql, orjson.dumps(values).decode())]

    def _sound(self, values: Iterable[Any]) -> Record:
        record = Record._make(values)
        if not record.is_sound():
            raise damaged(self.path, f"product '{record.id}' does not match its checksum")
        return record

    def _all(self, sql: str, *parameters: object) -> list[Any]:
        with explained(self.path), self._database.use() as db:
            return db.execute(sql, parameters).fetchall()

    def _leg_path(self, leg: str) -> Path:
        return self.folder / f"vectors-{leg}.f32"


def write_schema(db: sqlite3.Connection, schema: Schema) -> None:
    """Insert the schema with its checksum."""
    json = orjson.dumps(schema.to_json())
    db.execute("INSERT INTO schema VALUES (?, ?)", (json, zlib.crc32(json)))
