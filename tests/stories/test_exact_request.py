"""What `search --plan` prints is the exact request: pasted into a console, it gives what the search itself gives."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from elasticsearch import Elasticsearch

from hybridsearch import HybridSearch, sample
from tests.shops import Run, lend_vectors, quietly, runner, settings, write_config, write_products

SAMPLE = Path(sample.__file__).parent
PHOTO = str(SAMPLE / "photo.jpg")
ROWS = [json.loads(line) for line in (SAMPLE / "products.jsonl").read_text(encoding="utf-8").splitlines()][:160]
FIELDS = {
    "title": "title",
    "text": ["description", "brand"],
    "codes": ["sku", "ean"],
    "facets": ["brand", "category", "color"],
    "numbers": ["price", "rating"],
    "image": "image",
    "languages": ["en", "de", "fr", "es", "ja", "zh"],
}
LEGS = [
    {"name": "image", "encoder": "starter", "reads": "image"},
    {"name": "words", "encoder": "starter", "reads": ["title"]},
]
FACETS = ("--facet", "color", "--facet", "category")
SEARCHES: list[tuple[str, ...]] = [
    ("red dress", *FACETS),
    ("rotes Kleid", "-k", "30", *FACETS),
    ("灰色锤子", *FACETS),
    ("blue", "--page", "2", "-k", "7", *FACETS),
    (ROWS[0]["sku"], *FACETS),
    ("--image", PHOTO, *FACETS),
    ("blue", "--image", PHOTO, "--page", "2", *FACETS),
    ("mug", "--filter", "color=red", "--filter", "color=blue", "--filter", "price<=60", *FACETS),
    ("--image", PHOTO, "--filter", "price>=20", *FACETS),
    ("dress", "--sort", "price:asc", "-k", "20", *FACETS),
    ("--filter", "color=red", "--sort", "rating:desc", "--page", "2", "-k", "3", *FACETS),
    ('a&b=c +50% "ü" \\ \u2028\u0085 red', *FACETS),
    ("?!", *FACETS),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose vectors every index of this file may use."""
    folder = write_products(tmp_path_factory.mktemp("shop") / "products.jsonl", ROWS).parent
    lend_vectors(folder, repr(LEGS))
    return folder


@pytest.fixture(scope="module", params=[1, 3], ids=["one shard", "three shards"])
def built(request: pytest.FixtureRequest, es_url: str, home: Path) -> Iterator[dict[str, Any]]:
    """The configuration of a shop whose index has one shard or three."""
    name = f"test-exact-request-{request.param}"
    given = {
        "catalog": {"path": "products.jsonl", "images": str(SAMPLE)},
        "fields": FIELDS,
        "vectors": LEGS,
        "engine": {"url": es_url, "index": name, "replicas": 0, "shards": request.param},
    }
    with HybridSearch.open(settings(home, **given)) as shop:
        shop.reindex(options=quietly())
        with Elasticsearch(es_url) as client:
            # Segments that are searched side by side may cut each other's walk through their graphs short.
            client.indices.forcemerge(index=name, max_num_segments=1)
        yield given
        with Elasticsearch(es_url) as client:
            for index in client.indices.get(index=f"{name}*", expand_wildcards="all"):
                client.indices.delete(index=index)


@pytest.fixture
def run(
    built: dict[str, Any], home: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Run:
    write_config(home, **built)
    return runner(home, monkeypatch, capfdbinary, "search")


def sent(url: str, method: str, target: str, body: str) -> Any:
    """Return what a server answers to a plain client."""
    asked = urllib.request.Request(url + target, body.encode(), {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(asked) as answer:
        return json.load(answer)


def assert_same(answer: Any, page: Any) -> None:
    hits = answer["hits"]
    assert [hit["_id"] for hit in hits["hits"]] == [hit["id"] for hit in page["hits"]]
    assert [hit["_source"] for hit in hits["hits"]] == [hit["product"] for hit in page["hits"]]
    assert hits["total"] == {"value": page["total"], "relation": "eq"}
    for theirs, ours in zip(hits["hits"], page["hits"], strict=True):
        assert (theirs["_score"] or 0.0) == pytest.approx(ours["score"], abs=1e-4)
        named = {name: value for name, value in theirs.get("matched_queries", {}).items() if value > 0}
        assert named == pytest.approx(ours["signals"], abs=1e-4)
    for place, counts in enumerate(page["facets"].values()):  # aggregations are named by the places of the facets
        facet = answer["aggregations"][f"facet{place}"]
        assert {b["key"]: b["doc_count"] for b in facet.get("counts", facet)["buckets"]} == counts


@pytest.mark.parametrize("search", SEARCHES, ids=" ".join)
def test_what_is_printed_can_be_pasted_into_a_console(
    run: Run, built: dict[str, Any], es_url: str, search: tuple[str, ...]
) -> None:
    page = json.loads(run(*search, "--json")[1])
    assert page["degraded"] == []
    assert page["hits"] or page["query"] == "?!"
    *_, line, body, _ = run(*search, "--plan")[1].split("\n")
    method, target = line.split(" ")
    assert_same(sent(es_url, method, target, body), page)
    assert ('"knn"' in body) == (f'"k":{100 if built["engine"]["shards"] == 1 else 34},' in body)


def test_what_is_printed_for_programs_can_be_sent_too(run: Run, built: dict[str, Any], es_url: str) -> None:
    page = json.loads(run("red dress", *FACETS, "--json")[1])
    request = json.loads(run("red dress", *FACETS, "--plan", "--json")[1])
    assert list(request) == ["method", "path", "parameters", "body"]
    written = {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in request["parameters"].items()
    }
    target = f"{request['path']}?{urlencode(written)}"
    assert_same(sent(es_url, request["method"], target, json.dumps(request["body"])), page)
