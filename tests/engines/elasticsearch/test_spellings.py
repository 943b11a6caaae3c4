"""Values in another case: a server is asked about each once, until an index takes its place or minutes have passed."""

from __future__ import annotations

import pytest

from hybridsearch.engines.elasticsearch import spellings
from hybridsearch.engines.elasticsearch.spellings import Spellings
from hybridsearch.search.filters.conditions import Terms

BRANDS = Terms("brand", ("acme", "zeta"))


def test_what_was_seen_is_not_asked_for_again() -> None:
    known = Spellings()
    assert known.unknown("shop-1", [BRANDS]) == (BRANDS,)
    known.remember([BRANDS], [["Acme", "ACME", "Borealis"]])
    assert known.unknown("shop-1", [BRANDS]) == ()
    assert known.unknown("shop-1", [Terms("brand", ("acme", "new"))]) == (Terms("brand", ("new",)),)
    assert known.unknown("shop-1", [Terms("color", ("acme",))]) == (Terms("color", ("acme",)),)
    assert known.written(BRANDS) == ("Acme", "ACME")
    assert known.written(Terms("brand", ("zeta",))) == ()


def test_another_index_is_asked_anew() -> None:
    known = Spellings()
    known.unknown("shop-1", [])
    known.remember([BRANDS], [["Acme"]])
    assert known.unknown("shop-2", [BRANDS]) == (BRANDS,)
    assert known.written(BRANDS) == ()


def test_after_some_minutes_the_server_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    known, now = Spellings(), [1_000.0]
    monkeypatch.setattr("hybridsearch.engines.elasticsearch.spellings.time.monotonic", lambda: now[0])
    known.unknown("shop-1", [])
    known.remember([BRANDS], [["Acme"]])
    now[0] += spellings.FRESH - 1
    assert known.unknown("shop-1", [BRANDS]) == ()
    now[0] += 2
    assert known.unknown("shop-1", [BRANDS]) == (BRANDS,)


def test_no_more_values_are_remembered_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spellings, "MOST", 3)
    known = Spellings()
    known.unknown("shop-1", [])
    for number in range(5):
        known.remember([Terms("brand", (str(number),))], [[]])
    assert known.unknown("shop-1", [Terms("brand", ("0",))]) == (Terms("brand", ("0",)),)
    assert known.unknown("shop-1", [Terms("brand", ("4",))]) == ()
