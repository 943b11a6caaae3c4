"""A model folder on disk: what can be known about the model without loading it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hybridsearch.disk.paths import shown
from hybridsearch.encoders.models.bounds import require_possible
from hybridsearch.encoders.models.model_files import SETTINGS, decisive, further, inside
from hybridsearch.encoders.prompts import UNSAID, Prompts, stated
from hybridsearch.errors import EncoderError
from hybridsearch.inputs.json_text import read_json

CLIPS = ("clip", "siglip", "vision-text-dual-encoder", "hybridsearch-pair")
"""The `model_type`s that hold a text tower and an image tower of one space."""

MODULES = "sentence_transformers."
"""Where the steps of a model may come from; any other module is somebody's code."""

STEPS = frozenset(
    {
        "BoW",
        "CLIPModel",
        "CNN",
        "Dense",
        "Dropout",
        "LSTM",
        "LayerNorm",
        "Normalize",
        "Pooling",
        "StaticEmbedding",
        "Transformer",
        "WeightedLayerPooling",
        "WordEmbeddings",
        "WordWeights",
    }
)
"""Steps that read files of their own folder alone."""

ADAPTER = "adapter_config.json"
TOKENIZER_KEY = "tokenizer_name_or_path"
"""Where the settings of a step may name the tokenizer of another model."""

MOST_DIMS = 65_536
"""Far more than any index takes: beyond, the number is damage."""

USUAL_SIDE = 224
"""What a CLIP looks at, in pixels, when its preprocessing does not say."""

SIGLIP_BASE = 768
"""Width of a SigLIP whose configuration does not name it: files of the hub leave out what is as in the base model."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model folder in a format that we load, checked but not loaded.

    Attributes:
        path: The folder to load from.
        reads_pictures: Whether it has an image tower.
        dims: Length of its vectors.
        files: Every file that decides what the vectors are, in a fixed order.
        further: Those that only some models have, such as shards of weights in a folder of their own.
        side: Shorter side, in pixels, to which it resizes pictures; 0 for one that reads no pictures.
        prompts: That it states for its texts.
    """

    path: Path
    reads_pictures: bool
    dims: int
    files: tuple[Path, ...]
    further: tuple[Path, ...] = ()
    side: int = 0
    prompts: Prompts = UNSAID


@dataclass(frozen=True, slots=True)
class Module:
    """One step of a sentence-transformers model."""

    kind: str
    path: Path

    @property
    def config(self) -> dict[str, Any]:
        """The step's `config.json`; empty where it has none."""
        file = self.path / "config.json"
        return dict(read_json(file, plain=False)) if file.is_file() else {}


def open_model(folder: Path) -> Model:
    """Look at a model folder: a CLIP in the Hugging Face format, or anything with a `modules.json`.

    Raises:
        EncoderError: It is neither, its files are damaged or not all in the folder, or its weights are pickled.
    """
    try:
        return read_model(folder)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise EncoderError(f"The model folder {shown(folder)} is damaged: {error!r}. Download it again.") from error


def read_model(folder: Path) -> Model:
    """Return what `open_model` does; damage shows as whatever the parsers raise."""
    modules = read_modules(folder)
    first = modules[0]
    if first.config.get("model_type") in CLIPS:
        if any(module.kind != "Normalize" for module in modules[1:]):
            raise EncoderError(
                f"{shown(folder)} has more steps after its CLIP; expected a CLIP alone. Choose another model."
            )
        return of_files(first.path, [first.path], clip_dims(first.config), side_of(first.path))
    if not (folder / "modules.json").is_file():
        raise EncoderError(
            f"{shown(folder)} holds a '{first.config.get('model_type')}', expected a CLIP ({', '.join(CLIPS)}) or a "
            "sentence-transformers model with a modules.json. Choose another model."
        )
    model = of_files(folder, [folder, *(module.path for module in modules)], dims_of(modules))
    return replace(model, prompts=stated(folder))


def of_files(folder: Path, folders: list[Path], dims: int, side: int = 0) -> Model:
    """Return a model with the files of its folders; one with a `side` reads pictures.

    Raises:
        EncoderError: It is an adapter of another model, or one of its files lies outside of its folder.
        ValueError: No vector has as many dims, or no model the numbers of its configuration.
    """
    if not 1 <= dims <= MOST_DIMS:
        raise ValueError(f"vectors of {dims} dims")
    for step in folders:
        refuse_others(step)
        if (step / "config.json").is_file():
            require_possible(read_json(step / "config.json", plain=False))
    files = decisive(folders)
    return Model(folder, side > 0, dims, files, further(folder, folders, files), side)


def read_modules(folder: Path) -> list[Module]:
    """Return the steps of the model, a bare Hugging Face model being its only one; none may be pickled."""
    if (folder / "modules.json").is_file():
        listed = read_json(folder / "modules.json", plain=False)
        refuse_code(folder, [entry["type"] for entry in listed])
        modules = [
            Module(entry["type"].rpartition(".")[2], inside(folder, entry["path"], "modules.json")) for entry in listed
        ]
    elif (folder / "config.json").is_file():
        modules = [Module("Transformer", folder)]
    else:
        raise EncoderError(
            f"{shown(folder)} has neither a modules.json nor a config.json. "
            "Name the folder that holds the model's files."
        )
    for module in modules:
        refuse_pickle(module.path)
    if not any(modules[0].path.glob("*.safetensors*")):
        raise EncoderError(f"'{modules[0].path}' has no model.safetensors. Download the model again, with its weights.")
    return modules


def refuse_pickle(folder: Path) -> None:
    """Raise if weights in the folder that may be read are of a kind that runs code when it is."""
    pickled = next((file for suffix in ("bin", "pt", "pkl", "ckpt") for file in folder.glob(f"*.{suffix}")), None)
    if pickled and not any((folder / f"model.safetensors{rest}").is_file() for rest in ("", ".index.json")):
        raise EncoderError(
            f"The weights '{pickled}' are pickled and could run code; expected 'model.safetensors'. Where you trust "
            f"them, load the model once with sentence-transformers and save it to a new folder."
        )


def refuse_others(folder: Path) -> None:
    """Raise if what the folder holds is read together with another model, which no fingerprint of this one covers."""
    if (folder / ADAPTER).exists():
        raise EncoderError(
            f"{shown(folder)} is an adapter: weights on top of those of another model. Merge them (`merge_and_unload` "
            "of peft), save the whole model to a new folder, and name that."
        )
    for file in folder.glob(SETTINGS):
        if read_json(file, plain=False).get(TOKENIZER_KEY) is not None:
            raise EncoderError(
                f"{shown(file)} names another tokenizer than that of its folder. Save the model with its "
                "tokenizer to a new folder, and name that."
            )


def refuse_code(folder: Path, types: Collection[str]) -> None:
    """Raise if a step of the model is of a class that is not one of sentence-transformers, or not one that we know."""
    foreign = next((kind for kind in types if not kind.startswith(MODULES)), None)
    if foreign:
        raise EncoderError(
            f"{shown(folder)} needs the module '{foreign}', which is code that comes with the model and is never run. "
            "Choose a model that sentence-transformers loads by itself."
        )
    unknown = next((kind for kind in types if kind.rpartition(".")[2] not in STEPS), None)
    if unknown:
        raise EncoderError(
            f"{shown(folder)} has the step '{unknown}'; those that are known to read no further folders are: "
            f"{', '.join(sorted(STEPS))}. Choose another model."
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
    size = read_json(file, plain=False).get("size") if file.is_file() else None
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
