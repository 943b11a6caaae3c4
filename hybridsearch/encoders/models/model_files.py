"""Which files of a model folder decide its vectors: all that loading it may open, and none outside of it.

The libraries open files by fixed names, and files that other files name. The first have one of a few suffixes; the
second are looked for in every text of the configuration, whatever its key. Links are followed, and what they lead to
is hashed: the cache of the Hugging Face hub is made of them.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from hybridsearch.disk.paths import shown
from hybridsearch.errors import EncoderError
from hybridsearch.inputs.json_text import read_json

DECISIVE = (".json", ".model", ".safetensors", ".txt")
"""Suffixes of the files that decide what the vectors are: weights, tokenizer, preprocessing, pooling."""
RARE = ("*.jinja", "additional_chat_templates/*.jinja", "*.spm", "*.bpe", "*.codes", "*.tiktoken", "*.tokenizer")
"""The same of a few models: templates around a text, and unusual tokenizers. They came later, and so count after."""

VOCABULARIES = ("tokenizer.json", "vocab.json", "added_tokens.json", "special_tokens_map.json")
"""Long files of JSON whose texts are words, never names of files."""
SETTINGS = "sentence_*_config.json"
"""What a step of sentence-transformers hands over to the loader, which believes every word of it."""
LEFT_OVER = ("_name_or_path", "name_or_path", "special_tokens_map_file")
"""Keys under which models carry paths of the machine on which they were made. Nothing reads them, but in SETTINGS."""
READ_AS_PATHS = ("_file", "_files", "_path")
"""Ends of keys whose texts may stand for a folder."""


def decisive(folders: Iterable[Path]) -> tuple[Path, ...]:
    """Return the files of the folders that decide what the vectors are, sorted."""
    files = {file for folder in folders for file in folder.glob("*") if file.suffix in DECISIVE and file.is_file()}
    return tuple(sorted(files))


def further(folder: Path, folders: Collection[Path], known: Collection[Path]) -> tuple[Path, ...]:
    """Return the other files that decide it, of a model that is not as usual; mostly none.

    Args:
        folder: Of the model.
        folders: Of the model, and of its steps inside of it.
        known: What `decisive` returned.

    Raises:
        EncoderError: One of them lies outside of the folder.
        OSError, ValueError: A file of JSON is damaged.
    """
    files = {file for place in folders for pattern in RARE for file in place.glob(pattern)}
    for file in known:
        if file.suffix == ".json" and file.name not in VOCABULARIES:
            files.update(named_in(file, folder))
    return tuple(sorted(files.difference(known)))


def named_in(file: Path, folder: Path) -> Iterator[Path]:
    """Yield the files that the texts of a file of JSON name.

    Raises:
        EncoderError: A text names a file, or a folder, outside of the model's.
    """
    settings = file.match(SETTINGS)
    for key, text in set(texts(read_json(file, plain=False))):
        if text and (settings or key not in LEFT_OVER):
            read_as_path = settings or key.endswith(READ_AS_PATHS)
            for place in places(file.parent, text, read_as_path=read_as_path):
                if leaves(text):
                    if not place.resolve().is_relative_to(folder.resolve()):
                        raise outside(file, text, folder)
                    place = folder / place.resolve().relative_to(folder.resolve())
                yield from decisive([place]) if place.is_dir() else (place,)


def texts(value: Any) -> Iterator[tuple[str, str]]:
    """Yield every text in a JSON value with the name of the object's field that it stands under."""
    for key, inner in value.items() if isinstance(value, dict) else [("", value)]:
        for part in inner if isinstance(inner, list) else [inner]:
            if isinstance(part, str):
                yield key, part
            elif isinstance(part, dict | list):
                yield from texts(part)


def places(beside: Path, text: str, *, read_as_path: bool) -> Iterator[Path]:
    """Yield what is there under a name: next to the file that names it, and where a name may lead that leaves it.

    Args:
        beside: The folder of that file.
        text: The name.
        read_as_path: Whether it may stand for a folder too. Anywhere else a word such as "mean", or "~", is a word.
    """
    candidates = [beside / text, *([Path(text), Path(os.path.expanduser(text))] if leaves(text) else [])]
    for place in dict.fromkeys(candidates):
        if is_there(place, folders=read_as_path) and place.resolve() != beside.resolve():
            yield place


def is_there(place: Path, *, folders: bool) -> bool:
    """Say whether there is a file, or a folder; a text that cannot be a path is none."""
    try:
        return place.is_file() or (folders and place.is_dir())
    except (OSError, ValueError):
        return False


def leaves(name: str) -> bool:
    """Say whether a name leads out of the folder that it starts from, on this system or another one."""
    windows = PureWindowsPath(name)
    return bool(windows.root or windows.drive or name.startswith("~")) or ".." in windows.parts


def inside(folder: Path, name: str, named_by: str) -> Path:
    """Return what a name stands for in a folder.

    Raises:
        EncoderError: It leads out of it.
    """
    if leaves(name):
        raise outside(folder / named_by, name, folder)
    return folder / PurePosixPath(name)


def outside(file: Path, name: str, folder: Path) -> EncoderError:
    """Return the error for a model that is not all in its folder."""
    return EncoderError(
        f"{shown(file)} names '{name}', but a model's files must be in its folder, {shown(folder)}: what lies "
        "outside of it is not in the fingerprint. Copy it there and correct the name, or choose another model."
    )
