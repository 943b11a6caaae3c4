"""The table of faults in docs/reliability.md names tests that exist, and leaves no fault out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TABLE = re.findall(r"^\| (\d+): .* \| (.*) \|$", (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8"), re.M)
FAULTS = [*range(1, 49), *range(60, 69), *range(78, 82), *range(84, 87), 88, *range(90, 94)]


def test_every_fault_has_a_line() -> None:
    assert [int(number) for number, _ in TABLE] == FAULTS


@pytest.mark.parametrize(("number", "tests"), TABLE, ids=[f"fault {number}" for number, _ in TABLE])
def test_every_fault_has_a_test_that_exists_or_is_called_open_or_does_not_apply(number: str, tests: str) -> None:
    named = re.findall(r"\[`(test_\w+)`\]\(\.\./(tests/test_\w+\.py)\)", tests)
    assert named or tests.startswith(("open", "does not apply: "))
    for name, file in named:
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")
