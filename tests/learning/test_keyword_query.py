"""The shop's own query: the words stay inside it, and its hits come back in the server's order."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.errors import ConfigError
from hybridsearch.learning.keyword_query import KeywordQuery, filled, load
from hybridsearch.learning.result_lists import ResultCache
from tests.shops import PRODUCTS, settings

BODY = {"query": {"bool": {"must": [{"match": {"title": "{{query}}"}}], "boost": 2}}, "min_score": 0.5}


def test_words_replace_the_placeholder() -> None:
    assert filled(BODY, "red coat") == {
        "query": {"bool": {"must": [{"match": {"title": "red coat"}}], "boost": 2}},
        "min_score": 0.5,
    }


@given(st.text())
def test_words_never_leave_the_text_of_the_placeholder(words: str) -> None:
    body = filled(BODY, words)
    assert body["query"]["bool"]["must"][0]["match"] == {"title": words}
    assert filled(body, "x")["query"]["bool"]["boost"] == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"query": {"match_all": {}}}', "has no {{query}} in it"),
        ('["{{query}}"]', "has no {{query}} in it"),
        ("query: {{query}}", "Cannot read the query"),
        (None, "Cannot read the query"),
    ],
)
def test_a_query_that_cannot_be_used_says_why(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "query.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError) as refused:
        load(path)
    assert said in str(refused.value)
    assert str(path) in str(refused.value)
    assert "Expected the JSON body of a search" in str(refused.value)


@pytest.fixture
def own_query(tmp_path: Path, es_url: str, index: str) -> Iterator[KeywordQuery]:
    """A query for titles, the most expensive first, on an index of the five products."""
    with Elasticsearch(es_url) as client:
        for row in PRODUCTS:
            client.index(index=index, id=str(row["id"]), document=row)
        client.indices.refresh(index=index)
    opened = settings(tmp_path, catalog={"index": index}, engine={"url": es_url, "index": f"{index}-copy"})
    body = {"query": {"match": {"title": "{{query}}"}}, "sort": [{"price": "desc"}], "size": 1}
    with KeywordQuery(opened, body) as query:
        yield query


def test_hits_come_in_the_order_of_the_server_and_without_signals(own_query: KeywordQuery, tmp_path: Path) -> None:
    with ResultCache(tmp_path / "cache.db") as cache:
        coats, nothing = own_query.collect(["coat", ""], 10, cache, lambda *_: None)
    assert coats is not None
    assert nothing is not None
    assert coats.ids == ("3", "2")
    assert coats.values.shape == (2, 0)
    assert nothing.ids == ()


def test_a_catalogue_that_is_a_file_has_no_query_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"but the catalogue is a file. Set 'catalog.index'"):
        KeywordQuery(settings(tmp_path), {})
