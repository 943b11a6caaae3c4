"""A shop's own index as it is found, with nested variants, an analyzer of its own and relative pictures."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from elasticsearch.helpers import bulk
from PIL import Image

from hybridsearch import HybridSearch, Settings
from hybridsearch.cli import DONE, USAGE, run
from tests.shops import quietly, settings

COUNT = 120
MAPPING: dict[str, Any] = {
    "properties": {
        "name": {"type": "text", "analyzer": "shop"},
        "price": {"type": "float"},
        "weight": {"type": "float"},
        "pic": {"type": "keyword"},
        "variants": {
            "type": "nested",
            "properties": {"sku": {"type": "keyword"}, "size": {"type": "keyword"}, "price": {"type": "float"}},
        },
    }
}
SETTINGS = {
    "number_of_replicas": 0,
    "analysis": {
        "filter": {"same": {"type": "synonym_graph", "synonyms": ["notebook, laptop"]}},
        "analyzer": {"shop": {"tokenizer": "standard", "filter": ["lowercase", "same"]}},
    },
}
FIELDS = {
    "id": "_id",
    "title": "name",
    "codes": ["variants.sku"],
    "facets": ["variants.size"],
    "numbers": ["price", "variants.price"],
    "image": "pic",
}


@pytest.fixture
def messy(es_url: str, index: str) -> Iterator[str]:
    """An index of the shop with three nested variants in each product."""
    with Elasticsearch(es_url) as client:
        name = f"{index}-own"
        client.indices.create(index=name, mappings=MAPPING, settings=SETTINGS)
        bulk(
            client, ({"_index": name, "_id": f"p{number}", **product(number)} for number in range(COUNT)), refresh=True
        )
        yield name


def product(number: int) -> dict[str, Any]:
    variants = [
        {"sku": f"LB-{number}-{size}", "size": size, "price": number + len(size)} for size in ("S", "ML", "XXL")
    ]
    return {"name": f"laptop bag {number}", "price": number + 0.5, "pic": f"img/{number}.png", "variants": variants}


def test_an_index_with_nested_variants_is_rebuilt_as_often_as_one_likes(
    es_url: str, index: str, messy: str, tmp_path: Path
) -> None:
    """Products were counted with their nested documents: the second rebuild was refused, as most of them were gone."""
    for number in range(COUNT):
        (tmp_path / "pics" / "img").mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (32, 32), (number, 0, 90)).save(tmp_path / "pics" / "img" / f"{number}.png")
    configured = settings(
        tmp_path,
        catalog={"index": messy, "images": "pics"},
        fields=FIELDS,
        engine={"url": es_url, "index": index, "replicas": 0},
        vectors=[{"name": "image", "encoder": "starter", "reads": "image"}],
    )
    with HybridSearch.open(configured) as shop, Elasticsearch(es_url) as client:
        for turn in range(3):
            report = shop.reindex(options=quietly())
            assert (report.indexed, report.without_picture) == (COUNT, 0)
            assert {generation.documents for generation in shop.engine.generations()} == {COUNT}
            changed = {**product(7), "price": 1000.0 + turn}
            shop.upsert({"_id": "p7", **changed})
            client.index(index=messy, id="p7", document=changed, refresh=True)
            shop.engine.refresh(report.generation)
            page = shop.search("laptop bag", sort="price:desc", filters={"price": {"lte": 1500}}, size=1)
            assert [(hit.id, hit.product["price"]) for hit in page] == [("p7", 1000.0 + turn)]
            (hit,) = shop.search("LB-33-ML", size=1)
            assert (hit.id, hit.variant) == ("p33", product(33)["variants"][1])
            within = {"variants.size": "XXL", "variants.price": {"lte": 5}}
            page = shop.search("laptop bag", filters=within, facets=["variants.size"], size=COUNT)
            assert sorted(hit.id for hit in page) == ["p0", "p1", "p2"]
            assert page.facets == {"variants.size": {"ML": 4, "S": 5, "XXL": 3}}
            assert shop.update("p8", {"price": 2000.0 + turn}).encoded == 0
            shop.engine.refresh(report.generation)
            assert shop.get("p8")["p8"] == {**product(8), "price": 2000.0 + turn}
            refused = shop.update([{"_id": "p9", "weight": "heavy"}, {"_id": "p10", "weight": 3}])
            assert (refused.written, refused.older, refused.missing, len(refused.rejects)) == (1, 0, 0, 1)
            assert "weight" in refused.rejects[0].reason
            assert shop.engine.changes.known(["p9", "p10"]).keys() == {"p10"}
        alias = shop.settings.engine.index
        old = client.search(index=alias, query={"match": {"name": "notebook"}}, track_total_hits=True)
        assert old["hits"]["total"]["value"] == COUNT  # the shop's own analyzer still reads its own queries
        nested = {"nested": {"path": "variants", "query": {"term": {"variants.sku": "LB-33-ML"}}}}
        assert [hit["_id"] for hit in client.search(index=alias, query=nested)["hits"]["hits"]] == ["p33"]


def test_the_synonyms_of_the_index_are_those_of_searches(
    es_url: str, messy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first hits for `notebook` were socks: only the shop's own queries knew that it is a laptop."""
    monkeypatch.chdir(tmp_path)
    assert run(["init", messy, "--url", es_url]) == DONE
    assert (tmp_path / "synonyms.txt").read_text() == "notebook, laptop\n"
    data = Settings.load().model_dump(exclude={"folder", "vectors", "engine"})
    engine = {"url": es_url, "index": f"{messy}-hybrid", "replicas": 0}
    with HybridSearch.open(Settings.parse({**data, "engine": engine}, folder=tmp_path)) as shop:
        report = shop.reindex(options=quietly())
        assert shop.search("notebook bag").total == COUNT
        assert run(["init", messy, "--url", es_url, "-o", "other.toml"]) == USAGE
        shop.engine.discard(report.generation)


def test_what_the_index_and_the_backend_change_of_one_product_during_a_rebuild_is_both_in_the_new_one(
    es_url: str, index: str, messy: str, tmp_path: Path
) -> None:
    fields = {name: value for name, value in FIELDS.items() if name != "image"}
    configured = settings(
        tmp_path,
        catalog={"index": messy},
        fields=fields,
        engine={"url": es_url, "index": index, "replicas": 0},
    )
    told: list[int] = []

    def tell(*_: Any) -> None:
        if not told:
            told.append(backend.update("p7", {"price": 1000.0}).written)
            client.index(index=messy, id="p7", document={**product(7), "name": "laptop sleeve 7"}, refresh=True)

    with (
        HybridSearch.open(configured) as shop,
        HybridSearch.open(configured) as backend,
        Elasticsearch(es_url) as client,
    ):
        shop.reindex(options=quietly())
        shop.reindex(tell, quietly())
        assert told == [1]
        assert shop.get("p7")["p7"] == {**product(7), "name": "laptop sleeve 7", "price": 1000.0}
