"""A head behind a text encoder, learned from questions and their answers: with it both are nearer to each other.

Source: the loss is InfoNCE (van den Oord et al., 2018) over the answers of a batch and hard negatives that the encoder
itself finds (Xiong et al., 2021).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers.sentence_transformer.modules import Dense, Normalize
from torch import Tensor, nn
from torch.nn import functional

from hybridsearch.align import measure
from hybridsearch.align.questions import Question
from hybridsearch.progress import Progress
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
WIDTH = 512
"""Inner width of the head."""
INNER, OUTER = 0.5, 0.3
"""Spread of the inner weights at the beginning, and factor of what comes out of them."""
ROWS = 8_192
"""Rows that go through the head at a time."""
CHUNK = 512
"""Questions that are compared with all texts at a time."""

Rows = NDArray[np.intp]


class Head(NamedTuple):
    """A small network: x + straight x + OUTER outer relu(inner x + bias), at unit length.

    Attributes:
        straight: (dims, dims).
        inner: (WIDTH, dims).
        bias: (WIDTH,).
        outer: (dims, WIDTH).
    """

    straight: Tensor
    inner: Tensor
    bias: Tensor
    outer: Tensor

    @classmethod
    def start(cls, dims: int, seed: int) -> Head:
        """Return a head that changes nothing yet."""
        inner = torch.randn((WIDTH, dims), generator=torch.Generator().manual_seed(seed)) * INNER
        return cls(torch.zeros(dims, dims), inner, torch.zeros(WIDTH), torch.zeros(dims, WIDTH))

    def __call__(self, rows: Tensor) -> Tensor:
        """Return what it makes of unit rows, (n, dims)."""
        bent = functional.relu(rows @ self.inner.T + self.bias) @ self.outer.T * OUTER
        return functional.normalize(rows + rows @ self.straight.T + bent, dim=1)

    @torch.no_grad()
    def apply(self, rows: Vectors) -> Vectors:
        """Return what it makes of unit rows."""
        parts = [self(torch.from_numpy(rows[start : start + ROWS])).numpy() for start in range(0, len(rows), ROWS)]
        return np.concatenate(parts)

    def copy(self) -> Head:
        """Return one with the same numbers, which training no longer changes."""
        return Head(*(part.detach().clone() for part in self))

    def modules(self) -> list[nn.Module]:
        """Return the same as modules of sentence-transformers.

        It has none with a bypass that every version knows; but x is relu(x) - relu(-x), so that two dense layers do.
        """
        dims = len(self.straight)
        one = torch.eye(dims)
        through = one + self.straight
        first = Dense(dims, 2 * dims + WIDTH, activation_function=nn.ReLU())
        second = Dense(2 * dims + WIDTH, dims, bias=False, activation_function=nn.Identity())
        with torch.no_grad():
            first.linear.weight.copy_(torch.cat([one, -one, self.inner]))
            first.linear.bias.copy_(torch.cat([torch.zeros(2 * dims), self.bias]))
            second.linear.weight.copy_(torch.cat([through, -through, OUTER * self.outer], dim=1))
        return [first, second, Normalize()]


class Learned(NamedTuple):
    """The best head in validation, after which epoch it was found (0: before the first), and all validations."""

    head: Head
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
) -> Learned:
    """Learn a head, and return the one with the best mean average precision in validation.

    Args:
        questions: All of them.
        asked: Unit rows of their texts.
        texts: Unit rows of what is to be found.
        train: Positions of the questions that are learned from.
        validation: Positions of those that decide which head is kept.
        hold: Weight of what it may change, squared: the more, the nearer it stays to the encoder as it was.
        seed: Of everything that is drawn.
        progress: Is told how far it is.
    """
    draws = Draws([questions[position] for position in train], asked[list(train)], texts, seed)
    head = Head.start(texts.shape[1], seed)
    optimiser = torch.optim.Adam([part.requires_grad_() for part in head], lr=RATE)
    steps = max(STEPS, len(train) // BATCH)
    of_validation, asked_there = [questions[position] for position in validation], asked[list(validation)]
    best, highest = Learned(head.copy(), 0, []), -1.0
    for epoch in range(EPOCHS + 1):
        for step in range(steps if epoch else 0):
            optimiser.param_groups[0]["lr"] = RATE * (1 - ((epoch - 1) * steps + step) / (EPOCHS * steps))
            loss = draws.loss(head) + hold * (head.straight.square().sum() + head.outer.square().sum())
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        score = float(qualities(of_validation, head.apply(asked_there), head.apply(texts)).average_precision.mean())
        best.looks.append({"stage": "head", "step": epoch, "MAP": round(score, 4)})
        if score > highest:
            highest, best = score, Learned(head.copy(), epoch, best.looks)
        progress("learning", epoch, EPOCHS, {"best": highest})
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

    def loss(self, head: Head) -> Tensor:
        """Return the loss of the questions of a step."""
        if len(self._order) < min(BATCH, len(self._answers)):
            self._order = self._random.permutation(len(self._answers)).tolist()
        batch, self._order = self._order[:BATCH], self._order[BATCH:]
        answers = [int(self._random.choice(self._answers[at], p=self._shares[at])) for at in batch]
        hard = [self._random.choice(self._negatives[at], HARD) for at in batch if len(self._negatives[at])]
        rows, target = np.unique(np.concatenate([answers, *hard]).astype(np.intp), return_inverse=True)
        also = np.stack([np.isin(rows, self._answers[at]) for at in batch])
        target = target[: len(batch)]
        also[np.arange(len(batch)), target] = False
        asked, texts = head(self._asked[batch]), head(self._texts[torch.from_numpy(rows)])
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
