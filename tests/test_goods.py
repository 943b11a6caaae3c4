"""Vectors of kinds of goods: kept by a rebuild, or encoded as a process warms up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from hybridsearch.encoders.goods import called, keep
from hybridsearch.encoders.kept.cache import EncodeCache
from hybridsearch.roles import Fields
from hybridsearch.schema import Calibration, Leg, Schema
from hybridsearch.shop.goods import KnownGoods, stored
from hybridsearch.values import Vectors
from tests.shops import settings

LANGUAGES: tuple[Literal["en", "de"], ...] = ("en", "de")
WORDS = [word for _, word in called(LANGUAGES)]


class Counting:
    """An encoder that says how many texts it has read."""

    dims, fingerprint, reads = 2, "counting", frozenset({"words"})

    def __init__(self) -> None:
        self.read = 0

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        self.read += len(texts)
        return np.tile(np.array([[1, 0]], dtype=np.float32), (len(texts), 1))


def test_what_a_rebuild_kept_is_not_encoded_again(tmp_path: Path) -> None:
    encoder, file = Counting(), tmp_path / "vectors.db"
    assert stored(encoder, file, LANGUAGES) is None  # type: ignore[arg-type]
    assert encoder.read == 0
    with EncodeCache(file) as cache:
        keep(encoder, cache, LANGUAGES)  # type: ignore[arg-type]
    read = encoder.read
    goods = stored(encoder, file, LANGUAGES)  # type: ignore[arg-type]
    assert goods is not None
    assert (goods.vectors.shape, encoder.read) == ((len(WORDS), 2), read)
    assert goods.names[:2] == ("laptop", "laptop")


def test_a_search_encodes_no_goods_and_what_warms_a_process_up_does(tmp_path: Path) -> None:
    encoder = Counting()
    measured = Calibration(0.0, 1.0, noise=0.1, tells=0.9)
    leg = Leg("text", 2, "counting", ("title",), calibrations={"words": measured})
    config = settings(tmp_path)
    schema = Schema(Fields(title="title", languages=LANGUAGES), legs=(leg,), elsewhere=("lawn mower",))
    goods = KnownGoods(config, {"text": encoder})  # type: ignore[arg-type]
    assert goods.of(schema) == {}
    assert encoder.read == 0
    goods.load(schema)
    assert list(goods.of(schema)) == ["text"]
    assert goods.of(replace(schema, elsewhere=())) == {}
