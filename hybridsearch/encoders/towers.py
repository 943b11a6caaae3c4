"""The models at work: the one module that imports torch, and therefore imported only when something is encoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from transformers import AutoImageProcessor, AutoModel, AutoTokenizer
from transformers.utils import logging

from hybridsearch.errors import EncoderError

Rows = NDArray[np.float32]
"""What a model gives, one row an item, of any length."""


class Clip:
    """A text tower and an image tower of one space, from a folder in the Hugging Face format."""

    def __init__(self, folder: Path) -> None:
        with loading(folder):
            self._model, report = AutoModel.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, dtype=torch.float32, output_loading_info=True
            )
            self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            # Pillow's resize on every machine: torchvision's gives slightly other pixels, and with them other vectors.
            self._processor = AutoImageProcessor.from_pretrained(  # type: ignore[no-untyped-call]
                folder, local_files_only=True, backend="pil"
            )
        if report["missing_keys"]:
            raise EncoderError(
                f"The weights in '{folder}' lack {sorted(report['missing_keys'])[0]!r}. Download the model again."
            )
        self._device = device()
        self._model.to(self._device).eval()
        positions: int = self._model.config.text_config.max_position_embeddings
        self._longest = min(positions, self._tokenizer.model_max_length)

    def texts(self, batch: Sequence[str]) -> Rows:
        """Return one row for each text; what is too long for the model is cut."""
        tokens = self._tokenizer(
            list(batch), padding=True, truncation=True, max_length=self._longest, return_tensors="pt"
        )
        with torch.inference_mode():
            return to_rows(self._model.get_text_features(**tokens.to(self._device)).pooler_output)

    def images(self, batch: Sequence[Image.Image]) -> Rows:
        """Return one row for each RGB picture."""
        pixels = self._processor(list(batch), return_tensors="pt").to(self._device)
        with torch.inference_mode():
            pooled = self._model.vision_model(**pixels).pooler_output
            # Not `get_image_features`: it fails on a convolutional tower, which pools to (items, width, 1, 1).
            return to_rows(self._model.visual_projection(pooled.flatten(1)))


class Sentences:
    """A text tower in the format of sentence-transformers: a transformer, pooling, and perhaps dense layers."""

    def __init__(self, folder: Path) -> None:
        from sentence_transformers import SentenceTransformer  # two seconds that a CLIP alone does not need

        with loading(folder):
            self._model = SentenceTransformer(
                str(folder),
                device=device(),
                local_files_only=True,
                model_kwargs={"use_safetensors": True, "dtype": torch.float32},
            )

    def texts(self, batch: Sequence[str]) -> Rows:
        """Return one row for each text; what is too long for the model is cut."""
        return to_rows(
            self._model.encode(list(batch), batch_size=len(batch), show_progress_bar=False, convert_to_tensor=True)
        )


def to_rows(features: torch.Tensor) -> Rows:
    """Return the features as an array in main memory."""
    rows: Rows = features.float().cpu().numpy()
    return rows


def device() -> str:
    """Return the fastest device there is."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def out_of_memory(error: Exception) -> bool:
    """Return whether a smaller batch may help."""
    # torch has a class for the memory of a GPU alone; main memory is known by the name of its allocator.
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)


@contextmanager
def loading(folder: Path) -> Iterator[None]:
    """Silence the progress bars and reports of a loading model, which has no switch of its own, and name its folder.

    Raises:
        EncoderError: The model could not be loaded.
    """
    bars, verbosity = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        yield
    except Exception as error:  # the libraries raise whatever a damaged file leads them to
        reason = str(error).strip().partition("\n")[0]
        raise EncoderError(f"The model in '{folder}' cannot be loaded: {reason}. Download it again.") from error
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
