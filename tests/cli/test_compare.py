"""`hybridsearch compare` and `hybridsearch report`: what people and programs see, and how bad logs end.

The module `report` of the command line is tested here too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.events.builders import action, answer, write
from tests.shops import Run, runner, write_config


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Run a command in the folder of a shop that has no index: a log needs none."""
    write_config(tmp_path, log={"path": "events.jsonl"})
    return runner(tmp_path, monkeypatch, capfdbinary)


def of_both_kinds(folder: Path) -> Path:
    """Write the log of a test of both kinds, in which arm b is better."""
    random = np.random.default_rng(0)
    lines: list[dict[str, Any]] = []
    for who in range(800):
        arm = ("a", "b", "interleaved")[who % 3]
        teams = {"teams": "ab"} if arm == "interleaved" else {}
        lines.append(answer(str(who), "coat", "1", "2", who=f"w{who}", arm=arm, **teams))
        if random.random() < {"a": 0.2, "b": 0.4, "interleaved": 0.5}[arm]:
            lines.append(action(str(who), "2" if arm != "interleaved" or random.random() < 0.7 else "1"))
    return write(folder / "events.jsonl", lines)


def test_people_see_both_comparisons_and_a_verdict(run: Run, tmp_path: Path) -> None:
    of_both_kinds(tmp_path)
    code, out, err = run("compare")
    assert (code, err) == (0, "")
    assert "One arm for each shopper (a: 267 with 267 answers, b: 267 with 267 answers)" in out
    assert "Both arms in one list (266 answers)" in out
    assert out.splitlines()[-1].startswith("Arm 'b' is better. That holds ")


def test_programs_get_one_object(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("compare", of_both_kinds(tmp_path).name, "--json")
    found = json.loads(out)
    assert (code, found["better"]) == (0, "b")
    assert set(found) == {"better", "better_anytime", "verdict", "separate", "interleaved", "notes"}
    assert set(found["separate"]) == {"shoppers", "answers", "ctr", "clicks_per_answer"}
    assert set(found["separate"]["ctr"]) == {"a", "b", "difference", "low", "high", "p", "anytime"}
    assert set(found["interleaved"]) == {"wins", "ties", "answers", "share", "low", "high", "p", "anytime"}
    assert run("compare", "--json", "--seed", "0")[1] == out


@pytest.mark.parametrize("command", ["report", "compare"])
def test_lines_that_cannot_be_used_are_told_of_and_end_in_code_1(run: Run, tmp_path: Path, command: str) -> None:
    write(tmp_path / "events.jsonl", [answer("q", "coat", "1"), "half a li"])
    code, _, err = run(command)
    assert code == 1
    assert "Lines that cannot be used: 1; the first, events.jsonl:2: not JSON" in err
    assert json.loads(run(command, "--json")[1])["notes"]


@pytest.mark.parametrize("command", ["report", "compare"])
def test_a_log_that_is_not_there_is_one_line_and_code_3(run: Run, command: str) -> None:
    code, out, err = run(command)
    assert (code, out) == (3, "")
    assert err.startswith("Error: Cannot read the log '")
    assert len(err.splitlines()) == 1


def test_a_shop_without_a_log_says_how_to_have_one(run: Run, tmp_path: Path) -> None:
    write_config(tmp_path)
    code, _, err = run("report")
    assert code == 2
    assert err == (
        'Error: There is no log to read. Name a log, or write it into the configuration: [log] path = "events.jsonl".\n'
    )


def test_an_empty_log_is_an_empty_report(run: Run, tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").touch()
    code, out, _ = run("report", "--json")
    assert (code, json.loads(out)["answers"]) == (0, 0)
    assert run("compare")[1].startswith("The log has no answers of a test")


def test_a_query_is_never_markup_or_a_command_for_the_terminal(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "events.jsonl", [answer("q", "[red]\x1b[31m coat", "1", total=1)])
    _, out, _ = run("report")
    assert "\x1b" not in out
    assert "[red]" in out
