"""Where a model is: a folder, the cache of the Hugging Face hub on this machine, or the hub."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from hybridsearch.disk.paths import shown
from hybridsearch.encoders.models.folder import Model, open_model
from hybridsearch.encoders.models.packaged import PACKAGED, installed, unpacked
from hybridsearch.encoders.models.presets import MEGABYTES, PRESETS
from hybridsearch.errors import EncoderError
from hybridsearch.redaction import remember

HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
FILES = ["*.json", "*.model", "*.safetensors", "*.txt"]
OTHER_FORMATS = ["onnx/*", "openvino/*"]


def find_models(names: Sequence[str], folder: Path) -> list[Model]:
    """Return the models; one message names all that are missing.

    Args:
        names: A folder, or a name on the hub; the first that exists.
        folder: Where relative folders start.

    Raises:
        EncoderError: There is no such model, it cannot be downloaded, or it is in a format that is not loaded.
    """
    models: list[Model] = []
    missing: dict[str, OSError] = {}
    for name in names:
        try:
            models.append(find_model(name, folder))
        except OSError as error:
            missing[name] = error
    if missing:
        reasons = ", ".join(dict.fromkeys(type(error).__name__ for error in missing.values()))
        places = " and ".join(f"'{folder / name}'" for name in missing)
        listed = " and ".join(f"no {sized(name)}" for name in missing)
        raise EncoderError(
            f"There is {listed} on this machine, and the Hugging Face hub gave none ({reasons}). Download what is "
            f"missing where the hub can be reached and put the files into {places}, or choose 'starter'."
        ) from next(iter(missing.values()))
    return models


def find_model(name: str, folder: Path) -> Model:
    """Return the model of a package, of a folder, else of the hub.

    Raises:
        EncoderError: As `find_models`.
        OSError: It is not on this machine and cannot be downloaded.
    """
    if name in PACKAGED:
        return open_model(unpacked(name))
    local = folder / Path(name).expanduser()
    if local.is_dir():
        return open_model(local)
    if not HUB_NAME.fullmatch(name):
        raise EncoderError(
            f"There is no encoder '{name}': expected a preset ({', '.join(PRESETS)}), a folder below "
            f"{shown(folder)}, or a hub name such as 'owner/model'."
        )
    return from_hub(name)


def is_here(name: str, folder: Path) -> bool:
    """Tell whether a model can be opened without a download; none that is on this machine in part can."""
    if name in PACKAGED:
        return installed(name) is not None
    if (folder / name).is_dir():
        return True
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(name, "model.safetensors"), str)


def from_hub(name: str) -> Model:
    """Return a model of the hub: from the hub's cache on this machine, else downloaded, without any pickle.

    What is in the cache is not compared with the hub again: new weights would not fit the vectors of the index.

    Raises:
        EncoderError: As `find_models`.
        OSError: It is not on this machine and cannot be downloaded; every error of the hub's client is one.
    """
    from huggingface_hub import get_token, snapshot_download

    remember(get_token() or "")

    def snapshot(*, offline: bool) -> Model:
        path = snapshot_download(name, allow_patterns=FILES, ignore_patterns=OTHER_FORMATS, local_files_only=offline)
        return open_model(Path(path))

    try:
        return snapshot(offline=True)
    except (OSError, EncoderError):  # not in the cache yet, or only in part
        return snapshot(offline=False)


def sized(name: str) -> str:
    """Return a model's name for a message, with its size where that is known."""
    return f"model '{name}'" + (f" ({MEGABYTES[name]} MB)" if name in MEGABYTES else "")
