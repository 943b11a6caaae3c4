"""Formats of judgments: recognised by content, with the texts of TREC topics, and refused with what was expected."""

import gzip
import json
from pathlib import Path

import pytest

from hybridsearch.cli import exit_code
from hybridsearch.errors import CatalogError, ConfigError
from hybridsearch.learning.sources.formats import recognise
from hybridsearch.learning.sources.judgments import read
from tests.learning.builders import grades, judgment_file, row


@pytest.mark.parametrize(
    ("first_line", "expected"),
    [
        ('{"query": "red", "product_id": "1", "grade": 1}', "lines"),
        ('{"session": "a", "query": "red", "shown": ["1"], "clicked": []}', "sessions"),
        ('{"query_id": "q", "user_query": "red"}', "events"),
        ('{"query_id": "q", "action_name": "click"}', "events"),
        ("query\tproduct_id\tgrade", "table"),
        ('"grade","product_id","query"', "table"),
        ("1 0 B00X 2", "qrels"),
        ("\ufeff1\tQ0\tB00X\t-1", "qrels"),
    ],
)
def test_the_first_lines_tell_the_format(tmp_path: Path, first_line: str, expected: str) -> None:
    assert recognise(judgment_file(tmp_path, first_line)) == expected


def test_qrels_take_their_texts_from_the_topics(tmp_path: Path) -> None:
    path = judgment_file(tmp_path, "1 0 a 2", "1\t0\tb\t0", "2 0 a -2", "3 0 a 1", "1 0 a", name="qrels")
    topics = judgment_file(tmp_path, "1\tred dress", "2\thats", "", name="topics.tsv")
    judgments = read(path, topics=topics)
    assert grades(judgments) == {"red dress": {"a": 2, "b": 0}, "hats": {"a": 0}}
    assert [reject.reason for reject in judgments.first_refused] == [
        "query '3' is not in topics.tsv",
        "found 3 columns, expected query, iteration, product and grade",
    ]
    assert judgments.notes == ("Grades below 0 count as 0, irrelevant.",)


def test_qrels_without_topics_name_the_option(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="with: --topics FILE"):
        read(judgment_file(tmp_path, "1 0 a 2"))


def test_topics_beside_judgments_that_have_texts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Leave them out"):
        read(judgment_file(tmp_path, row()), topics=judgment_file(tmp_path, "1\tred", name="topics.tsv"))


def test_topics_without_a_query_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="hold no queries"):
        read(judgment_file(tmp_path, "1 0 a 2"), topics=judgment_file(tmp_path, "red dress", name="topics.tsv"))


def test_compressed_file_is_recognised_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "judgments.txt"
    path.write_bytes(gzip.compress(json.dumps(row()).encode()))
    assert recognise(path) == "lines"
    assert grades(read(path)) == {"red dress": {"1": 1}}


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
