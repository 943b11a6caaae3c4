"""Judgments: what a file says, and which rows are refused, repeated, contradicted or rescaled."""

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.learning.sources.grades import scale
from hybridsearch.learning.sources.judgments import CountedRows, JudgedQuery, Judgments, from_grades, read
from hybridsearch.values import Product
from tests.learning.builders import grades, judgment_file, row


def test_json_lines_are_read_with_photo_filters_and_locale(tmp_path: Path) -> None:
    more: dict[str, Any] = {
        "image": "p.jpg",
        "filters": {"brand": ["Acme", "Ax"], "price": {"lte": 5}},
        "locale": "en",
    }
    judgments = read(judgment_file(tmp_path, row(grade=3, **more), row(product="2", grade=0, **more)))
    assert judgments.queries == (JudgedQuery("red dress", {"1": 3, "2": 0}, **more),)
    assert (judgments.rows, judgments.refused, judgments.notes) == (2, 0, ())


def test_table_holds_the_same_with_filters_as_json(tmp_path: Path) -> None:
    path = tmp_path / "judgments.txt"
    path.write_text(
        'query\tproduct_id\tgrade\timage\tfilters\nred dress\t007\t2\tp.jpg\t{"brand": "Acme"}\nhat\t1\t0\t\t\n'
    )
    assert read(path).queries == (
        JudgedQuery("red dress", {"007": 2}, image="p.jpg", filters={"brand": "Acme"}),
        JudgedQuery("hat", {"1": 0}),
    )


def test_queries_that_differ_in_case_spaces_and_letter_forms_are_one_in_its_first_spelling(tmp_path: Path) -> None:
    judgments = read(judgment_file(tmp_path, row("Red  Dress"), row("red dress", "2"), row("ＲＥＤ dress ", "3")))
    assert grades(judgments) == {"Red  Dress": {"1": 1, "2": 1, "3": 1}}


@pytest.mark.parametrize("more", [{"image": "p.jpg"}, {"filters": {"brand": "Acme"}}, {"locale": "de"}])
def test_photo_filters_and_locale_make_another_query(tmp_path: Path, more: dict[str, Any]) -> None:
    assert len(read(judgment_file(tmp_path, row(), row(**more))).queries) == 2


def test_repeated_rows_count_once_and_contradictions_give_their_mean(tmp_path: Path) -> None:
    judgments = read(judgment_file(tmp_path, row(grade=0), row(grade=3), row(grade=3.0), row(product="2", grade=2)))
    assert grades(judgments) == {"red dress": {"1": 1.5, "2": 2}}
    assert (judgments.rows, judgments.duplicates, judgments.contradictions) == (4, 1, 1)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"query": "red", "grade": 1}, "'product_id' is missing or empty, expected an id"),
        ({"query": "red", "product_id": "1"}, "'grade' is missing or empty, expected a number"),
        (row(grade="high"), "'grade' is 'high', expected a number"),
        (row(grade=True), "'grade' is True, expected a number"),
        (row(grade="1e999"), "'grade' is '1e999', expected a finite number"),
        (row(grade=float("nan")), "holds nan, expected finite numbers"),
        (row(grade=float("inf")), "holds inf, expected finite numbers"),
        (row(" "), "'query', 'image', 'audio' and 'video' are missing or empty, expected one of them"),
        (row(image="a.png", video="a.mp4"), "'image' and 'video' are both given, expected one of them"),
        (row(query={"a": 1}), "'query' is {'a': 1}, expected one text"),  # type: ignore[arg-type]
        (row(image=["a", "b"]), "'image' is ['a', 'b'], expected one text"),
        (row(filters=["Acme"]), "'filters' is ['Acme'], expected an object such as "),
        (row(filters={"brand": None}), "'filters' is {'brand': None}, expected an object such as "),
        (row(filters="{brand}"), "'filters' is '{brand}', expected an object such as "),
        ([1], "found list '[1]', expected an object of fields"),
        ('{"query": "red', "not JSON: "),
    ],
)
def test_row_that_cannot_be_used_is_refused_with_its_reason_and_the_others_are_read(
    tmp_path: Path, bad: Any, reason: str
) -> None:
    judgments = read(judgment_file(tmp_path, row(), bad))
    assert grades(judgments) == {"red dress": {"1": 1}}
    assert (judgments.rows, judgments.refused) == (2, 1)
    assert judgments.first_refused[0].where == "judgments.jsonl:2"
    assert judgments.first_refused[0].reason.startswith(reason)


def test_only_the_first_refused_rows_are_kept_but_all_are_counted(tmp_path: Path) -> None:
    judgments = read(judgment_file(tmp_path, row(), *[{}] * 100))
    assert (judgments.refused, len(judgments.first_refused)) == (100, 20)


def test_numbers_become_the_ids_that_the_catalogue_gives_them(tmp_path: Path) -> None:
    assert grades(read(judgment_file(tmp_path, row(product=7.0), row(product=8)))) == {  # type: ignore[arg-type]
        "red dress": {"7": 1, "8": 1}
    }


def test_query_without_a_relevant_product_is_kept_and_marked(tmp_path: Path) -> None:
    judgments = read(judgment_file(tmp_path, row(grade=0), row("hat")))
    assert [query.text for query in judgments.queries] == ["red dress", "hat"]
    assert [query.text for query in judgments.answerable] == ["hat"]


@pytest.mark.parametrize(
    ("given", "irrelevant", "become", "note"),
    [
        ([0, 1, 2], 0, [0, 1, 2], ""),
        ([1, 2.5, 3], 0, [1, 2.5, 3], "the least, 1, counts as relevant. If it is not, give --irrelevant 1."),
        ([1, 2.5, 3], 1, [0, 1.5, 2], ""),
        ([-2, 0, 1], 0, [0, 0, 1], "Grades below 0 count as 0"),
        ([0.5, 1, 3], 1, [0, 0, 2], "Grades below 1 count as 1"),
        ([2], 0, [2], ""),
        ([0, 50, 100], 0, [0, 2, 4], "Grades up to 100 were scaled"),
        ([100], 0, [4], "Grades up to 100 were scaled"),
        ([1, 11], 1, [0, 4], "Grades up to 10 were scaled"),
        ([0], 0, [0], ""),
    ],
)
def test_grades_of_any_range_are_adjusted(
    given: list[float], irrelevant: float, become: list[float], note: str
) -> None:
    adjust, notes = scale(given, irrelevant)
    assert [adjust(grade) for grade in given] == pytest.approx(become)
    assert note in " ".join(notes)
    assert bool(note) == bool(notes)


@given(st.sets(st.floats(-1e6, 1e6), min_size=1))
def test_adjusted_grades_keep_their_order_and_stay_within_bounds(given: set[float]) -> None:
    adjust, _ = scale(given, 0)
    adjusted = [adjust(grade) for grade in sorted(given)]
    assert adjusted == sorted(adjusted)
    assert 0 <= adjusted[0] <= adjusted[-1] <= 5


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("123"), st.integers(-1, 9))), st.randoms())
def test_order_of_the_rows_changes_nothing(rows: list[tuple[str, str, int]], shuffler: random.Random) -> None:
    def judgments() -> Judgments:
        return from_grades(
            CountedRows([Product(product, row(query, product, grade), "") for query, product, grade in rows]), 0
        )

    before = judgments()
    shuffler.shuffle(rows)
    after = judgments()
    assert grades(before) == {query: pytest.approx(by_product) for query, by_product in grades(after).items()}
    assert (before.duplicates, before.contradictions) == (after.duplicates, after.contradictions)
