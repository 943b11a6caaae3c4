"""Small shops for tests: a catalogue file, a configuration, and what to do with them."""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch, Settings, cli
from hybridsearch.disk.home import Home
from hybridsearch.indexing.fill import Options

Run = Callable[..., tuple[int, str, str]]
"""Runs a command: exit code, standard output, standard error."""
Stop = Callable[[float], None]
"""Stops the main thread after so many seconds."""

PRODUCTS = [
    {"id": "1", "title": "Red summer dress", "brand": "Acme", "sku": "AC-1001", "price": 20, "note": "light cotton"},
    {"id": "2", "title": "Blue winter coat", "brand": "Acme", "sku": "AC-1002", "price": 90, "note": "warm wool"},
    {"id": "3", "title": "Red winter coat", "brand": "Borealis", "sku": "BO-2001", "price": 120, "note": "warm down"},
    {"id": "4", "title": "Green rain boots", "brand": "Borealis", "sku": "BO-2002", "price": 35},
    {"id": "5", "title": "Nike 跑步鞋 男", "brand": "Cumulus", "sku": "CU-3001", "price": 70},
]
FIELDS = {
    "title": "title",
    "text": ["note"],
    "codes": ["sku"],
    "facets": ["brand"],
    "numbers": ["price"],
    "languages": ["en", "zh"],
}
ENCODED: dict[str, Path] = {}
"""Where a shop keeps its vectors, by what it encodes."""
LISTENING = "import signal; signal.signal(2, signal.default_int_handler); from hybridsearch.cli import main; main()"
"""The command line, to be stopped by Ctrl-C: of what a shell starts in the background it is otherwise ignored."""


def write_products(path: Path, products: Sequence[Mapping[str, Any]] = PRODUCTS) -> Path:
    """Write a catalogue of JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in products), encoding="utf-8")
    return path


def settings(folder: Path, **changes: Any) -> Settings:
    """Return the settings of a shop in a folder, whose catalogue is written unless another one is named."""
    data: dict[str, Any] = {"catalog": {"path": "products.jsonl"}, "fields": FIELDS, **changes}
    if data["catalog"] == {"path": "products.jsonl"} and not (folder / "products.jsonl").exists():
        write_products(folder / "products.jsonl")
    return Settings.parse(data, folder=folder)


def shop(folder: Path, **changes: Any) -> HybridSearch:
    """Return an open shop whose index has been built."""
    found = HybridSearch.open(settings(folder, **changes))
    found.reindex()
    return found


def lend_vectors(folder: Path, encoded: str) -> None:
    """Give a shop that is not built yet what an earlier one, now closed, has encoded: to do it again takes seconds.

    Args:
        folder: Of the shop.
        encoded: A name for what both encode, most of it; what is not the same is encoded anew.
    """
    home = folder / ".hybridsearch"
    earlier = ENCODED.setdefault(encoded, Home(home).vectors)
    if not Home(home).vectors.exists() and earlier.exists():
        home.mkdir(0o700, exist_ok=True)
        shutil.copy(earlier, Home(home).vectors)


def quietly(**more: Any) -> Options:
    """Return options of a run that tells nobody anything."""
    return Options(say=lambda _: None, **more)


def write_config(folder: Path, **changes: Any) -> Path:
    """Write the configuration file of a shop, and its catalogue."""
    found = settings(folder, **changes)
    data = found.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    file = folder / "hybridsearch.toml"
    file.write_text("".join(table(name, value) for name, value in data.items()), encoding="utf-8")
    return file


def table(name: str, value: Any) -> str:
    """Return a TOML table, or several."""
    if isinstance(value, list):
        return "".join(f"[[{name}]]\n{pairs(each)}" for each in value)
    return f"[{name}]\n{pairs(value)}"


def pairs(values: Mapping[str, Any]) -> str:
    """Return the lines of a TOML table; JSON writes strings, numbers, booleans and lists as TOML does."""
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())


def runner(folder: Path, monkeypatch: pytest.MonkeyPatch, output: pytest.CaptureFixture[bytes], *command: str) -> Run:
    """Return what runs the command line, or one command of it, in a folder."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("HYBRIDSEARCH_CONFIG", raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.run([*command, *arguments])
        out, err = output.readouterr()
        return code, out.decode(), err.decode()

    return run
