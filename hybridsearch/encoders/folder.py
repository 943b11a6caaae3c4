"""A model folder on disk: what can be known about the model without loading it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from hybridsearch.errors import EncoderError

CLIPS = ("clip", "siglip", "vision-text-dual-encoder")
"""The `model_type`s that hold a text tower and an image tower of one space."""

MODULES = "sentence_transformers."
"""Where the steps of a model may come from; any other module is somebody's code."""

DECISIVE = (".json", ".model", ".safetensors", ".txt")
"""Suffixes of the files that decide what the vectors are: weights, tokenizer, preprocessing, pooling."""

USUAL_SIDE = 224
"""What a CLIP looks at, in pixels, when its preprocessing does not say."""

SIGLIP_BASE = 768
"""Width of a SigLIP whose configuration does not name it: files of the hub leave out what is as in the base model."""

RECIPE = 1
"""Number of our own way from text to a unit vector; raise it when the same weights give other vectors."""
PIXELS = 2
"""The same for our own way from a picture; it does not concern a model that reads no pictures."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model folder in a format that we load, checked but not loaded.

    Attributes:
        path: The folder to load from.
        reads_pictures: Whether it has an image tower.
        dims: Length of its vectors.
        files: Every file that decides what the vectors are, in a fixed order.
        side: Shorter side, in pixels, to which it resizes pictures; 0 for one that reads no pictures.
    """

    path: Path
    reads_pictures: bool
    dims: int
    files: tuple[Path, ...]
    side: int = 0


@dataclass(frozen=True, slots=True)
class Module:
    """One step of a sentence-transformers model."""

    kind: str
    path: Path

    @property
    def config(self) -> dict[str, Any]:
        """The step's `config.json`; empty where it has none."""
        file = self.path / "config.json"
        return dict(read_json(file)) if file.is_file() else {}


def open_model(folder: Path) -> Model:
    """Look at a model folder: a CLIP in the Hugging Face format, or anything with a `modules.json`.

    Raises:
        EncoderError: It is neither, its files are damaged, or its weights are pickled.
    """
    try:
        return read_model(folder)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise EncoderError(f"The model folder '{folder}' is damaged: {error!r}. Download it again.") from error


def read_model(folder: Path) -> Model:
    """Return what `open_model` does; damage shows as whatever the parsers raise."""
    modules = read_modules(folder)
    first = modules[0]
    if first.config.get("model_type") in CLIPS:
        if any(module.kind != "Normalize" for module in modules[1:]):
            raise EncoderError(
                f"'{folder}' has more steps after its CLIP; expected a CLIP alone. Choose another model."
            )
        dims, side = clip_dims(first.config), side_of(first.path)
        return Model(first.path, reads_pictures=True, dims=dims, files=decisive([first.path]), side=side)
    if not (folder / "modules.json").is_file():
        raise EncoderError(
            f"'{folder}' holds a '{first.config.get('model_type')}', expected a CLIP ({', '.join(CLIPS)}) or a "
            "sentence-transformers model with a modules.json. Choose another model."
        )
    files = decisive([folder, *(module.path for module in modules)])
    return Model(folder, reads_pictures=False, dims=dims_of(modules), files=files)


def read_modules(folder: Path) -> list[Module]:
    """Return the steps of the model, a bare Hugging Face model being its only one; none may be pickled."""
    if (folder / "modules.json").is_file():
        listed = read_json(folder / "modules.json")
        refuse_code(folder, [entry["type"] for entry in listed])
        modules = [Module(entry["type"].rpartition(".")[2], folder / entry["path"]) for entry in listed]
    elif (folder / "config.json").is_file():
        modules = [Module("Transformer", folder)]
    else:
        raise EncoderError(
            f"'{folder}' has neither a modules.json nor a config.json. Name the folder that holds the model's files."
        )
    for module in modules:
        refuse_pickle(module.path)
    if not any(modules[0].path.glob("*.safetensors")):
        raise EncoderError(f"'{modules[0].path}' has no model.safetensors. Download the model again, with its weights.")
    return modules


def refuse_pickle(folder: Path) -> None:
    """Raise if the only weights in the folder are of a kind that runs code when it is read."""
    pickled = next((file for suffix in ("bin", "pt", "pkl", "ckpt") for file in folder.glob(f"*.{suffix}")), None)
    if pickled and not any(folder.glob("*.safetensors")):
        raise EncoderError(
            f"The weights '{pickled}' are pickled and could run code; expected 'model.safetensors'. Where you trust "
            f"them, load the model once with sentence-transformers and save it to a new folder."
        )


def refuse_code(folder: Path, types: Iterable[str]) -> None:
    """Raise if a step of the model is of a class that is not part of sentence-transformers."""
    foreign = next((kind for kind in types if not kind.startswith(MODULES)), None)
    if foreign:
        raise EncoderError(
            f"'{folder}' needs the module '{foreign}', which is code that comes with the model and is never run. "
            "Choose a model that sentence-transformers loads by itself."
        )


def clip_dims(config: dict[str, Any]) -> int:
    """Return the length of a CLIP's vectors; a SigLIP projects its texts alone, to the width of its pictures."""
    if config["model_type"] != "siglip":
        return int(config["projection_dim"])
    text = config.get("text_config", {})
    return int(text.get("projection_size") or text.get("hidden_size", SIGLIP_BASE))


def side_of(folder: Path) -> int:
    """Return the shorter side to which a CLIP resizes pictures, in the old spelling and the new."""
    file = folder / "preprocessor_config.json"
    size = read_json(file).get("size") if file.is_file() else None
    if isinstance(size, dict):
        size = size.get("shortest_edge") or min(size.get("height", 0), size.get("width", 0))
    return int(size or USUAL_SIDE)


def dims_of(modules: list[Module]) -> int:
    """Return the length of the vectors that leave the last step."""
    for module in reversed(modules):
        config = module.config
        if module.kind == "Dense":
            return int(config["out_features"])
        if module.kind == "Pooling":
            width = int(config.get("embedding_dimension") or config["word_embedding_dimension"])
            return width * pooled_modes(config)
    # A bare table of word vectors, for one, has no direction for a text of unknown words.
    raise EncoderError(
        f"'{modules[0].path}' ends in a '{modules[-1].kind}', expected a Pooling or a Dense. Choose another model."
    )


def pooled_modes(config: dict[str, Any]) -> int:
    """Return how many pooled vectors are concatenated, in the old spelling and the new."""
    mode = config.get("pooling_mode")
    if mode is None:
        return sum(value is True for key, value in config.items() if key.startswith("pooling_mode_")) or 1
    return 1 if isinstance(mode, str) else len(mode)


def fingerprint(*models: Model | None) -> str:
    """Return 16 hexadecimal digits that change with any byte that decides the vectors, and with their roles."""
    digest = hashlib.blake2b(f"recipe {RECIPE}".encode(), digest_size=8)
    for model in models:
        digest.update(f"\0pixels {PIXELS}".encode() if model and model.reads_pictures else b"\0model")
        for file in model.files if model else ():
            state = file.stat()
            digest.update(f"\0{file.name}\0".encode())
            digest.update(file_digest(file, state.st_size, state.st_mtime_ns))
    return digest.hexdigest()


@lru_cache(maxsize=256)
def file_digest(file: Path, size: int, modified: int) -> bytes:
    """Return the hash of a file's content; size and time make a changed file another cache entry."""
    del size, modified
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def decisive(folders: Iterable[Path]) -> tuple[Path, ...]:
    """Return the files of the folders that decide what the vectors are, sorted."""
    files = {file for folder in folders for file in folder.glob("*") if file.suffix in DECISIVE and file.is_file()}
    return tuple(sorted(files))


def read_json(file: Path) -> Any:
    """Return the content of a JSON file."""
    return json.loads(file.read_text(encoding="utf-8"))
