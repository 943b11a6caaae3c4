"""The two towers of a CLIP, for training and saving."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoConfig, AutoImageProcessor, AutoModel, AutoTokenizer

from hybridsearch.align.pairs import Pixels
from hybridsearch.disk.durable import make_folder
from hybridsearch.disk.modes import settle
from hybridsearch.disk.paths import shown
from hybridsearch.encoders.models.towers import device, loading
from hybridsearch.errors import EncoderError
from hybridsearch.runtime.batches import batches
from hybridsearch.values import Vectors

TEXT_BATCH = 64
"""Texts of similar length that go through the tower together: larger batches are mostly padding."""
MAX_SCALE = 100.0
"""The largest factor of the cosines, as CLIP was trained."""
BATCH = 128
"""Texts or pictures that are encoded at a time."""


class Towers:
    """A model folder in the Hugging Face format, loaded for training."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with loading(folder):
            self.model = AutoModel.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
            )
            self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            self.processor = AutoImageProcessor.from_pretrained(  # type: ignore[no-untyped-call]
                folder, local_files_only=True, backend="pil"
            )
            self._dtype = AutoConfig.from_pretrained(folder, local_files_only=True).dtype or torch.float32
        if not hasattr(self.model, "visual_projection"):
            raise EncoderError(
                f"{shown(folder)} holds a '{self.model.config.model_type}', which cannot be aligned; expected a "
                "CLIP or a vision-text dual encoder. Choose another encoder."
            )
        self.device = device()
        # Dropout stays off and batch statistics stay fixed: a few thousand products would spoil the latter.
        self.model.to(self.device, memory_format=torch.channels_last).eval()
        if self.device == "cpu":
            self.model.set_attn_implementation(
                "eager"
            )  # in the backward pass, torch's fused attention is ten times slower there
        positions: int = self.model.config.text_config.max_position_embeddings
        self._longest = min(positions, self.tokenizer.model_max_length)
        self._mean, self._std = (
            torch.tensor(values, device=self.device).view(3, 1, 1)
            for values in (self.processor.image_mean, self.processor.image_std)
        )

    def resize(self, images: Sequence[Image.Image]) -> Pixels:
        """Resize and crop pictures as the encoder does, without scaling the numbers."""
        processed = self.processor(list(images), do_rescale=False, do_normalize=False, return_tensors="np")
        pixels: Pixels = processed["pixel_values"]
        return pixels

    def heads(self) -> list[nn.Parameter]:
        """Return the parameters behind the towers: the projections and the scale."""
        projections = (self.model.visual_projection, self.model.text_projection)
        return [*(parameter for head in projections for parameter in head.parameters()), self.model.logit_scale]

    def pool_pictures(self, pictures: Tensor) -> Tensor:
        """Return the output of the image tower: (n, 3, height, width) in 0..1 to (n, width of the tower)."""
        pixels = ((pictures - self._mean) / self._std).contiguous(memory_format=torch.channels_last)
        with self.autocast():
            pooled: Tensor = self.model.vision_model(pixel_values=pixels).pooler_output
        return pooled.flatten(1).float()  # a ResNet leaves two empty axes

    def pool_texts(self, texts: Sequence[str]) -> Tensor:
        """Return the output of the text tower, (n, width of the tower); equal texts are computed once."""
        distinct = sorted(set(texts), key=lambda text: (len(text), text))
        pooled = torch.cat(
            [self._pool_texts(distinct[start : start + TEXT_BATCH]) for start in range(0, len(distinct), TEXT_BATCH)]
        )
        row = {text: number for number, text in enumerate(distinct)}
        return pooled[[row[text] for text in texts]]

    def _pool_texts(self, texts: list[str]) -> Tensor:
        tokens = self.tokenizer(
            texts,
            padding=True,
            pad_to_multiple_of=4,  # few distinct shapes: kernels are compiled for each of them
            truncation=True,
            max_length=self._longest,
            return_tensors="pt",
        )
        with self.autocast():
            pooled: Tensor = self.model.text_model(**tokens.to(self.device)).pooler_output
        return pooled.float()

    def project_pictures(self, pooled: Tensor) -> Tensor:
        """Return unit rows of the common space."""
        return functional.normalize(self.model.visual_projection(pooled), dim=1)

    def project_texts(self, pooled: Tensor) -> Tensor:
        """Return unit rows of the common space."""
        return functional.normalize(self.model.text_projection(pooled), dim=1)

    def scale(self) -> Tensor:
        """Return the factor of the cosines; learned, within bounds."""
        learned: Tensor = self.model.logit_scale.exp()
        return learned.clamp(1.0, MAX_SCALE)

    @torch.no_grad()
    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row for each text."""
        rows = [self.project_texts(self.pool_texts(batch)) for batch in batches(texts, BATCH)]
        return to_numpy(torch.cat(rows))

    @torch.no_grad()
    def encode_pictures(self, pixels: Pixels, rows: Sequence[int]) -> Vectors:
        """Return one unit row for each of these rows of the picture file."""
        return to_numpy(torch.cat([self.project_pictures(pooled) for pooled in self._pool_rows(pixels, rows)]))

    @torch.no_grad()
    def pool_rows(self, pixels: Pixels, rows: Sequence[int]) -> Tensor:
        """Return the output of the image tower for these rows of the picture file."""
        return torch.cat(list(self._pool_rows(pixels, rows)))

    def _pool_rows(self, pixels: Pixels, rows: Sequence[int]) -> Iterator[Tensor]:
        for batch in batches(rows, BATCH):
            yield self.pool_pictures(self.to_fractions(pixels[np.asarray(batch)]))

    def to_fractions(self, pixels: Pixels) -> Tensor:
        """Return pictures as numbers in 0..1."""
        return torch.from_numpy(pixels).to(self.device).float() / 255

    def autocast(self) -> AbstractContextManager[None]:
        """Return the context in which the towers compute with 16 bits if that is faster."""
        if self.device == "cuda" or (self.device == "cpu" and bfloat16_is_fast()):
            return torch.autocast(self.device, dtype=torch.bfloat16)
        return nullcontext()

    @contextmanager
    def with_weights(self, state: dict[str, Tensor]) -> Iterator[None]:
        """Use other weights for as long as the context lasts."""
        trained = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        self.model.load_state_dict(state)
        try:
            yield
        finally:
            self.model.load_state_dict(trained)

    def save(self, folder: Path) -> None:
        """Write the model in the form of its base: the same format, precision, tokenizer and preprocessing."""
        make_folder(folder, None)
        for file in self.folder.iterdir():
            if file.is_file() and file.suffix in (".json", ".model", ".txt") and "safetensors" not in file.name:
                shutil.copy(file, folder)
        model = nn.Module.to(copy.deepcopy(self.model), memory_format=torch.contiguous_format)
        nn.Module.to(model, "cpu", self._dtype).save_pretrained(folder)
        settle(folder)


def to_numpy(rows: Tensor) -> Vectors:
    """Return rows as a NumPy array of float32."""
    array: Vectors = rows.float().cpu().numpy()
    return array


def bfloat16_is_fast() -> bool:
    """Return whether this processor has instructions for 16-bit numbers; without them these are far slower."""
    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
