"""When the server fails on the keywords or the vectors of a search, the rest answers, and the page says so."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from hybridsearch import HybridSearch
from hybridsearch.errors import EngineError
from hybridsearch.roles import Fields
from hybridsearch.schema import Leg, Schema
from hybridsearch.search.clauses import Codes, Condition, Cosine, Match, Neighbours, Saturated
from hybridsearch.search.plan import Plan
from hybridsearch.sections import EngineSection
from hybridsearch.values import Document, Vector
from tests.engines.elasticsearch.conftest import Search
from tests.servers.fake import INFO, RESET, Fake, Received, Reply, error, serving
from tests.shops import settings

RED = Match.alike("text", (("en", ("red",)),))
EAST = Vector([1, 0])
TITLE = Saturated("title", 0.5, RED, 8.0)
WORDS = Cosine("words.image", 0.5, "image", EAST, 0.0, 1.0)
PLAN = Plan(
    "words", "", query="red", keyword=RED, neighbours=(Neighbours("image", EAST, 10, 20, -1.0),), signals=(TITLE, WORDS)
)
LIVE = Schema(Fields(title="title")).to_json()
INDEX = Reply(
    {"products-1": {"mappings": {"_meta": {"hybridsearch": LIVE}}, "settings": {"index": {"number_of_shards": "1"}}}}
)
PAGE = Reply({"timed_out": False, "_shards": {"total": 1, "failed": 0}, "hits": {"total": {"value": 7}, "hits": []}})
BROKEN = error(500, "search_phase_execution_exception", "the graph is damaged")
BREAKER = error(429, "circuit_breaking_exception", "Data too large")


@contextmanager
def failing(*parts: str, reply: Reply = BROKEN) -> Iterator[Fake]:
    """Run a server that fails on every search with one of these parts."""

    def script(asked: Received) -> Reply:
        if "_search" in asked.path:
            return reply if any(f'"{part}"' in asked.body.decode() for part in parts) else PAGE
        return INFO if asked.path == "/" else INDEX

    with serving(script) as fake:
        yield fake


def searches(fake: Fake) -> list[Any]:
    return [json.loads(asked.body) for asked in fake.asked if "_search" in asked.path]


@pytest.mark.parametrize("reply", [BROKEN, BREAKER, error(400, "illegal_argument_exception", "dims differ")])
def test_where_the_vectors_fail_the_words_answer_and_the_page_says_why(search: Search, reply: Reply) -> None:
    """Fault 10: the vectors fail."""
    with failing("knn", reply=reply) as fake:
        page = search(EngineSection(url=fake.url), PLAN)
    assert (page.total, page.degraded) == (7, (f"no vectors: {reply.body['error']['reason']}",))
    planned, fallback = searches(fake)
    assert [clause.popitem()[0] for clause in planned["query"]["bool"]["should"]] == ["match", "knn"]
    assert [clause.popitem()[0] for clause in fallback["query"]["bool"]["should"]] == ["match"]
    (signal,) = fallback["rescore"]["query"]["rescore_query"]["bool"]["should"]
    assert signal["script_score"]["_name"] == "title"


def test_where_the_words_fail_the_vectors_answer_and_the_page_says_why(search: Search) -> None:
    """Fault 10: the keywords fail."""
    with failing("match") as fake:
        page = search(EngineSection(url=fake.url), PLAN)
    assert (page.total, page.degraded) == (7, ("no keywords: the graph is damaged",))
    *_, fallback = searches(fake)
    assert [clause.popitem()[0] for clause in fallback["query"]["bool"]["should"]] == ["knn"]


def test_where_both_fail_the_first_error_is_raised(search: Search) -> None:
    """Fault 10: both fail."""
    with failing("match", "knn") as fake, pytest.raises(EngineError, match="the graph is damaged"):
        search(EngineSection(url=fake.url), PLAN)
    assert len(searches(fake)) == 3


@pytest.mark.parametrize("reply", [error(403, "x"), error(404, "x")], ids=["forbidden", "missing"])
def test_a_server_that_refuses_us_is_asked_once(search: Search, reply: Reply) -> None:
    """Fault 10: a fallback would fail too."""
    with failing("knn", reply=reply) as fake, pytest.raises(EngineError):
        search(EngineSection(url=fake.url), PLAN)
    assert len(searches(fake)) == 1


@pytest.mark.parametrize(
    "reply", [RESET, error(429, "es_rejected_execution_exception"), error(503, "x")], ids=["reset", "busy", "away"]
)
def test_a_server_that_is_busy_or_away_is_asked_for_the_same_again(search: Search, reply: Reply) -> None:
    """Fault 10: a fallback would fail too."""
    replies = iter([reply, reply])

    def script(asked: Received) -> Reply:
        return next(replies, PAGE) if "_search" in asked.path else INFO if asked.path == "/" else INDEX

    with serving(script) as fake:
        assert search(EngineSection(url=fake.url), PLAN).degraded == ()
    planned, *again = searches(fake)
    assert again == [planned] * 2


def test_a_search_by_vectors_alone_is_asked_once(search: Search) -> None:
    """Fault 10: there is nothing to fall back on."""
    with failing("knn") as fake, pytest.raises(EngineError):
        search(EngineSection(url=fake.url), replace(PLAN, keyword=None))
    assert len(searches(fake)) == 1


def test_a_real_server_that_fails_on_one_part_answers_with_the_other(tmp_path: Path, es_url: str, index: str) -> None:
    """Fault 10: a vector of the wrong length; more codes than the index allows."""
    chosen = settings(tmp_path, engine={"url": es_url, "index": index, "replicas": 0})
    with HybridSearch.open(chosen) as shop, Elasticsearch(es_url) as client:
        schema = Schema(Fields(title="title"), (Leg("image", 2, "none"),))
        generation = shop.engine.create(schema)
        shop.engine.write(
            generation, [Document("1", {}, {"title": {"en": "red"}, "text": {"en": "red"}}, vectors={"image": EAST})]
        )
        shop.engine.refresh(generation)
        shop.engine.promote(generation, schema)
        assert shop.engine.search(PLAN).degraded == ()
        vector = Vector([1, 0, 0])
        neighbours, words = replace(PLAN.neighbours[0], vector=vector), replace(WORDS, vector=vector)
        too_long = replace(PLAN, neighbours=(neighbours,), signals=(TITLE, words))
        by_words = shop.engine.search(too_long)
        assert (by_words.total, list(by_words.hits[0].signals)) == (1, ["title"])
        assert by_words.degraded[0].startswith("no vectors: ")
        client.indices.put_settings(index=index, settings={"max_terms_count": 1})
        codes = Codes(("a1", "b2"))
        typed = replace(PLAN, codes=codes, signals=(Condition("code", 1.0, codes), WORDS))
        by_vectors = shop.engine.search(typed)
        assert (by_vectors.total, list(by_vectors.hits[0].signals)) == (1, ["words.image"])
        assert by_vectors.degraded[0].startswith("no keywords: ")
