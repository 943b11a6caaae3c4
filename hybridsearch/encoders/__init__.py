"""Encoders: words and pictures to vectors. Nothing here imports torch before something is encoded."""

from __future__ import annotations

from pathlib import Path

from hybridsearch.encoders.base import Backend, Encoder, EncoderOptions, Factory, TextEncoder
from hybridsearch.encoders.checked import CheckedEncoder
from hybridsearch.encoders.models.presets import PRESETS, Preset
from hybridsearch.encoders.models.pretrained import PretrainedEncoder, open_pretrained
from hybridsearch.encoders.prompts import UNSAID, Prompts
from hybridsearch.errors import EncoderError
from hybridsearch.plugins import kind_and_rest, open_part

__all__ = [
    "ENCODERS",
    "PRESETS",
    "PRETRAINED",
    "Encoder",
    "EncoderOptions",
    "Preset",
    "TextEncoder",
    "kind_of",
    "load_encoder",
]

PRETRAINED = "pretrained"
GROUP = "hybridsearch.encoders"
"""The entry points in which other packages declare their kinds."""


def open_endpoint(_: str, options: EncoderOptions) -> Encoder:
    """Return the encoder behind an address: a server that speaks OpenAI's embeddings API."""
    from hybridsearch.encoders.endpoint import EndpointEncoder  # the HTTP client takes a while to import

    return EndpointEncoder(options)


ENCODERS: dict[str, Factory] = {PRETRAINED: open_pretrained, "http": open_endpoint, "https": open_endpoint}
"""What opens an encoder, by the kind in front of its name (`KIND:REST`). A new kind is one file and one line: here,
in a program that uses it, or among the entry points of another package."""


def load_encoder(
    name: str,
    *,
    image_encoder: str | None = None,
    fingerprint: str | None = None,
    prompts: Prompts = UNSAID,
    backend: Backend = "auto",
    folder: Path,
) -> Encoder:
    """Open the encoder that a configuration names.

    Args:
        name: `KIND:REST`, or without a kind a pretrained model: a preset, a folder, or a name on the Hugging Face hub.
        image_encoder: The same for a separate image tower.
        fingerprint: That the encoder must have; left out: any.
        prompts: What stands before texts; left out: what the model or the preset says.
        backend: What computes.
        folder: Where relative folders start.

    Raises:
        EncoderError: The kind is unknown, what it names cannot be opened, or it has another fingerprint.
    """
    kind, rest = kind_of(name, folder)

    def opened(factory: Factory) -> Encoder:
        made = factory(rest, EncoderOptions(name, folder, image_encoder, prompts, backend))
        # Whose rows are checked, and whose fingerprints are stored.
        return made if isinstance(made, PretrainedEncoder) else CheckedEncoder(kind, name, made, prompts)

    encoder = open_part(f"Encoder '{name}'", ENCODERS, GROUP, kind, opened, EncoderError)
    if fingerprint not in (None, encoder.fingerprint):
        raise EncoderError(
            f"Encoder '{name}' has the fingerprint {encoder.fingerprint}, the configuration expects {fingerprint}: it "
            "is another one, or its files were altered. Put the expected one back or download it again; if the new one "
            "is meant, write down its fingerprint and run: hybridsearch reindex"
        )
    return encoder


def kind_of(name: str, folder: Path) -> tuple[str, str]:
    """Return the kind of an encoder, and what its name says besides; a folder that exists is a model, not a kind."""
    return kind_and_rest(name, folder, PRETRAINED)
