"""Changes to pictures that keep the product recognisable."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def augment(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Crop, rotate, stretch, mirror, shift and light each picture a little differently.

    Args:
        pictures: Shape (n, 3, height, width), in 0..1; the result has the same shape and range.
        generator: Source of randomness, on the CPU.
    """
    n = len(pictures)

    def uniform(low: float, high: float) -> Tensor:
        return torch.empty(n).uniform_(low, high, generator=generator)

    def normal(spread: float, *shape: int) -> Tensor:
        return spread * torch.randn(n, *shape, generator=generator)

    zoom, aspect, turn = uniform(-0.35, 0.12), uniform(-0.12, 0.12), normal(0.08)
    mirror = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    wide, high = (zoom + aspect).exp(), (zoom - aspect).exp()
    rows = (
        (mirror * wide * turn.cos(), -high * turn.sin(), uniform(-0.12, 0.12)),
        (mirror * wide * turn.sin(), high * turn.cos(), uniform(-0.12, 0.12)),
    )
    theta = torch.stack([torch.stack(row, dim=1) for row in rows], dim=1).to(pictures.device)
    grid = functional.affine_grid(theta, list(pictures.shape), align_corners=False)
    moved = functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
    # The hue hardly changes: many shoppers ask for colours.
    gain, lift = 1 + normal(0.1, 1, 1, 1), normal(0.03, 1, 1, 1) + normal(0.015, 3, 1, 1)
    return (moved * gain.to(moved.device) + lift.to(moved.device)).clamp(0, 1)
