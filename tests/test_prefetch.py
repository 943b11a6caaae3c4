"""Threads that work in advance: in order, within a limit, and never when nobody waits for the result."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hybridsearch.encoders.kept import cache as cache_module
from hybridsearch.encoders.kept.cache import AT_ONCE, EncodeCache
from hybridsearch.images import decode
from hybridsearch.runtime.prefetch import prefetch_map, result_of
from hybridsearch.values import Vectors
from tests.encoders.test_cache import Counting, picture
from tests.shops import Stop

SECONDS = 30
"""After which a test that waits for a thread has failed."""


@given(st.lists(st.integers()), st.integers(1, 9))
def test_results_come_in_the_order_of_the_items(items: list[int], most: int) -> None:
    assert list(prefetch_map(lambda item: item * 2, items, most=most)) == [item * 2 for item in items]


def test_no_more_results_wait_than_allowed() -> None:
    source = iter(range(100))
    results = prefetch_map(abs, source, most=3)
    assert next(results) == 0
    assert next(source) == 4  # three are being computed, and one was taken to join them
    results.close()


def test_what_an_item_raises_is_raised_in_its_turn() -> None:
    results = prefetch_map(lambda number: 10 // number, [2, 0, 5], most=3)
    assert next(results) == 5
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_work_that_nobody_waits_for_is_not_started() -> None:
    done: list[int] = []

    def work(number: int) -> int:
        time.sleep(0.02 if number else 0)
        done.append(number)
        return number

    results = prefetch_map(work, range(1000), most=500)
    assert next(results) == 0
    results.close()
    assert len(done) < 400


def test_pictures_are_decoded_while_the_encoder_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoding = threading.Event()
    decoded: list[bytes] = []

    def counted(data: bytes, enough: int) -> Image.Image:
        decoded.append(data)
        if len(decoded) > AT_ONCE:
            decoding.set()
        return decode(data, enough)

    class Waiting(Counting):
        """Encodes its first pictures only when a picture of the next batch is being decoded."""

        def encode_images(self, images: Sequence[Image.Image]) -> Vectors:
            assert decoding.wait(SECONDS)
            return super().encode_images(images)

    monkeypatch.setattr(cache_module, "decode", counted)
    with EncodeCache(tmp_path / "vectors.db") as cache:
        vectors = cache.images(Waiting(), [picture(shade) for shade in range(AT_ONCE + 1)])
    assert len(vectors.vectors) == AT_ONCE + 1


def test_an_encoder_that_fails_is_not_waited_for(tmp_path: Path) -> None:
    class Failing(Counting):
        def encode_images(self, images: Sequence[Image.Image]) -> Vectors:
            raise MemoryError(len(images))

    before = threading.active_count()
    with EncodeCache(tmp_path / "vectors.db") as cache, pytest.raises(MemoryError):
        cache.images(Failing(), [picture(shade) for shade in range(3 * AT_ONCE)])
    assert threading.active_count() == before


def test_a_stop_that_comes_just_before_a_wait_begins_is_noticed(stop_after: Stop) -> None:
    """Fault 30."""
    work: Future[None] = Future()
    end = threading.Timer(20, work.set_result, [None])
    try:
        stop_after(0.2)
        end.start()
        with pytest.raises(KeyboardInterrupt):
            result_of(work)
        assert not work.done()
    finally:
        end.cancel()
