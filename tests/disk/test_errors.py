"""Errors of the disk and of SQLite say whether the file is damaged or cannot be used, and what to do.

What another user reads is in tests/engines/embedded/test_store.py.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hybridsearch.disk.errors import explained
from hybridsearch.errors import EngineError, StoreDamaged


def test_a_file_that_is_no_database_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"not a database, " * 100)
    with pytest.raises(StoreDamaged) as failure, explained(path), closing(sqlite3.connect(path)) as db:
        db.execute("SELECT * FROM documents")
    assert str(failure.value) == (
        f"'{path}' is damaged: file is not a database. Rebuild the index with: hybridsearch reindex"
    )


def test_a_database_that_another_process_writes_to_is_not_damaged(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path)) as writer, closing(sqlite3.connect(path, timeout=0)) as second:
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(EngineError) as failure, explained(path):
            second.execute("BEGIN EXCLUSIVE")
    assert not isinstance(failure.value, StoreDamaged)
    assert str(failure.value) == f"Cannot use '{path}': database is locked. Look at the folder and the free space."


def test_a_full_disk_is_named_with_the_path_and_not_called_damage(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as failure, explained(tmp_path / "vectors.f32"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert str(failure.value) == (
        f"Cannot use '{tmp_path / 'vectors.f32'}': No space left on device. Look at the folder and the free space."
    )
