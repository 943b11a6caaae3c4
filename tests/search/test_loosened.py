"""What is asked for where no product has enough of the words together (`loosened`)."""

from dataclasses import replace

from hybridsearch.search.clauses import Match, Words
from hybridsearch.search.loosened import NOTE, either, loose, loosened_plan, unfiltered
from hybridsearch.search.plan import Plan
from hybridsearch.values import Page

STRICT = Match("text", (Words("en", (("green",), ("shirt",)), (600, 400), 1_000),))
EMPTY, FOUND = Page("green shirt", (), 0), Page("green shirt", (), 3)


def test_no_more_is_needed_than_the_least_share() -> None:
    found = loose(STRICT, 0.2)
    assert found is not None
    assert [words.needed for words in found.words] == [200]
    assert loose(found, 0.2) is None
    assert loose(None, 0.2) is None
    assert loose(STRICT, 0.0) == replace(STRICT, words=(replace(STRICT.words[0], needed=1),))


def test_only_a_page_that_is_empty_is_asked_for_again() -> None:
    plan = Plan("words", "2 words", keyword=STRICT, loose=loose(STRICT, 0.2))
    again = loosened_plan(plan, EMPTY)
    assert again is not None
    assert (again.keyword, again.loose, again.notes) == (plan.loose, None, (NOTE,))
    assert loosened_plan(plan, FOUND) is None
    assert loosened_plan(again, EMPTY) is None


def test_where_nothing_is_found_again_the_first_page_says_why() -> None:
    assert either(EMPTY, FOUND) is FOUND
    assert either(EMPTY, replace(EMPTY, notes=(NOTE,))) is EMPTY


def test_what_is_found_without_filters_is_counted_alone() -> None:
    counted = unfiltered(Plan("words", "2 words", keyword=STRICT, size=10, offset=20))
    assert (counted.keyword, counted.size, counted.offset, counted.facets) == (STRICT, 0, 0, ())
