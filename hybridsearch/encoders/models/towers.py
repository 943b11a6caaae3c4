"""The models that encode: the only module that imports torch, and so imported only when something is encoded."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors import safe_open
from transformers import AutoImageProcessor, AutoModel, AutoTokenizer, BatchEncoding
from transformers.utils import logging

from hybridsearch.disk.paths import shown
from hybridsearch.encoders.models import pair_model  # noqa: F401  (makes it known to AutoModel)
from hybridsearch.errors import EncoderError
from hybridsearch.inputs.json_text import read_json

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

LOCAL = {"local_files_only": True, "trust_remote_code": False}
"""Nothing is downloaded here, and no code that comes with a model is run, or offered to be run."""

Rows = NDArray[np.float32]
"""What a model gives, one row an item, of any length."""

PROCESS = os.getpid()
"""The process that imported torch: this one, or one that it was forked from."""

if hasattr(os, "register_at_fork"):
    # The threads of torch do not exist in a forked process, and an operation that waits for one of them never ends.
    os.register_at_fork(after_in_child=partial(torch.set_num_threads, 1))


class Clip:
    """A text tower and an image tower of one space, from a folder in the Hugging Face format."""

    def __init__(self, folder: Path) -> None:
        with loading(folder):
            self._model, report = AutoModel.from_pretrained(
                folder, **LOCAL, use_safetensors=True, dtype=torch.float32, output_loading_info=True
            )
            self._tokenizer = AutoTokenizer.from_pretrained(folder, **LOCAL)
            # Pillow's resize on every machine: torchvision's gives slightly other pixels, and with them other vectors.
            self._processor = AutoImageProcessor.from_pretrained(folder, **LOCAL, backend="pil")  # type: ignore[no-untyped-call]
        if report["missing_keys"]:
            raise lacks(folder, report["missing_keys"])
        self._resizes = self._processor.do_resize and not resized(self._processor, 1, 1)
        self._device = device()
        self._model.to(self._device).eval()
        positions: int = self._model.config.text_config.max_position_embeddings
        self._longest = min(positions, self._tokenizer.model_max_length)

    def texts(self, batch: Sequence[str], prompt: str = "") -> Rows:
        """Return one row for each text behind the prompt; what is too long for the model is cut."""
        tokens = self._tokens([prompt + text for text in batch]).to(self._device)
        with torch.inference_mode():
            return to_rows(self._model.get_text_features(**tokens).pooler_output)

    def prepare(self, image: Image.Image) -> Image.Image:
        """Return an RGB picture at the size that the processor gives it, with the same pixels; any thread may call.

        Pillow does this several times faster than the processor, which takes the large picture through two arrays.
        """
        size = resized(self._processor, *image.size)
        return image.resize(size, self._processor.resample) if size else image

    def images(self, batch: Sequence[Image.Image]) -> Rows:
        """Return one row for each RGB picture; one that is prepared already costs less."""
        ready = [self.prepare(image) for image in batch]
        pixels = self._processor(ready, do_resize=self._resizes, return_tensors="pt").to(self._device)
        with torch.inference_mode():
            return to_rows(self._features(pixels["pixel_values"]))

    def _tokens(self, batch: Sequence[str]) -> BatchEncoding:
        tokens: BatchEncoding = self._tokenizer(
            list(batch), padding=True, truncation=True, max_length=self._longest, return_tensors="pt"
        )
        return tokens

    def _features(self, pixels: torch.Tensor) -> torch.Tensor:
        pooled = self._model.vision_model(pixels).pooler_output
        # Not `get_image_features`: it fails on a convolutional tower, which pools to (items, width, 1, 1).
        features: torch.Tensor = self._model.visual_projection(pooled.flatten(1))
        return features


class Siglip(Clip):
    """A SigLIP, of the first or the second generation, whose pictures are of one size.

    It was trained on lower case, and on texts that are all filled up to the full length, with no mask over the filling.
    The tokenizers on the hub do neither by themselves.

    Source: Tschannen et al., "SigLIP 2" (2025), 2.1; "Notes" on SigLIP2 in the documentation of transformers.
    """

    def _tokens(self, batch: Sequence[str]) -> BatchEncoding:
        tokens: BatchEncoding = self._tokenizer(
            [text.lower() for text in batch],
            padding="max_length",
            truncation=True,
            max_length=self._longest,
            return_attention_mask=False,
            return_tensors="pt",
        )
        return tokens

    def _features(self, pixels: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self._model.vision_model(pixels).pooler_output
        return features


def open_clip(folder: Path) -> Clip:
    """Load the CLIP of a folder that `hybridsearch.encoders.models.folder` has checked.

    Raises:
        EncoderError: It cannot be loaded.
    """
    kind = read_json(folder / "config.json", plain=False)["model_type"]
    return Siglip(folder) if kind == "siglip" else Clip(folder)


def resized(processor: Any, width: int, height: int) -> tuple[int, int] | None:
    """Return the width and height that an image processor resizes a picture to, None where that is left to it."""
    size = processor.size
    if not processor.do_resize or size.longest_edge or processor.resample is None:
        return None
    if size.height and size.width:
        return size.width, size.height
    if size.shortest_edge:
        short, long = size.shortest_edge, int(size.shortest_edge * max(width, height) / min(width, height))
        return (short, long) if width <= height else (long, short)
    return None


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
            lacking = lacking_weights(self._model, folder)
        if lacking:
            raise lacks(folder, lacking)

    def texts(self, batch: Sequence[str], prompt: str = "") -> Rows:
        """Return one row for each text behind the prompt; what is too long for the model is cut."""
        # An empty prompt too: left out, the model's default one would stand before every text.
        rows = self._model.encode(
            list(batch), prompt=prompt, batch_size=len(batch), show_progress_bar=False, convert_to_tensor=True
        )
        return to_rows(rows)


def lacking_weights(model: SentenceTransformer, folder: Path) -> set[str]:
    """Return the names of the weights that a sentence encoder uses and its files do not have.

    The pooler of a transformer, which pooling over its tokens does not use, is left out of many files.
    """
    inner = getattr(model[0], "auto_model", None)
    if inner is None:
        return set()
    place = folder / read_json(folder / "modules.json", plain=False)[0]["path"]
    files: list[Any] = [safe_open(file, "pt") for file in place.glob("*.safetensors")]
    stored = {name for file in files for name in file.keys()}  # noqa: SIM118
    named = stored | {name.removeprefix(f"{inner.base_model_prefix}.") for name in stored}
    if named.issuperset(name for name in inner.state_dict() if not is_unused(name)):
        return set()
    # Files may have other names for weights than the model: only loading it again tells, which few models need.
    _, report = AutoModel.from_pretrained(place, **LOCAL, use_safetensors=True, output_loading_info=True)
    return {name for name in report["missing_keys"] if not is_unused(name)}


def is_unused(name: str) -> bool:
    """Tell whether weights are those of a pooler, behind the tokens that sentence encoders pool."""
    return "pooler" in name.split(".")


def lacks(folder: Path, names: Iterable[str]) -> EncoderError:
    """Return the error for weights that would be made up."""
    return EncoderError(f"The weights in {shown(folder)} lack {sorted(names)[0]!r}. Download the model again.")


def to_rows(features: torch.Tensor) -> Rows:
    """Return the features as an array in main memory."""
    rows: Rows = features.float().cpu().numpy()
    return rows


def device() -> str:
    """Return the fastest device of this machine."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def require_usable(name: str) -> None:
    """Refuse to use a GPU in a process that was forked after torch was loaded: its driver does not survive that.

    Raises:
        EncoderError: This is such a process.
    """
    if os.getpid() != PROCESS and device() == "cuda":
        raise EncoderError(
            f"Encoder '{name}' was loaded on a GPU by process {PROCESS}, of which this one, {os.getpid()}, was forked. "
            "Let every worker load it for itself: start them before the first search (gunicorn: without --preload)."
        )


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
        raise EncoderError(f"The model in {shown(folder)} cannot be loaded: {reason}. Download it again.") from error
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
