"""Judgments of other programs: read as ours are, with what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hybridsearch.errors import CatalogError
from hybridsearch.learning.sources.formats import recognise
from hybridsearch.learning.sources.judgments import read
from tests.learning.builders import grades

WANTED = {"red coat": {"3": 3.0, "2": 0.0}, "boots": {"4": 1.0}}


def file(folder: Path, text: str) -> Path:
    path = folder / "judged"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "head", ["query,docid,rating", "Query Text,Doc ID,Rating", "query\tdoc_id\trating", '"query";"docid";"rating"']
)
def test_tables_of_quepid_are_read(tmp_path: Path, head: str) -> None:
    sign = next(sign for sign in ",\t;" if sign in head)
    rows = ["red coat|3|3", "red coat|2|0", "boots|4|1", "boots|5|"]
    judged = read(file(tmp_path, "\n".join([head, *(row.replace("|", sign) for row in rows)]) + "\n"))
    assert grades(judged) == WANTED
    assert judged.refused == 1
    assert "'grade' is missing or empty" in judged.first_refused[0].reason


def test_all_columns_of_quepids_details_may_be_there(tmp_path: Path) -> None:
    head = "Team Name,Case Name,Case ID,Query Text,Doc ID,Doc Position,Title,Rating"
    judged = read(file(tmp_path, f'{head}\nus,shop,1,red coat,3,1,"Coat, red",3\nus,shop,1,red coat,2,2,Hat,0\n'))
    assert grades(judged) == {"red coat": {"3": 3.0, "2": 0.0}}


RANKLIB = [
    "3 qid:1 1:12.5 2:0.1 # 3 red coat\n0 qid:1 1:3 # 2 red coat\n1\tqid:2\t1:4\t# 4\tboots\n",
    "# qid:1: red coat\n# qid:2: boots*1\n\n3 qid:1 # 3\n0 qid:1 1:0.3 #2\n1 qid:2 1:4.0 # 4\n",
]


@pytest.mark.parametrize("text", RANKLIB)
def test_lines_of_ranklib_are_read(tmp_path: Path, text: str) -> None:
    path = file(tmp_path, text)
    assert recognise(path) == "ranklib"
    assert grades(read(path)) == WANTED


def test_a_line_of_ranklib_without_product_or_query_is_refused_with_what_is_expected(tmp_path: Path) -> None:
    judged = read(file(tmp_path, f"{RANKLIB[0]}2 qid:9 1:0.3 # 17\n2 qid:9 1:0.3\n2 qid:x:y 1 0.3 # 3 coat\nzero\n"))
    assert grades(judged) == WANTED
    assert [reject.reason for reject in judged.first_refused] == [
        "the comment does not say its query, expected: 2 qid:1 1:0.3 # product query",
        "the comment does not say the product and its query, expected: 2 qid:1 1:0.3 # product query",
        "expected a line such as: 2 qid:1 1:0.3 # product query",
        "expected a line such as: 2 qid:1 1:0.3 # product query",
    ]


BY_QUERY = {
    "red coat": [{"docId": "3", "rating": "3.000"}, {"docId": "2", "rating": 0}],
    "boots": [{"docId": "4", "rating": "1"}],
}
LISTED = [{"query": query, "ratings": ratings} for query, ratings in BY_QUERY.items()]
SOURCE = {"_source": {"name": "x", "type": "IMPORT_JUDGMENT", "judgmentRatings": LISTED}}


@pytest.mark.parametrize(
    "document",
    [
        {"name": "Imported", "type": "IMPORT_JUDGMENT", "judgmentRatings": BY_QUERY},
        {"name": "Imported", "judgmentRatings": LISTED},
        {"took": 1, "hits": {"total": {"value": 1}, "hits": [SOURCE]}},
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_ratings_of_opensearch_are_read(tmp_path: Path, document: Any, indent: int | None) -> None:
    path = file(tmp_path, json.dumps(document, indent=indent))
    assert recognise(path) == "ratings"
    assert grades(read(path)) == WANTED


def test_a_rating_that_is_none_costs_no_other_one(tmp_path: Path) -> None:
    boots: list[Any] = [{"docId": "4", "rating": "1"}, "5", {"docId": "6", "rating": "good"}, {"rating": "1"}]
    ratings = {**BY_QUERY, "boots": boots}
    judged = read(file(tmp_path, json.dumps({"judgmentRatings": ratings})))
    assert grades(judged) == WANTED
    assert judged.refused == 3
    assert judged.first_refused[0].reason == "found '5', expected an object with 'docId' and 'rating'"


def test_ratings_that_are_cut_off_are_an_error_that_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"Cannot read '.*judged': "):
        read(file(tmp_path, json.dumps({"judgmentRatings": BY_QUERY})[:-9]))
