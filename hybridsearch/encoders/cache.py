"""Vectors that need not be computed twice: on disk for products, in memory for queries."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hybridsearch import redaction
from hybridsearch.batches import batches
from hybridsearch.disk.durable import make_folder
from hybridsearch.disk.modes import create
from hybridsearch.encoders.base import Encoder
from hybridsearch.encoders.sources import ENCODABLE
from hybridsearch.errors import EncoderError, ImageError
from hybridsearch.images import decode
from hybridsearch.prefetch import prefetch_map
from hybridsearch.values import Vector, Vectors

log = redaction.logger(__name__)

AT_ONCE = 32
"""Pictures that are encoded together; as many more are decoded in the meantime, and one takes about 2 MB."""

ASKED_AT_ONCE = 500  # older SQLite takes 999 parameters
WAIT = 30.0  # seconds for another process to finish its write

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Encoded(Generic[T]):
    """The vectors of some items, in their order, and how many items were known before."""

    vectors: T
    hits: int


class EncodeCache:
    """Keeps the vector of every text and picture that was ever encoded, by content and encoder, in a SQLite file.

    The file grows by about 4 × dims + 60 bytes for each item and never shrinks; deleting it costs only time. Several
    processes may use it at once. A damaged file is put aside as `NAME.damaged`, and a new one is started.

    Args:
        path: The file; made when it is missing, with its folder.

    Raises:
        EncoderError: The file cannot be opened or made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._db = self._open()

    def texts(self, encoder: Encoder, texts: Sequence[str]) -> Encoded[Vectors]:
        """Return one unit row for each text, shape (len(texts), dims); equal texts are encoded once.

        Raises:
            EncoderError: As the encoder does.
        """
        keys = [text_key(encoder, text) for text in texts]
        vectors = self._get(keys, encoder.dims)
        hits = sum(key in vectors for key in keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in vectors}
        if missing:
            rows = encoder.encode_texts(list(missing.values()))
            vectors.update(self._put(zip(missing, rows, strict=True)))
        rows = np.empty((len(keys), encoder.dims), dtype=np.float32)
        for number, key in enumerate(keys):
            rows[number] = vectors[key]
        return Encoded(rows, hits)

    def images(self, encoder: Encoder, pictures: Sequence[bytes]) -> Encoded[list[Vector | ImageError]]:
        """Return the vector of each picture file, or in its place the reason why it has none.

        Only files that are not known yet are decoded, by threads, ahead of the encoder.

        Raises:
            EncoderError: As the encoder does.
        """
        keys = [image_key(encoder, data) for data in pictures]
        vectors = self._get(keys, encoder.dims)
        hits = sum(key in vectors for key in keys)
        failed: dict[bytes, ImageError] = {}
        missing = {key: data for key, data in zip(keys, pictures, strict=True) if key not in vectors}
        images = prefetch_map(partial(decoded, enough=encoder.enough), missing.values(), most=AT_ONCE)
        for batch in batches(zip(missing, images, strict=True), AT_ONCE):
            failed.update({key: image for key, image in batch if isinstance(image, ImageError)})
            usable = {key: image for key, image in batch if not isinstance(image, ImageError)}
            if usable:
                rows = encoder.encode_images(list(usable.values()))
                vectors.update(self._put(zip(usable, rows, strict=True)))
        return Encoded([failed[key] if key in failed else Vector(vectors[key]) for key in keys], hits)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _get(self, keys: Sequence[bytes], dims: int) -> dict[bytes, NDArray[np.float32]]:
        """Return the vectors that are known; a row that cannot be this encoder's is ignored."""

        def ask(db: sqlite3.Connection) -> list[tuple[bytes, bytes]]:
            rows: list[tuple[bytes, bytes]] = []
            for batch in batches(dict.fromkeys(keys), ASKED_AT_ONCE):
                rows += db.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks(batch)})", batch)
            return rows

        none: list[tuple[bytes, bytes]] = []
        rows = self._guarded(ask, none)
        vectors = {key: np.frombuffer(blob, "<f4") for key, blob in rows if len(blob) == 4 * dims}
        return {key: vector for key, vector in vectors.items() if abs(float(vector @ vector) - 1) < 1e-3}

    def _put(self, items: Iterable[tuple[bytes, NDArray[np.float32]]]) -> dict[bytes, NDArray[np.float32]]:
        """Write vectors down, and return them by key."""
        vectors = dict(items)

        def write(db: sqlite3.Connection) -> None:
            with db:
                rows = [(key, vector.astype("<f4").tobytes()) for key, vector in vectors.items()]
                db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

        self._guarded(write, None)
        return vectors

    def _guarded(self, work: Callable[[sqlite3.Connection], T], fallback: T) -> T:
        """Run a step on the file; one that fails costs time, never a vector."""
        with self._lock:
            try:
                return work(self._db)
            except sqlite3.DatabaseError as error:
                if is_damage(error):
                    self._db.close()
                    self._put_aside(error)
                    self._db = self._open()
                elif isinstance(error, sqlite3.OperationalError):  # locked for too long, disk full, read-only
                    log.warning("The encode cache '%s' was not used: %s.", self._path, error)
                else:
                    raise
        return fallback

    def _open(self) -> sqlite3.Connection:
        """Open the file; move a damaged one aside first."""
        try:
            make_folder(self._path.parent, self._path.parent)
            try:
                return connect(self._path)
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
                self._put_aside(error)
                return connect(self._path)
        except (OSError, sqlite3.Error) as error:
            raise EncoderError(
                f"Cannot open the encode cache '{self._path}': {error}. Make its folder writable, or choose another."
            ) from error

    def _put_aside(self, error: sqlite3.DatabaseError) -> None:
        aside = self._path.with_name(f"{self._path.name}.damaged")
        log.warning("The encode cache is damaged (%s). It is now '%s'; a new one is started.", error, aside)
        with suppress(FileNotFoundError):  # another process has moved it already
            self._path.replace(aside)
        for suffix in ("-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)


class QueryVectors:
    """The vectors of the most recent queries, of any encoder, in memory; any thread may ask.

    Args:
        size: How many are kept.
    """

    def __init__(self, size: int = 1000) -> None:
        self._size = size
        self._lock = threading.Lock()
        # Not functools.lru_cache, which would keep the photos beside their vectors.
        self._recent: OrderedDict[bytes, Vector] = OrderedDict()

    def vector(
        self, encoder: Encoder, source: str, value: Any, guard: AbstractContextManager[None] | None = None
    ) -> Vector:
        """Return the vector of what a query gives from a source; what is known is not encoded again.

        Args:
            encoder: One that reads the source.
            source: Its name.
            value: As `hybridsearch.encoders.sources` reads it.
            guard: The context in which it is encoded.

        Raises:
            ImageError: A photo cannot be read or decoded.
            EncoderError: The encoder fails, or does not read the source.
        """
        item = ENCODABLE[source](encoder, value)
        key = key_of(source, encoder, item.content)
        with self._lock:
            if key in self._recent:
                self._recent.move_to_end(key)
                return self._recent[key]
        with guard or nullcontext():
            vector = Vector(item.encode()[0])
        with self._lock:
            self._recent[key] = vector
            if len(self._recent) > self._size:
                self._recent.popitem(last=False)
        return vector


def connect(path: Path) -> sqlite3.Connection:
    """Open the file and make its one table."""
    create(path)
    db = sqlite3.connect(path, timeout=WAIT, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")  # the last vectors before a power cut are computed again
        db.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID")
        db.commit()
    except BaseException:
        db.close()
        raise
    return db


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether SQLite found the file to be broken, or no database at all."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)  # errors of the module itself have none
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def count_known(path: Path, keys: Iterable[bytes]) -> int:
    """Return how many of these keys a cache file knows; nothing is made or changed, not even where it is missing.

    A file that cannot be read knows none: a run would put a damaged one aside, and encode everything.
    """
    if not path.exists():
        return 0
    # Without a log beside it nobody is writing; SQLite would then make one, and leave it behind.
    mode = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "immutable=1"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)) as db:
            return sum(
                int(db.execute(f"SELECT count(*) FROM vectors WHERE key IN ({marks(some)})", some).fetchone()[0])
                for some in batches(dict.fromkeys(keys), ASKED_AT_ONCE)
            )
    except sqlite3.Error:
        return 0


def marks(values: Sequence[bytes]) -> str:
    """Return a place holder for each value, for a list in SQL."""
    return ",".join("?" * len(values))


def text_key(encoder: Encoder, text: str) -> bytes:
    """Return the key under which the vector of a text is known."""
    return key_of("text", encoder, text.encode("utf-8", "surrogatepass"))


def image_key(encoder: Encoder, data: bytes) -> bytes:
    """Return the key under which the vector of a picture file is known."""
    return key_of("image", encoder, data)


def key_of(kind: str, encoder: Encoder, content: bytes) -> bytes:
    """Return the 20 bytes under which an item's vector is known."""
    digest = hashlib.blake2b(f"{kind}\0{encoder.fingerprint}\0".encode(), digest_size=20)
    digest.update(content)
    return digest.digest()


def decoded(data: bytes, enough: int) -> Image.Image | ImageError:
    """Return the picture of a file, or why there is none."""
    try:
        return decode(data, enough)
    except ImageError as error:
        return error
