"""The file of vectors notices what a disk does to it; tests/encoders/test_cache.py has its everyday life."""

from __future__ import annotations

import logging
import random
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from hybridsearch.encoders.kept.cache import EncodeCache, text_key
from hybridsearch.encoders.kept.vector_file import VectorFile
from hybridsearch.errors import ShopClosed
from tests.encoders.test_cache import Counting

TEXTS = [str(number) for number in range(300)]
FLIPS = 60


def fill(path: Path) -> bytes:
    """Write the vectors of all texts, and return the file."""
    with EncodeCache(path) as cache:
        cache.texts(Counting(), TEXTS)
    return path.read_bytes()


def test_a_flipped_bit_never_changes_a_vector(tmp_path: Path) -> None:
    """Attack: a flipped bit in vectors.db."""
    right, path = Counting().encode_texts(TEXTS), tmp_path / "vectors.db"
    intact, luck, noticed = fill(path), random.Random(1), 0
    for _ in range(FLIPS):
        data = bytearray(intact)
        data[luck.randrange(len(data))] ^= 1 << luck.randrange(8)
        path.write_bytes(data)
        with EncodeCache(path) as cache:
            encoded = cache.texts(Counting(), TEXTS)
            assert np.array_equal(encoded.vectors, right)
            noticed += encoded.hits < len(TEXTS)
            assert np.array_equal(cache.texts(Counting(), TEXTS).vectors, right)
        for leftover in tmp_path.iterdir():
            leftover.unlink()
    assert noticed > FLIPS / 2


def test_a_vector_that_does_not_match_its_checksum_is_encoded_again_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "vectors.db"
    fill(path)
    with closing(sqlite3.connect(path)) as db, db:
        ((key, blob),) = db.execute("SELECT key, vector FROM vectors LIMIT 1")
        db.execute("UPDATE vectors SET vector = ? WHERE key = ?", (bytes([blob[0] ^ 1]) + blob[1:], key))
    with EncodeCache(path) as cache, caplog.at_level(logging.WARNING):
        assert cache.texts(Counting(), TEXTS).hits == len(TEXTS) - 1
        assert caplog.messages == [f"1 vectors in '{path}' do not match their checksum. They are encoded again."]
        assert cache.texts(Counting(), TEXTS).hits == len(TEXTS)


def test_vectors_of_an_earlier_version_are_used_and_get_their_checksum(tmp_path: Path) -> None:
    path, key = tmp_path / "vectors.db", text_key(Counting(), "a")
    right = Counting().row(b"a")
    with closing(VectorFile(path)):
        pass
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO vectors VALUES (?, ?)", (key, right.tobytes()))
    with closing(VectorFile(path)) as file:
        assert np.array_equal(file.get([key], 8)[key], right)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT length(vector) FROM vectors").fetchall() == [(4 * 8 + 4,)]


def test_a_closed_file_says_so_and_is_not_taken_for_a_damaged_one(tmp_path: Path) -> None:
    file = VectorFile(tmp_path / "vectors.db")
    file.close()
    file.close()
    with pytest.raises(ShopClosed, match=r"vectors.db' was closed\. Open the shop again\."):
        file.get([b"key"], 8)
    assert [path.name for path in tmp_path.iterdir()] == ["vectors.db"]


def test_who_finds_the_file_locked_by_another_that_makes_it_waits(tmp_path: Path) -> None:
    """SQLite itself waits for no lock where it is told to let several processes write."""
    path = tmp_path / "vectors.db"
    with closing(sqlite3.connect(path, check_same_thread=False, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        threading.Timer(0.2, other.execute, ("COMMIT",)).start()
        started = time.monotonic()
        VectorFile(path).close()
        assert time.monotonic() - started > 0.1
