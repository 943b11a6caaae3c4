"""Where the cosines of a leg lie is measured on the catalogue itself, for words, photos and products apart."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from hybridsearch.encoders.calibration import (
    LEAST,
    QUERIES,
    QUERY_LENGTH,
    Described,
    calibrate,
    calibration_from_queries,
    sample_titles,
)
from hybridsearch.encoders.kept.cache import EncodeCache
from hybridsearch.roles import Fields
from hybridsearch.schema import Calibration, Leg, Schema, uncalibrated
from hybridsearch.values import Vector, Vectors

DIMS = 16


class Gap:
    """An encoder with the gap of every CLIP: pictures are near each other, words are further from them.

    A picture is e0 + 0.5 × a direction of its own, words are 0.5 × e0 + e1 + 0.4 × the direction of what they name.
    """

    name = "gap"
    dims = DIMS
    fingerprint = "0123456789abcdef"
    enough = 32

    def __init__(self, *, reads: Iterable[str] = ("words", "photo")) -> None:
        self.reads = frozenset(reads)
        self.read: list[str] = []

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        self.read += texts
        rows = [0.5 * axis(0) + axis(1) + 0.4 * axis(2 + named(text) % (DIMS - 2)) for text in texts]
        return np.stack([row / np.linalg.norm(row) for row in rows]).astype(np.float32)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self.encode_texts(texts)

    def encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        raise NotImplementedError


def named(text: str) -> int:
    """Return what a text names: its number, or any."""
    return int(text) if text.strip().isdecimal() else len(text)


def axis(number: int) -> NDArray[np.float64]:
    row: NDArray[np.float64] = np.eye(DIMS)[number]
    return row


def picture(number: int) -> Vector:
    return Vector((axis(0) + 0.5 * axis(2 + number)) / 1.25**0.5)


def described(title: str, vector: Vector, text: str = "") -> Described:
    return Described(title, text, {"image": vector})


LEG = Leg("image", DIMS, Gap.fingerprint)
PRODUCTS = [described(str(number), picture(number)) for number in range(10)]


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[EncodeCache]:
    with EncodeCache(tmp_path / "vectors.db") as cache:
        yield cache


def test_words_and_photos_have_ranges_of_their_own(cache: EncodeCache) -> None:
    words, photo, product = calibrate(LEG, Gap(), cache, PRODUCTS).values()
    lengths = (0.25 + 1 + 0.16) ** 0.5 * 1.25**0.5
    assert words.low == pytest.approx(0.5 / lengths, abs=1e-6)  # a title and another product's picture
    assert words.high == pytest.approx((0.5 + 0.4 * 0.5) / lengths, abs=1e-6)  # a title and its own product's
    assert photo.low == pytest.approx(1 / 1.25, abs=1e-6)  # two products' pictures
    assert photo.high == 1  # the same picture
    assert product == photo


def test_products_without_a_text_stand_in_for_photos_alone(cache: EncodeCache) -> None:
    words, photo, _ = calibrate(LEG, Gap(), cache, [described("", picture(number)) for number in range(10)]).values()
    assert words.borrowed
    assert photo.low == pytest.approx(0.8, abs=1e-6)


def test_the_beginning_of_its_texts_stands_for_a_title(cache: EncodeCache) -> None:
    """Text 14 names what text 0 does, and so on."""
    encoder = Gap()
    products = [described("", picture(number), str(number) + " " * QUERY_LENGTH + "more") for number in range(10)]
    (words, *_), (expected, *_) = (calibrate(LEG, encoder, cache, each).values() for each in (products, PRODUCTS))
    assert {text.strip() for text in encoder.read} == {str(number) for number in range(10)}
    assert not words.borrowed
    assert (words.low, words.high) == pytest.approx((expected.low, expected.high), abs=0.1)


def test_without_any_text_titles_of_other_goods_show_where_words_lie(cache: EncodeCache) -> None:
    encoder = Gap()
    words, *_ = calibrate(LEG, encoder, cache, [described("", picture(number)) for number in range(3)]).values()
    assert words.borrowed
    assert words.tells is None
    assert 0 < words.low < words.high < 0.6
    titles = set(sample_titles())
    read = [text in titles for text in encoder.read]
    assert 0 < sum(read) <= QUERIES
    assert 0 < len(read) - sum(read) <= QUERIES  # words without a meaning
    assert words.noise is not None


class Prompted(Gap):
    """Encodes a text that is asked for a little otherwise, as an encoder with prompts: the cosine of both is .98."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        turned = self.encode_texts(texts) + np.float32(0.2) * axis(DIMS - 1)
        rows: Vectors = (turned / np.linalg.norm(turned, axis=1, keepdims=True)).astype(np.float32)
        return rows


@pytest.mark.parametrize(("reads", "parts"), [(("title",), True), (("title", "note"), False), ("image", False)])
def test_titles_asked_for_of_an_encoder_with_prompts_are_asked_for_in_part_where_a_leg_reads_them_alone(
    cache: EncodeCache, reads: str | tuple[str, ...], parts: bool
) -> None:
    encoder = Prompted()
    titles = [f"1 2 3 {'x' * number}" for number in range(1, 11)]
    products = [described(title, Vector(row)) for title, row in zip(titles, encoder.encode_texts(titles), strict=True)]
    calibrate(Leg("image", DIMS, Gap.fingerprint, reads), encoder, cache, products)
    assert ("1 3" in encoder.asked) == parts


def test_without_prompts_whole_titles_are_asked_for(cache: EncodeCache) -> None:
    encoder = Gap()
    products = [described("1 2 3", Vector(encoder.encode_texts(["1 2 3"])[0])) for _ in range(10)]
    calibrate(Leg("image", DIMS, Gap.fingerprint, ("title",)), encoder, cache, products)
    assert "1 3" not in encoder.read


def test_of_no_product_nothing_is_measured(cache: EncodeCache) -> None:
    assert calibrate(Leg("other", DIMS, "b"), Gap(), cache, PRODUCTS) == uncalibrated()


def test_a_leg_of_texts_knows_of_products_what_it_knows_of_their_words(cache: EncodeCache) -> None:
    texts = Leg("image", DIMS, Gap.fingerprint, ("title",))
    products = [
        described(" ".join(f"{number * 7 + place}" for place in range(6)), picture(number % (DIMS - 2)))
        for number in range(80)
    ]
    measured = calibrate(texts, Gap(reads={"words"}), cache, products)
    assert measured["words"].tells is not None
    assert measured["product"].tells == measured["words"].tells
    assert measured["photo"] == Calibration()


@pytest.mark.parametrize("source", ["words", "photo"])
def test_what_an_encoder_does_not_read_has_no_range(cache: EncodeCache, source: str) -> None:
    measured = calibrate(LEG, Gap(reads={"words", "photo"} - {source}), cache, PRODUCTS)
    assert [name for name, scale in measured.items() if scale == Calibration()] == [source]


def test_a_handful_of_products_is_not_measured(cache: EncodeCache) -> None:
    assert calibrate(LEG, Gap(), cache, PRODUCTS[: LEAST - 1]) == uncalibrated()


def test_a_range_is_never_empty_even_when_all_pictures_are_the_same(cache: EncodeCache) -> None:
    same = [described(str(number), picture(0)) for number in range(10)]
    for scale in calibrate(LEG, Gap(), cache, same).values():
        assert scale.high - scale.low == pytest.approx(0.05, abs=1e-6) or scale.high - scale.low > 0.05


@pytest.mark.parametrize(("products", "queries"), [(64, 64), (65, 33), (256, 64)])
def test_of_many_titles_a_few_are_encoded_from_the_first_to_the_last(
    cache: EncodeCache, products: int, queries: int
) -> None:
    encoder = Gap()
    calibrate(LEG, encoder, cache, [described(str(number), picture(number % 14)) for number in range(products)])
    step = int(encoder.read[1])
    assert encoder.read[:queries] == [str(number) for number in range(0, products, step)]
    assert len(range(0, products, step)) == queries


def test_a_title_is_compared_with_other_products_for_the_low_end_and_with_all_for_the_high_one() -> None:
    cosines = np.array([[0.9, 0.1, 0.2], [0.3, 0.4, 0.8]], dtype=np.float32)
    scale = calibration_from_queries(cosines, np.array([[True, False, False], [False, False, True]]))
    assert (scale.low, scale.high) == pytest.approx((0.25, 0.8 + 0.95 * 0.1))


@given(st.integers(2, 30), st.integers(0, 1000))
def test_the_ends_of_a_range_are_cosines_that_occur_or_lie_between_such(size: int, seed: int) -> None:
    cosines = np.random.default_rng(seed).uniform(-1, 1, (size, size)).astype(np.float32)
    scale = calibration_from_queries(cosines, np.eye(size, dtype=bool))
    assert cosines.min() <= scale.low <= cosines.max()
    assert scale.low < scale.high <= max(float(cosines.max()), scale.low + 0.05) + 1e-6


def test_the_ranges_of_each_leg_are_stored_with_the_index() -> None:
    words, photo = Calibration(0.1, 0.3, tells=0.7, borrowed=True), Calibration(0.5, 1.0)
    legs = (Leg("image", DIMS, "a", pictures=3), Leg("text", DIMS, "b", ("title",)))
    schema = Schema(Fields(title="title"), legs).calibrated({"image": {"words": words, "photo": photo}})
    stored = Schema.from_json(json.loads(json.dumps(schema.to_json())), "products")
    assert stored == schema
    image, text = stored.legs
    assert (image.calibration("words"), image.calibration("photo"), image.pictures) == (words, photo, 3)
    assert (text.calibration("words"), text.calibration("photo")) == (Calibration(), Calibration())


def test_an_index_names_its_ranges_by_source_beside_the_rest_of_a_leg() -> None:
    """As indexes of every version before do."""
    stored = {
        "name": "text",
        "dims": DIMS,
        "fingerprint": "b",
        "reads": ["title"],
        "words": {"low": 0.1, "high": 0.3},
        "photo": {"low": 0.0, "high": 1.0},
        "product": {"low": 0.2, "high": 1.0},
        "exact": True,
        "pictures": 1,
    }
    scales = {"words": Calibration(0.1, 0.3), "photo": Calibration(), "product": Calibration(0.2, 1.0)}
    leg = Leg("text", DIMS, "b", ("title",), scales, exact=True)
    assert Leg.from_json(stored) == leg
    written = json.loads(json.dumps(leg.to_json()))
    assert written.pop("measured")["words"] == {"tells": None, "borrowed": False, "noise": None}
    assert (written.pop("bits"), written.pop("frames")) == (8, False)
    assert written == stored


@pytest.mark.parametrize(("tells", "knowledge"), [(None, 1), (0.4, 0), (0.65, 0), (0.8, 0.5), (0.95, 1), (1.0, 1)])
def test_what_a_leg_knows_begins_above_what_guessing_gives(tells: float | None, knowledge: float) -> None:
    assert Calibration(tells=tells).knowledge == pytest.approx(knowledge)


@pytest.mark.parametrize("tells", ["much", [1], {}])
def test_a_measure_that_is_no_number_is_refused(tells: object) -> None:
    stored = {**Leg("text", DIMS, "b").to_json(), "measured": {"words": {"tells": tells}}}
    with pytest.raises(ValueError, match="tells"):
        Leg.from_json(stored)


def test_a_range_for_a_source_that_this_version_does_not_know_is_passed_over() -> None:
    stored = {**Leg("image", DIMS, "a").to_json(), "audio": {"low": 0.1, "high": 0.3}}
    assert Leg.from_json(stored) == Leg("image", DIMS, "a")
