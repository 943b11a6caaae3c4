"""The words of an index as a server counts them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch
from hybridsearch.engines.elasticsearch import searches
from hybridsearch.engines.elasticsearch.request import words
from hybridsearch.engines.elasticsearch.request.words import to_lexicon, words_request
from hybridsearch.engines.elasticsearch.transport.answers import UnexpectedAnswer
from hybridsearch.errors import DegradedAnswer
from tests.servers.fake import Fake, Received, Reply, passed_on, serving
from tests.shops import settings, shop

ANSWER: dict[str, Any] = {
    "timed_out": False,
    "_shards": {"total": 1, "failed": 0},
    "hits": {"total": {"value": 7}, "hits": []},
    "aggregations": {"words": {"buckets": [{"key": "red", "doc_count": 5}, {"key": "höhe", "doc_count": 1}]}},
}


def test_the_products_of_each_word_are_counted_by_the_server() -> None:
    request = words_request("products", 1.5)
    assert (request.method, request.path) == ("POST", "/products/_search")
    assert request.body["aggs"] == {"words": {"terms": {"field": "hybrid.words", "size": 65_000}}}
    assert request.body["timeout"] == "1500ms"
    lexicon = to_lexicon(ANSWER)
    assert (dict(lexicon.counts), lexicon.documents, lexicon.whole) == ({"red": 5, "höhe": 1}, 7, True)


def test_as_many_words_as_a_server_counts_may_not_be_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "MOST", 2)
    assert not to_lexicon(ANSWER).whole


@pytest.mark.parametrize("change", [{"timed_out": True}, {"aggregations": {}}, {"aggregations": {"words": {}}}])
def test_an_answer_that_lacks_words_is_none(change: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedAnswer):
        to_lexicon({**ANSWER, **change})


@contextmanager
def without_words(es_url: str, reply: Reply) -> Iterator[Fake]:
    """Run a server that passes everything on but the question for the words."""

    def script(asked: Received) -> Reply:
        return reply if asked.asks_for_words else passed_on(es_url, asked)

    with serving(script) as fake:
        yield fake


@pytest.mark.parametrize("reply", [Reply({**ANSWER, "timed_out": True}), Reply({"error": "no"}, status=400)])
def test_where_the_words_are_not_known_any_word_finds_and_the_page_says_so(
    tmp_path: Path, es_url: str, index: str, reply: Reply
) -> None:
    with shop(tmp_path, engine={"url": es_url, "index": index, "replicas": 0}):
        pass
    with without_words(es_url, reply) as fake:
        engine = {"url": fake.url, "index": index, "replicas": 0}
        with HybridSearch.open(settings(tmp_path, engine=engine)) as opened:
            page = opened.search("red umbrella")
            assert [hit.id for hit in page] == ["1", "3"] or [hit.id for hit in page] == ["3", "1"]
            assert page.degraded[0].startswith("the words of the index are not known: ")
            with pytest.raises(DegradedAnswer):
                opened.search("red umbrella", strict=True)


def test_the_words_are_read_once_and_again_after_some_minutes(
    tmp_path: Path, es_url: str, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shop(tmp_path, engine={"url": es_url, "index": index, "replicas": 0}):
        pass
    with serving(lambda asked: passed_on(es_url, asked)) as fake:
        engine = {"url": fake.url, "index": index, "replicas": 0}
        with HybridSearch.open(settings(tmp_path, engine=engine)) as opened:
            for _ in range(3):
                opened.search("red coat")
            assert sum(asked.asks_for_words for asked in fake.asked) == 1
            monkeypatch.setattr(searches, "LEXICON_FRESH", 0.0)
            time.sleep(0.01)
            opened.search("red coat")
            assert sum(asked.asks_for_words for asked in fake.asked) == 2
