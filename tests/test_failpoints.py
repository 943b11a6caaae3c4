"""A test can kill a process at a named point; tests/stories/test_kills.py does so at every one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
from hybridsearch.runtime.failpoints import reach

for turn in range(1, 4):
    reach("chunk.read")
    reach("chunk.sent")
    print(turn, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGKILL")
@pytest.mark.parametrize(
    ("kill", "passed", "code"),
    [
        ("", "1\n2\n3\n", 0),
        ("chunk.sent", "", -signal.SIGKILL),
        ("chunk.sent:3", "1\n2\n", -signal.SIGKILL),
        ("chunk.built", "1\n2\n3\n", 0),
    ],
)
def test_the_process_dies_at_the_chosen_pass_of_the_chosen_point(kill: str, passed: str, code: int) -> None:
    environment = {**os.environ, "HYBRIDSEARCH_TEST_KILL": kill}
    command = [sys.executable, "-c", PROGRAM]
    process = subprocess.run(
        command, cwd=Path(__file__).parents[1], env=environment, capture_output=True, text=True, check=False
    )
    assert (process.stdout, process.returncode) == (passed, code)
