"""Features of goods of which there is no photo: a classifier's weights say where the pictures of a class lie.

Where classes are clouds of one shape, the best linear classifier has the weights `inverse covariance x (mean of the
class - mean of all)`. So the mean of a class lies, away from the mean of all, along its weights times the covariance.
Of that the diagonal alone is used: photos of clothes and groceries say too little of how features of other goods go
together. (So the classifier takes every such mean for its class; with the whole covariance, 8 of 100.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

NEAR, FAR = 8.0, 20.0  # how far from the mean a dream lies
NOISE = 0.5  # of the photos' own variation
MOST = 6.0  # of a feature, behind a ReLU6


class Dreams:
    """Draws features of classes.

    Attributes:
        kinds: What each class shows.
        names: Vectors of the classes' names, (classes, dims of the texts).
    """

    def __init__(self, weights: Tensor, biases: Tensor, photos: Tensor, kinds: Sequence[str], names: Tensor) -> None:
        self.kinds, self.names = list(kinds), names
        self._weights, self._biases = weights, biases
        self._mean = photos.float().mean(dim=0)
        away = photos.float() - self._mean
        covariance = away.T @ away / len(away)
        self._noise = torch.linalg.cholesky(covariance + 1e-4 * torch.eye(len(covariance)))
        self._ways = (weights - weights.mean(dim=0)) * covariance.diag()

    def draw(self, count: int, numbers: np.random.Generator) -> tuple[Tensor, list[str]]:
        """Return features, (count, 1280), and the kind that each shows."""
        chosen = numbers.integers(len(self.kinds), size=count)
        length = torch.from_numpy(numbers.uniform(NEAR, FAR, count)).float().unsqueeze(1)
        noise = torch.from_numpy(numbers.standard_normal((count, len(self._mean)))).float() @ self._noise.T
        features = self._mean + NOISE * noise + length * self._ways[chosen]
        return features.clamp(0, MOST), [self.kinds[number] for number in chosen]

    def probabilities(self, pooled: Tensor) -> Tensor:
        """Return what the classifier makes of features, (n, classes)."""
        return (pooled @ self._weights.T + self._biases).softmax(dim=1)
