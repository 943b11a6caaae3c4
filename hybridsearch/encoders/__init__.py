"""Encoders: words and pictures to vectors. Nothing here imports torch before something is encoded."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from hybridsearch.encoders.base import Encoder
from hybridsearch.encoders.folder import Model
from hybridsearch.encoders.hub import find_models
from hybridsearch.encoders.presets import PRESETS, Preset
from hybridsearch.encoders.pretrained import PretrainedEncoder
from hybridsearch.errors import EncoderError

__all__ = ["PRESETS", "Encoder", "Preset", "load_encoder"]


def load_encoder(
    name: str, *, image_encoder: str | None = None, fingerprint: str | None = None, folder: Path
) -> Encoder:
    """Find a model, and check all of it that can be checked without loading it.

    Args:
        name: A preset, a model folder, or a name on the Hugging Face hub; the first that exists.
        image_encoder: The same for a separate image tower; it must share the text model's space.
        fingerprint: That the encoder must have; left out: any.
        folder: Where relative folders start.

    Raises:
        EncoderError: There is no such model, it cannot be had from here, it is in a format that is not loaded, or it
            has another fingerprint.
    """
    if not all(map(find_spec, ("torch", "transformers", "sentence_transformers"))):
        raise EncoderError(f"Encoder '{name}' needs torch. Install it with: pip install \"hybridsearch[clip]\"")
    preset = PRESETS.get(name, Preset(name))
    images = image_encoder or preset.images
    if images is None:
        (words,) = find_models([preset.texts], folder)
        found = PretrainedEncoder(name, words, words if words.sees else None)
    else:
        words, pictures = find_models([preset.texts, PRESETS.get(images, Preset(images)).texts], folder)
        check_pair(name, words, images, pictures)
        found = PretrainedEncoder(name, words, pictures)
    if fingerprint not in (None, found.fingerprint):
        raise EncoderError(
            f"Encoder '{name}' has the fingerprint {found.fingerprint}, the configuration expects {fingerprint}: its "
            "files are other ones, or were altered. Put the expected ones back or download them again; if the new ones "
            "are meant, write down their fingerprint and run: hybridsearch reindex"
        )
    return found


def check_pair(name: str, words: Model, images: str, pictures: Model) -> None:
    """Refuse two models that cannot be of one space."""
    if not pictures.sees:
        raise EncoderError(f"Image encoder '{images}' does not read pictures. Name a CLIP model instead.")
    if pictures.dims != words.dims:
        raise EncoderError(
            f"Encoder '{name}' has {words.dims} dims, its image encoder '{images}' has {pictures.dims}. "
            "Name two models that were trained for one space."
        )
