"""Within a facet: which values are shown, whatever is typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.search.facets.within import LONGEST, Within, compared, plain


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
        ("sch", "Flu\u00dfschiff", True),
        ("flussschiff", "Flu\u00dfschiff", True),
        ("flu\u00dfschiff", "Flussschiff", True),
        ("fluschiff", "Flu\u00dfschiff", False),
        ("a.c", "abc", False),
        ("a  c", "a c", True),
        ("", "anything", True),
        ("\u0301", "anything", True),
    ],
)
def test_case_accents_and_ligatures_do_not_matter_and_nothing_is_syntax(typed: str, value: str, expected: bool) -> None:
    assert Within(typed).shows()(value) is expected


@pytest.mark.parametrize(
    ("below", "depth", "shown"),
    [
        ("", 0, ["a", "a > b", "a > b > c", "a>b", "ab > c"]),
        ("", 1, ["a", "a>b"]),
        ("", 2, ["a", "a > b", "a>b", "ab > c"]),
        ("a", 0, ["a > b", "a > b > c"]),
        ("a", 1, ["a > b"]),
        ("a > b", 1, ["a > b > c"]),
        ("b", 1, []),
    ],
)
def test_of_a_tree_what_is_below_a_node_is_shown_so_many_levels_deep(below: str, depth: int, shown: list[str]) -> None:
    shows = Within("", " > ", below, depth).shows()
    assert [value for value in ("a", "a > b", "a > b > c", "a>b", "ab > c") if shows(value)] == shown


def test_what_is_typed_is_looked_for_below_the_node() -> None:
    assert Within("kit", " > ", "Home > Kitchen").shows()("Home > Kitchen > Kits")
    assert not Within("kit", " > ", "Home > Kitchen").shows()("Home > Kitchen > Pans")


def test_the_nodes_that_a_node_lies_in_come_before_it() -> None:
    assert Within(joint=" > ", below="a > b > c").nodes == ("a", "a > b", "a > b > c")
    assert Within(joint=" > ").nodes == ()


@given(before=st.text(max_size=5), typed=st.text("ab\u00df\u00e9sS O.*[", max_size=8), after=st.text(max_size=5))
def test_a_value_contains_what_it_was_made_of_in_capitals_too(before: str, typed: str, after: str) -> None:
    typed = " ".join(typed.split())
    for value in (typed, typed.upper(), typed.lower()):
        assert Within(typed).shows()(before + value + after)


@given(st.text(max_size=20))
def test_what_is_compared_is_plain_already(typed: str) -> None:
    assert plain(compared(typed)) == compared(typed)


def test_a_long_text_is_compared_in_its_first_letters() -> None:
    assert compared("o" * 10_000) == "o" * LONGEST
    assert compared("  \u00c4  Stra\u00dfe\u200b ") == "a strasse"
