"""Within a facet: patterns that mean the same to a server and to Python, whatever is typed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.search.within import Within, folded, pattern


def shows(within: Within, value: str) -> bool:
    """Return what both forms say, which must be the same."""
    included = not within.include or re.fullmatch(within.include, value, re.DOTALL) is not None
    excluded = bool(within.exclude) and re.fullmatch(within.exclude, value, re.DOTALL) is not None
    assert within.shows()(value) is (included and not excluded)
    return included and not excluded


@pytest.mark.parametrize(
    ("typed", "value", "expected"),
    [
        ("ac", "Jack", True),
        ("ac", "J\u00c1CK", True),
        ("c", "\u0107", True),
        ("gross", "Gro\u00df", True),
        ("gros", "Gro\u00df", True),
        ("se", "Gro\u00dfe", True),
        ("\u00df", "Strasse", True),
        ("coeur", "C\u0153ur", True),
        ("\u03c3", "\u039f\u0394\u039f\u03a3", True),
        ("\u043c\u043e\u0441", "\u041c\u041e\u0421\u041a\u0412\u0410", True),
        ("\u304c", "\u30ac", True),
        ("\u304b", "\u30ac", False),
        ("\uff21\uff23", "AC", True),
        ("a.c", "abc", False),
        ("a  c", "a c", True),
        ("", "anything", True),
        ("\u0301", "anything", True),
    ],
)
def test_case_accents_and_ligatures_do_not_matter_and_nothing_is_syntax(typed: str, value: str, expected: bool) -> None:
    assert shows(Within(typed), value) is expected


@pytest.mark.parametrize(
    ("within", "include", "exclude"),
    [
        (Within(), "", ""),
        (Within("x1"), ".*[Xx\u1e8a-\u1e8d]1.*", ""),
        (Within(joint=" > ", depth=1), "", r".*\ \>\ .*"),
        (Within(joint=" > ", below="a.b", depth=2), r"a\.b\ \>\ .+", r"a\.b\ \>\ .*\ \>\ .*\ \>\ .*"),
        (Within("_", " / ", "a"), r"a\ \/\ .*\_.*", ""),
    ],
    ids=str,
)
def test_patterns_are_of_literals_and_lists_alone(within: Within, include: str, exclude: str) -> None:
    assert (within.include, within.exclude) == (include, exclude)


def test_the_nodes_that_a_node_lies_in_come_before_it() -> None:
    assert Within(joint=" > ", below="a > b > c").nodes == ("a", "a > b", "a > b > c")
    assert Within(joint=" > ").nodes == ()


@given(typed=st.text(max_size=8), value=st.text(max_size=20), below=st.sampled_from(["", "a", "a > b"]))
def test_both_forms_of_a_pattern_agree_on_any_text(typed: str, value: str, below: str) -> None:
    for depth in (0, 1, 2):
        within = Within(typed, " > ", below, depth)
        shows(within, value)
        shows(within, f"a > b > {value}")


@given(before=st.text(max_size=5), typed=st.text("ab\u00df\u00e9 O.*[", max_size=8), after=st.text(max_size=5))
def test_a_value_contains_what_it_was_made_of_in_capitals_too(before: str, typed: str, after: str) -> None:
    typed = " ".join(typed.split())
    for value in (typed, typed.upper(), typed.lower()):
        assert shows(Within(typed), before + value + after)


def test_the_longest_pattern_is_one_that_servers_take() -> None:
    assert len(pattern("o" * 10_000)) == len(pattern("o" * 50)) < 2_000
    assert folded("  \u00c4  Stra\u00dfe\u200b ") == "a strasse"
