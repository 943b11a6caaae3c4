"""Fit: non-negative weights that put relevant candidates first. Imports torch; load it late."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from hybridsearch.learning.features import Features

HARDEST = 100
"""Candidates of a query, under the weights to start from, that a fit looks at beside the relevant ones."""
STEPS = 60
LEAST = 1e-3
"""What a weight of 0 starts from, as a share of the length of all weights: from 0 itself none can rise."""
STEEPEST = 60.0
"""Length of the weights beyond which they are held back: perfectly separable queries would drive them to infinity."""

Weighting = NDArray[np.float64]


def fit(table: Features, start: Weighting, strength: float, *, judged_only: bool) -> Weighting:
    """Return the weights, (signals,), that minimise the listwise loss of a table.

    The loss is the cross-entropy between the candidates' gains and the softmax of their scores (ListNet's top-one form,
    Cao et al., 2007), plus `strength` times the squared distance between the directions of new and old weights. Weights
    are squares of what is optimised, so none is negative. Signals that the table says nothing about keep their weight,
    and the sum over the others stays what it was, so that both fit together.

    Args:
        table: What to learn from; queries without a relevant candidate count for nothing.
        start: The current weights, (signals,).
        strength: How much the current weights are trusted.
        judged_only: Whether candidates without a grade are left out; else they count as irrelevant.
    """
    seen = table.seen()
    values, gains, counts, trust = listed(table, start, judged_only)
    if not seen.any() or not len(values):
        return start.copy()
    old = torch.from_numpy(np.maximum(start[seen], LEAST * max(float(np.linalg.norm(start[seen])), LEAST))).float()
    old /= old.norm()
    values = values[:, :, torch.from_numpy(seen)]
    target = gains / gains.sum(dim=1, keepdim=True)
    roots = (old * 4).sqrt().requires_grad_()
    optimiser = torch.optim.LBFGS([roots], max_iter=STEPS, line_search_fn="strong_wolfe", tolerance_change=1e-7)

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        weights = roots.square()
        length = weights.norm()
        logs = (values @ weights).masked_fill(~counts, -torch.inf).log_softmax(dim=1)
        surprise = -(target * logs.masked_fill(~counts, 0)).sum(dim=1) @ trust
        total: torch.Tensor = (
            surprise + strength * (weights / length - old).square().sum() + (length - STEEPEST).clamp(min=0) ** 2
        )
        total.backward()  # type: ignore[no-untyped-call]
        return total

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    found = start.copy()
    learned = roots.detach().square().double().numpy()
    if np.isfinite(learned).all() and learned.sum() > 0:
        found[seen] = learned / learned.sum() * (start[seen].sum() or 1.0)
    return found


def listed(
    table: Features, start: Weighting, judged_only: bool
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return values, gains, which places count, and the share of each query that has a relevant candidate.

    Only the relevant and the hardest other candidates are looked at.
    """
    eligible = table.present & table.judged if judged_only else table.present
    scores = np.where(eligible, table.values @ start.astype(np.float32), -np.inf)
    hard = np.zeros_like(eligible)
    np.put_along_axis(hard, np.argsort(-scores, axis=1, kind="stable")[:, :HARDEST], True, axis=1)
    chosen = eligible & (hard | (table.gains > 0))
    rows = np.flatnonzero((chosen & (table.gains > 0)).any(axis=1))
    places = np.argsort(~chosen[rows], axis=1, kind="stable")[:, : int(chosen[rows].sum(axis=1).max(initial=0))]
    values = np.take_along_axis(table.values[rows], places[..., None], axis=1)
    counts = np.take_along_axis(chosen[rows], places, axis=1)
    gains = np.take_along_axis(table.gains[rows], places, axis=1) * counts
    trust = np.maximum(table.trust[rows], 1e-6)
    return tuple(map(torch.from_numpy, (values, gains, counts, trust / trust.sum())))  # type: ignore[return-value]
