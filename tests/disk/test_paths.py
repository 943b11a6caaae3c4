"""Paths that no file can have are refused where they are written, not where they are opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridsearch import HybridSearch
from hybridsearch.disk.paths import require_possible, shown
from hybridsearch.errors import ConfigError


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


@pytest.mark.parametrize("odd", ["\ud800", "\u202e", "\x1b", "\n", "\u2028"])
def test_what_does_not_print_is_escaped_in_a_path(odd: str) -> None:
    """Attack: the path of a configuration with half a character, a change of direction, or a break of lines."""
    assert shown(f"a{odd}b") == f"'a{ascii(odd)[1:-1]}b'"
    with pytest.raises(ConfigError) as refused:
        HybridSearch.open(f"a{odd}b")
    assert odd not in str(refused.value)
    assert shown(f"a{odd}b") in str(refused.value)
