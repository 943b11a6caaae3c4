"""The file of what could not be indexed."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridsearch.errors import EngineError
from hybridsearch.indexing.rejects import RejectsFile
from hybridsearch.values import Reject


def test_rejects_that_cannot_be_written_stop_the_run(tmp_path: Path) -> None:
    """Fault 31."""
    (tmp_path / "file").touch()
    with pytest.raises(EngineError, match=r"Cannot write rejects to .* Nothing is lost silently, so the run stops"):
        RejectsFile(tmp_path / "file" / "rejects.jsonl").add([Reject("x:1", None, "read", "why")])


def test_rejects_behind_the_journals_position_are_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "rejects.jsonl"
    rejects = RejectsFile(path)
    rejects.add([Reject("x:1", "1", "read", "why")])
    size = rejects.size
    rejects.add([Reject("x:2", "2", "read", "why")])
    assert [reject.id for reject in RejectsFile(path, size=size).read()] == ["1"]


def test_rejects_are_read_back_as_they_were_and_the_first_are_at_hand(tmp_path: Path) -> None:
    path = tmp_path / "rejects.jsonl"
    written = [Reject(f"x:{number}", str(number), "read", "why", {"title": "猫"}) for number in range(25)]
    rejects = RejectsFile(path)
    assert not path.exists()
    assert (rejects.add(written[:3]), rejects.add([]), rejects.add(written[3:])) == (3, 0, 22)
    again = RejectsFile(path, size=rejects.size)
    assert list(again.read()) == written
    assert rejects.first == again.first == written[: RejectsFile.SHOWN]
