"""Judgments: what a file says, and what of it is refused, repeated, contradicted or rescaled."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.cli import exit_code
from hybridsearch.errors import CatalogError, ConfigError
from hybridsearch.learning.judgments import JudgedQuery, Judgments, from_grades, groups, read, scale
from hybridsearch.learning.judgments import Rows as Found
from hybridsearch.learning.queries import spelled
from hybridsearch.values import Product


def row(query: str = "red dress", product: str = "1", grade: Any = 1, **more: Any) -> dict[str, Any]:
    return {"query": query, "product_id": product, "grade": grade, **more}


def written(folder: Path, *rows: Any, name: str = "judgments.jsonl") -> Path:
    path = folder / name
    path.write_text("".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in rows))
    return path


def grades(judgments: Judgments) -> dict[str, dict[str, float]]:
    return {query.text: dict(query.grades) for query in judgments.queries}


def test_json_lines_are_read_with_photo_filters_and_locale(tmp_path: Path) -> None:
    asked: dict[str, Any] = {
        "image": "p.jpg",
        "filters": {"brand": ["Acme", "Ax"], "price": {"lte": 5}},
        "locale": "en",
    }
    found = read(written(tmp_path, row(grade=3, **asked), row(product="2", grade=0, **asked)))
    assert found.queries == (JudgedQuery("red dress", {"1": 3, "2": 0}, **asked),)
    assert (found.rows, found.refused, found.notes) == (2, 0, ())


def test_table_holds_the_same_with_filters_as_json(tmp_path: Path) -> None:
    path = tmp_path / "judgments.txt"
    path.write_text(
        'query\tproduct_id\tgrade\timage\tfilters\nred dress\t007\t2\tp.jpg\t{"brand": "Acme"}\nhat\t1\t0\t\t\n'
    )
    assert read(path).queries == (
        JudgedQuery("red dress", {"007": 2}, image="p.jpg", filters={"brand": "Acme"}),
        JudgedQuery("hat", {"1": 0}),
    )


def test_qrels_take_their_texts_from_the_topics(tmp_path: Path) -> None:
    path = written(tmp_path, "1 0 a 2", "1\t0\tb\t0", "2 0 a -2", "3 0 a 1", "1 0 a", name="qrels")
    topics = written(tmp_path, "1\tred dress", "2\thats", "", name="topics.tsv")
    found = read(path, topics=topics)
    assert grades(found) == {"red dress": {"a": 2, "b": 0}, "hats": {"a": 0}}
    assert [each.reason for each in found.first_refused] == [
        "query '3' is not in topics.tsv",
        "found 3 columns, expected query, iteration, product and grade",
    ]
    assert found.notes == ("Grades below 0 were taken for 0, irrelevant.",)


def test_qrels_without_topics_name_the_option(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="with: --topics FILE"):
        read(written(tmp_path, "1 0 a 2"))


def test_topics_beside_judgments_that_have_texts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Leave them out"):
        read(written(tmp_path, row()), topics=written(tmp_path, "1\tred", name="topics.tsv"))


def test_topics_without_a_query_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="hold no queries"):
        read(written(tmp_path, "1 0 a 2"), topics=written(tmp_path, "red dress", name="topics.tsv"))


def test_compressed_file_is_recognised_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "judgments.txt"
    path.write_bytes(gzip.compress(json.dumps(row()).encode()))
    assert grades(read(path)) == {"red dress": {"1": 1}}


def test_queries_that_differ_in_capitals_blanks_and_letter_forms_are_one_in_its_first_spelling(tmp_path: Path) -> None:
    found = read(written(tmp_path, row("Red  Dress"), row("red dress", "2"), row("ＲＥＤ dress ", "3")))
    assert grades(found) == {"Red  Dress": {"1": 1, "2": 1, "3": 1}}


@pytest.mark.parametrize("more", [{"image": "p.jpg"}, {"filters": {"brand": "Acme"}}, {"locale": "de"}])
def test_photo_filters_and_locale_make_another_query(tmp_path: Path, more: dict[str, Any]) -> None:
    assert len(read(written(tmp_path, row(), row(**more))).queries) == 2


def test_repeated_rows_count_once_and_contradictions_give_their_mean(tmp_path: Path) -> None:
    found = read(written(tmp_path, row(grade=0), row(grade=3), row(grade=3.0), row(product="2", grade=2)))
    assert grades(found) == {"red dress": {"1": 1.5, "2": 2}}
    assert (found.rows, found.duplicates, found.contradictions) == (4, 1, 1)


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
        (row(" "), "'query' and 'image' are missing or empty, expected one of them"),
        (row(query={"a": 1}), "'query' is {'a': 1}, expected one text"),  # type: ignore[arg-type]
        (row(image=["a", "b"]), "'image' is ['a', 'b'], expected one text"),
        (row(filters=["Acme"]), "'filters' is ['Acme'], expected an object such as "),
        (row(filters={"brand": None}), "'filters' is {'brand': None}, expected an object such as "),
        (row(filters="{brand}"), "'filters' is '{brand}', expected an object such as "),
        ([1], "found list '[1]', expected an object of fields"),
        ('{"query": "red', "not JSON: "),
    ],
)
def test_row_that_cannot_be_used_costs_itself_and_says_why(tmp_path: Path, bad: Any, reason: str) -> None:
    found = read(written(tmp_path, row(), bad))
    assert grades(found) == {"red dress": {"1": 1}}
    assert (found.rows, found.refused) == (2, 1)
    assert found.first_refused[0].where == "judgments.jsonl:2"
    assert found.first_refused[0].reason.startswith(reason)


def test_only_the_first_refused_rows_are_kept_but_all_are_counted(tmp_path: Path) -> None:
    found = read(written(tmp_path, row(), *[{}] * 100))
    assert (found.refused, len(found.first_refused)) == (100, 20)


def test_numbers_become_the_ids_that_the_catalogue_gives_them(tmp_path: Path) -> None:
    assert grades(read(written(tmp_path, row(product=7.0), row(product=8)))) == {  # type: ignore[arg-type]
        "red dress": {"7": 1, "8": 1}
    }


def test_query_without_a_relevant_product_is_kept_and_told_apart(tmp_path: Path) -> None:
    found = read(written(tmp_path, row(grade=0), row("hat")))
    assert [query.text for query in found.queries] == ["red dress", "hat"]
    assert [query.text for query in found.answerable] == ["hat"]


@pytest.mark.parametrize(
    ("given", "irrelevant", "become", "note"),
    [
        ([0, 1, 2], 0, [0, 1, 2], ""),
        ([1, 2.5, 3], 0, [1, 2.5, 3], "the least, 1, counts as relevant. If it is not, give --irrelevant 1."),
        ([1, 2.5, 3], 1, [0, 1.5, 2], ""),
        ([-2, 0, 1], 0, [0, 0, 1], "Grades below 0 were taken for 0"),
        ([0.5, 1, 3], 1, [0, 0, 2], "Grades below 1 were taken for 1"),
        ([2], 0, [2], ""),
        ([0, 50, 100], 0, [0, 2, 4], "Grades up to 100 were scaled"),
        ([100], 0, [4], "Grades up to 100 were scaled"),
        ([1, 11], 1, [0, 4], "Grades up to 10 were scaled"),
        ([0], 0, [0], ""),
    ],
)
def test_grades_of_any_range_become_ours(given: list[float], irrelevant: float, become: list[float], note: str) -> None:
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
            Found([Product(product, row(query, product, grade), "") for query, product, grade in rows]), 0
        )

    before = judgments()
    shuffler.shuffle(rows)
    after = judgments()
    assert grades(before) == {query: pytest.approx(found) for query, found in grades(after).items()}
    assert (before.duplicates, before.contradictions) == (after.duplicates, after.contradictions)


@given(st.text())
def test_spelling_is_settled_at_once(query: str) -> None:
    assert spelled(spelled(query)) == spelled(query)


@pytest.mark.parametrize(
    ("content", "error", "message", "code"),
    [
        (None, CatalogError, "No such file", 3),
        (b"", ConfigError, "are empty. Expected JSON lines", 2),
        (b" \n\n", ConfigError, "are empty. Expected JSON lines", 2),
        (b"sku,name\n1,hat\n", ConfigError, "start with 'sku,name'. Expected JSON lines", 2),
        (b"PK\x03\x04", CatalogError, "zip archive", 3),
        ("\n".join('{"query": "größe"}' for _ in range(10)).encode("latin-1"), CatalogError, "save it as UTF-8", 3),
        (b"\x1f\x8b\x08broken", CatalogError, "Cannot read", 3),
        (b'{"query": "red"}\n', ConfigError, "None of the 1 rows of .*:1: 'product_id' is missing", 2),
        ('{"query": "größe"}\n'.encode("latin-1"), ConfigError, "is not UTF-8; save the file as UTF-8", 2),
    ],
)
def test_file_that_holds_no_judgments_says_so(
    tmp_path: Path, content: bytes | None, error: type[ConfigError | CatalogError], message: str, code: int
) -> None:
    path = tmp_path / "judgments.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error, match=message) as raised:
        read(path)
    assert str(path) in str(raised.value)
    assert exit_code(raised.value) == code


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (JudgedQuery("red dress"), JudgedQuery("Dresses, RED!"), True),
        (JudgedQuery("the hats"), JudgedQuery("hat"), True),
        (JudgedQuery("red dress"), JudgedQuery("red shoe"), False),
        (JudgedQuery("rote Kleider", locale="de_AT"), JudgedQuery("rotes Kleid", locale="de"), True),
        (JudgedQuery("", image="p.jpg"), JudgedQuery("but blue", image="p.jpg"), True),
        (JudgedQuery("", image="p.jpg"), JudgedQuery("", image="q.jpg"), False),
        (JudgedQuery("hat"), JudgedQuery("hat", filters={"brand": "Acme"}), True),
        (JudgedQuery("!!"), JudgedQuery("??"), False),
    ],
)
def test_near_duplicates_are_of_one_group(one: JudgedQuery, other: JudgedQuery, together: bool) -> None:
    assert groups([one, other]) == ([0, 0] if together else [0, 1])


def test_group_joins_what_is_alike_in_words_with_what_is_alike_in_the_photo() -> None:
    chain = [JudgedQuery("hats"), JudgedQuery("", image="p"), JudgedQuery("shoe"), JudgedQuery("hat", image="p")]
    assert groups(chain) == [0, 0, 1, 0]
