"""Contrastive training on a catalogue: only the heads, then both towers; the best weights in validation are kept."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hybridsearch.align.augment import augment
from hybridsearch.align.material import Batch, Contrast, Material, ValidationQueries
from hybridsearch.align.pairs import Pixels
from hybridsearch.align.recipe import Recipe
from hybridsearch.align.towers import Towers
from hybridsearch.disk.durable import replacing
from hybridsearch.runtime.progress import Progress

STAGES = ("heads", "full")
WEIGHT_DECAY = 0.05
WARM_UP = 50
"""Steps until the full learning rate is reached."""
LAST_RATE = 0.02
"""Share of the full learning rate at the last step."""
MAX_GRADIENT_NORM = 2.0
AVERAGE = 0.99
"""Share of the running average that each step keeps, after the first steps."""
TRANSLATED_WEIGHT = 0.3
"""Weight of phrases against their translations; texts against pictures have 1."""

State = dict[str, Any]


@dataclass(slots=True)
class Best:
    """The best weights in validation, and their score."""

    score: float
    stage: str
    step: int
    state: State


class Training:
    """A run over both stages; it continues from the checkpoint of a run with the same identity.

    Args:
        towers: What is trained; holds the last weights afterwards, not the best.
        pixels: The picture file.
        material: What the steps use.
        queries: What decides when to stop, and which weights are kept.
        identity: Of everything that influences the result.
        checkpoint: Written at every validation; about five times as large as the model.
    """

    def __init__(
        self,
        towers: Towers,
        pixels: Pixels,
        material: Material,
        queries: ValidationQueries,
        recipe: Recipe,
        seed: int,
        identity: str,
        checkpoint: Path,
        progress: Progress,
    ) -> None:
        self.towers, self.pixels, self.material, self.queries = towers, pixels, material, queries
        self.recipe, self.seed, self.identity, self.checkpoint = recipe, seed, identity, checkpoint
        self.progress = progress
        self.history: list[dict[str, Any]] = []
        self.resumed_at: dict[str, Any] | None = None

    def run(self) -> Best:
        """Train and return the best weights; the weights before the training are a candidate too."""
        resumed = self.load_checkpoint()
        if resumed:
            self.best, self.history = Best(**resumed["best"]), resumed["history"]
            self.resumed_at = {"stage": resumed["stage"], "step": resumed["step"]}
        else:
            self.best = Best(self.validate("none", 0), "none", 0, snapshot(self.towers.model))
        for name in STAGES[STAGES.index(resumed["stage"]) if resumed else 0 :]:
            Stage(self, name, resumed if resumed and resumed["stage"] == name else None).run()
        return self.best

    def keep_if_better(self, stage: str, step: int, state: State) -> bool:
        """Keep these weights if they are better than the best so far, and return whether they are."""
        with self.towers.with_weights(state):
            score = self.validate(stage, step)
        if score <= self.best.score:
            return False
        self.best = Best(score, stage, step, {name: value.clone() for name, value in state.items()})
        return True

    def validate(self, stage: str, step: int) -> float:
        """Return the validation score of the towers' current weights."""
        pictures = self.towers.encode_pictures(self.pixels, self.queries.pictures)
        score = self.queries.score(pictures, self.towers.encode_texts)
        self.history.append({"stage": stage, "step": step, "MAP": round(score, 4)})
        return score

    def save(self, **stage: Any) -> None:
        """Write the state of the run; a reader gets the complete old file or the complete new one."""
        best = {name: getattr(self.best, name) for name in Best.__slots__}
        with replacing(self.checkpoint) as file:
            torch.save({"identity": self.identity, "best": best, "history": self.history, **stage}, file)

    def load_checkpoint(self) -> dict[str, Any] | None:
        """Return the state that a run of the same identity wrote last; None when there is none."""
        if not self.checkpoint.exists():
            return None
        state: dict[str, Any] = torch.load(self.checkpoint, map_location=self.towers.device, weights_only=True)
        return state if state["identity"] == self.identity else None


class Stage:
    """One stage: which parameters are trained, their optimiser and running average, and the steps."""

    def __init__(self, run: Training, name: str, resumed: dict[str, Any] | None) -> None:
        self.training, self.name, self.towers = run, name, run.towers
        self.trains_towers = name == "full"
        self.steps = run.recipe.full if self.trains_towers else run.recipe.heads
        model = self.towers.model
        model.load_state_dict(resumed["model"] if resumed else run.best.state)
        trained = list(model.parameters()) if self.trains_towers else self.towers.heads()
        model.requires_grad_(False)
        for parameter in trained:
            parameter.requires_grad_(True)
        self.rate = rate_of(model) * (1 if self.trains_towers else run.recipe.heads_faster)
        self.optimiser = torch.optim.AdamW(
            [
                {"params": [parameter for parameter in trained if parameter.ndim > 1], "weight_decay": WEIGHT_DECAY},
                {"params": [parameter for parameter in trained if parameter.ndim <= 1], "weight_decay": 0.0},
            ]
        )
        self.average, self.done, self.without_gain = snapshot(model), 0, 0
        if resumed:
            self.optimiser.load_state_dict(resumed["optimiser"])
            self.average, self.done, self.without_gain = resumed["average"], resumed["step"], resumed["looks"]
        if not self.trains_towers:  # the towers are fixed, so each picture goes through them once
            files = (run.pixels, run.material.replay.pixels)
            self.pooled, self.pooled_replay = (self.towers.pool_rows(pixels, range(len(pixels))) for pixels in files)

    def run(self) -> None:
        """Take the steps, and stop early after several validations in a row without improvement."""
        recipe = self.training.recipe
        while self.done < self.steps and self.without_gain < recipe.patience:
            loss = self.step()
            self.done += 1
            counts = {"loss": loss, "best": self.training.best.score}
            self.training.progress(self.name, self.done, self.steps, counts)
            if self.done % recipe.every == 0 or self.done == self.steps:
                better = self.training.keep_if_better(self.name, self.done, self.average)
                self.without_gain = 0 if better else self.without_gain + 1
                self.training.save(
                    stage=self.name,
                    step=self.done,
                    looks=self.without_gain,
                    model=self.towers.model.state_dict(),
                    average=self.average,
                    optimiser=self.optimiser.state_dict(),
                )

    def step(self) -> float:
        """Take one step and return its loss; what it draws depends only on seed, stage and number."""
        recipe = self.training.recipe
        rng = random.Random(f"{self.training.seed} {self.name} {self.done}")
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate * schedule(self.done, self.steps)
        batch = self.training.material.draw(recipe.batch, recipe.replayed, recipe.translated, rng)
        with torch.set_grad_enabled(self.trains_towers):
            pictures = self.pool_pictures(batch, rng)
            texts = self.towers.pool_texts([text for texts in batch.texts for text in texts])
        rows = self.towers.project_pictures(pictures), self.towers.project_texts(texts)
        loss = batch_loss(batch, *rows, self.towers.scale())
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.towers.model.parameters(), MAX_GRADIENT_NORM)
        self.optimiser.step()
        update_average(self.average, self.towers.model, min(AVERAGE, (self.done + 1) / (self.done + 10)))
        return float(loss.detach())

    def pool_pictures(self, batch: Batch, rng: random.Random) -> Tensor:
        """Return the output of the image tower for a batch's pictures, followed by the replayed ones."""
        if not self.trains_towers:
            return torch.cat([self.pooled[batch.pictures], self.pooled_replay[batch.replayed]])
        pixels = (self.training.pixels[batch.pictures], self.training.material.replay.pixels[batch.replayed])
        generator = torch.Generator().manual_seed(rng.getrandbits(60))
        return self.towers.pool_pictures(augment(self.towers.to_fractions(np.concatenate(pixels)), generator))


def batch_loss(batch: Batch, pictures: Tensor, texts: Tensor, scale: Tensor) -> Tensor:
    """Return the weighted mean of all contrastive losses of a batch, from the unit rows of its pictures and texts."""
    titles, phrases, lexicon, originals, translations = torch.split(texts, [len(part) for part in batch.texts])
    of_catalogue = pictures[: len(batch.pictures)]
    contrasts = (
        (1.0, of_catalogue @ titles.T, batch.titles),
        (1.0, of_catalogue @ phrases.T, batch.phrases),
        (1.0, pictures @ lexicon.T, batch.lexicon),
        (TRANSLATED_WEIGHT, originals @ translations.T, batch.translations),
    )
    losses = [
        (weight, contrastive_loss(cosines * scale, contrast))
        for weight, cosines, contrast in contrasts
        if contrast.texts
    ]
    return torch.stack([weight * loss for weight, loss in losses]).sum() / sum(weight for weight, _ in losses)


def contrastive_loss(logits: Tensor, contrast: Contrast) -> Tensor:
    """Return the cross-entropy in both directions; what neither matches nor clashes is left out."""
    hits = torch.from_numpy(contrast.match).to(logits.device)
    counted = torch.from_numpy(contrast.match | contrast.clash).to(logits.device)
    return (cross_entropy(logits, hits, counted) + cross_entropy(logits.T, hits.T, counted.T)) / 2


def cross_entropy(logits: Tensor, hits: Tensor, counted: Tensor) -> Tensor:
    """Return the cross-entropy of the rows that have a match; several matches share the target."""
    log_p = logits.masked_fill(~counted, -1e4).log_softmax(dim=1)
    number = hits.sum(dim=1)
    rows = -(log_p * hits).sum(dim=1) / number.clamp(min=1)
    return rows.sum() / (number > 0).sum().clamp(min=1)


def schedule(step: int, steps: int) -> float:
    """Return the share of the learning rate for a step: it rises linearly, then falls as half a cosine."""
    down = LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * step / steps)) / 2
    return min(1.0, (step + 1) / WARM_UP) * down


def rate_of(model: nn.Module) -> float:
    """Return the learning rate for a model: 5e-4 up to five million parameters, 1e-5 for 250 million."""
    return min(5e-4, 2500 / sum(parameter.numel() for parameter in model.parameters()))


@torch.no_grad()
def update_average(average: State, model: nn.Module, keep: float) -> None:
    """Move a running average of weights towards those of a model."""
    for name, current in model.state_dict().items():
        if current.is_floating_point():
            average[name].lerp_(current, 1 - keep)


def snapshot(model: nn.Module) -> State:
    """Return a copy of a model's weights."""
    return {name: value.detach().clone() for name, value in model.state_dict().items()}
