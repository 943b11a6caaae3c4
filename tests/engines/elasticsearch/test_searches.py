"""What a search sends to the server that is there; by which client, `exchange.py` leaves open."""

import json
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from hybridsearch.engines.base import Request
from hybridsearch.engines.elasticsearch import ElasticsearchEngine
from hybridsearch.roles import Fields
from hybridsearch.runtime.deadline import within
from hybridsearch.schema import Leg, Schema
from hybridsearch.search.clauses import Match, Neighbours
from hybridsearch.search.plan import Plan
from hybridsearch.sections import EngineSection
from hybridsearch.values import Vector
from tests.engines.elasticsearch.conftest import Search
from tests.servers.fake import Received, Reply, Script, serving

KEY = "c2VjcmV0OmtleQ"
PLAN = Plan(
    "words",
    "",
    query="red & blue +50%",
    keyword=Match.alike("text", (("en", ("red", "blue")),)),
    neighbours=(Neighbours("image", Vector([0.1, 0.2]), k=100, explore=200, floor=0.25),),
)
FOUND = Reply({"timed_out": False, "_shards": {"total": 1, "failed": 0}, "hits": {"total": {"value": 0}, "hits": []}})


def a_server(version: str = "9.4.3", shards: int = 1) -> Script:
    """Return a server of some version, whose index has so many shards."""
    schema = Schema(Fields(title="title"), (Leg("image", 2, "f"),)).to_json()
    index = {"mappings": {"_meta": {"hybridsearch": schema}}, "settings": {"index": {"number_of_shards": str(shards)}}}
    replies = {"/": Reply({"version": {"number": version}}), "/products": Reply({"products-1": index})}

    def script(asked: Received) -> Reply:
        return replies.get(asked.path, FOUND)

    return script


def request(script: Script) -> Request:
    """Return the request that such a server would be sent; it is not sent."""
    with serving(script) as fake, closing(ElasticsearchEngine(EngineSection(url=fake.url), Path())) as engine:
        found = engine.request(PLAN)
    assert [asked.path for asked in fake.asked] == ["/", "/products"]
    return found


@pytest.mark.parametrize(("shards", "k"), [(1, 100), (3, 34)])
def test_each_shard_of_the_live_index_is_asked_for_its_part_of_the_neighbours(shards: int, k: int) -> None:
    knn = request(a_server(shards=shards)).body["query"]["bool"]["should"][1]["knn"]
    assert (knn["k"], knn["num_candidates"]) == (k, 200)


@pytest.mark.parametrize(("version", "has_k"), [("8.14.1", False), ("8.15.0", True), ("9.4.3", True)])
def test_k_is_sent_only_to_a_server_that_knows_it(version: str, has_k: bool) -> None:
    printed = str(request(a_server(version)))
    assert ('"k":100' in printed) == has_k
    assert f'"num_candidates":{200 if has_k else 100}' in printed


def test_a_request_prints_all_its_parameters_and_one_line_of_body() -> None:
    first, body = str(request(a_server())).split("\n")
    target, parameters = first.split("?")
    assert target == "POST /products/_search"
    assert parameters.split("&") == [
        "search_type=dfs_query_then_fetch",
        "include_named_queries_score=true",
        "preference=query-2513443757",
    ]
    assert json.loads(body)["query"]["bool"]["should"][1]["knn"]["query_vector"] == [0.1, 0.2]


def test_a_parameter_of_any_text_is_encoded() -> None:
    assert str(Request("GET", "/x", {"q": "a b&c=ü%+", "n": 1})) == "GET /x?q=a+b%26c%3D%C3%BC%25%2B&n=1\n{}"


def test_a_request_for_programs_holds_nothing_but_json() -> None:
    found = request(a_server())
    data = json.loads(json.dumps(found.to_json()))
    assert list(data) == ["method", "path", "parameters", "body"]
    assert (data["method"], data["path"]) == ("POST", "/products/_search")
    assert data["parameters"]["include_named_queries_score"] is True
    assert data["body"] == json.loads(str(found).split("\n")[1])


def test_what_is_printed_is_what_is_sent_but_for_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYBRIDSEARCH_API_KEY", KEY)
    with serving(a_server()) as fake, closing(ElasticsearchEngine(EngineSection(url=fake.url), Path())) as engine:
        printed, data = str(engine.request(PLAN)), engine.request(PLAN).to_json()
        engine.search(PLAN)
    sent = fake.asked[-1]
    assert printed == f"{sent.method} {sent.path}\n{sent.body.decode()}"
    assert sent.headers["authorization"] == f"ApiKey {KEY}"
    assert KEY not in f"{printed} {data}"


def test_what_is_known_about_an_index_is_not_read_again_at_once() -> None:
    with serving(a_server()) as fake, closing(ElasticsearchEngine(EngineSection(url=fake.url), Path())) as engine:
        for offset in range(3):
            engine.search(replace(PLAN, offset=offset))
    assert [asked.path.partition("?")[0] for asked in fake.asked] == ["/", "/products", *["/products/_search"] * 3]


def test_many_products_are_looked_up_in_several_requests() -> None:
    def script(asked: Received) -> Reply:
        if "_mget" not in asked.path:
            return a_server()(asked)
        (body,) = asked.lines
        return Reply({"docs": [{"_id": doc["_id"], "found": True, "_source": {}} for doc in body["docs"]]})

    ids = [str(number) for number in range(2_500)]
    with serving(script) as fake, closing(ElasticsearchEngine(EngineSection(url=fake.url), Path())) as engine:
        assert list(engine.get(ids)) == ids
    assert [len(asked.lines[0]["docs"]) for asked in fake.asked if "_mget" in asked.path] == [1_000, 1_000, 500]


@pytest.mark.parametrize(("given", "told"), [(None, "8000ms"), (2.0, "1600ms"), (30.0, "24000ms")])
def test_a_server_is_told_how_long_this_search_may_take(search: Search, given: float | None, told: str) -> None:
    with serving(a_server()) as fake, nullcontext() if given is None else within(given):
        search(EngineSection(url=fake.url), PLAN)
    assert json.loads(fake.asked[-1].body)["timeout"] == told


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"])
def test_a_proxy_of_the_environment_is_not_used(search: Search, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    with serving(a_server()) as fake:
        assert search(EngineSection(url=fake.url), PLAN).total == 0
