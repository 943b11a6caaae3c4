"""Worklists: queries of a file in its order, or of a log, those with few judgments first."""

import gzip
import json
from pathlib import Path

import pytest

from hybridsearch.errors import ConfigError
from hybridsearch.learning.judging import worklist
from hybridsearch.learning.sources.queries import JudgedQuery
from tests.events.builders import answer, write
from tests.shops import settings


def texts(path: Path) -> list[str]:
    return [query.text for query in worklist.read(path)[0]]


@pytest.mark.parametrize(
    "content",
    [
        "red coat\n\n  Hut \nRED  coat\n红色 雨伞\n",
        "\ufeffred coat\r\nHut\r\n红色 雨伞\r\n",
        "query,times\nred coat,3\nHut,2\n红色 雨伞,1\n",
        "Query Text\tnote\nred coat\tx\nHut\t\n红色 雨伞\t\n",
        '{"query": "red coat", "product_id": "1", "grade": 3}\n{"query": "Hut"}\n{"query": "红色 雨伞"}',
        '{"user_query": "red coat"}\n{"action_name": "click"}\n{"user_query": "Hut"}\n{"user_query": "红色 雨伞"}\n',
    ],
)
def test_lines_tables_json_lines_judgments_and_logs_give_their_different_queries(tmp_path: Path, content: str) -> None:
    path = tmp_path / "queries"
    path.write_text(content, encoding="utf-8")
    assert texts(path) == ["red coat", "Hut", "红色 雨伞"]
    path.write_bytes(gzip.compress(content.encode()))
    assert texts(path) == ["red coat", "Hut", "红色 雨伞"]


def test_filters_and_locale_belong_to_a_query_and_to_its_name(tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl"
    rows = [{"query": "coat"}, {"query": "coat", "filters": {"brand": "Acme"}}, {"query": "coat", "locale": "de"}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found, left_out = worklist.read(path)
    assert (len({worklist.name_of(query) for query in found}), left_out) == (3, "")
    assert worklist.name_of(JudgedQuery("COAT ")) == worklist.name_of(found[0])


def test_lines_that_hold_no_query_are_counted_with_the_first_reason(tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text('{"query": "coat"}\n{"image": "a.jpg"}\n{"query": ""}\n{oops\n[1]\n{"query": 5}\n')
    found, left_out = worklist.read(path)
    assert [query.text for query in found] == ["coat", "5"]
    assert left_out.startswith("4 lines hold no query that can be judged. queries.jsonl:2: a query with a photo")


@pytest.mark.parametrize("content", ["", "\n \n", "query,grade\n", '{"product_id": "1"}\n'])
def test_a_file_without_a_query_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "queries.txt"
    path.write_text(content)
    with pytest.raises(ConfigError, match="holds no query"):
        worklist.read(path)


def test_a_long_list_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "queries.txt"
    path.write_text("".join(f"coat {number}\n" for number in range(worklist.MOST + 5)))
    found, left_out = worklist.read(path)
    assert (len(found), left_out) == (worklist.MOST, "Of 505 queries the first 500 are taken.")


def test_of_a_log_come_first_what_few_judged_and_of_these_what_is_asked_most(tmp_path: Path) -> None:
    asked = ["hat"] * 5 + ["coat"] * 3 + ["rare"] + ["boots"] * 4
    write(tmp_path / "events.jsonl", [answer(str(number), words, "1") for number, words in enumerate(asked)])
    own = settings(tmp_path, log={"path": "events.jsonl"})
    judged = {JudgedQuery("Hat").key: set(map(str, range(worklist.FEW))), JudgedQuery("coat").key: {"1"}}
    found, _ = worklist.load(own, None, judged)
    assert [query.text for query in found] == ["boots", "coat", "rare", "hat"]


def test_without_a_file_and_without_a_log_the_error_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"There are no queries to judge\. Give a file of them with --queries FILE"):
        worklist.load(settings(tmp_path), None, {})
    write(tmp_path / "events.jsonl", [answer("1", "", "1")])
    with pytest.raises(ConfigError, match=r"The log of the shop has no query with words"):
        worklist.load(settings(tmp_path, log={"path": "events.jsonl"}), None, {})
