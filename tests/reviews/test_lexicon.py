"""The terms by which reviews judge, as the files of the package have them."""

from __future__ import annotations

import pytest

from hybridsearch.reviews.lexicon import ASPECTS, CJK, LATIN, Term, Words, both, words

LANGUAGES = (*LATIN, *CJK)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_terms_of_every_kind_for_every_aspect(language: str) -> None:
    terms = [*words(language).exact.values(), *words(language).stems.values()]
    for sign in (1, -1):
        judged = {name for term in terms if term.polarity * sign > 0 for name in term.aspects}
        assert judged == {*ASPECTS}
    assert {term.role for term in terms} == {"", "not", "very", "less", "but"}
    assert bool(words(language).own) == (language in LATIN)


def test_the_longest_term_counts_and_none_overlap() -> None:
    own = Words("en")
    for written in ("runs small", "small", "sleeve*", "very small shoe"):
        own.add(written, Term(aspects=(written,)))
    units = own.units("Runs small, the SLEEVES are very small")
    assert [(each.start, each.end, *each.term.aspects) for each in own.find(units)] == [
        (0, 2, "runs small"),
        (4, 5, "sleeve*"),
        (7, 8, "small"),
    ]


def test_accents_and_apostrophes_make_no_difference() -> None:
    own = Words("fr")
    own.add("déçu*", Term(-1))
    own.add("n'est pas", Term(role="not"))
    assert [each.term for each in own.find(own.units("Il N’EST PAS DECUE"))] == [Term(role="not"), Term(-1)]


def test_chinese_and_japanese_terms_are_found_without_spaces() -> None:
    own = Words("zh")
    for written in ("好", "好看", "不"):
        own.add(written, Term(aspects=(written,)))
    assert [each.term.aspects[0] for each in own.find(own.units("这个不好看"))] == ["不", "好看"]


def test_a_term_on_two_lines_says_both() -> None:
    assert both(Term(-1, ("size",)), Term(-2, ("look", "size"))) == Term(-2, ("size", "look"))
