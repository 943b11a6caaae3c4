"""The common vector of a product's pictures, and what an unusable picture costs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hybridsearch.errors import ConfigError, ImageError
from hybridsearch.images import limits
from hybridsearch.images.product import ProductPictures, mean, read_pictures
from hybridsearch.search.weights import prior
from hybridsearch.values import Vector
from tests.shops import settings, shop, write_products

EAST, NORTH, UP = (Vector(row) for row in np.eye(3))
FILES = {"east": EAST, "north": NORTH, "up": UP}


class Camera:
    """Loads and encodes pictures that are named after what they show."""

    def __init__(self) -> None:
        self.loaded: list[str] = []
        self.batches: list[int] = []

    def load(self, reference: str) -> bytes:
        self.loaded.append(reference)
        if reference.startswith("missing"):
            raise ImageError(f"'{reference}' is no file.")
        return reference.encode()

    def encode(self, files: Sequence[bytes]) -> list[Vector | ImageError]:
        self.batches.append(len(files))
        return [FILES.get(file.decode(), ImageError(f"'{file.decode()}' is damaged.")) for file in files]


@pytest.fixture(scope="module")
def pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def read(
    references: Sequence[Sequence[str]], most: int, pool: Executor, camera: Camera | None = None
) -> list[ProductPictures]:
    camera = camera or Camera()
    return read_pictures(references, most, camera.load, camera.encode, pool)


def test_the_vector_is_the_unit_mean_of_the_first_pictures(pool: Executor) -> None:
    (pictures,) = read([["east", "north", "up"]], 2, pool)
    assert pictures.vector is not None
    assert np.allclose(pictures.vector.array, [0.5**0.5, 0.5**0.5, 0])
    assert pictures.flaws == []


def test_pictures_behind_the_last_that_counts_are_not_loaded(pool: Executor) -> None:
    camera = Camera()
    read([["east", "north", "up"]], 2, pool, camera)
    assert camera.loaded == ["east", "north"]


def test_a_product_with_fewer_pictures_has_the_mean_of_those(pool: Executor) -> None:
    single, none = read([["east"], []], 3, pool)
    assert single.vector == EAST
    assert none.vector is None
    assert none.flaws == []


@pytest.mark.parametrize("bad", ["missing", "broken"])
def test_a_picture_that_cannot_be_used_costs_one_picture_and_says_why(pool: Executor, bad: str) -> None:
    (pictures,) = read([["east", bad, "north", "up"]], 2, pool)
    assert pictures.vector is not None
    assert np.allclose(pictures.vector.array, [0.5**0.5, 0.5**0.5, 0])
    assert [str(flaw).split("'")[1] for flaw in pictures.flaws] == [bad]


def test_when_no_picture_can_be_used_every_reason_is_kept(pool: Executor) -> None:
    (pictures,) = read([["missing 1", "broken", "missing 2"]], 1, pool)
    assert pictures.vector is None
    reasons = ["'broken' is damaged.", "'missing 1' is no file.", "'missing 2' is no file."]
    assert sorted(map(str, pictures.flaws)) == reasons


def test_the_same_picture_twice_counts_once(pool: Executor) -> None:
    camera = Camera()
    (pictures,) = read([["east", "east", "north"]], 2, pool, camera)
    assert camera.loaded == ["east", "north"]
    assert len(pictures.vectors) == 2


def test_pictures_of_many_products_are_encoded_together_and_given_back_to_their_own(pool: Executor) -> None:
    camera = Camera()
    products = read([["east"], ["north", "up"], [], ["up"]], 1, pool, camera)
    assert [pictures.vector for pictures in products] == [EAST, NORTH, None, UP]
    assert camera.batches == [3]


def test_no_more_files_are_held_than_the_limit(pool: Executor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FILES_AT_ONCE", 4)
    camera = Camera()
    read([["east", "north"]] * 5, 2, pool, camera)
    assert camera.batches == [4, 4, 2]


MEASURE = """
import resource, sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
import numpy as np
from hybridsearch.images import load_picture
from hybridsearch.images.product import read_pictures
from hybridsearch.values import Vector

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

def encode(files):
    return [Vector(np.ones(1)) for _ in files]

references = [[f"{number}.jpg" for number in range(turn, turn + 8)] for turn in range(60)]
before = peak()
with ThreadPoolExecutor(8) as pool:
    load = partial(load_picture, folder=Path(sys.argv[1]), fetch=None)
    products = read_pictures(references, int(sys.argv[2]), load, encode, pool)
assert [len(product.vectors) for product in products] == [int(sys.argv[2])] * 60
print(peak() - before)
"""


@pytest.mark.skipif(os.name != "posix", reason="measures memory as POSIX does")
@pytest.mark.parametrize("most", [1, 2])
def test_the_files_of_a_batch_take_no_more_memory_however_large_each_is(tmp_path: Path, most: int) -> None:
    """Fault 52: pictures that were padded to 18 MB."""
    with (tmp_path / "0.jpg").open("wb") as file:
        Image.new("RGB", (9, 9)).save(file, "JPEG")
        file.truncate(18 * 2**20)
    for number in range(1, 70):
        (tmp_path / f"{number}.jpg").symlink_to("0.jpg")
    command = [sys.executable, "-c", MEASURE, str(tmp_path), str(most)]
    megabytes = float(subprocess.check_output(command, cwd=Path(__file__).parents[2]))
    budget = limits.BYTES_AT_ONCE + limits.LOADED_AT_ONCE * (limits.PRODUCT_BYTES + limits.MAX_BYTES)
    assert megabytes < budget / 2**20


def test_at_most_eight_pictures_of_a_product_are_tried(pool: Executor) -> None:
    """Fault 50: a seller may list any number of addresses."""
    camera = Camera()
    (pictures,) = read([[f"missing {number}" for number in range(1000)]], 1, pool, camera)
    assert len(camera.loaded) == 8
    assert len(pictures.flaws) == 9
    assert (
        str(pictures.flaws[-1]) == "Its other pictures are left out: the first 8 are all that is tried of one product."
    )


def test_a_broken_picture_among_eight_costs_no_other(pool: Executor) -> None:
    (pictures,) = read([["broken", "east"]], 8, pool)
    assert pictures.vector == EAST
    assert len(pictures.flaws) == 1


def test_the_pictures_of_a_product_take_no_longer_than_its_share(
    pool: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 50: addresses that answer one byte at a time."""
    monkeypatch.setattr(limits, "FETCH_SECONDS", 0.2)
    monkeypatch.setattr(limits, "PRODUCT_SECONDS", 0.5)

    def drip(reference: str) -> bytes:
        if reference != "east":
            time.sleep(0.2)
            raise ImageError(f"{reference} did not arrive within 0.2 s.")
        return b"east"

    started = time.monotonic()
    slow, quick = read_pictures([list("abcdefgh"), ["east"]], 1, drip, Camera().encode, pool)
    assert time.monotonic() - started < 1.3
    assert slow.vector is None
    assert re.fullmatch(r"Its other pictures are left out: the first [12] took \d s to load.", str(slow.flaws[-1]))
    assert quick.vector == EAST


def test_pictures_that_cancel_each_other_out_leave_the_first() -> None:
    assert mean([EAST, Vector(-EAST.array)]) == EAST


def test_one_picture_keeps_its_vector_to_the_last_bit() -> None:
    assert mean([NORTH]) is NORTH


@given(st.lists(st.integers(0, 2**32), min_size=1, max_size=8))
def test_a_mean_is_a_unit_vector_no_further_from_any_picture_than_the_pictures_are_apart(seeds: list[int]) -> None:
    rows = [np.abs(np.random.default_rng(seed).normal(size=6)) + 0.01 for seed in seeds]
    vectors = [Vector(row / np.linalg.norm(row)) for row in rows]
    average = mean(vectors).array
    cosines = np.array([[float(a.array @ b.array) for a in vectors] for b in vectors])
    assert np.linalg.norm(average) == pytest.approx(1, abs=1e-6)
    assert min(float(average @ vector.array) for vector in vectors) >= cosines.min() - 1e-6


def test_a_leg_reads_as_many_pictures_of_a_product_as_it_says(tmp_path: Path) -> None:
    shades = {"a": "red", "b": "green", "c": "blue"}
    for name, shade in shades.items():
        Image.new("RGB", (70, 70), shade).save(tmp_path / f"{name}.png")
    (tmp_path / "torn.png").write_bytes((tmp_path / "a.png").read_bytes()[:60])
    rows: list[dict[str, Any]] = [
        {"id": "all", "title": "t", "image": ["a.png", "b.png", "c.png"]},
        {"id": "torn", "title": "t", "image": ["torn.png", "b.png", "c.png"]},
        {"id": "one", "title": "t", "image": "c.png"},
        {"id": "lost", "title": "t", "image": ["torn.png"]},
        {"id": "none", "title": "t"},
    ]
    write_products(tmp_path / "products.jsonl", rows)
    leg = {"name": "image", "encoder": "starter", "pictures": 2}
    indexed = shop(tmp_path, fields={"title": "title", "image": "image"}, vectors=[leg])
    report = indexed.reindex()
    plain = [Image.new("RGB", (70, 70), shade) for shade in shades.values()]
    vectors = [Vector(row) for row in indexed.encoders["image"].encode_images(plain)]
    near = {hit.id: hit.signals["photo.image"] for hit in indexed.search(image=tmp_path / "c.png")}
    scale = indexed.engine.schema().legs[0].calibration("photo")
    weight = prior().weight("photo.image")
    for name, expected in (("torn", mean(vectors[1:])), ("one", vectors[2])):
        cosine = float(vectors[2].array @ expected.array)
        assert near[name] == pytest.approx(weight * (cosine - scale.low) / (scale.high - scale.low), abs=1e-4)
    assert (report.indexed, report.without_picture) == (5, 2)
    assert [(reject.id, reject.stage) for reject in report.rejects] == [("torn", "picture"), ("lost", "picture")]


@pytest.mark.parametrize("number", [0, 9, 1.5])
def test_a_leg_reads_one_to_eight_pictures(tmp_path: Path, number: float) -> None:
    with pytest.raises(ConfigError, match=r"'vectors.0.pictures'"):
        settings(tmp_path, vectors=[{"name": "image", "encoder": "starter", "pictures": number}])
