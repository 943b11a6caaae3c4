"""Files that people edit while a shop runs: what they say counts at once, and a damaged one changes nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from hybridsearch.disk import watched
from hybridsearch.disk.watched import Watched


def together(texts: Mapping[str, str]) -> str:
    if "broken" in texts.values():
        raise ValueError("this is broken")
    return "+".join(texts.values())


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    found = {name: tmp_path / f"{name}.txt" for name in "ab"}
    for name, path in found.items():
        path.write_text(name)
    return found


def test_what_is_written_counts_with_the_next_look(files: dict[str, Path]) -> None:
    value = Watched(files, together, "")
    assert value.get() == ("a+b", "")
    write(files["a"], "ä")
    assert value.get() == ("ä+b", "")


def test_nothing_is_read_again_that_has_not_changed(files: dict[str, Path]) -> None:
    reads: list[object] = []

    def read(texts: Mapping[str, str]) -> str:
        reads.append(texts)
        return ""

    value = Watched(files, read, "")
    for _ in range(3):
        value.get()
    assert len(reads) == 1


def test_a_file_that_is_broken_or_gone_leaves_what_was_there_and_says_why(files: dict[str, Path]) -> None:
    value = Watched(files, together, "")
    value.get()
    write(files["a"], "broken")
    assert value.get() == ("a+b", "this is broken")
    assert value.get() == ("a+b", "this is broken")
    files["a"].unlink()
    kept, why = value.get()
    assert (kept, why) == ("a+b", f"'{files['a']}' cannot be read: No such file or directory")
    write(files["a"], "c")
    assert value.get() == ("c+b", "")


def test_what_is_no_text_or_too_large_is_refused(files: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    files["a"].write_bytes(b"caf\xe9")
    assert Watched(files, together, "none").get() == (
        "none",
        f"'{files['a']}' is not UTF-8 (byte 3); save it as UTF-8",
    )
    monkeypatch.setattr(watched, "LARGEST", 3)
    files["a"].write_text("four")
    assert Watched(files, together, "none").get()[1] == f"'{files['a']}' is larger than 0 MiB"


def test_without_files_there_is_nothing() -> None:
    assert Watched({}, together, "none").get() == ("none", "")


def test_a_file_that_need_not_be_there_counts_once_it_is(files: dict[str, Path]) -> None:
    files["b"].unlink()
    value = Watched(files, together, "", optional=["b"])
    assert value.get() == ("a", "")
    files["b"].write_text("b")
    assert value.get() == ("a+b", "")
    files["b"].unlink()
    assert value.get() == ("a", "")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    why = f"'{tmp_path / 'pipe'}' is no file"
    assert Watched({"a": tmp_path / "pipe"}, together, "none").get() == ("none", why)
