"""Patterns for a server: they show what `Within` shows, whatever is typed."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hybridsearch.engines.elasticsearch.request.patterns import exclude, include
from hybridsearch.search.facets.within import Within

LETTERS = st.text("sS\u00dfaA\u00e4\u00e6eo\u0153tTh\u00de \u03b1\u03b9\u1fb3k\u30ab.>*[\\\\-", max_size=8)
"""Those that are alike, halves of each other, or have a meaning in patterns."""


@pytest.mark.parametrize(
    ("within", "included", "excluded"),
    [
        (Within(), "", ""),
        (Within("x1"), ".*[Xx\u1e8a-\u1e8d]1.*", ""),
        (Within("\u0301"), "", ""),
        (Within(joint=" > ", depth=1), "", r".*\ \>\ .*"),
        (Within(joint=" > ", below="a.b", depth=2), r"a\.b\ \>\ .+", r"a\.b\ \>\ .*\ \>\ .*\ \>\ .*"),
        (Within("_", " / ", "a"), r"a\ \/\ .*\_.*", ""),
    ],
    ids=str,
)
def test_patterns_are_of_literals_and_lists_of_letters(within: Within, included: str, excluded: str) -> None:
    assert (include(within), exclude(within)) == (included, excluded)


@given(typed=LETTERS | st.text(max_size=8), value=LETTERS | st.text(max_size=20))
@example("sss", "s\u00df")
@example("asb", "a\u00dfb")
@example("\u00df", "S\u1e9e")
def test_they_show_what_contains_what_was_typed(typed: str, value: str) -> None:
    for below in ("", "a", "a > b"):
        for depth in (0, 1, 2):
            within = Within(typed, " > ", below, depth)
            for each in (value, f"a > b > {value}"):
                assert matches(within, each) is within.shows()(each)


def matches(within: Within, value: str) -> bool:
    """Return whether a server would show a value; Python reads these patterns as Lucene does."""
    included = not include(within) or re.fullmatch(include(within), value, re.DOTALL) is not None
    return included and not (exclude(within) and re.fullmatch(exclude(within), value, re.DOTALL))
