"""The fingerprint of a pretrained encoder: a hash of every file that decides its vectors."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from hybridsearch.encoders.models.folder import Model
from hybridsearch.encoders.prompts import UNSAID, Prompts

RECIPE = 1
"""Number of our own way from text to a unit vector; raise it when the same weights give other vectors."""
PIXELS = 2
"""The same for our own way from a picture; it does not concern a model that reads no pictures."""


def fingerprint(*models: Model | None, prompts: Prompts = UNSAID) -> str:
    """Return 16 hexadecimal digits that change with any byte that decides the vectors, with their roles and prompts."""
    digest = hashlib.blake2b(f"recipe {RECIPE}".encode(), digest_size=8)
    for model in models:
        digest.update(f"\0pixels {PIXELS}".encode() if model and model.reads_pictures else b"\0model")
        for name, file in named_files(model) if model else ():
            state = file.stat()
            digest.update(f"\0{name}\0".encode("utf-8", "surrogateescape"))
            digest.update(file_digest(file, state.st_size, state.st_mtime_ns))
    digest.update(prompts.decisive)
    return digest.hexdigest()


def named_files(model: Model) -> list[tuple[str, Path]]:
    """Return the files of a model with the names that are hashed: those of the usual ones are without their folder."""
    usual = [(file.name, file) for file in model.files]
    return usual + [(file.relative_to(model.path).as_posix(), file) for file in model.further]


@lru_cache(maxsize=256)
def file_digest(file: Path, size: int, modified: int) -> bytes:
    """Return the hash of a file's content; size and time make a changed file another cache entry."""
    del size, modified
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()
