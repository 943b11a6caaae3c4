"""The contrastive loss and the learning rate, against the formulas; tests/align/test_run.py trains real models."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra 'clip' is not installed")

import torch
from torch.nn import functional

from hybridsearch.align import train
from hybridsearch.align.material import Contrast


def contrast(match: list[list[int]], clash: list[list[int]] | None = None) -> Contrast:
    hits = np.array(match, dtype=bool)
    return Contrast(["text"] * hits.shape[1], hits, ~hits if clash is None else np.array(clash, dtype=bool))


def test_with_one_match_each_the_loss_is_that_of_clip() -> None:
    logits = torch.randn(4, 4, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(4)
    expected = (functional.cross_entropy(logits, labels) + functional.cross_entropy(logits.T, labels)) / 2
    assert float(train.contrastive_loss(logits, contrast(np.eye(4, dtype=int).tolist()))) == pytest.approx(
        float(expected)
    )


def test_several_matches_share_the_target() -> None:
    logits = torch.tensor([[2.0, 1.0, 0.0]])
    # By hand: from the picture, the mean of -log p of the two that match; from each matching text there is no choice.
    total = np.log(np.exp([2.0, 1.0, 0.0]).sum())
    expected = ((total - 2.0) + (total - 1.0)) / 2
    assert float(train.contrastive_loss(logits, contrast([[1, 1, 0]]))) == pytest.approx(expected / 2)


def test_unknown_pairs_do_not_count() -> None:
    unsure = contrast([[1, 0], [0, 1]], clash=[[0, 0], [1, 0]])
    losses = [float(train.contrastive_loss(torch.tensor([[1.0, value], [0.5, 1.0]]), unsure)) for value in (-9.0, 9.0)]
    assert losses[0] == losses[1]


def test_texts_that_fit_no_picture_cost_nothing() -> None:
    assert float(train.contrastive_loss(torch.zeros(2, 2), contrast([[0, 0], [0, 0]]))) == 0


def test_the_rate_rises_then_falls() -> None:
    rates = [train.schedule(step, 200) for step in range(200)]
    assert rates[0] == pytest.approx(1 / train.WARM_UP)
    assert max(rates) == pytest.approx(rates[train.WARM_UP], rel=0.02)
    assert rates[-1] == pytest.approx(train.LAST_RATE, abs=1e-3)


def test_small_models_learn_faster_than_large_ones() -> None:
    assert train.rate_of(torch.nn.Linear(10, 10)) == 5e-4
    with torch.device("meta"):
        assert train.rate_of(torch.nn.Linear(250_000_000, 1, bias=False)) == pytest.approx(1e-5)
