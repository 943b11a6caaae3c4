"""How near words without a meaning come to the products of a catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from hybridsearch.encoders.base import TextEncoder
from hybridsearch.encoders.kept.cache import EncodeCache
from hybridsearch.encoders.nonsense import AT_ONCE, LEAST, noise, shuffled
from hybridsearch.schema import Calibration
from hybridsearch.values import Vectors

TITLES = [f"Wooden garden bench number {number}" for number in range(20)]


class Turning(TextEncoder):
    """Puts each text a little farther from the only product than the one before."""

    name = fingerprint = "turning"
    dims = 2

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        angles = np.arange(len(texts)) * 0.1
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[EncodeCache]:
    with EncodeCache(tmp_path / "vectors.db") as cache:
        yield cache


def test_a_query_without_a_meaning_has_the_letters_of_words_of_a_title() -> None:
    (first,) = shuffled(["Wooden garden bench"])
    assert sorted(first) in [sorted(word) for word in ("wooden", "garden", "bench")]
    assert first == next(shuffled(["Wooden garden bench"]))  # in every rebuild the same
    assert [len(query.split()) for query in shuffled(TITLES[:4])] == [1, 2, 1, 2]


def test_characters_of_chinese_and_japanese_are_mixed_from_all_titles() -> None:
    titles = ["红色雨伞", "跑步鞋 男士", "革靴 メンズ"]
    queries = list(shuffled(titles))
    assert [len(query) for query in queries] == [2, 3, 4]
    assert set("".join(queries)) <= set("".join(titles).replace(" ", ""))
    assert all(len(set(query)) == len(query) for query in queries)


def test_short_words_and_numbers_make_none() -> None:
    assert list(shuffled(["42 x 7", "a to b", ""])) == []


def test_it_is_what_one_in_ten_of_them_exceeds_with_the_nearest_product(cache: EncodeCache) -> None:
    products = np.array([[1, 0], [-1, 0]], np.float32)
    asked = len(set(shuffled(TITLES)))
    cosines = np.abs(np.cos(np.arange(asked) % AT_ONCE * 0.1))
    assert noise(Turning(), cache, TITLES, products) == pytest.approx(float(np.percentile(cosines, 90)), abs=1e-6)


def test_a_few_of_them_say_nothing(cache: EncodeCache) -> None:
    assert noise(Turning(), cache, TITLES[: LEAST - 1], np.eye(2, dtype=np.float32)) is None


@pytest.mark.parametrize(
    ("scale", "nonsense", "proves"),
    [
        (Calibration(0.0, 0.8, noise=0.4), 0.4, 0.5),
        (Calibration(0.0, 0.8), 0.4, 0.5),  # of an index in which it was not measured
        (Calibration(0.0, 0.8, noise=0.8), 0.8, 0.82),  # an encoder that takes nonsense for a title
    ],
)
def test_above_it_the_scale_goes_on_to_a_products_own_title(scale: Calibration, nonsense: float, proves: float) -> None:
    assert scale.above_nonsense(0.0) == pytest.approx(nonsense)
    assert scale.above_nonsense(0.25) == pytest.approx(proves)
