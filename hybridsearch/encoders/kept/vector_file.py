"""Vectors by key in a SQLite file: each with a checksum, so that a damaged one is computed again and never used."""

from __future__ import annotations

import sqlite3
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from hybridsearch import redaction
from hybridsearch.disk.database import Database
from hybridsearch.disk.durable import make_folder
from hybridsearch.disk.modes import create
from hybridsearch.disk.paths import shown
from hybridsearch.errors import EncoderError
from hybridsearch.runtime import forks
from hybridsearch.runtime.batches import batches

log = redaction.logger(__name__)

ASKED_AT_ONCE = 500  # older SQLite takes 999 parameters
WAIT = 30.0  # seconds for another process to finish its write
PAUSE = 0.02  # seconds between two tries, where SQLite does not wait itself

FAILURES = (sqlite3.Error, UnicodeDecodeError)
"""What SQLite raises: what it says of a damaged file may hold bytes of it that are no text."""

T = TypeVar("T")
Rows = dict[bytes, NDArray[np.float32]]
"""Unit vectors by key."""


class VectorFile:
    """The file; any thread may use it, and several processes. A damaged one is put aside as `NAME.damaged`.

    Args:
        path: The file; made when it is missing, with its folder.

    Raises:
        EncoderError: The file cannot be opened or made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._renewing = forks.Lock()
        self._database = self._open()

    def get(self, keys: Iterable[bytes], dims: int) -> Rows:
        """Return the vectors that are known and sound; what an earlier version wrote gets its checksum now."""

        def ask(db: sqlite3.Connection) -> list[tuple[bytes, bytes]]:
            rows: list[tuple[bytes, bytes]] = []
            for batch in batches(dict.fromkeys(keys), ASKED_AT_ONCE):
                rows += db.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks(batch)})", batch)
            return rows

        none: list[tuple[bytes, bytes]] = []
        vectors, unsigned = Rows(), Rows()
        stored = self._guarded(ask, none)
        for key, blob in stored:
            vector = read(key, blob, dims)
            if vector is not None:
                vectors[key] = vector
                if len(blob) == 4 * dims:
                    unsigned[key] = vector
        if len(vectors) < len(stored):
            lost = len(stored) - len(vectors)
            log.warning("%d vectors in '%s' do not match their checksum. They are encoded again.", lost, self._path)
        if unsigned:
            self.put(unsigned)
        return vectors

    def put(self, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        """Write vectors down."""

        def write(db: sqlite3.Connection) -> None:
            with db:
                rows = [(key, written(key, vector)) for key, vector in vectors.items()]
                db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

        self._guarded(write, None)

    def flush(self) -> None:
        """Nothing is left to be written."""

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _guarded(self, work: Callable[[sqlite3.Connection], T], fallback: T) -> T:
        """Run a step on the file; one that fails costs time, never a vector."""
        database = self._database
        try:
            with database.use() as db:
                return work(db)
        except FAILURES as error:
            if is_damage(error):
                self._renew(database, error)
            elif isinstance(error, sqlite3.OperationalError):  # locked for too long, disk full, read-only
                log.warning("The encode cache '%s' was not used: %s.", self._path, error)
            else:
                raise
        return fallback

    def _renew(self, damaged: Database, error: Exception) -> None:
        """Begin a new file, unless another thread has done so."""
        with self._renewing.held:
            if self._database is damaged:
                damaged.close()
                self._put_aside(error)
                self._database = self._open()

    def _open(self) -> Database:
        """Open the file; move a damaged one aside first."""
        try:
            make_folder(self._path.parent, self._path.parent)
            try:
                return Database(self._path, connect(self._path))
            except FAILURES as error:
                if not is_damage(error):
                    raise
                self._put_aside(error)
                return Database(self._path, connect(self._path))
        except (OSError, sqlite3.Error) as error:
            raise EncoderError(
                f"Cannot open the encode cache {shown(self._path)}: {error}. Make its folder writable, or "
                "choose another."
            ) from error

    def _put_aside(self, error: Exception) -> None:
        aside = self._path.with_name(f"{self._path.name}.damaged")
        log.warning("The encode cache is damaged (%s). It is now '%s'; a new one is started.", error, aside)
        with suppress(FileNotFoundError):  # another process has moved it already
            self._path.replace(aside)
        for suffix in ("-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)


@forks.still()
def connect(path: Path) -> sqlite3.Connection:
    """Open the file and make its one table."""
    create(path)
    db = sqlite3.connect(path, timeout=WAIT, check_same_thread=False)
    db.text_factory = bytes  # there is no text, unless a blob is damaged
    try:
        share(db)
        db.execute("PRAGMA synchronous = NORMAL")  # the last vectors before a power cut are computed again
        db.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID")
        db.commit()
    except BaseException:
        db.close()
        raise
    return db


def share(db: sqlite3.Connection) -> None:
    """Let several processes write; where two make the file at once, SQLite refuses this to one without waiting."""
    deadline = time.monotonic() + WAIT
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(PAUSE)


def written(key: bytes, vector: NDArray[np.float32]) -> bytes:
    """Return what is stored of a vector: 32-bit floats, and the checksum of the key and of these."""
    data = vector.astype("<f4").tobytes()
    return data + checksum(key, data)


def read(key: bytes, blob: object, dims: int) -> NDArray[np.float32] | None:
    """Return the vector that was stored; None when this is not it, or no unit vector. Old ones have no checksum."""
    if not isinstance(blob, bytes) or len(blob) < 4 * dims:
        return None
    data, mark = blob[: 4 * dims], blob[4 * dims :]
    if mark not in (b"", checksum(key, data)):
        return None
    vector = np.frombuffer(data, "<f4")
    with np.errstate(over="ignore", invalid="ignore"):
        return vector if abs(float(vector @ vector) - 1) < 1e-3 else None


def checksum(key: bytes, data: bytes) -> bytes:
    """Return the CRC32 of a key and its vector, in 4 bytes."""
    return zlib.crc32(data, zlib.crc32(key)).to_bytes(4, "little")


def is_damage(error: Exception) -> bool:
    """Return whether SQLite found the file to be broken, or no database at all."""
    if isinstance(error, UnicodeDecodeError):
        return True
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)  # errors of the module itself have none
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def count_known(path: Path, keys: Iterable[bytes]) -> int:
    """Return how many of these keys a file knows; nothing is made or changed, not even where it is missing.

    A file that cannot be read knows none: a run would put a damaged one aside, and encode everything.
    """
    if not path.exists():
        return 0
    # Without a log beside it nobody is writing; SQLite would then make one, and leave it behind.
    mode = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "immutable=1"
    try:
        with forks.still(), closing(sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)) as db:
            return sum(
                int(db.execute(f"SELECT count(*) FROM vectors WHERE key IN ({marks(some)})", some).fetchone()[0])
                for some in batches(dict.fromkeys(keys), ASKED_AT_ONCE)
            )
    except FAILURES:
        return 0


def marks(values: Sequence[bytes]) -> str:
    """Return a place holder for each value, for a list in SQL."""
    return ",".join("?" * len(values))
