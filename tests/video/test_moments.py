"""What is kept of the frames of a video."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.video.moments import Moments, moments_of, of_video, timed

AXES = np.eye(3, dtype=np.float32)


def test_the_nearest_frame_is_the_one_with_the_largest_cosine_and_of_equal_ones_the_first() -> None:
    moments = Moments(0, (0.0, 1.5, 4.0), np.array([[1, 0, 0], [0, 9, 9], [0, 1, 1]], np.float32))
    assert moments.nearest(AXES[0]) == 0.0
    assert moments.nearest(AXES[1]) == 1.5
    assert moments.nearest(-AXES[0]) == 1.5


def test_what_is_stored_is_read_again_but_for_rounding() -> None:
    rows = np.random.default_rng(1).normal(size=(3, 8)).astype(np.float32)
    stored = str(Moments(2, (0.0, 12.25, 600.0), rows))
    found = Moments.read(stored, 8)
    assert found is not None
    assert (found.video, found.seconds) == (2, (0.0, 12.25, 600.0))
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(found.rows, axis=1)
    assert (rows * found.rows).sum(axis=1) / lengths == pytest.approx(np.ones(3), abs=1e-3)
    other = Moments.read(of_video(stored, 1), 8)
    assert other is not None
    assert (other.video, other.seconds) == (1, found.seconds)
    assert (other.rows == found.rows).all()


@given(st.text(max_size=60), st.integers(1, 4))
def test_what_is_none_is_read_as_none_or_as_frames_of_these_dimensions(stored: str, dims: int) -> None:
    found = Moments.read(stored, dims)
    assert found is None or found.rows.shape == (len(found.seconds), dims)


def test_moments_of_other_dimensions_are_none() -> None:
    assert Moments.read(str(Moments(0, (1.0,), AXES[:1])), 4) is None


@given(st.floats(0, 600), st.integers(0, 2))
def test_a_second_and_a_vector_are_kept_as_one_vector_of_length_1(second: float, axis: int) -> None:
    row = timed(second, AXES[axis])
    assert float(row @ row) == pytest.approx(1, abs=1e-6)
    found = moments_of([row])
    assert found.seconds[0] == pytest.approx(second, abs=0.02)
    assert found.nearest(AXES[axis]) == found.seconds[0]
