"""Weights in blocks of four bits: an eighth of a float32 each, and one scale for 32 of them.

A tensor `x` of a file of weights is then two: `x.nibbles`, and `x.scales`. A number is a code of -8..7 times the scale,
as in Q4_0 of ggml. What was rounded so once is kept exactly.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

BLOCK = 32
"""Numbers that share a scale: neighbours in a row."""
LARGEST = (-8, 7, -7, 6, -6, 5, -5, 4, -4, 3, -3, 2, -2, 1)
"""Codes that the number of largest magnitude of a block may get: the one with which the others are met best."""
NIBBLES, SCALES = ".nibbles", ".scales"

Array = NDArray[np.generic]


def shorten(weights: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    """Return a matrix, (rows, columns), as nibbles (rows, columns / 2) and scales (rows, columns / 32).

    Raises:
        ValueError: The columns are not a multiple of 32.
    """
    blocks = weights.astype(np.float32).reshape(len(weights), -1, BLOCK)
    largest = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=2, keepdims=True), axis=2)
    scales, least = np.zeros(largest.shape, np.float16), np.full(largest.shape, np.inf, np.float32)
    for code in LARGEST:
        tried = (largest / code).astype(np.float16)
        missed = np.abs(_codes(blocks, tried) * tried.astype(np.float32) - blocks).sum(axis=2, keepdims=True)
        better = missed < least
        scales, least = np.where(better, tried, scales), np.where(better, missed, least)
    codes = (_codes(blocks, scales) + 8).astype(np.uint8)
    low, high = codes[:, :, : BLOCK // 2], codes[:, :, BLOCK // 2 :]
    return (low | high << 4).astype(np.uint8).reshape(len(weights), -1), scales[:, :, 0]


def _codes(blocks: NDArray[np.float32], scales: NDArray[np.float16]) -> NDArray[np.float32]:
    steps = np.divide(blocks, scales, out=np.zeros_like(blocks), where=scales != 0)
    return np.clip(np.rint(steps), -8, 7)


def lengthen(nibbles: NDArray[np.uint8], scales: NDArray[np.float16]) -> NDArray[np.float32]:
    """Return the matrix that `shorten` was given, as near as four bits come to it.

    Raises:
        ValueError: The two do not belong together.
    """
    pairs = nibbles.reshape(*scales.shape, BLOCK // 2)
    codes = np.concatenate([pairs & 15, pairs >> 4], axis=2).astype(np.float32) - 8
    return (codes * scales.astype(np.float32)[:, :, None]).reshape(len(nibbles), -1)


def expanded(tensors: Mapping[str, Array]) -> dict[str, Array]:
    """Return the tensors of a file of weights with all that are in blocks as float32.

    Raises:
        KeyError, ValueError: Half of one is missing, or does not belong to the other.
    """
    plain = {name: tensor for name, tensor in tensors.items() if not name.endswith((NIBBLES, SCALES))}
    names = sorted({name.rpartition(".")[0] for name in tensors.keys() - plain.keys()})
    return plain | {name: lengthen(tensors[name + NIBBLES], tensors[name + SCALES]) for name in names}  # type: ignore[arg-type]
