"""Every snippet of the documentation works: Python runs, TOML is a valid configuration, commands succeed."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from hybridsearch import encoders
from hybridsearch.cli import run
from hybridsearch.settings import Settings
from tests.shops import write_config

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "mappings" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
DEMO = "hybridsearch demo"
"""Has a test of its own; what follows it is its output, with commands in it."""


def blocks(language: str) -> list[object]:
    return [
        pytest.param(match[2], id=f"{page.name}:{page.read_text()[: match.start()].count(chr(10)) + 1}")
        for page in PAGES
        for match in BLOCK.finditer(page.read_text(encoding="utf-8"))
        if match[1] == language
    ]


@pytest.fixture
def shop_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration and a built index, as a reader of the documentation has it."""
    write_config(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert run(["reindex"]) == 0
    return tmp_path


@pytest.mark.parametrize("code", blocks("python"))
def test_python_runs(code: str, shop_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "ENCODERS", {**encoders.ENCODERS})  # what a snippet registers is gone after it
    exec(compile(code, "snippet", "exec"), {})


@pytest.mark.parametrize("text", blocks("toml"))
def test_toml_is_a_valid_configuration(text: str, tmp_path: Path) -> None:
    data = tomllib.loads(text)
    Settings.parse({"catalog": {"path": "products.jsonl"}, **data}, folder=tmp_path)


@pytest.mark.parametrize("text", blocks("console"))
def test_commands_succeed(text: str, shop_folder: Path) -> None:
    (shop_folder / "hybridsearch.toml").rename(shop_folder / "kept.toml")
    lines = text.partition(f"$ {DEMO}")[0].splitlines()
    for command in (line[2:] for line in lines if line.startswith("$ hybridsearch")):
        if " init " not in command and not (shop_folder / "hybridsearch.toml").exists():
            (shop_folder / "kept.toml").rename(shop_folder / "hybridsearch.toml")
        assert run(shlex.split(command, comments=True)[1:]) == 0, command


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
