"""Upper and lower case: a note says where a filter's value differs from the shop's in case only."""

from __future__ import annotations

from hybridsearch.search.filters import letter_case
from hybridsearch.search.filters.conditions import AnyOf, Exists, Filter, Not, Range, Terms
from hybridsearch.search.plan import Plan
from hybridsearch.search.results import Results, page_of


def test_only_filters_on_text_are_compared_each_once_wherever_they_stand() -> None:
    acme, red = Terms("brand", ("acme",)), Terms("color", ("red",))
    filters: list[Filter] = [
        acme,
        Not(acme),
        AnyOf(((red, Range("price", gt=5)), (Exists("brand"),))),
        Terms("brand", ()),
    ]
    assert letter_case.compared([*filters, Terms("in_stock", (True,), "booleans")]) == (acme, red)


def test_no_more_values_are_compared_than_a_person_picks() -> None:
    (few,) = letter_case.compared([Terms("brand", tuple(map(str, range(30))))])
    assert few.values == tuple(map(str, range(20)))
    assert len(letter_case.compared([Terms("brand", (str(number),)) for number in range(30)])) == 20


def test_a_value_in_another_case_is_noted() -> None:
    written = ["ACME", "Acme", "Acmex", "Zeta"]
    assert list(letter_case.notes(Terms("brand", ("acme", "Zeta")), written)) == [
        "filter 'brand': 'acme' was asked for, and differs from 'ACME', 'Acme' in case only"
    ]


def test_values_that_were_asked_for_too_are_not_noted() -> None:
    assert list(letter_case.notes(Terms("brand", ("acme", "Acme")), ["acme", "Acme"])) == []


def test_values_beyond_ascii_are_looked_for_in_their_usual_forms() -> None:
    assert letter_case.spellings(Terms("brand", ("acME", "éTÉ plage"))) == (
        "acME",
        "éTÉ plage",
        "été plage",
        "ÉTÉ PLAGE",
        "Été Plage",
        "Été plage",
    )


def test_the_note_is_on_the_page() -> None:
    plan = Plan("browse", "", compared=(Terms("brand", ("acme",)),), notes=("first",))
    assert page_of(plan, Results([], 0, written=[["Acme"]])).notes == (
        "first",
        "filter 'brand': 'acme' was asked for, and differs from 'Acme' in case only",
    )
    assert plan.best().compared == ()
