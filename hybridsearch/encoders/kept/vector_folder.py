"""Vectors by key in a folder of Parquet files, which processes on many machines fill at once; none waits for a lock.

A part is written under another name, renamed once it is whole, and never changed; which part holds a vector is nobody's
business. So nothing needs to be agreed on: what two processes wrote twice is there twice, until parts are merged.
"""

from __future__ import annotations

import time
import uuid
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch import redaction
from hybridsearch.disk.durable import make_folder, replacing
from hybridsearch.disk.paths import shown
from hybridsearch.encoders.kept.part_index import Heads, Location, PartIndex, heads, heads_of_rows
from hybridsearch.encoders.kept.vector_file import Rows, read, written
from hybridsearch.errors import EncoderError
from hybridsearch.runtime import forks
from hybridsearch.runtime.batches import batches

log = redaction.logger(__name__)

KEY = 20
"""Bytes of a key."""
GROUP = 1_024
"""Vectors that are read together: some 2 MB. A catalogue is encoded and indexed in one order: neighbours are next."""
GROUPS = 16
"""Such groups that are held in memory."""
UNSAVED = 64 << 20
"""Bytes of vectors from which on a part is written, if not before."""
MERGED = 64 * GROUP
"""Vectors of a part that others were merged into; parts of half as many are left as they are."""
ABANDONED = 24 * 3600.0
"""Seconds after which what a killed process did not complete is removed."""

Damage = tuple[type[Exception], ...]


class VectorFolder:
    """The folder; any thread may use it, and any number of processes, on all machines that reach it.

    A damaged part is left out, with a warning, and its vectors are encoded again. What other processes write meanwhile
    is found when the folder is opened again.

    Args:
        path: The folder; one that is missing is empty, and made when something is written.

    Raises:
        EncoderError: The folder cannot be read, or pyarrow is not installed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._damage = damage()
        self._lock = forks.Lock()
        self._unsaved = Rows()
        self._size = 0
        self._open()

    def get(self, keys: Iterable[bytes], dims: int) -> Rows:
        """Return the vectors that are known and sound."""
        with self._lock.held:
            wanted = dict.fromkeys(keys)
            vectors = {key: self._unsaved[key] for key in wanted if key in self._unsaved}
            places = self._index.find([key for key in wanted if key not in vectors])
            try:
                stored = self._stored(places)
            except FileNotFoundError:  # another process has merged parts
                self._open()
                stored = self._stored(self._index.find(list(places)), again=True)
        sound = {key: vector for key, blob in stored.items() if (vector := read(key, blob, dims)) is not None}
        if len(sound) < len(stored):
            lost = len(stored) - len(sound)
            log.warning("%d vectors in '%s' do not match their checksum. They are encoded again.", lost, self._path)
        return vectors | sound

    def known(self, keys: Iterable[bytes]) -> set[bytes]:
        """Return which of these keys are known; no vector is read."""
        with self._lock.held:
            wanted = set(keys)
            return (wanted & self._unsaved.keys()) | set(self._index.find(list(wanted)))

    def put(self, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        """Keep vectors, which `flush` writes down, or this once there are many."""
        with self._lock.held:
            self._unsaved.update(vectors)
            self._size += sum(vector.nbytes for vector in vectors.values())
            if self._size >= UNSAVED:
                self.flush()

    def flush(self) -> None:
        """Write down what is not yet written, durably, as one part.

        Raises:
            EncoderError: It cannot be written.
        """
        with self._lock.held:
            if not self._unsaved:
                return
            keys = list(self._unsaved)
            try:
                make_folder(self._path, self._path)
                path = self._write([written(key, vector) for key, vector in self._unsaved.items()], keys)
            except OSError as error:
                raise EncoderError(
                    f"Cannot write vectors into {shown(self._path)}: {error.strerror}. Make room or allow writing "
                    "there, then continue with the same command."
                ) from error
            self._index.add(path.name, heads(keys))
            self._unsaved, self._size = Rows(), 0

    def merge(self) -> int:
        """Put small parts together, leave out what is there twice, and return how many parts were merged.

        Whoever reads one of them meanwhile finds its vectors in the new part. A process that is killed here leaves
        vectors twice, and loses none.
        """
        with self._lock.held:
            self.flush()
            merged = 0
            for run in runs({name: rows for name, rows in self._index.sizes.items() if rows < MERGED // 2}):
                whole: list[str] = []
                rows = [row for name in run for row in self._rows(name, whole)]
                self._write([blob for _, blob in rows], [key for key, _ in rows])
                for name in whole:
                    (self._path / name).unlink(missing_ok=True)
                merged += len(whole)
            for path in self._path.glob("part-*.tmp"):
                if time.time() - path.stat().st_mtime > ABANDONED:
                    path.unlink(missing_ok=True)
            if merged:
                self._open()
            return merged

    def close(self) -> None:
        """Write down what is not yet written."""
        self.flush()

    def _open(self) -> None:
        """Find out which vectors are there."""
        self._index = PartIndex()
        self._recent: OrderedDict[tuple[str, int], Any] = OrderedDict()
        try:
            there = sorted(path for path in self._path.iterdir() if path.match("part-*.parquet"))
        except FileNotFoundError:
            log.warning("The folder '%s' that [cache] names is not there. Nothing is taken from it.", self._path)
            return
        except OSError as error:
            raise EncoderError(
                f"Cannot read the encoded vectors in {shown(self._path)}: {error.strerror}. Allow reading there, or "
                "name another folder in [cache]."
            ) from error
        for path in there:
            try:
                self._index.add(path.name, heads_of(path))
            except FileNotFoundError:
                continue  # another process has merged it: what it held is found under another name, or encoded again
            except self._damage as error:
                self._warn(path.name, error)

    def _stored(self, places: Mapping[bytes, Location], *, again: bool = False) -> dict[bytes, bytes]:
        """Return what is stored under some keys; what is in a damaged part is not there.

        Raises:
            FileNotFoundError: A part is gone, and this is not another try.
        """
        by_group: defaultdict[tuple[str, int], list[tuple[bytes, int]]] = defaultdict(list)
        for key, (name, row) in places.items():
            by_group[name, row // GROUP].append((key, row % GROUP))
        found: dict[bytes, bytes] = {}
        for (name, group), some in by_group.items():
            try:
                blobs = self._group(name, group)
                found.update({key: blobs[row].as_py() for key, row in some})
            except self._damage as error:
                if isinstance(error, FileNotFoundError) and not again:
                    raise
                self._warn(name, error)
        return found

    def _group(self, name: str, group: int) -> Any:
        """Return the vectors of a group of rows, as they are stored."""
        if (name, group) not in self._recent:
            with opened(self._path / name) as part:
                self._recent[name, group] = part.read_row_group(group, columns=["vector"]).column("vector")
        self._recent.move_to_end((name, group))
        if len(self._recent) > GROUPS:
            self._recent.popitem(last=False)
        return self._recent[name, group]

    def _rows(self, name: str, whole: list[str]) -> Iterator[tuple[bytes, bytes]]:
        """Yield what a part holds and no part before it; one that was read to its end is added to `whole`."""
        try:
            with opened(self._path / name) as part:
                for group in range(part.num_row_groups):
                    table = part.read_row_group(group)
                    keys = table.column("key").to_pylist()
                    places = self._index.find(keys)
                    for row, (key, blob) in enumerate(zip(keys, table.column("vector"), strict=True), group * GROUP):
                        if places.get(key) == (name, row):
                            yield key, blob.as_py()
            whole.append(name)
        except FileNotFoundError:
            return
        except self._damage as error:
            self._warn(name, error)

    def _write(self, blobs: Sequence[bytes], keys: Sequence[bytes]) -> Path:
        """Write a part and return its path; names sort in the order in which parts were written."""
        path = self._path / f"part-{time.time_ns():020d}-{uuid.uuid4().hex[:8]}.parquet"
        with replacing(path) as file:
            write(file, keys, blobs)
        return path

    def _warn(self, name: str, error: Exception) -> None:
        why = str(error).partition("\n")[0].rstrip(".")
        log.warning(
            "'%s' is damaged (%s). It is left out, and what it held is encoded again; remove it.",
            self._path / name,
            why,
        )


def damage() -> Damage:
    """Return what is raised where a part is no Parquet, or is cut off.

    Raises:
        EncoderError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet
    except ImportError as error:
        raise EncoderError(
            "A folder of vectors under [cache] needs the package 'pyarrow', which is not installed. Run: "
            'pip install "hybridsearch[parquet]"'
        ) from error
    return (pa.ArrowException, OSError)


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open a part.

    Raises:
        OSError: It is no part.
    """
    from pyarrow import parquet

    path.stat()  # the error of pyarrow of a missing file is of another class
    with parquet.ParquetFile(path, pre_buffer=False) as part:
        if not part.schema_arrow.equals(schema()):
            raise OSError("it holds something else than vectors by key")
        yield part


def schema() -> Any:
    """Return the columns of a part."""
    import pyarrow as pa

    return pa.schema([("key", pa.binary(KEY)), ("vector", pa.binary())])


def heads_of(path: Path) -> Heads:
    """Return the keys of a part in the order of its rows, as `PartIndex` takes them: 10⁷ of them in some seconds."""
    with opened(path) as part:
        chunks = part.read(columns=["key"]).column("key").chunks
        bytes_of = [
            np.frombuffer(each.buffers()[1], np.uint8)[KEY * each.offset :][: KEY * len(each)] for each in chunks
        ]
        return heads_of_rows(np.concatenate([np.empty(0, np.uint8), *bytes_of]).reshape(-1, KEY))


def write(file: IO[bytes], keys: Sequence[bytes], blobs: Sequence[bytes]) -> None:
    """Write a part, in groups of rows; vectors are noise, which nothing makes shorter."""
    import pyarrow as pa
    from pyarrow import parquet

    columns = schema()
    with parquet.ParquetWriter(file, columns, compression="none", use_dictionary=False, write_statistics=False) as out:
        for group in batches(zip(keys, blobs, strict=True), GROUP):
            out.write_table(pa.table([[key for key, _ in group], [blob for _, blob in group]], schema=columns))


def runs(parts: Mapping[str, int]) -> Iterator[list[str]]:
    """Yield runs of at least two parts, in order, that hold at most `MERGED` vectors together."""
    run: list[str] = []
    held = 0
    for name, rows in parts.items():
        if run and held + rows > MERGED:
            if len(run) > 1:
                yield run
            run, held = [], 0
        run.append(name)
        held += rows
    if len(run) > 1:
        yield run
