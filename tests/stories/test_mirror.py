"""The tests mirror the rooms: whoever changes a module finds the file that tests it."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE, TESTS = ROOT / "hybridsearch", ROOT / "tests"


def modules() -> list[Path]:
    """Return the modules of the package that have functions."""
    return [
        path
        for path in sorted(PACKAGE.rglob("*.py"))
        if not path.stem.startswith("__")
        and any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(parsed(path)))
    ]


def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def docstrings() -> str:
    """Return what all files of tests say that they test."""
    return "\n".join(filter(None, (ast.get_docstring(parsed(path)) for path in TESTS.rglob("test_*.py"))))


@pytest.mark.parametrize("module", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_module_has_a_test_file_of_its_name_or_is_named_in_one(module: Path) -> None:
    files = {path.stem.removeprefix("test_") for path in TESTS.rglob("test_*.py")}
    assert module.stem in files or any(name in docstrings() for name in (f"`{module.stem}`", f"{module.stem}.py"))
