"""Pictures that were refused lately, on disk, so that they are not fetched or decoded again and again."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import PIL

from hybridsearch import redaction
from hybridsearch.disk.database import Database
from hybridsearch.disk.durable import make_folder
from hybridsearch.disk.modes import create
from hybridsearch.errors import ImageError, ShopClosed
from hybridsearch.images.kinds import require_picture
from hybridsearch.images.load import Fetch
from hybridsearch.images.workers import UnsafePicture
from hybridsearch.runtime import forks
from hybridsearch.values import Vector

log = redaction.logger(__name__)

ADDRESS_SECONDS = 600
"""For an address that gave no picture: variants of a product share one, and each change of one would ask again."""
FILE_SECONDS = 30 * 24 * 3600
"""For a file that ended its decoder or took too long, whatever its name or address."""
WAIT = 5.0  # seconds for another process to finish its write

Load = Callable[[str], bytes]


class RefusedPictures:
    """What was refused, and until when; any thread may ask, and several processes may use the file.

    It costs time when it is lost, so a file that cannot be used is done without.

    Args:
        path: The SQLite file; made when it is missing, with its folder.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = Database(path, self._open())
        self._files = bool(self._ask("SELECT 1 FROM refused WHERE kind = 'file' LIMIT 1"))

    def fetching(self, fetch: Fetch, require: Callable[[bytes], object] = require_picture) -> Fetch:
        """Return what fetches an address unless it was refused lately; `require` refuses what it gives."""

        def fetch_unless_refused(address: str) -> bytes:
            key = key_of(address.encode("utf-8", "surrogatepass"))
            self._require("address", key)
            try:
                data = fetch(address)
                require(data)
            except ImageError as error:
                self._add("address", key, error, ADDRESS_SECONDS)
                raise
            return data

        return fetch_unless_refused

    def loading(self, load: Load) -> Load:
        """Return what loads a picture unless its file was refused lately."""

        def load_unless_refused(reference: str) -> bytes:
            data = load(reference)
            if self._files:
                self._require("file", file_key(data))
            return data

        return load_unless_refused

    def note(self, files: Sequence[bytes], results: Sequence[Vector | ImageError]) -> None:
        """Remember which of some files could not be decoded in safety."""
        for data, result in zip(files, results, strict=True):
            if isinstance(result, UnsafePicture):
                self._files = True
                self._add("file", file_key(data), result, FILE_SECONDS)

    def forget_addresses(self) -> None:
        """Let every address be asked again."""
        self._ask("DELETE FROM refused WHERE kind = 'address'")

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _require(self, kind: str, key: bytes) -> None:
        """Raise what was wrong with a picture lately, if anything was."""
        for why, until in self._ask("SELECT why, until FROM refused WHERE kind = ? AND key = ?", kind, key):
            left = until - time.time()
            if 0 < left <= FILE_SECONDS:  # a clock that was put back must not refuse for years
                raise ImageError(f"{why} (So it was lately; it is tried again in {left / 60:,.0f} minutes.)")

    def _add(self, kind: str, key: bytes, error: ImageError, seconds: float) -> None:
        until = time.time() + seconds
        self._ask("INSERT OR REPLACE INTO refused VALUES (?, ?, ?, ?)", kind, key, str(error)[:500], until)

    def _ask(self, statement: str, *values: object) -> list[tuple[str, float]]:
        """Run a statement; one that fails finds and changes nothing."""
        try:
            with self._database.use() as db:
                return db.execute(statement, values).fetchall()
        except (sqlite3.Error, ShopClosed) as error:
            log.debug("'%s' was not used: %s.", self._path, error)
            return []

    def _open(self) -> sqlite3.Connection:
        """Open the file; a damaged one is replaced, and one that cannot be made is kept in memory."""
        with suppress(OSError, sqlite3.Error):
            make_folder(self._path.parent, self._path.parent)
            create(self._path)
            try:
                return connect(self._path)
            except sqlite3.OperationalError:  # read-only, or its disk is full
                return connect(":memory:")
            except sqlite3.DatabaseError:
                self._path.unlink()
                return connect(self._path)
        return connect(":memory:")


@forks.still()
def connect(path: Path | str) -> sqlite3.Connection:
    """Open the file, make its one table, and remove what is over."""
    db = sqlite3.connect(path, timeout=WAIT, check_same_thread=False, isolation_level=None)
    try:
        db.execute("PRAGMA synchronous = OFF")
        db.execute(
            "CREATE TABLE IF NOT EXISTS refused"
            " (kind TEXT, key BLOB, why TEXT, until REAL, PRIMARY KEY (kind, key)) WITHOUT ROWID"
        )
        db.execute("DELETE FROM refused WHERE until < ?", (time.time(),))
    except BaseException:
        db.close()
        raise
    return db


def file_key(data: bytes) -> bytes:
    """Return what a file is known by: another version of the decoders may be able to read it."""
    return key_of(PIL.__version__.encode() + b"\0" + data)


def key_of(content: bytes) -> bytes:
    """Return the 20 bytes that a file or an address is known by."""
    return hashlib.blake2b(content, digest_size=20).digest()
