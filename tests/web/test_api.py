"""The JSON API on both engines: the very answers of the command line, and errors that are JSON.

With it `uploads`, which reads requests, `answers`, which gives each error its status, `application`, which puts the
routes together, and `health`.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from hybridsearch import AsyncHybridSearch, HybridSearch, errors
from hybridsearch.web import app
from hybridsearch.web.answers import status_of
from hybridsearch.web.door import MOST_BYTES
from hybridsearch.web.uploads import InMemory
from tests.shops import runner, settings, write_config
from tests.web.builders import FIELDS, HERE, asking

pytestmark = pytest.mark.beside_one_server


def stable(answer: Any) -> Any:
    """Return an answer without what differs each time."""
    return {**answer, "query_id": "", "took_ms": 0}


def test_it_answers_a_search_as_the_command_does(
    tmp_path: Path, engine: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    with asking(tmp_path, engine=engine) as client:
        asked: dict[str, Any] = {
            "q": "red coat",
            "filter": ["price>=10", "brand=Borealis"],
            "facet": ["brand,size=5", "price,ranges=50"],
        }
        more: dict[str, Any] = {"size": 3, "highlight": "true", "explain": 1, "history": "1,2"}
        found = client.get("/api/search", params={**asked, **more}).json()
        write_config(tmp_path, engine=engine, fields=FIELDS)
        run = runner(tmp_path, monkeypatch, capfdbinary, "search")
        filters = ["--filter", "price>=10", "--filter", "brand=Borealis", "--facet", "brand,size=5"]
        rest = ["--facet", "price,ranges=50", "-k", "3", "--highlight", "--explain", "--history", "1,2", "--json"]
        code, out, _ = run("red coat", *filters, *rest)
        assert code == 0
        assert stable(found) == stable(json.loads(out))
        assert [hit["id"] for hit in found["hits"]] == ["3"]
        assert found["hits"][0]["matched"] == ["red", "coat"]
        whole = client.get("/api/search", params={"sort": "price:desc", "size": 2}).json()
        assert [hit["id"] for hit in whole["hits"]] == ["3", "2"]
        behind = client.get("/api/search", params={"sort": "price:desc", "size": 2, "cursor": whole["cursor"]}).json()
        assert [hit["id"] for hit in behind["hits"]] == ["5", "4"]


def test_a_body_of_json_and_a_form_ask_the_same(tmp_path: Path) -> None:
    with asking(tmp_path) as client:
        got = client.get("/api/search", params={"q": "coat", "filter": ["price<100"], "size": 2}).json()
        body = {"q": "coat", "filter": ["price<100"], "size": 2}
        assert stable(client.post("/api/search", json=body).json()) == stable(got)
        structured = {"q": "coat", "filters": {"price": {"lt": 100}}, "size": 2}
        assert stable(client.post("/api/search", json=structured).json()) == stable(got)
        assert stable(client.post("/api/search", data=body).json()) == stable(got)
        parts = {"image": ("none", b"")}
        assert stable(client.post("/api/search", data=body, files=parts).json()) == stable(got)


def test_suggestions_and_similar_products_are_those_of_the_client(tmp_path: Path, engine: dict[str, Any]) -> None:
    with asking(tmp_path, engine=engine) as client:
        found = client.get("/api/suggest", params={"q": "win", "size": 2}).json()
        assert [(each["text"], each["count"]) for each in found["suggestions"]] == [("winter", 2), ("winter coat", 2)]
        alike = client.get("/api/similar", params={"id": "2", "size": 2, "facet": "brand"}).json()
        with HybridSearch.open(settings(tmp_path, engine=engine, fields=FIELDS)) as shop:
            assert stable(alike) == stable(shop.similar("2", size=2, facets=["brand"]).to_json())
            assert stable(found) == {**shop.suggest("win", size=2).to_json(), "took_ms": 0, "query_id": ""}


def test_events_are_written_to_the_log_of_the_shop(tmp_path: Path) -> None:
    with asking(tmp_path, log={"path": "events.jsonl"}) as client:
        page = client.get("/api/search", params={"q": "coat"}).json()
        event = {"query_id": page["query_id"], "action_name": "click_through", "object_id": "3", "session_id": "me"}
        assert client.post("/api/events", json=event).json() == {"written": True}
        line = (tmp_path / "events.jsonl").read_text(encoding="utf-8").splitlines()[-1]
        assert page["query_id"] in line
        assert '"3"' in line
        refused = client.post("/api/events", json={"action_name": "stroll"})
        assert (refused.status_code, list(refused.json())) == (400, ["error"])
    with asking(tmp_path) as client:
        assert client.post("/api/events", json=event).status_code == 501


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"pgae": "2"}, "Unknown parameter 'pgae'. Did you mean 'page'?"),
        ({"page": "0"}, "'page' is '0', expected a whole number from 1"),
        ({"size": "1000000"}, "expected a whole number from 0 to 100"),
        ({"page": "two"}, "'page' is 'two', expected a whole number"),
        ({"timeout": "nan"}, "expected a number from 0.001 to 30"),
        ({"diverse": "perhaps"}, "expected true or false"),
        ({"variant": "c"}, "expected one of a, b, interleaved"),
        ({"filters": "{}"}, "expected an object in a body of JSON"),
        ({"q": ["a", "b"]}, "'q' was given 2 times"),
        ({"filter": "price"}, "filter: found 'price', expected FIELD"),
        ({"filter": ["price>1", "price>2"]}, "two bounds"),
        ({"facet": "brand,size=x"}, "facet: found 'brand,size=x'"),
        ({"filter": "colour=red"}, "colour"),
        ({"sort": "price:up"}, "price:up"),
        ({"cursor": "damaged", "sort": "price:asc"}, "cursor"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_sentence(tmp_path: Path, asked: Any, said: str) -> None:
    with asking(tmp_path) as client:
        refused = client.get("/api/search", params=asked)
        assert refused.status_code == 400
        assert said in refused.json()["error"]


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("application/json", b"{", "no JSON"),
        ("application/json", b"[1]", "no object of parameters"),
        ("application/json", b'{"filters": [1]}', "filters"),
        ("application/json", b"[" * 500 + b"]" * 500, "nested"),
        ("application/json", b"\xff\xfe", "no JSON"),
        ("text/plain", b"q=red", "no known type"),
        ("multipart/form-data", b"q=red", "form cannot be read"),
        ("multipart/form-data; boundary=x", b"--x\r\nno form at all", "form cannot be read"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_with_a_sentence(
    tmp_path: Path, kind: str, body: bytes, said: str
) -> None:
    with asking(tmp_path) as client:
        refused = client.post("/api/search", content=body, headers={"Content-Type": kind})
        assert refused.status_code == 400
        assert said in refused.json()["error"]


def test_a_file_under_another_name_and_one_that_is_no_picture_are_refused(tmp_path: Path) -> None:
    with asking(tmp_path) as client:
        other = client.post("/api/search", files={"sound": ("x", b"some")})
        assert (other.status_code, "file in 'sound'" in other.json()["error"]) == (400, True)
        assert client.post("/api/search", files={"image": ("x.png", b"no picture")}).status_code == 400
        assert client.post("/api/search", files={"audio": ("x.wav", b"RIFF")}).status_code == 503  # nothing hears here


def test_no_file_of_a_form_is_written_to_a_disk(tmp_path: Path) -> None:
    """The parser would write what is larger than a megabyte to a temporary file."""
    assert InMemory.spool_max_size > MOST_BYTES


def test_each_error_has_a_status() -> None:
    assert status_of(errors.QueryError("")) == 400
    assert status_of(errors.IndexMissing("")) == 503
    assert status_of(errors.ConfigMissing("")) == 501
    assert status_of(errors.EncoderUnavailable("")) == 503
    assert status_of(errors.HybridSearchError("")) == 500


def test_without_an_index_it_is_not_healthy_and_says_what_to_do(tmp_path: Path) -> None:
    opened = AsyncHybridSearch.open(settings(tmp_path))
    with TestClient(app(opened), base_url=HERE) as client:
        sick = client.get("/health")
        assert (sick.status_code, sick.json()[0]["state"]) == (503, "failure")
        refused = client.get("/api/search")
        assert (refused.status_code, "hybridsearch reindex" in refused.json()["error"]) == (503, True)
    asyncio.run(opened.close())


def test_health_and_metrics_tell_what_programs_watch(tmp_path: Path) -> None:
    with asking(tmp_path) as client:
        assert client.get("/health").json()[0]["state"] == "ok"
        client.get("/api/search", params={"q": "red"})
        client.get("/api/search", params={"filter": "colour=red"})
        lines = client.get("/metrics").text.splitlines()
        assert 'hybridsearch_requests_total{call="search"} 1' in lines
        assert 'hybridsearch_errors_total{call="search",error="QueryError"} 1' in lines
        assert 'hybridsearch_request_seconds_bucket{call="search",le="+Inf"} 1' in lines
        assert not [line for line in lines if "colour" in line]


def test_a_bug_is_answered_without_its_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("s3cret")

    with asking(tmp_path) as client:
        monkeypatch.setattr(AsyncHybridSearch, "search", broken)
        for path in ("/api/search", "/"):
            refused = client.get(path)
            assert refused.status_code == 500
            assert "s3cret" not in refused.text
            assert "bug" in refused.text


def test_it_is_mounted_in_another_application_under_a_prefix(tmp_path: Path) -> None:
    from fastapi import FastAPI

    with asking(tmp_path) as client:
        outer = FastAPI()
        outer.mount("/find", client.app)
        with TestClient(outer, base_url=HERE) as other:
            assert other.get("/find/api/search", params={"q": "red"}).json()["total"] == 2
            assert 'action="/find/"' in other.get("/find/").text
            assert other.get("/find/nothing").status_code == 404
            assert other.get("/find/static/page.css").status_code == 200
