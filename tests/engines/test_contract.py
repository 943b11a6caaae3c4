"""The two engines agree: same catalogue, same queries, same ids in order, totals, facets and scores."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from hybridsearch import HybridSearch, sample
from hybridsearch.search.weights import prior
from hybridsearch.values import Page
from tests.shops import settings

SAMPLE = Path(sample.__file__).parent
FIELDS = {
    "title": "title",
    "text": ["description", "brand"],
    "codes": ["sku", "ean"],
    "facets": ["brand", "category", "color", "locale"],
    "numbers": ["price", "rating"],
    "image": "image",
    "languages": ["en", "de", "fr", "es", "ja", "zh"],
}
LEGS = [
    {"name": "image", "encoder": "starter", "reads": "image", "exact": True},
    {"name": "words", "encoder": "starter", "reads": ["title"], "exact": True},
]
WEIGHTS = {"signals": {**prior().signals, "grams": 0.2, "number.rating": 0.05}, "saturation": {"*": 8}}
"""Every signal counts, also those that the prior leaves out."""
JUDGED = (SAMPLE / "judgments.tsv").read_text(encoding="utf-8").splitlines()[1:]
QUERIES = list(dict.fromkeys(line.split("\t")[0] for line in JUDGED))
CASES: list[dict[str, Any]] = [
    *({"text": query} for query in QUERIES),
    *({"text": query, "filters": {"color": "red"}, "facets": ["category", "brand"]} for query in QUERIES),
    *({"text": query, "sort": "price:asc", "size": 30} for query in ("red", "dress", "Schuhe")),
    *({"text": query, "sort": "rating:desc", "size": 30} for query in ("red", "dress", "Schuhe")),
    *({"text": "blue bag", "page": page, "size": 7} for page in range(1, 9)),
    *({"text": text, "filters": {"price": {"gte": 20, "lte": 60}}} for text in ("coat", "椅子", "chaussures", "bolso")),
    *({"text": text} for text in ("", "!!!", "*", "title:red OR blue", "😀", "a", "the", "的", "x" * 300, "zzzz qqqq")),
    {"text": "", "filters": {"color": ["red", "blue"]}, "facets": ["color", "locale"], "size": 50},
    {"text": "", "filters": {"rating": {"gte": 4}}, "sort": "price:desc", "size": 50},
    {"image": SAMPLE / "photo.jpg", "facets": ["category"], "size": 40},
    {"image": SAMPLE / "photo.jpg", "text": "blue", "facets": ["color"], "size": 40},
    {"image": SAMPLE / "photo.jpg", "filters": {"price": {"lte": 50}}},
]


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HybridSearch]:
    with HybridSearch.open(sample_settings(tmp_path_factory.mktemp("embedded"))) as shop:
        shop.reindex()
        yield shop


@pytest.fixture(scope="module")
def server(es_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HybridSearch]:
    name = "test-contract"
    engine = {"url": es_url, "index": name, "replicas": 0}
    with HybridSearch.open(sample_settings(tmp_path_factory.mktemp("server"), engine=engine)) as shop:
        report = shop.reindex()
        with Elasticsearch(es_url) as client:
            # A walk through the graphs of several segments may miss a neighbour; through one it is exact at this size.
            client.indices.forcemerge(index=name, max_num_segments=1)
        yield shop
        shop.engine.discard(report.generation)


def sample_settings(folder: Path, **changes: Any) -> Any:
    (folder / "weights.json").write_text(json.dumps(WEIGHTS), encoding="utf-8")
    catalog, weights = {"path": str(SAMPLE / "products.jsonl")}, {"path": "weights.json"}
    return settings(folder, catalog=catalog, fields=FIELDS, vectors=LEGS, weights=weights, **changes)


def codes() -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (SAMPLE / "products.jsonl").read_text(encoding="utf-8").splitlines()]
    return [{"text": row[name]} for row in rows[::20] for name in ("sku", "title") if row.get(name)]


def test_there_are_at_least_200_queries() -> None:
    assert len(CASES) + len(codes()) >= 200


def test_both_engines_give_the_same_pages(embedded: HybridSearch, server: HybridSearch) -> None:
    for case in [*CASES, *codes()]:
        same(embedded.search(**case), server.search(**case), str(case))


def same(embedded: Page, server: Page, case: str) -> None:
    assert embedded.total == server.total, case
    assert embedded.facets == server.facets, case
    assert list(map(list, embedded.facets.values())) == list(map(list, server.facets.values())), case
    assert [hit.score for hit in embedded] == pytest.approx([hit.score for hit in server], abs=1e-4), case
    assert [hit.id for hit in embedded] == [hit.id for hit in server], case
    for ours, theirs in zip(embedded, server, strict=True):
        assert dict(ours.signals) == pytest.approx(dict(theirs.signals), abs=1e-4), case


def test_pages_follow_each_other_without_gaps_or_repeats(embedded: HybridSearch, server: HybridSearch) -> None:
    for shop in (embedded, server):
        whole = [hit.id for hit in shop.search("red dress", size=50)]
        pages = [hit.id for page in range(1, 6) for hit in shop.search("red dress", size=10, page=page)]
        assert pages == whole


def test_the_score_is_the_sum_of_the_signals(embedded: HybridSearch, server: HybridSearch) -> None:
    for shop in (embedded, server):
        for hit in shop.search("red dress", size=20):
            assert hit.score == pytest.approx(sum(hit.signals.values()), abs=1e-4)


def test_filtered_hits_are_among_the_unfiltered(embedded: HybridSearch, server: HybridSearch) -> None:
    for shop in (embedded, server):
        everything = {hit.id for hit in shop.search("red", size=500)}
        cheap = shop.search("red", filters={"price": {"lte": 40}}, size=500)
        assert all(hit.product["price"] <= 40 for hit in cheap)
        assert {hit.id for hit in cheap if "text" in hit.signals} <= everything
