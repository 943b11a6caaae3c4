"""The two towers of a CLIP, to be trained and saved."""

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
from hybridsearch.encoders.towers import device, loading
from hybridsearch.errors import EncoderError
from hybridsearch.values import Vectors

TOGETHER = 64
"""Texts of about one length that are read together: in larger batches most is padding."""
HOTTEST = 100.0
"""What the cosines are multiplied by at most, as CLIP was trained."""
AT_ONCE = 128


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
                f"'{folder}' holds a '{self.model.config.model_type}', which cannot be aligned; expected a CLIP or a "
                "vision-text dual encoder. Choose another encoder."
            )
        self.device = device()
        # Dropout and the statistics of batches stay as in use: a few thousand products would spoil the latter.
        self.model.to(self.device, memory_format=torch.channels_last).eval()
        if self.device == "cpu":
            self.model.set_attn_implementation("eager")  # backwards, torch's fused attention is ten times slower there
        positions: int = self.model.config.text_config.max_position_embeddings
        self._longest = min(positions, self.tokenizer.model_max_length)
        self._mean, self._std = (
            torch.tensor(values, device=self.device).view(3, 1, 1)
            for values in (self.processor.image_mean, self.processor.image_std)
        )

    def squeeze(self, images: Sequence[Image.Image]) -> Pixels:
        """Resize and crop pictures as the encoder does, and stop before the numbers are scaled."""
        ready = self.processor(list(images), do_rescale=False, do_normalize=False, return_tensors="np")
        pixels: Pixels = ready["pixel_values"]
        return pixels

    def heads(self) -> list[nn.Parameter]:
        """Return the parameters that lie behind both towers."""
        projections = (self.model.visual_projection, self.model.text_projection)
        return [*(each for head in projections for each in head.parameters()), self.model.logit_scale]

    def seen(self, pictures: Tensor) -> Tensor:
        """Return what the image tower makes of pictures: (n, 3, height, width) in 0..1 to (n, width of the tower)."""
        pixels = ((pictures - self._mean) / self._std).contiguous(memory_format=torch.channels_last)
        with self.fast():
            pooled: Tensor = self.model.vision_model(pixel_values=pixels).pooler_output
        return pooled.flatten(1).float()  # a ResNet leaves two empty axes

    def read(self, texts: Sequence[str]) -> Tensor:
        """Return what the text tower makes of texts, (n, width of the tower); equal ones are read once."""
        distinct = sorted(set(texts), key=lambda text: (len(text), text))
        read = torch.cat(
            [self._read(distinct[start : start + TOGETHER]) for start in range(0, len(distinct), TOGETHER)]
        )
        place = {text: number for number, text in enumerate(distinct)}
        return read[[place[text] for text in texts]]

    def _read(self, texts: list[str]) -> Tensor:
        tokens = self.tokenizer(
            texts,
            padding=True,
            pad_to_multiple_of=4,  # few distinct shapes: kernels are compiled for each
            truncation=True,
            max_length=self._longest,
            return_tensors="pt",
        )
        with self.fast():
            pooled: Tensor = self.model.text_model(**tokens.to(self.device)).pooler_output
        return pooled.float()

    def picture_rows(self, seen: Tensor) -> Tensor:
        """Return unit rows of the common space."""
        return functional.normalize(self.model.visual_projection(seen), dim=1)

    def text_rows(self, read: Tensor) -> Tensor:
        """Return unit rows of the common space."""
        return functional.normalize(self.model.text_projection(read), dim=1)

    def scale(self) -> Tensor:
        """Return what cosines are multiplied by; learned, within bounds."""
        learned: Tensor = self.model.logit_scale.exp()
        return learned.clamp(1.0, HOTTEST)

    @torch.no_grad()
    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row for each text."""
        rows = [self.text_rows(self.read(texts[start : start + AT_ONCE])) for start in range(0, len(texts), AT_ONCE)]
        return array(torch.cat(rows))

    @torch.no_grad()
    def encode_pictures(self, pixels: Pixels, rows: Sequence[int]) -> Vectors:
        """Return one unit row for each of some rows of the picture file."""
        return array(torch.cat([self.picture_rows(each) for each in self._look(pixels, rows)]))

    @torch.no_grad()
    def look(self, pixels: Pixels, rows: Sequence[int]) -> Tensor:
        """Return what the image tower makes of some rows of the picture file."""
        return torch.cat(list(self._look(pixels, rows)))

    def _look(self, pixels: Pixels, rows: Sequence[int]) -> Iterator[Tensor]:
        for start in range(0, len(rows), AT_ONCE):
            yield self.seen(self.fractions(pixels[np.asarray(rows[start : start + AT_ONCE])]))

    def fractions(self, pixels: Pixels) -> Tensor:
        """Return pictures as numbers in 0..1."""
        return torch.from_numpy(pixels).to(self.device).float() / 255

    def fast(self) -> AbstractContextManager[None]:
        """Return the context in which towers compute with 16 bits where that is faster."""
        if self.device == "cuda" or (self.device == "cpu" and short_is_fast()):
            return torch.autocast(self.device, dtype=torch.bfloat16)
        return nullcontext()

    @contextmanager
    def holding(self, state: dict[str, Tensor]) -> Iterator[None]:
        """Put other weights in for a while."""
        own = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        self.model.load_state_dict(state)
        try:
            yield
        finally:
            self.model.load_state_dict(own)

    def save(self, folder: Path) -> None:
        """Write the model as its base lies on disk: the same format, precision, tokenizer and preprocessing."""
        folder.mkdir(parents=True)
        for file in self.folder.iterdir():
            if file.is_file() and file.suffix in (".json", ".model", ".txt") and "safetensors" not in file.name:
                shutil.copy(file, folder)
        still = nn.Module.to(copy.deepcopy(self.model), memory_format=torch.contiguous_format)
        nn.Module.to(still, "cpu", self._dtype).save_pretrained(folder)
        for weights in folder.glob("*.safetensors"):
            weights.chmod(0o644)  # safetensors writes it for the owner alone


def array(rows: Tensor) -> Vectors:
    """Return rows in main memory."""
    found: Vectors = rows.float().cpu().numpy()
    return found


def short_is_fast() -> bool:
    """Return whether this processor has instructions for 16-bit numbers; others take far longer over them."""
    able: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))
