"""Arrays in one file come back as they were written, or the file is refused."""

import random
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from hybridsearch.engines.embedded.arrays.arrays import Arrays, load_arrays, read_commit, save_arrays, whole

ARRAYS: Arrays = {
    "bytes": np.arange(5, dtype=np.uint8),
    "empty": np.zeros(0, np.int32),
    "numbers": np.array([1.5, np.nan, -np.inf]),
}


def test_arrays_and_commit_come_back_as_they_were_written(tmp_path: Path) -> None:
    save_arrays(tmp_path / "file", whole(ARRAYS), "42")
    arrays, commit = load_arrays(tmp_path / "file")
    assert commit == read_commit(tmp_path / "file") == "42"
    assert list(arrays) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays[name], array)
        assert not arrays[name].flags.writeable


@pytest.mark.parametrize("seed", range(20))
def test_a_flipped_bit_is_noticed(tmp_path: Path, seed: int) -> None:
    file = tmp_path / "file"
    save_arrays(file, whole(ARRAYS), "42")
    data = bytearray(file.read_bytes())
    data[random.Random(seed).randrange(len(data))] ^= 1 << seed % 8
    file.write_bytes(data)
    with pytest.raises(ValueError):  # noqa: PT011 - of the JSON parser where the length of the table changed
        load_arrays(file)


@pytest.mark.parametrize("length", [1, 11, 12, 200])
def test_a_file_that_was_cut_is_refused(tmp_path: Path, length: int) -> None:
    file = tmp_path / "file"
    save_arrays(file, whole(ARRAYS), "42")
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(ValueError, match=r"cut short|checksum does not match|empty document"):
        load_arrays(file)


@pytest.mark.parametrize("seed", range(20))
def test_the_commit_of_a_damaged_file_is_text_or_refused(tmp_path: Path, seed: int) -> None:
    file, chance = tmp_path / "file", random.Random(seed)
    save_arrays(file, whole(ARRAYS), "42")
    data = bytearray(file.read_bytes())
    data[-chance.randrange(1, 200)] ^= 1 << seed % 8
    file.write_bytes(data[: chance.choice([None, chance.randrange(len(data))])])
    with suppress(OSError, ValueError):
        assert isinstance(read_commit(file), str)
