"""Grades: of a rater the last one counts; and `judgment`, which reads a line."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.learning.sources.grades import Grades, judgment
from hybridsearch.learning.sources.judgments import read
from hybridsearch.learning.sources.queries import JudgedQuery
from hybridsearch.values import Product
from tests.learning.builders import grades, judgment_file, row

CHANGED = "Grades that their rater gave anew or took back, of which the last counts: {}."


def test_of_a_rater_the_last_grade_counts_and_of_several_raters_the_mean(tmp_path: Path) -> None:
    rows = [
        row(grade=0, rater="Ann"),
        row(grade=3, rater="Bea"),
        row(grade=3, rater="Cem"),
        row(grade=1, rater="Ann"),  # anew: the 0 counts no more
    ]
    found = read(judgment_file(tmp_path, *rows))
    assert grades(found) == {"red dress": {"1": (1 + 3 + 3) / 3}}
    assert (found.rows, found.refused, found.duplicates, found.contradictions) == (4, 0, 0, 1)
    assert found.notes[-1] == CHANGED.format(1)


def test_a_rater_who_says_the_same_twice_counts_once(tmp_path: Path) -> None:
    found = read(judgment_file(tmp_path, *[row(grade=2, rater="Ann")] * 3, row(grade=0, rater=" Bea  B ")))
    assert grades(found) == {"red dress": {"1": 1}}
    assert (found.duplicates, found.notes) == (2, ())


def test_a_rater_takes_a_grade_back_with_null_and_another_one_does_not(tmp_path: Path) -> None:
    rows = [row(grade=3, rater="Ann"), row(grade=1, rater="Bea"), row(grade=None, rater="Ann")]
    found = read(judgment_file(tmp_path, *rows))
    assert grades(found) == {"red dress": {"1": 1}}
    assert (found.refused, found.contradictions, found.notes) == (0, 0, (CHANGED.format(1),))


def test_a_query_of_which_every_grade_was_taken_back_or_skipped_is_not_judged(tmp_path: Path) -> None:
    rows = [
        row("hat", grade=3, rater="Ann"),
        row("hat", grade=None, rater="Ann", undone=True),
        row("coat", grade=None, rater="Ann", skipped=True),
        row(grade=1),
    ]
    assert grades(read(judgment_file(tmp_path, *rows))) == {"red dress": {"1": 1}}


def test_lines_that_name_nobody_count_once_for_each_grade_beside_those_of_raters(tmp_path: Path) -> None:
    rows = [row(grade=0), row(grade=0), row(grade=3), row(grade=3, rater="Ann")]
    found = read(judgment_file(tmp_path, *rows))
    assert grades(found) == {"red dress": {"1": (0 + 3 + 3) / 3}}
    assert (found.duplicates, found.contradictions) == (1, 1)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"grade": None}, "'grade' is missing or empty, expected a number"),
        ({"grade": "", "rater": "Ann"}, "'grade' is missing or empty, expected a number"),
        ({"grade": 1, "rater": ["Ann", "Bea"]}, "'rater' is ['Ann', 'Bea'], expected one text"),
        ({"grade": 1e12, "rater": "Ann"}, "'grade' is 1e+12, expected a number up to 1,000,000,000"),
    ],
)
def test_what_is_no_grade_of_anybody_is_refused(more: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match="expected") as raised:
        judgment(Product("1", row(**more), "judgments.jsonl:1"))
    assert str(raised.value) == reason


def test_a_table_may_name_raters(tmp_path: Path) -> None:
    path = tmp_path / "judgments.csv"
    path.write_text("query,product_id,grade,rater\nred,1,3,Ann\nred,1,1,Bea\nred,1,0,Ann\n")
    assert grades(read(path)) == {"red": {"1": 0.5}}


SAID = st.tuples(st.sampled_from(["Ann", "Bea", ""]), st.sampled_from([0.0, 1.0, 2.0, 3.0]))


@given(st.lists(SAID, min_size=1))
def test_lines_of_different_raters_may_stand_in_any_order(said: list[tuple[str, float]]) -> None:
    """Only the order of one rater's own lines matters."""

    def mean(lines: list[tuple[str, float]]) -> list[float]:
        found = Grades()
        for rater, grade in lines:
            query = JudgedQuery("red")
            found.add(judgment(Product("1", {"query": query.text, "grade": grade, "rater": rater}, "x")))
        [(_, products)] = found.judged()
        return sorted(products["1"])

    assert mean(said) == mean(sorted(said, key=lambda each: each[0]))
