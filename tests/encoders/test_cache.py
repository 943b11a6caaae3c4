"""What was encoded once is not encoded again: on disk for products, in memory for queries."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hybridsearch.encoders.kept.cache import EncodeCache, QueryVectors, image_key, text_key
from hybridsearch.encoders.kept.vector_file import count_known
from hybridsearch.errors import EncoderError, ImageError
from hybridsearch.values import Vector, Vectors


class Counting:
    """An encoder whose vectors depend on the content alone, and which counts what it was asked."""

    name = "counting"
    reads = frozenset({"words", "photo"})
    enough = 32

    def __init__(self, fingerprint: str = "0123456789abcdef", dims: int = 8) -> None:
        self.fingerprint = fingerprint
        self.dims = dims
        self.asked: list[str | Image.Image] = []

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.stack([self.row(text.encode("utf-8", "replace")) for text in texts])

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self.encode_texts(texts)

    def encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        self.asked += images
        return np.stack([self.row(image.tobytes()) for image in images])

    def row(self, content: bytes) -> Vectors:
        seed = int.from_bytes(blake2b(self.fingerprint.encode() + content, digest_size=8).digest())
        row = np.random.default_rng(seed).normal(size=self.dims).astype(np.float32)
        return np.asarray(row / np.linalg.norm(row), dtype=np.float32)


def picture(shade: int) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (9, 9), (shade, shade, 0)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sub" / "vectors.db"


@pytest.fixture
def cache(path: Path) -> Iterator[EncodeCache]:
    with EncodeCache(path) as cache:
        yield cache


def test_the_second_time_the_encoder_is_not_asked(cache: EncodeCache) -> None:
    encoder = Counting()
    first, second = cache.texts(encoder, ["a", "b"]), cache.texts(encoder, ["a", "b"])
    assert encoder.asked == ["a", "b"]
    assert (first.hits, second.hits) == (0, 2)
    assert np.array_equal(first.vectors, second.vectors)
    assert second.vectors.dtype == np.float32


def test_rows_come_back_in_the_order_of_the_texts(cache: EncodeCache) -> None:
    encoder = Counting()
    cache.texts(encoder, ["b", "d"])
    encoded = cache.texts(encoder, ["a", "b", "c", "d", "a"])
    assert encoded.hits == 2
    assert np.array_equal(encoded.vectors, Counting().encode_texts(["a", "b", "c", "d", "a"]))


def test_equal_texts_are_encoded_once(cache: EncodeCache) -> None:
    encoder = Counting()
    cache.texts(encoder, ["a"] * 5)
    assert encoder.asked == ["a"]


def test_nothing_asked_is_nothing_answered(cache: EncodeCache) -> None:
    assert cache.texts(Counting(), []).vectors.shape == (0, 8)
    assert cache.images(Counting(), []).vectors == []


def test_a_text_that_is_not_valid_unicode_is_cached_too(cache: EncodeCache) -> None:
    encoder = Counting()
    assert [cache.texts(encoder, ["\ud800\0"]).hits for _ in range(2)] == [0, 1]


def test_vectors_survive_the_process(path: Path) -> None:
    with EncodeCache(path) as cache:
        before = cache.texts(Counting(), ["a"]).vectors
    with EncodeCache(path) as cache:
        after = cache.texts(Counting(), ["a"])
    assert after.hits == 1
    assert np.array_equal(before, after.vectors)


@pytest.mark.parametrize("foreign", [Counting(fingerprint="fedcba9876543210"), Counting(dims=16)])
def test_another_encoder_never_gets_these_vectors(cache: EncodeCache, foreign: Counting) -> None:
    cache.texts(Counting(), ["a"])
    encoded = cache.texts(foreign, ["a"])
    assert encoded.hits == 0
    assert encoded.vectors.shape == (1, foreign.dims)


def test_a_text_and_a_picture_of_the_same_bytes_are_two_things(cache: EncodeCache) -> None:
    encoder = Counting()
    cache.texts(encoder, ["a"])
    assert cache.images(encoder, [b"a"]).hits == 0


def test_more_items_than_one_statement_takes(cache: EncodeCache) -> None:
    texts = [str(number) for number in range(2500)]
    cache.texts(Counting(), texts)
    assert cache.texts(Counting(), texts).hits == 2500


def test_a_known_picture_is_not_decoded_again(cache: EncodeCache, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = Counting()
    files = [picture(shade) for shade in range(70)]
    first = cache.images(encoder, files)
    monkeypatch.setattr("hybridsearch.encoders.kept.cache.decode", None)
    second = cache.images(encoder, files)
    assert (first.hits, second.hits, len(encoder.asked)) == (0, 70, 70)
    assert first.vectors == second.vectors


def test_a_picture_that_fails_leaves_its_reason_in_its_place(cache: EncodeCache) -> None:
    encoded = cache.images(Counting(), [picture(1), b"<html>", picture(2), b"", b"<html>"])
    assert [type(vector) for vector in encoded.vectors] == [Vector, ImageError, Vector, ImageError, ImageError]
    assert "a web page" in str(encoded.vectors[1])


def test_pictures_that_all_fail_do_not_reach_the_encoder(cache: EncodeCache) -> None:
    encoder = Counting()
    cache.images(encoder, [b"<html>"])
    assert encoder.asked == []


@pytest.mark.parametrize(("kept", "added"), [(0, b"not a database " * 400), (5000, b""), (100, b"\xff" * 8000)])
def test_a_damaged_file_is_put_aside_and_begun_anew(
    path: Path, caplog: pytest.LogCaptureFixture, kept: int, added: bytes
) -> None:
    texts = [str(number) for number in range(300)]
    with EncodeCache(path) as cache:
        cache.texts(Counting(), texts)
    path.write_bytes(path.read_bytes()[:kept] + added)
    with caplog.at_level(logging.WARNING), EncodeCache(path) as cache:
        for _ in range(2):
            encoded = cache.texts(Counting(), texts)
        assert encoded.hits == 300
    assert np.array_equal(encoded.vectors, Counting().encode_texts(texts))
    assert path.with_name("vectors.db.damaged").exists()
    assert "is damaged" in caplog.text


@pytest.mark.parametrize(
    "blob", [b"", bytes(32), b"\xff" * 32, np.full(8, 9, "<f4").tobytes(), np.zeros(9, "<f4").tobytes()]
)
def test_a_row_that_is_not_a_unit_vector_is_computed_again(cache: EncodeCache, path: Path, blob: bytes) -> None:
    right = cache.texts(Counting(), ["a"]).vectors
    with sqlite3.connect(path) as db:
        db.execute("UPDATE vectors SET vector = ?", (blob,))
    db.close()
    encoded = cache.texts(Counting(), ["a"])
    assert encoded.hits == 0
    assert np.array_equal(encoded.vectors, right)


def test_a_file_that_cannot_be_written_costs_only_time(
    cache: EncodeCache, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    db = sqlite3.connect(path)
    db.execute("DROP TABLE vectors")
    db.commit()
    db.close()
    assert cache.texts(Counting(), ["a"]).vectors.shape == (1, 8)
    assert "was not used" in caplog.text


def test_what_is_known_can_be_counted_without_touching_the_folder(path: Path) -> None:
    encoder, photo = Counting(), picture(7)
    keys = [text_key(encoder, "a"), text_key(encoder, "b"), text_key(encoder, "new"), image_key(encoder, photo)]
    assert count_known(path, keys) == 0
    assert not path.parent.exists()
    with EncodeCache(path) as cache:
        cache.texts(encoder, ["a"])
        cache.images(encoder, [photo])
        assert count_known(path, keys) == 2  # while another process writes
    before = {file: file.read_bytes() for file in path.parent.iterdir()}
    assert count_known(path, [*keys, *keys]) == 2
    assert {file: file.read_bytes() for file in path.parent.iterdir()} == before


def test_a_damaged_file_knows_nothing_and_stays(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database " * 400)
    assert count_known(path, [text_key(Counting(), "a")]) == 0
    assert list(path.parent.iterdir()) == [path]


def test_a_place_that_cannot_hold_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EncoderError, match=r"Cannot open the encode cache '.*file/vectors.db'"):
        EncodeCache(tmp_path / "file" / "vectors.db")


def test_two_processes_write_the_same_file(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path;"
        "from hybridsearch.encoders.kept.cache import EncodeCache; from tests.encoders.test_cache import Counting;"
        "cache = EncodeCache(Path(sys.argv[1]));"
        "[cache.texts(Counting(), [f'{sys.argv[2]}-{n}-{m}' for m in range(20)]) for n in range(50)]"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code, str(path), name]) for name in "ab"]
    assert [process.wait(60) for process in processes] == [0, 0]
    with EncodeCache(path) as cache:
        everything = [f"{name}-{n}-{m}" for name in "ab" for n in range(50) for m in range(20)]
        assert cache.texts(Counting(), everything).hits == 2000


def test_threads_share_a_cache(cache: EncodeCache) -> None:
    texts = [str(number) for number in range(200)]
    threads = [threading.Thread(target=cache.texts, args=(Counting(), texts)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.texts(Counting(), texts).hits == 200


def test_a_repeated_query_is_not_encoded_again() -> None:
    encoder, recent = Counting(), QueryVectors()
    assert recent.vector(encoder, "words", "red dress") == recent.vector(encoder, "words", "red dress")
    assert encoder.asked == ["red dress"]


def test_a_repeated_photo_is_neither_decoded_nor_encoded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder, recent = Counting(), QueryVectors()
    file = tmp_path / "photo.png"
    file.write_bytes(picture(7))
    first = recent.vector(encoder, "photo", file)
    monkeypatch.setattr("hybridsearch.images.upload.QUERY_WORKERS", None)
    assert recent.vector(encoder, "photo", file.read_bytes()) == first
    assert recent.vector(encoder, "photo", str(file)) == first


def test_a_photo_in_memory_is_known_by_its_pixels() -> None:
    encoder, recent = Counting(), QueryVectors()
    vectors = [recent.vector(encoder, "photo", Image.new("RGB", (9, 9), colour)) for colour in ("red", "red", "blue")]
    assert len(encoder.asked) == 2
    assert vectors[0] == vectors[1] != vectors[2]


def test_the_oldest_query_is_forgotten_first() -> None:
    encoder, recent = Counting(), QueryVectors(size=2)
    for text in ("a", "b", "a", "c", "a", "b"):
        recent.vector(encoder, "words", text)
    assert encoder.asked == ["a", "b", "c", "b"]


def test_two_encoders_never_share_a_query() -> None:
    recent = QueryVectors()
    assert recent.vector(Counting(), "words", "a") != recent.vector(Counting(fingerprint="other"), "words", "a")


def test_threads_share_the_recent_queries() -> None:
    recent = QueryVectors(size=5)
    failures: list[Exception] = []

    def ask() -> None:
        encoder = Counting()
        try:
            for number in range(300):
                text = str(number % 11)
                assert recent.vector(encoder, "words", text) == Vector(encoder.row(text.encode()))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
