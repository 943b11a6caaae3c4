"""A linear map behind a text encoder, learned from questions and their answers: with it both are nearer to each other.

Source: the loss is InfoNCE (van den Oord et al., 2018) over the answers of a batch and hard negatives that the encoder
itself finds (Xiong et al., 2021).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from hybridsearch.align import measure
from hybridsearch.align.questions import Question
from hybridsearch.runtime.progress import Progress
from hybridsearch.values import Vectors

EPOCHS = 8
BATCH = 256
"""Questions in a step, fewer where there are few."""
STEPS = 8
"""Steps of an epoch that there are at least."""
NEIGHBOURS = 100
"""What the encoder finds first for a question; of those that do not answer it, hard negatives are drawn."""
HARD = 8
"""Hard negatives of each question in a step."""
RATE = 1e-3
SCALE = 20.0
"""Factor of the cosines."""
CHUNK = 512
"""Questions that are compared with all texts at a time."""

Rows = NDArray[np.intp]


class Mapped(NamedTuple):
    """The best map in validation.

    Attributes:
        weight: (dims, dims); a vector v becomes `weight @ v`.
        epoch: After which it was found; 0 is the identity.
        looks: The score of each validation.
    """

    weight: Vectors
    epoch: int
    looks: list[dict[str, Any]]


def fit(
    questions: Sequence[Question],
    asked: Vectors,
    texts: Vectors,
    train: Sequence[int],
    validation: Sequence[int],
    hold: float,
    seed: int,
    progress: Progress,
) -> Mapped:
    """Learn a map, and return the one with the best mean average precision in validation.

    Args:
        questions: All of them.
        asked: Unit rows of their texts.
        texts: Unit rows of what is to be found.
        train: Positions of the questions that are learned from.
        validation: Positions of those that decide which map is kept.
        hold: Weight of the squared distance of the map from the identity.
        seed: Of everything that is drawn.
        progress: Is told how far it is.
    """
    draws = Draws([questions[position] for position in train], asked[list(train)], texts, seed)
    change = nn.Parameter(torch.zeros(texts.shape[1], texts.shape[1]))
    optimiser = torch.optim.Adam([change], lr=RATE)
    steps = max(STEPS, len(train) // BATCH)
    best = Mapped(np.eye(texts.shape[1], dtype=np.float32), 0, [])

    def look(weight: Vectors, epoch: int) -> float:
        of_validation = [questions[position] for position in validation]
        found = qualities(of_validation, mapped(asked[list(validation)], weight), mapped(texts, weight))
        score = float(found.average_precision.mean())
        best.looks.append({"stage": "map", "step": epoch, "MAP": round(score, 4)})
        return score

    highest = look(best.weight, 0)
    for epoch in range(1, EPOCHS + 1):
        for step in range(steps):
            for group in optimiser.param_groups:
                group["lr"] = RATE * (1 - ((epoch - 1) * steps + step) / (EPOCHS * steps))
            loss = draws.loss(change) + hold * change.square().sum()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        weight = np.eye(len(change), dtype=np.float32) + change.detach().numpy()
        score = look(weight, epoch)
        if score > highest:
            highest, best = score, Mapped(weight, epoch, best.looks)
        progress("learning", epoch, EPOCHS, {"loss": float(loss.detach()), "best": highest})
    return best


class Draws:
    """Draws questions, an answer for each, and texts that do not answer it."""

    def __init__(self, questions: Sequence[Question], asked: Vectors, texts: Vectors, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._asked, self._texts = torch.from_numpy(asked), torch.from_numpy(texts)
        self._answers = [np.array(question.relevant) for question in questions]
        gains = [np.array([2.0 ** question.grades[row] - 1 for row in question.relevant]) for question in questions]
        self._shares = [gain / gain.sum() for gain in gains]
        self._negatives = [
            np.array([row for row in found if row not in question.grades] + wrong(question), dtype=np.intp)
            for question, found in zip(questions, neighbours(asked, texts), strict=True)
        ]
        self._order: list[int] = []

    def loss(self, change: Tensor) -> Tensor:
        """Return the loss of a step's questions under the map that differs so from the identity."""
        if len(self._order) < min(BATCH, len(self._answers)):
            self._order = self._random.permutation(len(self._answers)).tolist()
        batch, self._order = self._order[:BATCH], self._order[BATCH:]
        answers = [int(self._random.choice(self._answers[at], p=self._shares[at])) for at in batch]
        hard = [self._random.choice(self._negatives[at], HARD) for at in batch if len(self._negatives[at])]
        rows, target = np.unique(np.concatenate([answers, *hard]).astype(np.intp), return_inverse=True)
        also = np.stack([np.isin(rows, self._answers[at]) for at in batch])
        target = target[: len(batch)]
        also[np.arange(len(batch)), target] = False
        asked, texts = (
            functional.normalize(vectors + vectors @ change.T, dim=1)
            for vectors in (self._asked[batch], self._texts[torch.from_numpy(rows)])
        )
        logits = (SCALE * asked @ texts.T).masked_fill(torch.from_numpy(also), -torch.inf)
        return functional.cross_entropy(logits, torch.from_numpy(target))


def wrong(question: Question) -> list[int]:
    """Return the rows that judges found not to answer a question."""
    return [row for row, grade in question.grades.items() if grade <= 0]


def neighbours(asked: Vectors, texts: Vectors) -> Iterator[Rows]:
    """Yield for each question the rows of the texts that are nearest to it."""
    count = min(NEIGHBOURS, len(texts))
    for start in range(0, len(asked), CHUNK):
        cosines = asked[start : start + CHUNK] @ texts.T
        yield from np.argpartition(-cosines, count - 1, axis=1)[:, :count]


def qualities(questions: Sequence[Question], asked: Vectors, texts: Vectors) -> measure.Quality:
    """Return how well all texts are ranked for each question."""
    ranks = []
    for start in range(0, len(questions), CHUNK):
        cosines = asked[start : start + CHUNK] @ texts.T
        ranks += [
            measure.ranks(row, question.relevant) for row, question in zip(cosines, questions[start:], strict=False)
        ]
    return measure.of_ranks(ranks)


def mapped(rows: Vectors, weight: Vectors) -> Vectors:
    """Return what a map makes of rows, at unit length."""
    turned = rows @ weight.T
    unit: Vectors = turned / np.linalg.norm(turned, axis=1, keepdims=True)
    return unit
