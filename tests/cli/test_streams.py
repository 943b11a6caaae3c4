"""Commands whose standard streams are closed do what they would do otherwise."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shops import shop, write_config

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="streams are closed by a POSIX shell")


def run(folder: Path, command: str, closed: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a shell that closes streams of it."""
    return subprocess.run(
        f'"{sys.executable}" -m hybridsearch {command} {closed}',
        shell=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("command", "closed"),
    [("reindex", "2>&-"), ("reindex", "<&- >&- 2>&-"), ("search coat", ">&-"), ("search coat", "<&-")],
)
def test_a_command_with_closed_streams_does_its_work(tmp_path: Path, command: str, closed: str) -> None:
    """Attack: closed standard streams."""
    with shop(tmp_path) as opened:
        write_config(tmp_path)
        ended = run(tmp_path, command, closed)
        assert ended.returncode == 0, ended.stderr
        assert len(opened.engine.generations()) == (2 if command == "reindex" else 1)
    if closed == "<&-":
        assert "Blue winter coat" in ended.stdout


def test_a_question_that_nobody_can_answer_removes_nothing(tmp_path: Path) -> None:
    """Attack: closed standard streams."""
    with shop(tmp_path) as opened:
        opened.reindex()
        write_config(tmp_path)
        ended = run(tmp_path, "clean --all", "<&-")
        assert (ended.returncode, ended.stderr.endswith("Interrupted.\n")) == (130, True)
        assert len(opened.engine.generations()) == 2


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_what_an_encoding_of_the_output_lacks_is_shown_as_numbers(tmp_path: Path, encoding: str) -> None:
    """A terminal with `LANG=C`, or `> file` on Windows."""
    with shop(tmp_path) as opened:
        opened.upsert({"id": "8", "title": "Jacke grün 赤"})
        write_config(tmp_path)
        ended = subprocess.run(
            [sys.executable, "-m", "hybridsearch", "search", "jacke"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding},
            capture_output=True,
            timeout=60,
        )
    assert ended.returncode == 0, ended.stderr
    assert r"\u8d64" in ended.stdout.decode(encoding)
