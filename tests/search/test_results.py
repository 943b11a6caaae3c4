"""What was found becomes a page, whichever engine it was."""

from __future__ import annotations

import pytest

from hybridsearch.search.clauses import Match, Proof
from hybridsearch.search.facets.counts import FACET_VALUES, Facet
from hybridsearch.search.plan import Plan, Sort
from hybridsearch.search.results import MEANT, UNPROVED, Results, page_of
from hybridsearch.values import FacetDetails, Hit

HITS = [Hit(name, 1.0, {}, {}) for name in "abc"]


def test_of_what_is_not_proved_nothing_is_shown_and_the_page_says_why() -> None:
    proofs = (Proof(Match("text", ()), None, (), 50, "microwave oven"),)
    plan = Plan("words", "", facets=(Facet("brand"),), proofs=proofs, suggestions=("lamp",), notes=("first",))
    page = page_of(plan, Results(HITS, 3, {"brand": {"Acme": 3}}, {"brand": FacetDetails(other=4)}, proved=False))
    assert (page.hits, page.total, page.facets) == ((), 0, {"brand": {}})
    assert page.notes == ("first", UNPROVED, MEANT.format("microwave oven"))
    assert page.suggestions == ("lamp",)


def test_suggestions_are_for_pages_without_a_product() -> None:
    assert page_of(Plan("words", "", suggestions=("lamp",)), Results(HITS, 3)).suggestions == ()


@pytest.mark.parametrize(("size", "told"), [(FACET_VALUES, True), (3, False)])
def test_values_that_a_facet_does_not_show_are_told_of_where_nobody_said_how_many(size: int, told: bool) -> None:
    plan = Plan("browse", "", facets=(Facet("brand", size=size),))
    page = page_of(plan, Results([], 0, {"brand": {"Acme": 3}}, {"brand": FacetDetails(other=4)}))
    assert bool(page.notes) is told
    assert page.details["brand"].other == 4


def test_a_page_behind_which_there_is_more_has_a_cursor_in_an_order_of_fields_alone() -> None:
    ordered = Plan("words", "", size=2, sort=(Sort("price"),))
    assert page_of(ordered, Results(HITS[:2], 3, keys=(5.0,))).cursor
    assert not page_of(ordered, Results(HITS[:2], 2, keys=(5.0,))).cursor
    assert not page_of(Plan("words", "", size=2), Results(HITS[:2], 3)).cursor


def test_behind_a_cursor_one_more_hit_than_is_shown_tells_that_there_is_more() -> None:
    first = page_of(ordered := Plan("words", "", size=2, sort=(Sort("price"),)), Results(HITS[:2], 5, keys=(5.0,)))
    behind = ordered.behind(first.cursor)
    page = page_of(behind, Results(HITS, 5, keys=(6.0,)))
    assert [hit.id for hit in page] == ["a", "b"]
    assert page.cursor
    assert not page_of(behind, Results(HITS[:2], 5, keys=(6.0,))).cursor
