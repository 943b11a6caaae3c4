from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.encoders.models.blocks import Array, expanded, lengthen, shorten


def test_a_block_is_kept_as_codes_times_a_scale() -> None:
    block = np.array([[-8, 7, 1, 0] * 8], dtype=np.float32) * 0.5
    nibbles, scales = shorten(block)
    assert scales.tolist() == [[0.5]]
    # Codes are counted from 0: number 0 is -8 -> 0, number 16 the same; number 1 is 7 -> 15, number 17 the same.
    assert nibbles[0, :4].tolist() == [0x00, 0xFF, 0x99, 0x88]
    assert lengthen(nibbles, scales).tolist() == block.tolist()


@given(st.integers(0, 2**32 - 1), st.sampled_from([1e-3, 1.0, 50.0]))
def test_what_was_rounded_once_is_kept_exactly(seed: int, size: float) -> None:
    weights = np.random.default_rng(seed).normal(0, size, (5, 64)).astype(np.float32)
    once = lengthen(*shorten(weights))
    assert np.array_equal(lengthen(*shorten(once)), once)
    largest = np.abs(weights.reshape(5, 2, 32)).max(axis=2, keepdims=True)
    assert (np.abs(once - weights).reshape(5, 2, 32) <= largest * 0.3).all()  # a wide bound: most are far nearer
    assert np.abs(once - weights).mean() < 0.15 * np.abs(weights).mean()


def test_zeros_stay_zeros() -> None:
    assert not lengthen(*shorten(np.zeros((2, 32), np.float32))).any()


def test_rows_that_do_not_divide_into_blocks_are_refused() -> None:
    with pytest.raises(ValueError, match="reshape"):
        shorten(np.ones((2, 33), np.float32))


def test_only_what_is_in_blocks_is_expanded() -> None:
    nibbles, scales = shorten(np.full((1, 32), 7, np.float32))
    tensors = expanded({"a.nibbles": nibbles, "a.scales": scales, "b": np.arange(3, dtype=np.float32)})
    assert sorted(tensors) == ["a", "b"]
    assert tensors["a"].tolist() == [[7.0] * 32]


@pytest.mark.parametrize("lost", ["a.nibbles", "a.scales"])
def test_half_of_a_pair_is_an_error(lost: str) -> None:
    nibbles, scales = shorten(np.ones((1, 32), np.float32))
    tensors: dict[str, Array] = {"a.nibbles": nibbles, "a.scales": scales}
    del tensors[lost]
    with pytest.raises(KeyError, match=lost):
        expanded(tensors)
