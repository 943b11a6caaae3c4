"""What is asked for where no product has enough of the words together (`loosened`)."""

from dataclasses import replace

from hybridsearch.search.clauses import Match, Words
from hybridsearch.search.filters.conditions import Ids
from hybridsearch.search.loosened import NOTE, by_words_alone, fuller, loose, loosened_plan
from hybridsearch.search.plan import Plan
from hybridsearch.search.ruled import Pin, Ruled
from hybridsearch.values import Page

STRICT = Match("text", (Words("en", (("green",), ("shirt",)), (600, 400), 1_000),))
PINS = (Pin("a", "rule"), Pin("b", "rule"))
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


def test_products_that_a_rule_pins_are_none_that_the_words_found() -> None:
    plan = Plan("words", "2 words", keyword=STRICT, loose=loose(STRICT, 0.2), ruled=Ruled(pins=PINS))
    pinned = replace(EMPTY, total=2)
    assert loosened_plan(plan, pinned) is not None
    assert loosened_plan(plan, FOUND) is None
    assert fuller(pinned, replace(pinned, notes=(NOTE,))) is pinned


def test_where_nothing_more_is_found_the_first_page_says_why() -> None:
    assert fuller(EMPTY, FOUND) is FOUND
    assert fuller(EMPTY, replace(EMPTY, notes=(NOTE,))) is EMPTY


def test_what_the_words_find_without_filters_and_pins_is_counted_alone() -> None:
    plan = Plan("words", "2 words", keyword=STRICT, size=10, offset=20)
    assert by_words_alone(plan) is None
    for narrowed in (replace(plan, filters=(Ids(("a",)),)), replace(plan, ruled=Ruled(pins=PINS))):
        assert by_words_alone(narrowed) == replace(plan, size=0, offset=0, rows=False)
