"""Files that are replaced as a whole; what a power cut leaves of them is in tests/stories/test_power_cut.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridsearch.disk.durable import make_folder, replacing


def test_a_replaced_file_holds_the_new_content_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old and longer")
    with replacing(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old and longer"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def fail_after(written: int) -> None:
    raise RuntimeError(written)


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError), replacing(path) as file:
        fail_after(file.write(b"new"))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_leftover_of_a_killed_writer_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "file"
    (tmp_path / "file.tmp").write_bytes(b"half of something much longer")
    with replacing(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_made_with_its_parents_and_an_existing_one_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b" / "c"
    make_folder(folder, tmp_path)
    (folder / "file").touch()
    make_folder(folder, tmp_path)
    assert [path.name for path in folder.iterdir()] == ["file"]
