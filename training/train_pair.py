"""Join EfficientNet-Lite0 and multilingual-e5-small: both stay as they are, only what lies between them is trained.

    python -m training.train_pair --data DATA --cache CACHE --e5 E5 --backbone PTH --names NAMES --lists LISTS --out OUT

Locked towers after Zhai et al., "LiT" (2022). Photos of most goods are not at hand, so classes of ImageNet stand in:
`training.classes` makes features out of the classifier's own weights. Where each file comes from is in the README.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import random
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from hybridsearch.align.lexicon import Claim, lexicon
from hybridsearch.encoders.models.pair_model import Colours, Projection
from training.backbone import load_backbone
from training.classes import Dreams
from training.export_pair import export
from training.features import DIRECTIONS, Directions, Features, Pictures, directions, features_of
from training.material import rows_of, widen_groups
from training.phrases import Classes, Phrase, Sayings, phrases, saved_vectors
from training.text_tower import text_tower
from training.train_starter import contrast, relation, unfair

log = logging.getLogger("pair")
DREAMT, TWINS, RENDERED = 0.3, 0.09, 0.62  # of a batch; twins twice, renders of the rest
COLOURS, PLACES, HIDDEN = 64, 2, 512
ACROSS, MATCHED, CLASSES, LOUD = 0.3, 0.4, 0.1, 4.0  # weights of the losses beside the main one


class Table:
    """Turns claims into one 0/1 row an axis, so that comparing all with all is a product of matrices."""

    def __init__(self, claims: list[Claim]) -> None:
        parts = [[claim.kinds for claim in claims], [claim.colours for claim in claims], [c.patterns for c in claims]]
        self.axes = [{name: i for i, name in enumerate(sorted(frozenset().union(*part)))} for part in parts]

    def rows(self, claims: list[Claim]) -> list[Tensor]:
        """Return (n, values) for each axis: 1 for what is allowed; what says nothing allows all."""
        tables = [torch.zeros(len(claims), len(axis)) for axis in self.axes]
        for number, claim in enumerate(claims):
            for axis, table, named in zip(self.axes, tables, (claim.kinds, claim.colours, claim.patterns), strict=True):
                table[number, [axis[name] for name in named] if named else slice(None)] = 1
        return tables


class Joint(nn.Module):
    """What is trained: a linear way from the text tower, colours and a projection of pictures, and a scale."""

    def __init__(self, vectors: Tensor, pooled: Tensor, dims: int) -> None:
        super().__init__()
        self.mean, self.spread = pooled.mean(dim=0), pooled.std(dim=0) + 0.02
        self.text = nn.Linear(vectors.shape[1], dims)
        self.colours = Colours(DIRECTIONS, COLOURS, PLACES)
        self.projection = Projection(pooled.shape[1] + COLOURS * PLACES, HIDDEN, dims)
        self.scale = nn.Parameter(torch.tensor(math.log(20.0)))
        self._whiten(vectors)

    @torch.no_grad()
    def _whiten(self, vectors: Tensor) -> None:
        """Start from the texts' principal directions, evened out: E5's vectors all lie in one narrow cone."""
        mean, dims = vectors.mean(dim=0), len(self.text.weight)
        _, sizes, basis = torch.linalg.svd(vectors - mean, full_matrices=False)
        weights = basis[:dims] / (sizes[:dims, None] / math.sqrt(len(vectors)) + 0.01) / math.sqrt(dims)
        self.text.weight.copy_(weights)
        self.text.bias.copy_(-weights @ mean)
        nn.init.zeros_(self.projection.narrow.weight)
        nn.init.zeros_(self.projection.narrow.bias)

    def pictures(self, pooled: Tensor, maps: Tensor, cells: Tensor) -> Tensor:
        """Return unit rows of the common space; cells in 0..255."""
        even = functional.dropout((pooled - self.mean) / self.spread, 0.1, self.training)
        seen = self.colours(cells.permute(0, 3, 1, 2).float() / 255, maps.float().permute(0, 3, 1, 2))
        return functional.normalize(self.projection(torch.cat([even, seen], dim=1)), dim=1)

    def texts(self, vectors: Tensor) -> Tensor:
        """Return unit rows of the common space."""
        return functional.normalize(self.text(vectors), dim=1)


class Trainer:
    """The features, the phrases, and the batches drawn from both."""

    def __init__(
        self,
        sources: dict[str, Features],
        told: list[Phrase],
        vectors: Tensor,
        dreams: Dreams,
        strangers: set[str],
        options: argparse.Namespace,
    ) -> None:
        self.rng, self.numbers = random.Random(options.seed), np.random.default_rng(options.seed)
        self.steps, self.batch, self.dreams = options.steps, options.batch, dreams
        self.claims = [claim for features in sources.values() for claim in features.claims]
        self.pooled, self.maps, self.cells = (
            torch.cat([getattr(features, name) for features in sources.values()])
            for name in ("pooled", "maps", "cells")
        )
        self.pooled = self.pooled.float()
        names = np.array([name for name, features in sources.items() for _ in features.claims])
        self.rows = {name: np.flatnonzero(names == name) for name in sources}
        self.by_phone = torch.from_numpy(names == "phone")
        self.told, self.vectors, self.sayings = told, vectors, Sayings(told)
        said = [phrase.claim or Claim() for phrase in told]
        self.table = Table([*self.claims, *said, *(Claim(frozenset({kind})) for kind in dreams.kinds)])
        self.known, self.said = self.table.rows(self.claims), self.table.rows(said)
        strange = Claim(frozenset(f"grocery/{product}" for product in strangers))
        self.strange = self.table.rows([strange])[0][0].bool()
        self.twins: dict[str, list[list[int]]] = {}
        for source in ("phone", "scene"):
            pools: dict[str, list[int]] = {}
            for row in self.rows[source].tolist():
                pools.setdefault(min(self.claims[row].kinds), []).append(row)
            for kind, pool in pools.items():
                self.twins.setdefault(kind, []).append(pool)
        self.joint = Joint(vectors, self.pooled, options.dims)
        if options.start:
            self.joint.load_state_dict(torch.load(options.start))
        self.optimiser = torch.optim.AdamW(
            [
                {"params": self.joint.projection.parameters(), "rate": options.rate, "weight_decay": 0.05},
                {"params": self.joint.colours.parameters(), "rate": options.rate * 2, "weight_decay": 0.05},
                {"params": self.joint.text.parameters(), "rate": options.rate * 0.03, "weight_decay": 0.0},
                {"params": [self.joint.scale], "rate": options.rate, "weight_decay": 0.0},
            ]
        )

    def draw(self) -> tuple[Tensor, Tensor, Tensor, list[Claim], list[Tensor], Tensor]:
        """Return features, maps, cells, claims, these as rows, by-phone flags; twins come last, the shelf first."""
        dreamt, twins = int(self.batch * DREAMT), int(self.batch * TWINS)
        others = self.batch - dreamt - 2 * twins
        drawn = self.numbers.choice(self.rows["render"], int(others * RENDERED))
        worn = self.numbers.choice(self.rows["clothing"], others - len(drawn))
        shelf = self.numbers.choice(self.rows["shelf"], twins)
        snaps = [self.rng.choice(self.rng.choice(self.twins[min(self.claims[row].kinds)])) for row in shelf]
        real = np.concatenate([drawn, worn, shelf, snaps])
        lent = self.numbers.choice(self.rows["render"], dreamt)  # a dream has the colours of a render
        pooled, kinds = self.dreams.draw(dreamt, self.numbers)
        claims = [Claim(frozenset({kind}), self.claims[row].colours) for kind, row in zip(kinds, lent, strict=True)]
        rows = np.concatenate([lent, real])
        known = [axis[rows] for axis in self.known]
        known[0][:dreamt], known[2][:dreamt] = self.table.rows(claims)[0], 1.0  # a dream has no pattern
        by_phone = self.by_phone[rows]
        by_phone[:dreamt] = False
        return (
            torch.cat([pooled, self.pooled[real]]),
            self.maps[rows],
            self._lit(self.cells[rows]),
            claims + [self.claims[row] for row in real],
            known,
            by_phone,
        )

    def _lit(self, cells: Tensor) -> Tensor:
        """Take every other cell, as colours are much the same beside each other, in a light of its own."""
        down, across = self.rng.randrange(2), self.rng.randrange(2)
        tint = 1 + 0.06 * torch.randn(len(cells), 1, 1, 3)
        return (cells[:, down::2, across::2].float() * tint).clamp(0, 255)

    def loss(self) -> Tensor:
        """Draw a batch and compute what it costs."""
        pooled, maps, cells, claims, known, by_phone = self.draw()
        drawn = [self.sayings.draw(claim, self.rng) for claim in claims]
        first = [number for number in drawn if number is not None]
        second = [self._same(number) for number in first[: self.batch // 3]]
        odd = self.numbers.choice(self.sayings.odd, self.batch // 8)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            pictures = self.joint.pictures(pooled, maps, cells).float()
            texts, others, noise = (self.joint.texts(self.vectors[part]).float() for part in (first, second, odd))
        scale = self.joint.scale.clamp(max=math.log(60)).exp()
        claimed = [axis[first] for axis in self.said]
        match, clash = relation(known, claimed)
        clash = clash & ~unfair(by_phone, claimed[0], self.strange)
        similar, loud = pictures @ texts.T * scale, pictures @ noise.T
        never = torch.zeros_like(loud, dtype=torch.bool)
        wide = torch.cat([similar, loud * scale], dim=1)
        main = contrast(wide, torch.cat([match, never], 1), torch.cat([clash, ~never], 1))
        main = main + contrast(similar.T, match.T, clash.T)
        spoken = [axis[second] for axis in self.said]
        same, apart = relation(spoken, [axis[: len(second)] for axis in claimed], both_ways=True)
        across = contrast(others @ texts[: len(second)].T * scale, same, apart)
        return (
            main / 2
            + ACROSS * across
            + MATCHED * self._twins(pictures * scale, pictures, known[0], by_phone)
            + CLASSES * self._classes(pictures * scale, pooled)
            + LOUD * loud.amax(dim=0).clamp(min=0).square().mean()
        )

    def _same(self, number: int) -> int:
        claim = self.told[number].claim
        return self.rng.choice(self.sayings.by_claim[claim]) if claim else number

    def _twins(self, scaled: Tensor, pictures: Tensor, kinds: Tensor, by_phone: Tensor) -> Tensor:
        """Return what it costs that shelf pictures and their photos differ."""
        twins = int(self.batch * TWINS)
        shelf, snapped = slice(-2 * twins, -twins), slice(-twins, None)
        alike, unlike = relation([kinds[snapped]], [kinds[shelf]])
        unlike = unlike & ~unfair(by_phone[snapped], kinds[shelf], self.strange)
        seen = scaled[snapped] @ pictures[shelf].T
        return contrast(seen, alike, unlike) + contrast(seen.T, alike.T, unlike.T)

    def _classes(self, scaled: Tensor, pooled: Tensor) -> Tensor:
        """Return what it costs that photos are not as near to the names of classes as the classifier has it."""
        real = slice(int(self.batch * DREAMT), None)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            names = self.joint.texts(self.dreams.names).float()
        guessed = (scaled[real] @ names.T).log_softmax(dim=1)
        return -(self.dreams.probabilities(pooled[real]) * guessed).sum(dim=1).mean()

    def run(self) -> Joint:
        """Train for the given number of steps."""
        began = time.monotonic()
        for step in range(self.steps):
            share = min(1.0, (step + 1) / 80) * (0.02 + 0.98 * (1 + math.cos(math.pi * step / self.steps)) / 2)
            for group in self.optimiser.param_groups:
                group["lr"] = group["rate"] * share
            loss = self.loss()
            self.optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.joint.parameters(), 2.0)
            self.optimiser.step()
            if step % 50 == 0:
                log.info("step %d loss %.3f, %.0f s", step, loss.item(), time.monotonic() - began)
        self.joint.train(False)
        return self.joint


def looked_at(pictures: Pictures, backbone: nn.Module, cache: Path) -> tuple[Directions, dict[str, Features]]:
    """Compute the features of all training pictures, or read them from an earlier run."""
    cache.mkdir(parents=True, exist_ok=True)
    place = cache / "directions.pt"
    if not place.exists():
        torch.save(vars(directions(backbone, pictures.some())), place)  # type: ignore[arg-type]
    chosen, sources = Directions(**torch.load(place)), {}
    for name, (images, claims) in pictures.sources().items():
        file = cache / f"{name}.pt"
        if not file.exists():
            features = features_of(backbone, chosen, images)  # type: ignore[arg-type]
            torch.save((features.pooled, features.maps, features.cells), file)
            log.info("%s: %d pictures", name, len(claims))
        pooled, maps, cells = torch.load(file)
        sources[name] = Features(pooled, maps, cells, claims)
    return chosen, sources


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with clothing/ and grocery/")
    parser.add_argument("--cache", type=Path, required=True, help="folder for features, about 10 kB a picture")
    parser.add_argument("--e5", type=Path, required=True, help="folder of multilingual-e5-small")
    parser.add_argument("--backbone", type=Path, required=True, help="weights of EfficientNet-Lite0, .pth")
    parser.add_argument("--names", type=Path, required=True, help="names of the classes of ImageNet, a JSON list")
    parser.add_argument("--lists", type=Path, required=True, help="resources of pyspellchecker")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--start", type=Path, help="the joint.pt that an earlier run left in CACHE, to train it further"
    )
    parser.add_argument("--renders", type=int, default=3000)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=384)
    parser.add_argument("--dims", type=int, default=256)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    backbone, weights, biases = load_backbone(options.backbone)
    pictures = Pictures(options.data, options.seed, options.renders)
    chosen, sources = looked_at(pictures, backbone, options.cache)
    by_category: dict[str, set[str]] = {}
    for row in rows_of(options.data / "grocery" / "products.jsonl.gz"):
        by_category.setdefault("@" + row["category"], set()).add(f"grocery/{row['id']}")
    widen_groups(lexicon(), by_category)
    classes = Classes(json.loads(options.names.read_text(encoding="utf-8")))
    told = phrases(classes, pictures.products, random.Random(options.seed))
    words = [text for some in classes.words.values() for texts in some.values() for text in texts]
    bert, tokenizer = text_tower(options.e5, options.lists, [*classes.names, *words])
    vectors = saved_vectors(options.cache, [*(phrase.text for phrase in told), *classes.names], bert, tokenizer)
    photos = torch.cat([sources[name].pooled for name in ("clothing", "shelf", "phone")])
    dreams = Dreams(weights, biases, photos, classes.kinds, vectors[len(told) :])
    trainer = Trainer(sources, told, vectors[: len(told)], dreams, pictures.strangers, options)
    joint = trainer.run()
    torch.save(joint.state_dict(), options.cache / "joint.pt")
    export(joint, chosen, backbone, bert, tokenizer, options.out)


if __name__ == "__main__":
    main()
