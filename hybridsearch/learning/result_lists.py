"""ResultList: the candidates of a query under the plan of a search, as rows of signal values; one request per query.

Learning reads the same named clauses that a search adds up, so a weight means the same in both.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import orjson
from numpy.typing import NDArray

from hybridsearch.disk.durable import make_folder
from hybridsearch.disk.modes import create
from hybridsearch.disk.paths import shown
from hybridsearch.engines.base import Engine
from hybridsearch.errors import EngineError
from hybridsearch.learning.lifted import is_lifted, lifts
from hybridsearch.runtime import forks
from hybridsearch.runtime.progress import Progress
from hybridsearch.search import signals
from hybridsearch.search.plan import Plan
from hybridsearch.search.weights import Weights
from hybridsearch.values import Page

Matrix = NDArray[np.float32]

MAX_ENTRIES = 20_000
"""Latest result lists that the cache keeps: at most about 400 MB."""
CRC = 4
"""Bytes of the checksum behind the rows."""


@dataclass(frozen=True, slots=True)
class ResultList:
    """The window of one query, before any weighting.

    Attributes:
        ids: Product ids.
        values: Signal values, (products, signals) in the order of `signals.signal_names`.
        lifts: What words beside a photo add to them, of the same shape, see `lifted`; None where there are none.
    """

    ids: tuple[str, ...]
    values: Matrix
    lifts: Matrix | None = None

    @property
    def whole(self) -> Matrix:
        """The values that weights are multiplied with."""
        return self.values if self.lifts is None else self.values + self.lifts

    def ranked(self, weights: NDArray[np.floating], names: Sequence[str]) -> list[str]:
        """Return the ids by descending sum of weighted values, typed codes first; tied ones stay in the engine's order.

        Args:
            weights: (signals,).
            names: The signals.
        """
        scores = codes_first(self.whole @ weights, self.values, names)
        return [self.ids[row] for row in np.argsort(-scores, kind="stable")]


def codes_first(scores: NDArray[np.floating], values: Matrix, names: Sequence[str]) -> NDArray[np.float64]:
    """Return scores under which a product with a typed code leads, as in a plan, and equal ones stay equal.

    Args:
        scores: (..., products), sums of weighted values.
        values: (..., products, signals).
        names: The signals.
    """
    places = values @ np.array([{signals.CODE: 2.0, signals.CODE_PREFIX: 1.0}.get(name, 0.0) for name in names])
    above = 1.0 + scores.max(axis=-1, keepdims=True, initial=0.0).astype(np.float64)
    return np.asarray(scores + above * places)


def bare(weights: Weights) -> Weights:
    """Return weights that give every signal a part of the score, for the same candidates."""
    return weights.model_copy(update={"signals": dict.fromkeys(signals.keys(), 1.0), "kinds": {}})


def probe(plan: Plan) -> Plan:
    """Return the plan that asks for the whole window, and for scores only."""
    return replace(plan, offset=0, size=plan.window, facets=(), compared=(), sort=(), rows=False)


def collect(
    engine: Engine,
    plans: Sequence[Plan],
    names: Sequence[str],
    cache: ResultCache,
    progress: Progress,
    alike: float = 0.0,
) -> Iterator[ResultList | None]:
    """Yield the result list of each plan, from the cache if it is there; None for a partial answer.

    Args:
        engine: That has the index.
        plans: What `probe` returned, made with weights from `bare`.
        names: The signals, from `signals.signal_names`.
        cache: Keeps the result lists, so that an interrupted run continues.
        progress: Called after every query.
        alike: Of the weights that the plans were made with.

    Raises:
        EngineError: The engine cannot be reached, or refused.
    """
    version = engine.content_version()
    for number, plan in enumerate(plans, 1):
        key = cache_key(version, plan, names)
        results = cache.get(key, len(names), lifted=is_lifted(plan))
        if results is None:
            page = engine.search(plan)
            if not page.degraded:
                results = result_list(plan, page, names, alike)
                cache.put(key, results)
        progress("asking", number, len(plans))
        yield results


def result_list(plan: Plan, page: Page, names: Sequence[str], alike: float) -> ResultList:
    """Return the rows of signal values of a page; the arguments are those of `collect`."""
    weights = {signal.name: signal.weight for signal in plan.signals}
    rows = [[hit.signals.get(name, 0.0) / weights.get(name, 1.0) for name in names] for hit in page]
    values = np.array(rows, np.float32).reshape(len(page), len(names))
    return ResultList(
        tuple(hit.id for hit in page), values, lifts(plan, page, names, alike) if is_lifted(plan) else None
    )


def cache_key(version: str, plan: Plan, names: Sequence[str]) -> bytes:
    """Return the cache key of a plan, 20 bytes; it changes with the index's content."""
    digest = hashlib.blake2b(repr((version, *names)).encode(), digest_size=20)
    digest.update(repr(replace(plan, neighbours=(), signals=())).encode(errors="replace"))
    for part in (*plan.neighbours, *plan.signals):
        vector = getattr(part, "vector", None)
        digest.update(repr(part).encode(errors="replace"))
        digest.update(vector.array.tobytes() if vector is not None else b"")
    return digest.digest()


def checksum(key: bytes, ids: bytes, rows: bytes) -> bytes:
    """Return the CRC32 of a stored result list."""
    return zlib.crc32(rows, zlib.crc32(ids, zlib.crc32(key))).to_bytes(CRC, "little")


def is_sound(key: bytes, ids: object, rows: object) -> bool:
    """Return whether a result list is as it was stored; those of an earlier version, without a checksum, are not."""
    return (
        isinstance(ids, bytes)
        and isinstance(rows, bytes)
        and len(rows) >= CRC
        and rows[-CRC:] == checksum(key, ids, rows[:-CRC])
    )


class ResultCache:
    """Keeps result lists in a SQLite file, about 10 kB per query; deleting it costs only time.

    What does not match its checksum is asked for again.

    Raises:
        EngineError: From every method, when the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._explained():
            make_folder(path.parent, path.parent)
            create(path)
            self._db = sqlite3.connect(path, timeout=30, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute("CREATE TABLE IF NOT EXISTS candidates (key BLOB PRIMARY KEY, ids BLOB, rows BLOB)")
            latest = "SELECT rowid FROM candidates ORDER BY rowid DESC LIMIT ?"
            self._db.execute(f"DELETE FROM candidates WHERE rowid NOT IN ({latest})", (MAX_ENTRIES,))

    def get(self, key: bytes, signals: int, *, lifted: bool = False) -> ResultList | None:
        """Return the result list of a key, with values of shape (products, signals); None if it is not there."""
        query = "SELECT ids, rows FROM candidates WHERE key = ?"
        with self._explained(), closing(self._db.execute(query, (key,))) as cursor:
            row = cursor.fetchone()
        if row is None or not is_sound(key, *row):
            return None
        ids = tuple(orjson.loads(row[0]))
        parts = np.frombuffer(row[1][:-CRC], np.float32).reshape(1 + lifted, len(ids), signals)
        return ResultList(ids, *parts)

    def put(self, key: bytes, results: ResultList) -> None:
        """Store the result list of a key."""
        parts = (results.values,) if results.lifts is None else (results.values, results.lifts)
        ids, rows = orjson.dumps(results.ids), b"".join(part.tobytes() for part in parts)
        with self._explained():
            values = key, ids, rows + checksum(key, ids, rows)
            self._db.execute("INSERT OR REPLACE INTO candidates VALUES (?, ?, ?)", values)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            with forks.still():
                yield
        except (OSError, sqlite3.Error, UnicodeDecodeError) as error:  # the last: SQLite quotes a damaged file
            raise EngineError(
                f"Cannot use {shown(self._path)}: {error}. It only saves time: remove it and try again."
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
