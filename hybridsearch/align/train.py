"""Contrastive training on a catalogue: heads alone, then both towers; the best on products aside is kept."""

from __future__ import annotations

import math
import os
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hybridsearch.align.augment import augment
from hybridsearch.align.material import Batch, Contrast, Material, PreparedQueries
from hybridsearch.align.pairs import Pixels
from hybridsearch.align.recipe import Recipe
from hybridsearch.align.towers import Towers
from hybridsearch.progress import Progress

STAGES = ("heads", "full")
WEIGHT_DECAY = 0.05
WARM_UP = 50
"""Steps until the rate is full."""
LAST_RATE = 0.02
"""Part of the full rate at the last step."""
LONGEST_GRADIENT = 2.0
AVERAGE = 0.99
"""Part of the running average that stays at each step, once it has begun."""
TRANSLATED_WEIGHT = 0.3
"""What a phrase against its translation counts, beside 1 for texts against pictures."""

State = dict[str, Any]


@dataclass(slots=True)
class Best:
    """The weights that did best on the products aside, and how well."""

    score: float
    stage: str
    step: int
    state: State


class Training:
    """A run over both stages; it goes on from the checkpoint of a run with the same identity.

    Args:
        towers: What is trained; holds the last weights afterwards, not the best.
        pixels: The picture file.
        material: What the steps see.
        questions: What decides when to stop, and which weights are kept.
        identity: Of all that decides the outcome.
        checkpoint: Written at every look at the questions; some five times as large as the model.
    """

    def __init__(
        self,
        towers: Towers,
        pixels: Pixels,
        material: Material,
        questions: PreparedQueries,
        recipe: Recipe,
        seed: int,
        identity: str,
        checkpoint: Path,
        progress: Progress,
    ) -> None:
        self.towers, self.pixels, self.material, self.questions = towers, pixels, material, questions
        self.recipe, self.seed, self.identity, self.checkpoint = recipe, seed, identity, checkpoint
        self.progress = progress
        self.history: list[dict[str, Any]] = []
        self.resumed_at: dict[str, Any] | None = None

    def run(self) -> Best:
        """Train and return the best weights; those from before the training are a candidate."""
        resumed = self.resumed()
        if resumed:
            self.best, self.history = Best(**resumed["best"]), resumed["history"]
            self.resumed_at = {"stage": resumed["stage"], "step": resumed["step"]}
        else:
            self.best = Best(self.look("none", 0), "none", 0, snapshot(self.towers.model))
        for name in STAGES[STAGES.index(resumed["stage"]) if resumed else 0 :]:
            Stage(self, name, resumed if resumed and resumed["stage"] == name else None).run()
        return self.best

    def judge(self, stage: str, step: int, state: State) -> bool:
        """Keep these weights if they are better than the best, and return whether they are."""
        with self.towers.holding(state):
            score = self.look(stage, step)
        if score <= self.best.score:
            return False
        self.best = Best(score, stage, step, {name: value.clone() for name, value in state.items()})
        return True

    def look(self, stage: str, step: int) -> float:
        """Return how well the weights that are in the towers answer the questions."""
        pictures = self.towers.encode_pictures(self.pixels, self.questions.pictures)
        score = self.questions.score(pictures, self.towers.encode_texts)
        self.history.append({"stage": stage, "step": step, "MAP": round(score, 4)})
        return score

    def save(self, **stage: Any) -> None:
        """Write down where the run is; whoever reads finds the old file or the new one, whole."""
        best = {name: getattr(self.best, name) for name in Best.__slots__}
        fresh = self.checkpoint.with_suffix(".new")
        with fresh.open("wb") as file:
            torch.save({"identity": self.identity, "best": best, "history": self.history, **stage}, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.checkpoint)

    def resumed(self) -> dict[str, Any] | None:
        """Return what a run of the same identity wrote last, if there is one."""
        if not self.checkpoint.exists():
            return None
        found: dict[str, Any] = torch.load(self.checkpoint, map_location=self.towers.device, weights_only=True)
        return found if found["identity"] == self.identity else None


class Stage:
    """One stage: which parameters move, their optimiser and running average, and the steps."""

    def __init__(self, run: Training, name: str, resumed: dict[str, Any] | None) -> None:
        self.training, self.name, self.towers = run, name, run.towers
        self.whole = name == "full"
        self.steps = run.recipe.full if self.whole else run.recipe.heads
        model = self.towers.model
        model.load_state_dict(resumed["model"] if resumed else run.best.state)
        moved = list(model.parameters()) if self.whole else self.towers.heads()
        model.requires_grad_(False)
        for each in moved:
            each.requires_grad_(True)
        self.rate = rate_of(model) * (1 if self.whole else run.recipe.heads_faster)
        self.optimiser = torch.optim.AdamW(
            [
                {"params": [each for each in moved if each.ndim > 1], "weight_decay": WEIGHT_DECAY},
                {"params": [each for each in moved if each.ndim <= 1], "weight_decay": 0.0},
            ]
        )
        self.average, self.done, self.looks = snapshot(model), 0, 0
        if resumed:
            self.optimiser.load_state_dict(resumed["optimiser"])
            self.average, self.done, self.looks = resumed["average"], resumed["step"], resumed["looks"]
        if not self.whole:  # nothing before the heads moves, so each picture is looked at once
            pixels = (run.pixels, run.material.replay.pixels)
            self.seen, self.replayed = (self.towers.look(each, range(len(each))) for each in pixels)

    def run(self) -> None:
        """Take the steps, and stop early when several looks in a row found nothing better."""
        recipe = self.training.recipe
        while self.done < self.steps and self.looks < recipe.patience:
            loss = self.step()
            self.done += 1
            counts = {"loss": loss, "best": self.training.best.score}
            self.training.progress(self.name, self.done, self.steps, counts)
            if self.done % recipe.every == 0 or self.done == self.steps:
                better = self.training.judge(self.name, self.done, self.average)
                self.looks = 0 if better else self.looks + 1
                self.training.save(
                    stage=self.name,
                    step=self.done,
                    looks=self.looks,
                    model=self.towers.model.state_dict(),
                    average=self.average,
                    optimiser=self.optimiser.state_dict(),
                )

    def step(self) -> float:
        """Take one step and return its loss; what it draws depends on seed, stage and number alone."""
        recipe = self.training.recipe
        rng = random.Random(f"{self.training.seed} {self.name} {self.done}")
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate * schedule(self.done, self.steps)
        batch = self.training.material.draw(recipe.batch, recipe.replayed, recipe.translated, rng)
        with torch.set_grad_enabled(self.whole):
            seen = self.pictures(batch, rng)
            read = self.towers.read([text for texts in batch.texts for text in texts])
        loss = cost(batch, self.towers.picture_rows(seen), self.towers.text_rows(read), self.towers.scale())
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.towers.model.parameters(), LONGEST_GRADIENT)
        self.optimiser.step()
        follow(self.average, self.towers.model, min(AVERAGE, (self.done + 1) / (self.done + 10)))
        return float(loss.detach())

    def pictures(self, batch: Batch, rng: random.Random) -> Tensor:
        """Return what the image tower makes of a batch's pictures, the replayed ones behind the others."""
        if not self.whole:
            return torch.cat([self.seen[batch.pictures], self.replayed[batch.replayed]])
        pixels = (self.training.pixels[batch.pictures], self.training.material.replay.pixels[batch.replayed])
        generator = torch.Generator().manual_seed(rng.getrandbits(60))
        return self.towers.seen(augment(self.towers.fractions(np.concatenate(pixels)), generator))


def cost(batch: Batch, pictures: Tensor, words: Tensor, scale: Tensor) -> Tensor:
    """Return the weighted mean of all contrasts of a batch, from the unit rows of its pictures and texts."""
    titles, phrases, spoken, here, there = torch.split(words, [len(texts) for texts in batch.texts])
    own = pictures[: len(batch.pictures)]
    contrasts = (
        (1.0, own @ titles.T, batch.titles),
        (1.0, own @ phrases.T, batch.phrases),
        (1.0, pictures @ spoken.T, batch.spoken),
        (TRANSLATED_WEIGHT, here @ there.T, batch.there),
    )
    counted = [(weight, contrast(cosines * scale, known)) for weight, cosines, known in contrasts if known.texts]
    return torch.stack([weight * value for weight, value in counted]).sum() / sum(weight for weight, _ in counted)


def contrast(logits: Tensor, known: Contrast) -> Tensor:
    """Return the cross-entropy in both directions; what neither matches nor clashes is left out."""
    hits, counted = (torch.from_numpy(each).to(logits.device) for each in (known.match, known.match | known.clash))
    return (one_way(logits, hits, counted) + one_way(logits.T, hits.T, counted.T)) / 2


def one_way(logits: Tensor, hits: Tensor, counted: Tensor) -> Tensor:
    """Return the cross-entropy of the rows that have a match; several matches share the target."""
    log_p = logits.masked_fill(~counted, -1e4).log_softmax(dim=1)
    number = hits.sum(dim=1)
    rows = -(log_p * hits).sum(dim=1) / number.clamp(min=1)
    return rows.sum() / (number > 0).sum().clamp(min=1)


def schedule(step: int, steps: int) -> float:
    """Return the part of the rate that a step gets: up in a line, then down in half a cosine."""
    down = LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * step / steps)) / 2
    return min(1.0, (step + 1) / WARM_UP) * down


def rate_of(model: nn.Module) -> float:
    """Return the learning rate for a model: 5e-4 up to five million parameters, 1e-5 for 250 million."""
    return min(5e-4, 2500 / sum(each.numel() for each in model.parameters()))


@torch.no_grad()
def follow(average: State, model: nn.Module, keep: float) -> None:
    """Move a running average of weights towards a model."""
    for name, now in model.state_dict().items():
        if now.is_floating_point():
            average[name].lerp_(now, 1 - keep)


def snapshot(model: nn.Module) -> State:
    """Return a copy of a model's weights."""
    return {name: value.detach().clone() for name, value in model.state_dict().items()}
