"""Vectors in a file that only grows, checked when they are read, and the exact nearest among them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.engines.embedded.arrays.files import Checked
from hybridsearch.engines.embedded.arrays.vectors import Comparison, LegVectors, Sound, append, load
from hybridsearch.errors import StoreDamaged
from hybridsearch.values import Vector, Vectors

DIMS = 3


def rows_of(seed: int, count: int) -> Vectors:
    rows = np.random.default_rng(seed).standard_normal((count, DIMS))
    unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def test_the_leftover_of_an_interrupted_write_is_overwritten(tmp_path: Path) -> None:
    path, first, second = tmp_path / "vectors", rows_of(1, 2), rows_of(2, 3)
    batches = [(2, append(path, 0, first))]
    append(path, 2, rows_of(3, 5))  # its transaction never came
    batches.append((3, append(path, 2, second)))
    np.testing.assert_array_equal(load(path, DIMS, batches), np.concatenate([first, second]))


def test_a_batch_that_does_not_match_its_checksum_is_named(tmp_path: Path) -> None:
    path = tmp_path / "vectors"
    batches = [(2, append(path, 0, rows_of(1, 2))), (3, append(path, 2, rows_of(2, 3)) ^ 1)]
    with pytest.raises(StoreDamaged, match=r"vectors 2 to 4 do not match their checksum"):
        load(path, DIMS, batches)
    with pytest.raises(StoreDamaged, match=r"does not hold the 6 vectors of 3 dims"):
        load(path, DIMS, [*batches, (1, 0)])


def test_a_batch_is_compared_before_one_of_its_vectors_is_read_and_then_never_again(tmp_path: Path) -> None:
    """A damaged file is noticed before it answers wrongly, and opened without being read."""
    path, checked = tmp_path / "vectors", Checked()
    batches = [(2, append(path, 0, rows_of(1, 2))), (3, append(path, 2, rows_of(2, 3)) ^ 1)]
    sound = Sound(path, DIMS, batches, checked)
    leg = LegVectors(sound.matrix, np.arange(5, dtype=np.int32), require=sound.require)
    leg.cosines(np.array([1], np.int32), Vector(rows_of(1, 1)[0]))
    with pytest.raises(StoreDamaged, match=r"vectors 2 to 4 do not match their checksum"):
        leg[2]
    with pytest.raises(StoreDamaged, match=r"vectors 2 to 4 do not match their checksum"):
        leg.products(np.arange(5, dtype=np.int32), Vector(rows_of(1, 1)[0]))
    batches = [batches[0], (3, batches[1][1] ^ 1), (1, append(path, 5, rows_of(3, 1)))]
    Sound(path, DIMS, batches, checked).require()  # other batches than those before: nothing is known of them
    path.write_bytes(b"\0" * path.stat().st_size)
    Sound(path, DIMS, batches, checked).require()
    with pytest.raises(StoreDamaged):
        Sound(path, DIMS, batches, Checked()).require()


def test_a_leg_without_vectors_needs_no_file(tmp_path: Path) -> None:
    assert load(tmp_path / "missing", DIMS, []).shape == (0, DIMS)


@given(st.integers(0, 1000), st.floats(0, 1), st.integers(0, 12), st.floats(-1, 1), st.booleans())
def test_the_nearest_are_those_of_a_plain_sort_whatever_share_is_allowed(
    seed: int, share: float, k: int, floor: float, again: bool
) -> None:
    matrix, rng = rows_of(seed, 20), np.random.default_rng(seed)
    rows = rng.permutation(20).astype(np.int32)
    rows[rng.random(20) < 0.2] = -1  # documents without this leg
    allowed = rng.random(20) < share
    vector = Vector(rows_of(seed + 1, 1)[0])
    compared = Comparison(LegVectors(matrix, rows), vector, again=again)
    compared.nearest(k, floor, rng.random(20) < rng.random())  # what was compared for other filters changes nothing
    docs, cosines = compared.nearest(k, floor, allowed)
    exact = {doc: float(matrix[rows[doc]] @ vector.array) for doc in np.flatnonzero(allowed & (rows >= 0))}
    expected = sorted((doc for doc in exact), key=lambda doc: (-exact[doc], doc))[:k]
    assert docs.tolist() == [doc for doc in expected if exact[doc] >= floor]
    assert cosines.tolist() == pytest.approx([exact[doc] for doc in docs.tolist()], abs=1e-6)


def test_a_document_without_the_leg_has_no_cosine() -> None:
    matrix = rows_of(1, 8)
    leg = LegVectors(matrix, np.array([0, -1, 5], np.int32))
    cosines = leg.cosines(np.array([0, 1, 2], np.int32), Vector(matrix[5]))
    assert np.isnan(cosines[1])
    assert cosines[2] == pytest.approx(1.0)
