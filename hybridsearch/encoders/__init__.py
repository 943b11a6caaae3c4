"""Encoders: words and pictures to vectors. Nothing here imports torch before something is encoded."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from hybridsearch.encoders.base import Encoder
from hybridsearch.encoders.folder import Model, open_model
from hybridsearch.encoders.pretrained import PretrainedEncoder
from hybridsearch.errors import EncoderError

__all__ = ["PRESETS", "Encoder", "Preset", "load_encoder"]


class Preset(NamedTuple):
    """A pair of models by a short name; each a folder or a hub name."""

    texts: str
    images: str | None = None


PRESETS = {
    "starter": Preset(str(Path(__file__).parent.parent / "models" / "starter")),
    "clip": Preset("sentence-transformers/clip-ViT-B-32"),
    "clip-multilingual": Preset(
        "sentence-transformers/clip-ViT-B-32-multilingual-v1", images="sentence-transformers/clip-ViT-B-32"
    ),
    "minilm": Preset("sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2"),
}

HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
FILES = ["*.json", "*.model", "*.safetensors", "*.txt"]
OTHER_FORMATS = ["onnx/*", "openvino/*"]


def load_encoder(name: str, *, image_encoder: str | None = None, folder: Path) -> Encoder:
    """Find a model, and check all of it that can be checked without loading it.

    Args:
        name: A preset, a model folder, or a name on the Hugging Face hub; the first that exists.
        image_encoder: The same for a separate image tower; it must share the text model's space.
        folder: Where relative folders start.

    Raises:
        EncoderError: There is no such model, it cannot be had from here, or it is in a format that is not loaded.
    """
    if not all(map(find_spec, ("torch", "transformers", "sentence_transformers"))):
        raise EncoderError(f"Encoder '{name}' needs torch. Install it with: pip install \"hybridsearch[clip]\"")
    preset = PRESETS.get(name, Preset(name))
    words = find_model(preset.texts, folder)
    images = image_encoder or preset.images
    if images is None:
        pictures = words if words.sees else None
    else:
        pictures = find_model(PRESETS.get(images, Preset(images)).texts, folder)
        check_pair(name, words, images, pictures)
    return PretrainedEncoder(name, words, pictures)


def check_pair(name: str, words: Model, images: str, pictures: Model) -> None:
    """Refuse two models that cannot be of one space."""
    if not pictures.sees:
        raise EncoderError(f"Image encoder '{images}' does not read pictures. Name a CLIP model instead.")
    if pictures.dims != words.dims:
        raise EncoderError(
            f"Encoder '{name}' has {words.dims} dims, its image encoder '{images}' has {pictures.dims}. "
            "Name two models that were trained for one space."
        )


def find_model(name: str, folder: Path) -> Model:
    """Return the model of a folder, else of the hub."""
    local = folder / Path(name).expanduser()
    if local.is_dir():
        return open_model(local)
    if not HUB_NAME.fullmatch(name):
        raise EncoderError(
            f"There is no encoder '{name}': expected a preset ({', '.join(PRESETS)}), a folder below '{folder}', or a "
            "hub name such as 'owner/model'."
        )
    return from_hub(name, local)


def from_hub(name: str, local: Path) -> Model:
    """Return a model of the hub: from the hub's cache on this machine, else downloaded, without any pickle.

    What is in the cache is not compared with the hub again: new weights would not fit the vectors of the index.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    def snapshot(*, offline: bool) -> Model:
        path = snapshot_download(name, allow_patterns=FILES, ignore_patterns=OTHER_FORMATS, local_files_only=offline)
        return open_model(Path(path))

    try:
        return snapshot(offline=True)
    except (LocalEntryNotFoundError, EncoderError):  # not here yet, or only in part
        pass
    try:
        return snapshot(offline=False)
    except (HfHubHTTPError, OSError) as error:
        raise EncoderError(
            f"Model '{name}' is not on this machine and the Hugging Face hub did not give it ({type(error).__name__}). "
            f"Download it elsewhere and put its files into '{local}', or choose 'starter'."
        ) from error
