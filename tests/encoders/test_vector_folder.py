"""Vectors in a folder that many processes fill: whole or not there, whatever is killed or damaged."""

from __future__ import annotations

import logging
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pyarrow import parquet

from hybridsearch.encoders.kept import vector_folder
from hybridsearch.encoders.kept.vector_folder import VectorFolder, runs
from hybridsearch.errors import EncoderError
from tests.encoders.test_part_index import key

DIMS = 4


def vector(number: int) -> NDArray[np.float32]:
    row = np.array([1, number, number % 7, -1], np.float32)
    return (row / np.linalg.norm(row)).astype(np.float32)


def some(numbers: range) -> dict[bytes, NDArray[np.float32]]:
    return {key(number): vector(number) for number in numbers}


def fill(path: Path, numbers: range) -> None:
    """Write a part."""
    folder = VectorFolder(path)
    folder.put(some(numbers))
    folder.close()


def numbers_in(path: Path, among: int = 5_000) -> list[int]:
    """Return which vectors a folder knows; each is the one that was put there."""
    found = VectorFolder(path).get([key(number) for number in range(among)], DIMS)
    known = [number for number in range(among) if key(number) in found]
    assert all((found[key(number)] == vector(number)).all() for number in known)
    return known


def parts(path: Path) -> list[Path]:
    return sorted(path.glob("part-*"))


def test_what_is_put_is_found_at_once_and_by_others_once_it_is_flushed(tmp_path: Path) -> None:
    folder = VectorFolder(tmp_path)
    folder.put(some(range(3)))
    assert (folder.get([key(2)], DIMS)[key(2)] == vector(2)).all()
    assert folder.known([key(1), key(9)]) == {key(1)}
    assert numbers_in(tmp_path) == []
    folder.flush()
    folder.flush()
    assert numbers_in(tmp_path) == [0, 1, 2]
    assert len(folder.get([key(0), key(1), key(0)], DIMS)) == 2
    assert len(parts(tmp_path)) == 1
    assert oct(parts(tmp_path)[0].stat().st_mode & 0o007) == "0o0"


def test_many_vectors_are_written_before_anybody_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector_folder, "UNSAVED", 10 * 4 * DIMS)
    folder = VectorFolder(tmp_path)
    folder.put(some(range(9)))
    assert not parts(tmp_path)
    folder.put(some(range(9, 10)))
    assert len(parts(tmp_path)) == 1


def test_rows_beyond_a_group_are_found(tmp_path: Path) -> None:
    count = 2 * vector_folder.GROUP + 5
    fill(tmp_path, range(count))
    assert numbers_in(tmp_path) == list(range(count))
    assert parquet.ParquetFile(parts(tmp_path)[0]).num_row_groups == 3


def test_those_who_write_at_once_lose_nothing(tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda n: fill(tmp_path, range(20 * n, 20 * n + 25)), range(3)))
    assert numbers_in(tmp_path) == list(range(65))


def test_a_half_part_is_no_part_and_a_damaged_one_costs_its_own_vectors(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for first in (0, 100, 200, 300):
        fill(tmp_path, range(first, first + 50))
    cut, half, odd, _ = parts(tmp_path)
    cut.write_bytes(cut.read_bytes()[:-20])
    half.rename(half.with_name(f"{half.name}.tmp"))
    odd.write_bytes(b"")
    parquet.write_table(vector_folder.schema().empty_table().rename_columns(["a", "b"]), tmp_path / "part-0.parquet")
    with caplog.at_level(logging.WARNING):
        assert numbers_in(tmp_path) == list(range(300, 350))
    said = [record.message for record in caplog.records]
    assert len(said) == 3
    assert f"'{cut}' is damaged (" in said[1]
    assert said[1].endswith("It is left out, and what it held is encoded again; remove it.")


def test_a_vector_that_does_not_match_its_checksum_is_not_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fill(tmp_path, range(3))
    (path,) = parts(tmp_path)
    data = bytearray(path.read_bytes())
    place = data.index(vector(1).tobytes())
    data[place] ^= 1
    path.write_bytes(data)
    with caplog.at_level(logging.WARNING):
        assert numbers_in(tmp_path) == [0, 2]
    assert "1 vectors in" in caplog.text


def test_parts_are_merged_while_others_read_and_write(tmp_path: Path) -> None:
    for first in range(0, 60, 10):
        fill(tmp_path, range(first, first + 15))  # each five are there twice
    reader, writer = VectorFolder(tmp_path), VectorFolder(tmp_path)
    writer.put(some(range(100, 103)))
    assert VectorFolder(tmp_path).merge() == 6
    writer.flush()
    assert len(parts(tmp_path)) == 2
    assert sum(parquet.ParquetFile(path).metadata.num_rows for path in parts(tmp_path)) == 65 + 3
    assert len(reader.get([key(number) for number in range(65)], DIMS)) == 65
    assert numbers_in(tmp_path) == [*range(65), *range(100, 103)]
    assert VectorFolder(tmp_path).merge() == 2
    assert VectorFolder(tmp_path).merge() == 0


def test_merging_keeps_a_damaged_part_and_removes_what_was_abandoned(tmp_path: Path) -> None:
    for first in (0, 100):
        fill(tmp_path, range(first, first + 5))
    old, new = tmp_path / "part-1.parquet.tmp", tmp_path / "part-2.parquet.tmp"
    for path in (old, new):
        path.write_bytes(b"PAR1")
    os.utime(old, (time.time() - 2 * vector_folder.ABANDONED,) * 2)
    damaged = sorted(tmp_path.glob("*.parquet"))[-1]
    damaged.write_bytes(b"PAR1")
    folder = VectorFolder(tmp_path)
    assert folder.merge() == 0
    assert damaged.exists()
    assert new.exists()
    assert not old.exists()


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([], []),
        ([5], []),
        ([5, 5], [[0, 1]]),
        ([40_000, 30_000, 10_000], [[1, 2]]),
        ([30_000, 30_000, 5_536, 1, 1], [[0, 1, 2], [3, 4]]),
    ],
)
def test_parts_are_put_together_up_to_the_size_of_one(sizes: list[int], expected: list[list[int]]) -> None:
    assert list(runs({str(place): size for place, size in enumerate(sizes)})) == [
        [str(place) for place in run] for run in expected
    ]


def test_a_folder_that_is_not_there_is_empty_and_made_when_something_is_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a" / "b"
    with caplog.at_level(logging.WARNING):
        folder = VectorFolder(path)
    assert "is not there. Nothing is taken from it." in caplog.text
    assert folder.get([key(1)], DIMS) == {}
    assert not path.exists()
    folder.put(some(range(2)))
    folder.close()
    assert numbers_in(path) == [0, 1]


def test_what_is_no_folder_is_said(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(EncoderError, match="Cannot read the encoded vectors in"):
        VectorFolder(file)


def test_a_folder_that_takes_no_more_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = VectorFolder(tmp_path)
    folder.put(some(range(1)))
    full = OSError(28, "No space left on device")
    monkeypatch.setattr(vector_folder, "replacing", lambda _: (_ for _ in ()).throw(full))
    with pytest.raises(EncoderError, match=r"No space left on device\. Make room"):
        folder.close()


def test_without_pyarrow_the_install_line_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(EncoderError) as caught:
        VectorFolder(tmp_path)
    assert str(caught.value).endswith('Run: pip install "hybridsearch[parquet]"')
