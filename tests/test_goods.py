"""Vectors of kinds of goods: kept by a rebuild, or encoded a few with each search."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hybridsearch.encoders.goods import keep
from hybridsearch.encoders.kept.cache import EncodeCache
from hybridsearch.shop.goods import AT_ONCE, encoded
from hybridsearch.values import Vectors

WORDS = [f"word {number}" for number in range(2 * AT_ONCE + 3)]


class Counting:
    """An encoder that says how many texts it has read."""

    dims, fingerprint, reads = 2, "counting", frozenset({"words"})

    def __init__(self) -> None:
        self.read = 0

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        self.read += len(texts)
        return np.tile(np.array([[1, 0]], dtype=np.float32), (len(texts), 1))


def test_a_search_encodes_a_few_words_and_none_are_given_until_all_are_there(tmp_path: Path) -> None:
    encoder = Counting()
    assert encoded(encoder, tmp_path / "vectors.db", WORDS) is None  # type: ignore[arg-type]
    assert encoder.read == AT_ONCE
    assert encoded(encoder, tmp_path / "vectors.db", WORDS) is None  # type: ignore[arg-type]
    rows = encoded(encoder, tmp_path / "vectors.db", WORDS)  # type: ignore[arg-type]
    assert rows is not None
    assert (rows.shape, encoder.read) == ((len(WORDS), 2), len(WORDS))


def test_what_a_rebuild_kept_is_not_encoded_again(tmp_path: Path) -> None:
    encoder = Counting()
    with EncodeCache(tmp_path / "vectors.db") as cache:
        keep(encoder, cache, WORDS)  # type: ignore[arg-type]
        assert cache.missing(encoder, WORDS) == []  # type: ignore[arg-type]
    assert encoded(encoder, tmp_path / "vectors.db", WORDS) is not None  # type: ignore[arg-type]
    assert encoder.read == len(WORDS)
