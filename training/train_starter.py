"""Train the starter: a small CLIP that knows common product kinds and colours in six languages.

    python -m training.train_starter --data DATA --cache CACHE --out hybridsearch/models/starter

Renders, two openly licensed photo sets and lexicon phrases go in; a folder in the Hugging Face format comes out.
"""

from __future__ import annotations

import argparse
import copy
import logging
import math
import random
import shutil
import time
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import (
    BertConfig,
    CLIPImageProcessorPil,
    PreTrainedTokenizerFast,
    ResNetConfig,
    VisionTextDualEncoderConfig,
    VisionTextDualEncoderModel,
)

from hybridsearch.align.lexicon import LANGUAGES, Claim, lexicon
from training.material import Material, material
from training.wordpieces import train_tokenizer

log = logging.getLogger("starter")
SIZE = 64  # pixels; the towers are small enough that a larger picture costs more than it tells
TEXT_TEXT_WEIGHT = 0.3
AUXILIARY_WEIGHT = 0.5
PICTURE_PICTURE_WEIGHT = 0.5
NONSENSE_SHARE = 8  # one nonsense text for this many pictures
MAX_TOKENS = 32


def build_model(vocabulary: int) -> VisionTextDualEncoderModel:
    """Lay out the two towers and their projections into one space of 128 numbers."""
    vision = ResNetConfig(embedding_size=32, hidden_sizes=[32, 64, 128, 256], depths=[2, 2, 2, 2], layer_type="basic")
    vision.hidden_size = 256  # the dual encoder asks for it, a ResNet configuration does not have it
    text = BertConfig(
        vocab_size=vocabulary,
        hidden_size=192,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=768,
        max_position_embeddings=64,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    config = VisionTextDualEncoderConfig(vision_config=vision, text_config=text, projection_dim=128)
    return flattened(VisionTextDualEncoderModel(config))


def flattened(model: VisionTextDualEncoderModel) -> VisionTextDualEncoderModel:
    """Let a ResNet tower pool to (n, channels): it leaves two empty axes that the projection does not expect."""
    model.vision_model.pooler = nn.Sequential(cast(nn.Module, model.vision_model.pooler), nn.Flatten())
    return model


class Claims:
    """Turn claims and picture attributes into one 0/1 row per axis, so that all comparisons are matrix products."""

    def __init__(self, kinds: list[str]) -> None:
        words = lexicon().concepts
        self.axes = [{name: i for i, name in enumerate(names)} for names in (kinds, words["colour"], words["pattern"])]

    def rows(self, claims: list[Claim | None]) -> list[Tensor]:
        """Encode claims as three tensors (n, values): 1 where a value is allowed, all 0 for None (nonsense)."""
        out = [torch.zeros(len(claims), len(axis)) for axis in self.axes]
        for i, claim in enumerate(claims):
            for axis, table, named in zip(
                self.axes, out, (claim.kinds, claim.colours, claim.patterns) if claim else (), strict=False
            ):
                table[i, [axis[name] for name in named] if named else slice(None)] = 1
        return out


def relation(pictures: list[Tensor], texts: list[Tensor], both_ways: bool = False) -> tuple[Tensor, Tensor]:
    """Compare what is known with what is claimed, (n, m) each: match, and clash; neither means nobody knows.

    A text matches where it allows all that the picture may be, and clashes where it allows nothing of it on some axis.
    """
    match, clash = torch.tensor(True), torch.tensor(False)
    for known, claimed in zip(pictures, texts, strict=True):
        overlap = known @ claimed.T
        match = match & (overlap == known.sum(1, keepdim=True)) & (overlap > 0)
        if both_ways:
            match = match & (overlap == claimed.sum(1))
        clash = clash | (overlap == 0)
    return match, clash


def contrast(logits: Tensor, match: Tensor, clash: Tensor) -> Tensor:
    """Multi-positive cross-entropy over the rows: all matches share the target, unknown pairs are left out."""
    log_p = logits.masked_fill(~(match | clash), -1e4).log_softmax(dim=1)
    hits = match.sum(1)
    rows = hits > 0
    return -((log_p * match).sum(1)[rows] / hits[rows]).mean()


def among(logits: Tensor, allowed: Tensor) -> Tensor:
    """Classify where the label is a set: the probability of the whole set counts, knowing nothing costs nothing."""
    return -(logits.log_softmax(dim=1) + (allowed + 1e-8).log()).logsumexp(dim=1).mean()


def augment(pixels: Tensor, photo: Tensor, grocery: Tensor) -> Tensor:
    """Crop, turn, stretch and light a batch: uint8 (n, 3, s, s) to float (n, 3, SIZE, SIZE) in -1..1.

    Photos are cropped harder than drawings, which vary enough by themselves. Groceries are lit harder, as a phone shows
    them in a shop; clothing keeps its colours, which people ask for.
    """
    n, photo = len(pixels), photo.float()
    zoom = torch.empty(n).uniform_(-0.12, 0.18) - photo * torch.rand(n) * 0.35
    aspect, turn = torch.empty(n).uniform_(-0.16, 0.16), torch.randn(n) * 0.1
    flip = torch.where(torch.rand(n) < 0.5, -1.0, 1.0)
    sx, sy = (zoom + aspect).exp(), (zoom - aspect).exp()
    shift = torch.empty(2, n).uniform_(-0.14, 0.14)
    theta = torch.stack(
        [flip * sx * turn.cos(), -sy * turn.sin(), shift[0], flip * sx * turn.sin(), sy * turn.cos(), shift[1]], dim=1
    )
    grid = functional.affine_grid(theta.view(n, 2, 3), [n, 3, SIZE, SIZE], align_corners=False)
    out = functional.grid_sample(pixels.float() / 127.5 - 1, grid, padding_mode="border", align_corners=False)
    gain, lift = 1 + 0.12 * torch.randn(n, 1, 1, 1), 0.06 * torch.randn(n, 1, 1, 1) + 0.03 * torch.randn(n, 3, 1, 1)
    harder = grocery.float().view(n, 1, 1, 1)
    light = ((out * gain + lift).clamp(-1, 1) + 1) / 2
    light = light ** (0.25 * harder * torch.randn(n, 1, 1, 1)).exp() * (0.08 * harder * torch.randn(n, 3, 1, 1)).exp()
    grey, vivid = light.mean(dim=1, keepdim=True), 1 + harder * torch.empty(n, 1, 1, 1).uniform_(-0.4, 0.4)
    return (2 * (grey + (light - grey) * vivid) - 1).clamp(-1, 1)


def unfair(by_phone: Tensor, kinds: Tensor, strange: Tensor) -> Tensor:
    """Find the pairs (n, m) of a phone photo with nothing but products that are never seen by phone.

    Learning that the two clash is learning to tell phone photos from scenes, not products from each other: every
    phone photo would then be of a product known by phone. So these pairs are left out of the loss.

    Args:
        by_phone: Whether each picture is a phone photo, (n,).
        kinds: What each text or picture may be, (m, kinds), 0 or 1.
        strange: Which kinds no phone photo shows, (kinds,).
    """
    only = (kinds.sum(1) > 0) & (kinds[:, ~strange].sum(1) == 0)
    return by_phone[:, None] & only


class Trainer:
    """Model, optimiser, running average and the material they see."""

    def __init__(
        self,
        stock: Material,
        model: VisionTextDualEncoderModel,
        tokenizer: PreTrainedTokenizerFast,
        steps: int,
        batch: int,
        twins: int,
        rate: float,
    ) -> None:
        self.stock, self.tokenizer, self.steps = stock, tokenizer, steps
        self.batch, self.twins, self.rate = batch, twins, rate
        self.claims = Claims(stock.kinds)
        self.known = self.claims.rows([*stock.claims])
        self.by_phone = torch.zeros(len(stock.claims), dtype=torch.bool)
        self.by_phone[stock.rows["phone"]] = True
        self.grocery = torch.arange(len(stock.claims)) >= stock.rows["shelf"][0]  # photos and scenes follow
        self.strange = self.claims.rows([Claim(stock.strangers)])[0][0].bool()
        self.model = model
        self.model.set_attn_implementation("eager")  # nearly halves the text tower's time on a CPU
        nn.Module.to(self.model, memory_format=torch.channels_last)  # a quarter of the convolutions' time on a CPU
        self.average = copy.deepcopy(self.model)
        self.average.train(False)
        self.heads = nn.Linear(256, sum(len(axis) for axis in self.claims.axes))  # dropped at export
        parameters = [*self.model.parameters(), *self.heads.parameters()]
        decayed, plain = [p for p in parameters if p.ndim > 1], [p for p in parameters if p.ndim <= 1]
        self.optimiser = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}], lr=rate
        )
        self.rng = random.Random(stock.seed)

    def texts(self, rows: list[int]) -> tuple[list[str], list[str], list[Claim | None]]:
        """Write a phrase for each picture, then nonsense; for the first third also the same in another language."""
        first: list[str] = []
        second: list[str] = []
        claims: list[Claim | None] = []
        for row in rows:
            here, there = self.rng.sample(LANGUAGES, 2)
            said = self.stock.subject(row, self.rng)
            text, claim = said(here, self.rng)
            first.append(text)
            claims.append(claim)
            if len(second) < len(rows) // 3:
                second.append(said(there, self.rng)[0])
        odd = [lexicon().nonsense(self.rng) for _ in range(len(rows) // NONSENSE_SHARE)]
        return first + odd, second, [*claims, *[None] * len(odd)]

    def text_vectors(self, texts: list[str]) -> Tensor:
        """Encode texts as unit rows (n, 128), short ones with short ones, else most of a batch is padding."""
        tokens = self.tokenizer(
            texts, padding="max_length", truncation=True, max_length=MAX_TOKENS, return_tensors="pt"
        )
        ids, mask = tokens["input_ids"], tokens["attention_mask"]
        order = mask.sum(1).argsort()
        pooled = []
        for part in order.chunk(4):
            width = -4 * (-int(mask[part].sum(1).max()) // 4)  # few distinct shapes: kernels are compiled for each
            pooled.append(
                self.model.text_model(input_ids=ids[part, :width], attention_mask=mask[part, :width]).pooler_output
            )
        return functional.normalize(self.model.text_projection(torch.cat(pooled)).float(), dim=1)[order.argsort()]

    def loss(self) -> Tensor:
        """Draw a batch and compute what it costs."""
        rows = self.stock.draw(self.batch, self.twins, self.rng)
        first, second, claims = self.texts(rows)
        pixels = augment(self.stock.pixels[rows].permute(0, 3, 1, 2), self.stock.is_photo[rows], self.grocery[rows])
        known, claimed = [axis[rows] for axis in self.known], self.claims.rows(claims)
        with torch.autocast("cpu", dtype=torch.bfloat16):  # takes a third off a step, and nothing off the result
            pooled = self.model.vision_model(pixels.contiguous(memory_format=torch.channels_last)).pooler_output
            vectors = self.text_vectors(first + second)
        pooled = pooled.float()
        guesses = [*self.heads(pooled).split([len(axis) for axis in self.claims.axes], dim=1)]
        guesses[0] = guesses[0].masked_fill(self.by_phone[rows][:, None] & self.strange, -1e4)
        pictures = functional.normalize(self.model.visual_projection(pooled), dim=1)
        texts, others = vectors[: len(first)], vectors[len(first) :]
        scale = self.model.logit_scale.clamp(max=math.log(40)).exp()
        similarity = pictures @ texts.T
        match, clash = relation(known, claimed)
        clash = clash & ~unfair(self.by_phone[rows], claimed[0], self.strange)
        main = contrast(similarity * scale, match, clash) + contrast(similarity.T * scale, match.T, clash.T)
        spoken = [axis[: len(others)] for axis in claimed]
        same, apart = relation(spoken, spoken, both_ways=True)
        across = contrast(texts[: len(others)] @ others.T * scale, same, apart)
        shelf, snapped = slice(-2 * self.twins, -self.twins), slice(-self.twins, None)  # the batch ends with them
        alike, unlike = relation([known[0][snapped]], [known[0][shelf]])
        unlike = unlike & ~unfair(self.by_phone[rows[snapped]], known[0][shelf], self.strange)
        seen = pictures[snapped] @ pictures[shelf].T * scale
        matched = contrast(seen, alike, unlike) + contrast(seen.T, alike.T, unlike.T)
        helped = sum((among(guess, allowed) for guess, allowed in zip(guesses, known, strict=True)), torch.tensor(0.0))
        # Nonsense must be far from every picture, not only farther than sense: its nearest one counts.
        loud = similarity[:, len(rows) :].amax(dim=0).clamp(min=0).square().mean()
        return (
            main / 2
            + TEXT_TEXT_WEIGHT * across
            + PICTURE_PICTURE_WEIGHT * matched / 2
            + AUXILIARY_WEIGHT * helped / 3
            + 4 * loud
        )

    def run(self, out: Path) -> None:
        """Train for the given number of steps and export the running average, also every 250 steps on the way."""
        began = time.monotonic()
        for step in range(self.steps):
            warm = min(1.0, (step + 1) / 100)
            for group in self.optimiser.param_groups:
                group["lr"] = self.rate * warm * (0.02 + 0.98 * (1 + math.cos(math.pi * step / self.steps)) / 2)
            loss = self.loss()
            self.optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.model.parameters(), 2.0)
            self.optimiser.step()
            self._follow(min(0.995, (step + 1) / (step + 20)))
            if step % 50 == 0:
                log.info("step %d loss %.3f, %.0f s", step, loss.item(), time.monotonic() - began)
            if step % 250 == 249 or step == self.steps - 1:
                export(self.average, self.tokenizer, out)

    @torch.no_grad()
    def _follow(self, keep: float) -> None:
        for mean, now in zip(self.average.state_dict().values(), self.model.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(now, 1 - keep)
            else:
                mean.copy_(now)


def export(model: VisionTextDualEncoderModel, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write the folder beside the old one and swap it in at the end, keeping the model card."""
    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    still = nn.Module.to(copy.deepcopy(model), memory_format=torch.contiguous_format)
    nn.Module.half(still).save_pretrained(fresh)
    (fresh / "model.safetensors").chmod(0o644)  # safetensors writes it for the owner alone
    tokenizer.save_pretrained(fresh)
    edges = {"height": SIZE, "width": SIZE}
    CLIPImageProcessorPil(
        size=edges, crop_size=edges, do_center_crop=False, image_mean=[0.5] * 3, image_std=[0.5] * 3
    ).save_pretrained(fresh)
    if (card := folder / "README.md").exists():
        shutil.copy(card, fresh)
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with clothing/ and grocery/")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="a folder that an earlier run wrote, to train it further")
    parser.add_argument("--cache", type=Path, required=True, help="folder for the renders, about 16 kB each")
    parser.add_argument("--renders", type=int, default=20_000)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--twins", type=int, default=26, help="groceries in a batch on the shelf, and again by phone")
    parser.add_argument("--rate", type=float, default=1.5e-3)
    # Two threads on two busy cores wait for each other: measured five times slower than one.
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    stock = material(options.data, options.cache, options.renders, options.seed)
    log.info("%d pictures, %d kinds", len(stock.pixels), len(stock.kinds))
    if options.start:
        tokenizer = PreTrainedTokenizerFast.from_pretrained(options.start)
        model = flattened(VisionTextDualEncoderModel.from_pretrained(options.start, dtype=torch.float32))
    else:
        tokenizer = train_tokenizer(stock, options.seed)
        model = build_model(len(tokenizer))
    trainer = Trainer(stock, model, tokenizer, options.steps, options.batch, options.twins, options.rate)
    trainer.run(options.out)


if __name__ == "__main__":
    main()
