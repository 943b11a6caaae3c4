"""Fit: non-negative weights that put relevant candidates first. Imports torch, so import it only when needed."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from hybridsearch.learning.features import Features

HARDEST = 100
"""Highest-scoring candidates of a query, under the weights to start from, that are learned from beside the relevant."""
STEPS = 60
MIN_START = 1e-3
"""What a weight of 0 starts from, as a share of the length of all weights: from 0 itself none can rise."""
MAX_LENGTH = 60.0
"""Length of the weights beyond which they are penalised: perfectly separable queries would drive them to infinity."""

Weighting = NDArray[np.float64]


def fit(features: Features, start: Weighting, strength: float, *, judged_only: bool) -> Weighting:
    """Return the weights, (signals,), that minimise the listwise loss of judged queries.

    The loss is the cross-entropy between the candidates' gains and the softmax of their scores (ListNet's top-one form,
    Cao et al., 2007), plus `strength` times the squared distance between the directions of new and old weights. Weights
    are squares of what is optimised, so none is negative. Signals that never differ within a query keep their weight,
    as those do whose weight is written, and the sum over the others stays the same, so that both remain comparable.

    Args:
        features: What to learn from; queries without a relevant candidate are ignored.
        start: The current weights, (signals,).
        strength: How much the current weights are trusted.
        judged_only: Whether candidates without a grade are left out; else they count as irrelevant.
    """
    varying = features.varying() & ~np.isin(features.names, list(features.written))
    values, gains, counts, trust = to_tensors(features, start, judged_only)
    if not varying.any() or not len(values):
        return start.copy()
    length = max(float(np.linalg.norm(start[varying])), MIN_START)
    old = torch.from_numpy(np.maximum(start[varying], MIN_START * length)).float()
    old /= old.norm()
    values = values[:, :, torch.from_numpy(varying)]
    target = gains / gains.sum(dim=1, keepdim=True)
    roots = (old * 4).sqrt().requires_grad_()
    optimiser = torch.optim.LBFGS([roots], max_iter=STEPS, line_search_fn="strong_wolfe", tolerance_change=1e-7)

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        weights = roots.square()
        length = weights.norm()
        logs = (values @ weights).masked_fill(~counts, -torch.inf).log_softmax(dim=1)
        cross_entropy = -(target * logs.masked_fill(~counts, 0)).sum(dim=1) @ trust
        total: torch.Tensor = (
            cross_entropy + strength * (weights / length - old).square().sum() + (length - MAX_LENGTH).clamp(min=0) ** 2
        )
        total.backward()  # type: ignore[no-untyped-call]
        return total

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    weights = start.copy()
    learned = roots.detach().square().double().numpy()
    if np.isfinite(learned).all() and learned.sum() > 0:
        weights[varying] = learned / learned.sum() * (start[varying].sum() or 1.0)
    return weights


def to_tensors(
    features: Features, start: Weighting, judged_only: bool
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return values, gains, which candidates count, and the share in the loss, of queries with a relevant candidate.

    Only the relevant and the HARDEST other candidates are kept.
    """
    eligible = features.present & features.judged if judged_only else features.present
    scores = np.where(eligible, features.values @ start.astype(np.float32), -np.inf)
    hard = np.zeros_like(eligible)
    np.put_along_axis(hard, np.argsort(-scores, axis=1, kind="stable")[:, :HARDEST], True, axis=1)
    kept = eligible & (hard | (features.gains > 0))
    rows = np.flatnonzero((kept & (features.gains > 0)).any(axis=1))
    columns = np.argsort(~kept[rows], axis=1, kind="stable")[:, : int(kept[rows].sum(axis=1).max(initial=0))]
    values = np.take_along_axis(features.values[rows], columns[..., None], axis=1)
    counts = np.take_along_axis(kept[rows], columns, axis=1)
    gains = np.take_along_axis(features.gains[rows], columns, axis=1) * counts
    trust = np.maximum(features.trust[rows], 1e-6)
    return tuple(map(torch.from_numpy, (values, gains, counts, trust / trust.sum())))  # type: ignore[return-value]
