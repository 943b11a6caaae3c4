"""Paths that no file can have are refused where they are written, not where they are opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridsearch.disk.paths import require_possible, shown


@pytest.mark.parametrize("path", ["a", "/", ".", "~/a", "ä" * 127, "a/../b", "x" * 255])
def test_what_may_be_a_path_is_one(path: str) -> None:
    require_possible(Path(path))


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("a\0b", "no file can be called that"),
        ("x" * 256, "no file can be called that"),
        ("a/" + "ä" * 128, "no file can be called that"),
        ("a\ud800", "no file can be called that"),
        ("~nobody-of-this-name/a", r"Could not determine home directory\. Write the whole path"),
    ],
)
def test_what_can_be_no_path_is_refused_with_a_reason(path: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        require_possible(Path(path))


def test_a_path_is_shown_whole_unless_it_is_none() -> None:
    assert shown(Path("a/b")) == "'a/b'"
    assert shown("x" * 10_000) == f"'{'x' * 500}…'"
