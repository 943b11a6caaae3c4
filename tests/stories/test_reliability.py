"""The tables of docs/reliability.md and docs/threat-model.md name tests that exist.

Those of the numbered faults also say which fault they are about.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINK = r"\[`(test_\w+)`\]\(\.\./(tests/[\w/]+\.py)\)"
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
THREATS = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
TABLE = re.findall(r"^\| (\d+): .* \| (.*) \|$", PAGE, re.M)
ATTACKS = re.findall(r"^\| ([^|]*) \| (.*) \|$", PAGE.partition("| attack | test |\n|---|---|\n")[2], re.M)
FAULTS = [*range(1, 82), *range(84, 87), 88, *range(90, 94)]


def test_every_fault_has_a_line() -> None:
    assert [int(number) for number, _ in TABLE] == FAULTS


@pytest.mark.parametrize(("number", "tests"), TABLE, ids=[f"fault {number}" for number, _ in TABLE])
def test_every_fault_has_a_test_that_names_it_or_is_called_open_or_does_not_apply(number: str, tests: str) -> None:
    named = re.findall(LINK, tests)
    assert named or tests.startswith(("open", "does not apply: "))
    for name, file in named:
        assert number in faults_of(file)[name], f"{name} does not begin with 'Fault {number}'"


def test_there_are_attacks() -> None:
    assert ATTACKS


@pytest.mark.parametrize(("attack", "tests"), ATTACKS, ids=[attack for attack, _ in ATTACKS])
def test_every_attack_has_a_test(attack: str, tests: str) -> None:
    named = re.findall(LINK, tests)
    assert named, attack
    for name, file in named:
        assert name in faults_of(file), f"{file} has no {name}"


@pytest.mark.parametrize(("name", "file"), re.findall(LINK, THREATS))
def test_every_test_that_the_threat_model_names_exists(name: str, file: str) -> None:
    assert name in faults_of(file)


def test_every_link_of_the_threat_model_to_a_test_is_checked() -> None:
    assert THREATS.count("](../tests/") == len(re.findall(LINK, THREATS)) > 30


@cache
def faults_of(file: str) -> dict[str, list[str]]:
    """Return the faults that each test of a file names: its docstring begins with `Fault 7` or `Faults 7, 8 and 9`."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    found = {}
    for each in tree.body:
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
            numbers = re.match(r"Faults? ([\d, and]+)", ast.get_docstring(each) or "")
            found[each.name] = re.findall(r"\d+", numbers[1]) if numbers else []
    return found
