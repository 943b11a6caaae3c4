"""Vectors of the shop's own file, and behind it of a folder that machines share."""

from __future__ import annotations

from pathlib import Path

from hybridsearch import Settings
from hybridsearch.disk.home import Home
from hybridsearch.encoders.kept.stores import Both, count_stored, shared_folder, store_of
from hybridsearch.encoders.kept.vector_file import VectorFile
from hybridsearch.encoders.kept.vector_folder import VectorFolder
from tests.encoders.test_part_index import key
from tests.encoders.test_vector_folder import DIMS, fill, some, vector


def settings(folder: Path, shared: str | None) -> Settings:
    data = {"catalog": {"path": "products.jsonl"}, "cache": {"path": shared} if shared else {}}
    return Settings.parse(data, folder=folder)


def test_a_shop_without_a_shared_folder_has_its_file_alone(tmp_path: Path) -> None:
    found = settings(tmp_path, None)
    store = store_of(found)
    assert isinstance(store, VectorFile)
    assert shared_folder(found) is None
    store.put(some(range(2)))
    store.flush()
    store.close()
    assert count_stored(found, [key(0), key(1), key(2)]) == 2


def test_a_rebuild_takes_from_both_and_adds_to_its_own_file(tmp_path: Path) -> None:
    found = settings(tmp_path, "shared")
    fill(tmp_path / "shared", range(10, 13))
    store = store_of(found)
    assert isinstance(store, Both)
    store.put(some(range(2)))
    store.flush()
    keys = [key(1), key(11), key(99), key(1)]
    assert {each: row.tolist() for each, row in store.get(keys, DIMS).items()} == {
        key(1): vector(1).tolist(),
        key(11): vector(11).tolist(),
    }
    store.close()
    assert VectorFolder(tmp_path / "shared").known([key(0), key(10)]) == {key(10)}
    assert VectorFile(Home(found.home).vectors).get([key(0), key(10)], DIMS).keys() == {key(0)}
    assert count_stored(found, keys) == 2
