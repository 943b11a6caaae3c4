"""Searches of sessions that had done something before, as a log tells of them, and what a click of one counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hybridsearch.learning.sources import persons
from hybridsearch.learning.sources.judgments import UNCORRECTED, read
from hybridsearch.learning.sources.persons import Persons
from hybridsearch.learning.sources.queries import JudgedQuery
from hybridsearch.search.person.history import Event
from tests.events.builders import action, answer, write

COAT = JudgedQuery("coat")
FLAT = np.ones(10)


def judged(found: Persons, propensity: NDArray[np.float64] = FLAT) -> list[tuple[str, list[str], dict[str, float]]]:
    """Return of each search the session, the history and the grades."""
    return [(each.session, each.history.ids, dict(each.grades)) for each in found.judged(propensity)]


def test_a_search_is_judged_by_what_its_session_clicks_and_told_what_it_did_before() -> None:
    found = Persons()
    found.add("s", None, [], [], [Event("7"), Event("8", "cart")])
    found.add("t", COAT, ["1", "2"], ["2"], [Event("2")])
    found.add("s", COAT, ["1", "8", "2"], ["2", "8"], [Event("2")])
    found.add("s", JudgedQuery("hat"), ["3", "2", "4"], ["4"], [])
    # What was looked at before is to be found again whatever somebody's taste, and is left out.
    assert judged(found) == [("s", ["8", "7"], {"1": 0.0, "2": 1.0}), ("s", ["2", "8", "7"], {"3": 0.0, "4": 1.0})]


def test_what_was_done_after_a_search_is_no_history_of_it() -> None:
    found = Persons()
    found.add("s", COAT, ["1"], [], [Event("1", time=5.0), Event("9", time=20.0)], time=1.0)
    found.add("s", COAT, ["3", "4"], ["3"], [], time=10.0)
    assert judged(found) == [("s", ["1"], {"3": 1.0, "4": 0.0})]


@pytest.mark.parametrize(("session", "clicked"), [("", ["1"]), ("s", []), ("s", ["1", "2"]), ("s", ["9"])])
def test_a_search_that_tells_nothing_of_an_order_is_left_out(session: str, clicked: list[str]) -> None:
    found = Persons()
    found.add(session, None, [], [], [Event("7")])
    found.add(session, COAT, ["1", "2"], clicked, [])
    assert judged(found) == []


def test_a_click_counts_by_the_inverse_of_how_many_look_there_ten_at_most() -> None:
    found = Persons()
    found.add("s", None, [], [], [Event("7")])
    found.add("s", COAT, ["1", "", "2", "3"], ["2", "3"], [])
    (query,) = found.judged(np.array([1.0, 0.5, 0.25, 0.02]))
    assert {key: 2**grade - 1 for key, grade in query.grades.items()} == pytest.approx({"1": 0, "2": 4, "3": 10})
    assert query.weight == 1.0
    found.add("s", COAT, ["4", "5"], ["5"], [])
    assert [each.weight for each in found.judged(np.array([1.0, 0.5]))] == pytest.approx([0.4, 0.2])


def test_only_so_many_searches_and_shoppers_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persons, "SHOPPERS", 2)
    found = Persons()
    for name in ("s", "t", "u"):
        found.add(name, None, [], [], [Event("7")])
    for name in ("t", "s"):
        found.add(name, COAT, ["1", "2"], ["1"], [])
    assert [session for session, *_ in judged(found)] == ["t"]


def log(sessions: int = 40, *, same: bool = False) -> list[dict[str, Any]]:
    """Return the lines of a log in which each session looks at a product, then searches; orders differ, or do not."""
    lines = []
    for number in range(sessions):
        shown = ["1", "2"] if same or number % 2 else ["2", "1"]
        lines += [answer(f"b{number}", "", "8", "9", who=f"s{number}"), action(f"b{number}", "8", "add_to_cart")]
        lines += [answer(f"q{number}", "coat", *shown, who=f"s{number}"), action(f"q{number}", "12"[number % 3 == 0])]
    return lines


def test_a_log_gives_the_searches_of_its_sessions(tmp_path: Path) -> None:
    found = read(write(tmp_path / "log", log())).personal
    assert len(found) == 40
    assert (found[0].text, found[0].session, found[0].history.weights) == ("coat", "s0", {"8": 3.0})
    by_price = [answer("b", "", "8", who="s"), action("b", "8"), answer("q", "coat", "1", "2", who="s", sort=["price"])]
    assert len(read(write(tmp_path / "log", [*log(), *by_price, action("q", "1")])).personal) == 40


def test_nothing_is_learned_where_nobody_knows_how_many_look_at_a_rank(tmp_path: Path) -> None:
    """Products that are always shown in one order are clicked at the top, whatever would come there."""
    found = read(write(tmp_path / "log", log(same=True)))
    assert found.personal == ()
    assert found.notes[2].startswith(UNCORRECTED)
