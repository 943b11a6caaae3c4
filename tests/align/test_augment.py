"""Changes to pictures."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra 'clip' is not installed")

import torch

from hybridsearch.align.augment import augment


def test_changed_pictures_stay_pictures_and_the_seed_decides_how_they_change() -> None:
    rng = np.random.default_rng(0)
    pictures = torch.from_numpy(rng.random((6, 3, 20, 16), dtype=np.float32))
    first, repeated, different = (augment(pictures, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert first.shape == pictures.shape
    assert 0 <= float(first.min()) <= float(first.max()) <= 1
    assert torch.equal(first, repeated)
    assert not torch.equal(first, different)
