"""An encoder that is not ours may return anything; what the library gets from it keeps to the protocol."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from hybridsearch.encoders.base import Encoder, TextEncoder
from hybridsearch.encoders.checked import CheckedEncoder
from hybridsearch.errors import EncoderError, EncoderUnavailable

TEXTS = ["red dress", "blue coat"]


class Foreign(TextEncoder):
    """An encoder of two dims that returns what it is told."""

    fingerprint = "foreign 1"
    dims: Any = 2

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def encode_texts(self, _: Any) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def checked(answer: Any, **changes: Any) -> CheckedEncoder:
    foreign = Foreign(answer)
    for name, value in changes.items():
        setattr(foreign, name, value)
    encoder: Encoder = foreign
    return CheckedEncoder("foreign", "foreign:x", encoder)


@pytest.mark.parametrize(
    "answer",
    [
        [[3, 4], [0, -2]],
        ((3.0, 4.0), (0.0, -2.0)),
        np.array([[3, 4], [0, -2]], np.float64),
        np.array([[3, 4], [0, -2]], np.float16),
        [np.array([0.6, 0.8]), np.array([0.0, -1.0])],
        [[3e30, 4e30], [0, -1e-30]],
    ],
)
def test_rows_of_any_length_and_type_become_unit_rows_of_float32(answer: Any) -> None:
    rows = checked(answer).encode_texts(TEXTS)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows, [[0.6, 0.8], [0.0, -1.0]], rtol=1e-3)


def test_what_an_encoder_returned_is_not_changed() -> None:
    answer = np.array([[3.0, 4.0], [0.0, -2.0]])
    checked(answer).encode_texts(TEXTS)
    assert answer.tolist() == [[3, 4], [0, -2]]


@pytest.mark.parametrize("bad", [[0, 0], [np.nan, 1], [np.inf, 1], [None, 1], [1e200, 1e200]])
def test_a_row_without_a_direction_is_refused_with_its_place(bad: Any) -> None:
    with pytest.raises(EncoderError) as refused:
        checked([[1, 0], bad]).encode_texts(TEXTS)
    assert not isinstance(refused.value, EncoderUnavailable)  # of many texts, the others have vectors
    assert str(refused.value) == (
        "Encoder 'foreign:x' gave a vector without direction for item 1 of 2. "
        "Look into what serves it, or choose another encoder."
    )


@pytest.mark.parametrize(
    ("answer", "shape"),
    [
        ([[1, 0]], (1, 2)),
        ([[1, 0, 0]] * 2, (2, 3)),
        ([1, 0], (2,)),
        ([[[1, 0]]] * 2, (2, 1, 2)),
        (7, ()),
        (None, ()),
        ([], (0,)),
    ],
)
def test_an_array_of_another_shape_is_no_products_fault(answer: Any, shape: tuple[int, ...]) -> None:
    with pytest.raises(EncoderUnavailable) as refused:
        checked(answer).encode_texts(TEXTS)
    assert str(refused.value) == (
        f"Encoder 'foreign:x' gave an array of the shape {shape} for 2 items, expected (2, 2). "
        "It was changed, or does not keep to the protocol of an encoder."
    )


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (KeyError("data"), "Encoder 'foreign:x' failed: KeyError: 'data'."),
        (EncoderError("Too long."), "Too long."),
        ([[1, 0], [1]], "Encoder 'foreign:x' failed: ValueError: "),
        ([["one", 0], [1, 0]], "Encoder 'foreign:x' failed: ValueError: could not convert string to float: 'one'."),
        ([{"embedding": [1, 0]}] * 2, "Encoder 'foreign:x' failed: TypeError: "),
    ],
)
def test_what_an_encoder_raises_is_an_error_of_the_encoder(answer: Any, sentence: str) -> None:
    with pytest.raises(EncoderError) as refused:
        checked(answer).encode_texts(TEXTS)
    assert str(refused.value).startswith(sentence)


def test_no_texts_are_no_rows_and_no_work() -> None:
    assert checked(AssertionError("was asked")).encode_texts([]).shape == (0, 2)


def test_pictures_are_checked_too() -> None:
    class Seeing(Foreign):
        reads = frozenset({"words", "photo"})
        enough = 8

        def encode_images(self, _: Any) -> Any:
            return self.answer

    encoder = CheckedEncoder("foreign", "foreign:x", Seeing([[3, 4]]))
    assert (set(encoder.reads), encoder.enough) == ({"words", "photo"}, 8)
    np.testing.assert_allclose(encoder.encode_images([Image.new("RGB", (8, 8))]), [[0.6, 0.8]], rtol=1e-6)
    with pytest.raises(EncoderUnavailable, match=r"\(1, 2\) for 2 items"):
        encoder.encode_images([Image.new("RGB", (8, 8))] * 2)


def test_an_encoder_of_words_refuses_pictures() -> None:
    with pytest.raises(EncoderError, match="does not read pictures"):
        checked([]).encode_images([Image.new("RGB", (8, 8))])


def test_a_fingerprint_is_16_digits_and_changes_with_kind_dims_and_the_encoders_own() -> None:
    seen = {
        CheckedEncoder(kind, "foreign:x", foreign).fingerprint
        for kind, foreign in [
            ("foreign", Foreign([])),
            ("other", Foreign([])),
            ("foreign", changed(Foreign([]), "dims", 3)),
            ("foreign", changed(Foreign([]), "fingerprint", "foreign 2")),
        ]
    }
    assert len(seen) == 4
    assert all(len(digits) == 16 and int(digits, 16) >= 0 for digits in seen)
    assert checked([]).fingerprint == checked([], name="elsewhere").fingerprint


def changed(foreign: Foreign, name: str, value: Any) -> Foreign:
    setattr(foreign, name, value)
    return foreign


@pytest.mark.parametrize("changes", [{"dims": 0}, {"dims": -1}, {"fingerprint": ""}, {"fingerprint": None}])
def test_an_encoder_without_dims_or_a_fingerprint_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(
        EncoderError, match="expected a whole number from 1 and a text that changes whenever its vectors"
    ):
        checked([], **changes)


def test_dims_may_be_any_whole_number() -> None:
    assert checked([], dims=np.int64(2)).dims == 2
    with pytest.raises(TypeError):
        checked([], dims=2.0)
