"""Kinds of goods, and the legs in which words are compared with them."""

from __future__ import annotations

import numpy as np

from hybridsearch.encoders.goods import Goods, called, kinds, tells_goods
from hybridsearch.schema import Calibration, Leg
from hybridsearch.texts import text
from hybridsearch.texts.languages import analyses
from hybridsearch.values import Vector


def test_every_kind_has_a_word_in_each_language_that_is_searched_in_this_language() -> None:
    assert len(kinds()) > 500
    for words in kinds().values():
        assert set(words) == set(analyses())
        assert all(text.sequence(word, language) for language, word in words.items())


def test_a_kind_that_is_called_the_same_in_two_languages_is_given_once() -> None:
    words = [word for name, word in called(("en", "de")) if name == "kimono"]
    assert words == ["kimono", "Kimono"]
    assert [word for name, word in called(("en", "fr")) if name == "kimono"] == ["kimono"]


def test_the_nearest_kind_has_the_highest_cosine() -> None:
    goods = Goods(("bread", "lawn mower"), np.array([[1, 0], [0.6, 0.8]], dtype=np.float32))
    name, cosine = goods.nearest(Vector([0, 1]))
    assert (name, round(cosine, 6)) == ("lawn mower", 0.8)


def test_goods_are_compared_in_legs_of_text_on_which_enough_products_were_measured() -> None:
    measured = Calibration(0.1, 0.9, tells=0.9, noise=0.5)
    assert tells_goods(Leg("a", 2, "f", reads=("title",), calibrations={"words": measured}))
    assert not tells_goods(Leg("a", 2, "f", reads="image", calibrations={"words": measured}))
    assert not tells_goods(Leg("a", 2, "f", reads=("title",)))
