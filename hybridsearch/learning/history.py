"""The weights file and its earlier versions: written whole or not at all, and each change can be taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hybridsearch.disk.durable import make_folder, replacing
from hybridsearch.disk.errors import explained
from hybridsearch.disk.home import Home
from hybridsearch.disk.lock import FileLock
from hybridsearch.disk.paths import shown
from hybridsearch.errors import WeightsError
from hybridsearch.search.weights import Weights, load, prior
from hybridsearch.settings import Settings

REVERTED = "reverted.json"
"""What the last revert replaced."""


@contextmanager
def exclusive(settings: Settings) -> Iterator[None]:
    """Keep other runs of this shop from learning, or from changing the weights file, at the same time.

    Raises:
        EngineError: Another run is already tuning.
    """
    with FileLock(Home(settings.home).tune_lock, "tuning in"):
        yield


def activate(path: Path, weights: Weights) -> None:
    """Make weights the current ones; the file before, even a damaged one, or else the prior goes to the history.

    Raises:
        EngineError: The folder cannot be written to.
    """
    earlier = entries(path)
    number = int(earlier[-1].stem) + 1 if earlier else 1
    with explained(path):
        before = path.read_bytes() if path.exists() else content(prior())
    write_whole(history_folder(path) / f"{number:04}.json", before)
    write(path, weights)


def revert(path: Path) -> Path:
    """Make the last entry of the history the current weights again, and return where it was.

    What it replaces is kept in the folder of the history, as REVERTED.

    Raises:
        WeightsError: There is no history.
        EngineError: The folder cannot be written to.
    """
    earlier = entries(path)
    if not earlier:
        raise WeightsError(
            f"{shown(path)} has no history to go back to: hybridsearch tune writes one when it changes it."
        )
    with explained(path):
        if path.exists():
            write_whole(history_folder(path) / REVERTED, path.read_bytes())
        earlier[-1].replace(path)
    return earlier[-1]


def restore(path: Path, number: int) -> Path:
    """Make an entry of the history the current weights again, and return where it is; it stays there.

    What it replaces becomes the last entry, which `revert` goes back to.

    Raises:
        WeightsError: There is no such entry, or it cannot be used.
        EngineError: The folder cannot be written to.
    """
    wanted = next((entry for entry in entries(path) if int(entry.stem) == number), None)
    if wanted is None:
        there = ", ".join(str(int(entry.stem)) for entry in entries(path)) or "none"
        raise WeightsError(f"{shown(path)} has no earlier weights {number}. There are: {there}.")
    activate(path, load(wanted))
    return wanted


def entries(path: Path) -> list[Path]:
    """Return earlier weights, the oldest first."""
    numbered = (entry for entry in history_folder(path).glob("*.json") if entry.stem.isdecimal())
    return sorted(numbered, key=lambda entry: int(entry.stem))


def history_folder(path: Path) -> Path:
    """Return the folder of earlier weights."""
    return path.with_name(f"{path.stem}.history")


def write(path: Path, weights: Weights) -> None:
    """Write a weights file; a reader sees the old one or the new one.

    Raises:
        EngineError: The folder cannot be written to.
    """
    write_whole(path, content(weights))


def content(weights: Weights) -> bytes:
    """Return weights as readable JSON."""
    data = {"version": weights.version, **weights.model_dump(mode="json", exclude_defaults=True)}
    return json.dumps(data, ensure_ascii=False, indent=2).encode() + b"\n"


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    with explained(path):
        make_folder(path.parent, None)
        with replacing(path) as file:
            file.write(data)
