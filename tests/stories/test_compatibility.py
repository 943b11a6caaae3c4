"""What the version before wrote is read: an index, its log of changes and a weights file, as it left them.

With it `schema`, which is stored inside every index.
"""

import json
import logging
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from hybridsearch import HybridSearch, Settings
from hybridsearch.changes import Change
from hybridsearch.errors import EngineError, WeightsError
from hybridsearch.schema import Calibration, Leg, Schema
from hybridsearch.search import weights
from hybridsearch.texts.languages import analysis_version
from tests.killable import LEG, shop_of

GENERATION = "20261128-145100-c021f0"
FIELDS = {
    "id": "id",
    "title": "title",
    "text": [],
    "codes": ["sku"],
    "facets": ["brand"],
    "numbers": ["price"],
    "image": None,
    "version": "v",
    "languages": ["en", "de"],
}
SCHEMA: dict[str, Any] = {
    "format": 2,
    "fields": FIELDS,
    "legs": [
        {
            "name": "words",
            "dims": 8,
            "fingerprint": "hashed",
            "reads": ["title"],
            "words": {"low": 0.0, "high": 1.0},
            "photo": {"low": 0.0, "high": 1.0},
            "exact": False,
            "pictures": 1,
        }
    ],
    "analysis": "hybridsearch 1, snowballstemmer 3.1.1, jieba 0.42.1",
    "since": -1,
    "before": "",
}
WEIGHTS: dict[str, Any] = {
    "version": 1,
    "signals": {
        "title": 0.11,
        "text": 0.32,
        "pairs": 0.0,
        "grams": 0.05,
        "all_words": 0.1,
        "most_words": 0.05,
        "code": 1.0,
        "words.image": 0.52,
        "photo.image": 0.6,
        "number.rating": 0.02,
    },
    "saturation": {"*": 8.0, "title": 4.0, "number.rating": 4.1},
    "floors": {"words": 0.2},
    "kinds": {"photo and words": {"photo.image": 0.3}},
    "encoders": {"image": "ae4c83b02787723b"},
    "learned": {"queries": 120, "nDCG@10": {"keyword": 0.342, "before": 0.368, "after": 0.379}, "date": "2026-11-21"},
}
HAT = {"id": "1", "title": "Red hat", "brand": "Acme", "sku": "AC-1", "price": 5, "v": 1}
CAP = {"id": "2", "title": "Blaue Mütze", "brand": "Borealis", "sku": "BO-2", "price": 8, "v": 2}


def test_the_analysis_of_texts_is_that_of_the_version_before() -> None:
    """Another number would make every index refuse changes; the packages behind it are those that are installed."""
    assert analysis_version().startswith("hybridsearch 4, snowballstemmer ")


def test_a_schema_of_the_version_before_is_read() -> None:
    leg = {
        "name": "image",
        "dims": 128,
        "fingerprint": "ae4c83b02787723b",
        "reads": "image",
        "words": {"low": -0.3264867663383484, "high": 0.1255236715078354},
        "photo": {"low": 0.6443475484848022, "high": 1.0},
        "exact": False,
        "pictures": 2,
    }
    found = Schema.from_json({**SCHEMA, "legs": [*SCHEMA["legs"], leg], "since": 7, "before": "old"}, "products")
    assert found.legs == (
        Leg("words", 8, "hashed", ("title",)),
        Leg(
            "image",
            128,
            "ae4c83b02787723b",
            calibrations={
                "words": Calibration(-0.3264867663383484, 0.1255236715078354),
                "photo": Calibration(0.6443475484848022, 1.0),
                "product": Calibration(0.6443475484848022, 1.0),  # not measured then; photos are near
            },
            pictures=2,
        ),
    )
    assert (found.fields.version, found.fields.numbers, found.fields.languages) == ("v", ("price",), ("en", "de"))
    assert (found.analysis, found.since, found.before) == (SCHEMA["analysis"], 7, "old")


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (1, "Rebuild it with: hybridsearch reindex"),
        (3, "Upgrade hybridsearch to search it."),
        (None, "Rebuild it with: hybridsearch reindex"),
    ],
)
def test_a_schema_of_another_format_is_refused_with_what_to_do(number: int | None, remedy: str) -> None:
    with pytest.raises(EngineError) as refused:
        Schema.from_json({**SCHEMA, "format": number}, "products")
    assert str(refused.value) == f"Index 'products' has format {number}, this version reads 2. {remedy}"


def test_a_weights_file_of_the_version_before_is_read(tmp_path: Path) -> None:
    (tmp_path / "weights.json").write_text(json.dumps(WEIGHTS), encoding="utf-8")
    found = weights.load(tmp_path / "weights.json")
    assert dict(found.signals) == WEIGHTS["signals"]
    assert (found.half("title"), found.half("text"), found.floor("words"), found.coverage) == (4, 8, 0.2, 0.2)
    assert found.of("photo and words").weight("photo.image") == 0.3
    weights.require_encoders(found, {"image": "ae4c83b02787723b"})


def test_a_weights_file_of_another_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "weights.json").write_text(json.dumps({**WEIGHTS, "version": 2}), encoding="utf-8")
    with pytest.raises(WeightsError) as refused:
        weights.load(tmp_path / "weights.json")
    assert str(refused.value) == (
        f"{tmp_path}/weights.json: 'version' is 2, this program reads 1. Learn it again with: hybridsearch tune"
    )


STORE = """
CREATE TABLE documents (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, row BLOB NOT NULL, content BLOB NOT NULL,
    crc INTEGER NOT NULL, place INTEGER NOT NULL
);
CREATE TABLE removals (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, place INTEGER NOT NULL);
CREATE TABLE batches (leg TEXT NOT NULL, rows INTEGER NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE schema (json BLOB NOT NULL, crc INTEGER NOT NULL);
PRAGMA journal_mode = WAL;
PRAGMA user_version = 2;
"""
DOCUMENTS = [
    (
        1,
        "1",
        b'{"id":"1","title":"Red hat","brand":"Acme","sku":"AC-1","price":5,"v":1}',
        b'{"text":{"title":{"en":"red hat","de":"red hat"},"text":{"en":"red hat acm","de":"red hat acm"},'
        b'"pairs":{"en":"red_hat hat_acm","de":"red_hat hat_acm"},"grams":{"all":"^re red ed$ ^ha hat at$"}},'
        b'"codes":["ac1"],"facets":{"brand":["Acme"]},"numbers":{"price":5.0},"vectors":{"words":0}}',
        1083436853,
        2,
    ),
    (
        3,
        "2",
        b'{"id":"2","title":"Blaue M\xc3\xbctze","brand":"Borealis","sku":"BO-2","price":8,"v":2}',
        b'{"text":{"title":{"en":"blaue mutze","de":"blau mutz"},"text":{"en":"blaue mutze boreali",'
        b'"de":"blau mutz borealis"},"pairs":{"en":"blaue_mutze mutze_boreali","de":"blau_mutz mutz_borealis"},'
        b'"grams":{"all":"^bl bla lau aue ue$ ^mu mut utz tze ze$"}},"codes":["bo2"],"facets":{"brand":["Borealis"]},'
        b'"numbers":{"price":8.0},"vectors":{"words":2}}',
        4043242852,
        4,
    ),
]
VECTORS = bytes.fromhex(
    "0de00abf34c3fabe2ec009bf90aa3a3e601088beb066dcbdbaaf0dbefb27513e"
    "2c08ccbd82b5263e82b70a3fdde31a3ff3e964bd7c3229bdf4edac3e8734dc3e"
    "2c08ccbd82b5263e82b70a3fdde31a3ff3e964bd7c3229bdf4edac3e8734dc3e"
)
CHANGES = """
CREATE TABLE changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, row BLOB, version INTEGER,
    place INTEGER NOT NULL, time REAL NOT NULL
);
"""


def write_store(folder: Path, schema: dict[str, Any], *, number: int = 2) -> None:
    """Write an embedded index with its log of changes, as the version before left them."""
    generation = folder / GENERATION
    generation.mkdir(parents=True)
    with sqlite3.connect(generation / "store.db") as db:
        db.executescript(STORE.replace("user_version = 2", f"user_version = {number}"))
        db.executemany("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?)", DOCUMENTS)
        db.execute("INSERT INTO removals VALUES (4, '9', 7)")
        db.executemany("INSERT INTO batches VALUES ('words', ?, ?)", [(2, 3593552098), (1, 3896238429)])
        data = json.dumps(schema).encode()
        db.execute("INSERT INTO schema VALUES (?, ?)", (data, zlib.crc32(data)))
    db.close()
    (generation / "vectors-words.f32").write_bytes(VECTORS)
    with sqlite3.connect(folder / "changes.db") as db:
        db.executescript(CHANGES)
        changes = [("2", json.dumps(CAP).encode(), 2, 4, 1795877462.3), ("9", None, 3, 7, 1795877462.8)]
        db.executemany("INSERT INTO changes (id, row, version, place, time) VALUES (?, ?, ?, ?, ?)", changes)
    db.close()
    (folder / "current").write_text(GENERATION, encoding="utf-8")


def configured(folder: Path, engine: dict[str, Any]) -> Settings:
    fields = {name: value for name, value in FIELDS.items() if value is not None}
    data = {"catalog": {"path": "products.jsonl"}, "fields": fields, "engine": engine, "vectors": [LEG]}
    (folder / "products.jsonl").write_text(json.dumps(HAT) + "\n" + json.dumps(CAP) + "\n", encoding="utf-8")
    return Settings.parse(data, folder=folder)


@pytest.fixture
def on_disk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[HybridSearch]:
    caplog.set_level(logging.ERROR)  # that what is compiled is absent is known
    write_store(tmp_path / ".hybridsearch" / "products", SCHEMA)
    with shop_of(configured(tmp_path, {})) as found:
        yield found


TEXT = {"type": "text", "index_options": "freqs", "analyzer": "whitespace"}
TEXTS = {"dynamic": "strict", "properties": {"en": TEXT, "de": TEXT}}
MAPPING = {
    "dynamic": False,
    "_meta": {"hybridsearch": SCHEMA},
    "properties": {
        "hybrid": {
            "dynamic": "strict",
            "properties": {
                "id": {"type": "keyword"},
                "codes": {"type": "keyword"},
                "title": TEXTS,
                "text": TEXTS,
                "pairs": TEXTS,
                "grams": {"dynamic": "strict", "properties": {"all": TEXT}},
                "facets": {"dynamic": "strict", "properties": {"brand": {"type": "keyword"}}},
                "numbers": {"dynamic": "strict", "properties": {"price": {"type": "double"}}},
                "vectors": {
                    "dynamic": "strict",
                    "properties": {
                        "words": {
                            "type": "dense_vector",
                            "dims": 8,
                            "index": True,
                            "similarity": "dot_product",
                            "index_options": {"type": "int8_hnsw", "m": 16, "ef_construction": 100},
                        }
                    },
                },
            },
        }
    },
}
CHANGES_MAPPING = {
    "dynamic": "strict",
    "properties": {
        "row": {"type": "object", "enabled": False},
        "time": {"type": "date"},
        "version": {"type": "long", "index": False},
    },
}
SOURCES: list[dict[str, Any]] = [
    {
        **HAT,
        "hybrid": {
            "id": "1",
            "title": {"en": "red hat", "de": "red hat"},
            "text": {"en": "red hat acm", "de": "red hat acm"},
            "pairs": {"en": "red_hat hat_acm", "de": "red_hat hat_acm"},
            "grams": {"all": "^re red ed$ ^ha hat at$"},
            "codes": ["ac1"],
            "facets": {"brand": ["Acme"]},
            "numbers": {"price": 5.0},
            "vectors": {
                "words": [
                    -0.54248124,
                    -0.48977053,
                    -0.5380887,
                    0.18229127,
                    -0.26574993,
                    -0.107617736,
                    -0.13836566,
                    0.20425408,
                ]
            },
        },
    },
    {
        **CAP,
        "hybrid": {
            "id": "2",
            "title": {"en": "blaue mutze", "de": "blau mutz"},
            "text": {"en": "blaue mutze boreali", "de": "blau mutz borealis"},
            "pairs": {"en": "blaue_mutze mutze_boreali", "de": "blau_mutz mutz_borealis"},
            "grams": {"all": "^bl bla lau aue ue$ ^mu mut utz tze ze$"},
            "codes": ["bo2"],
            "facets": {"brand": ["Borealis"]},
            "numbers": {"price": 8.0},
            "vectors": {
                "words": [
                    -0.09962496,
                    0.16280177,
                    0.5418626,
                    0.6050394,
                    -0.055887174,
                    -0.04130791,
                    0.33775294,
                    0.43008825,
                ]
            },
        },
    },
]


@pytest.fixture
def on_server(tmp_path: Path, es_url: str, index: str) -> Iterator[HybridSearch]:
    with Elasticsearch(es_url) as client:
        client.indices.create(
            index=f"{index}-{GENERATION}",
            mappings=MAPPING,
            aliases={index: {}},
            settings={"number_of_shards": 1, "number_of_replicas": 0},
        )
        for source in SOURCES:
            version = 2 * source["v"]
            client.index(
                index=f"{index}-{GENERATION}",
                id=str(source["id"]),
                document=source,
                version=version,
                version_type="external_gte",
            )
        hidden = {"index": {"hidden": True, "number_of_shards": 1, "auto_expand_replicas": "0-1"}}
        client.indices.create(index=f"{index}-changes", mappings=CHANGES_MAPPING, settings=hidden)
        for key, row, version in (("2", CAP, 2), ("9", None, 3)):
            client.index(
                index=f"{index}-changes",
                id=key,
                document={"version": version, "row": row, "time": "2026-11-28T14:51:08.963755+00:00"},
                version=2 * version + (row is None),
                version_type="external_gte",
                refresh=True,
            )
    with shop_of(configured(tmp_path, {"url": es_url, "index": index, "replicas": 0})) as found:
        yield found


def test_an_embedded_index_of_the_version_before_is_searched_changed_and_gone_back_to(on_disk: HybridSearch) -> None:
    go_on_with(on_disk)


def test_an_index_of_the_version_before_on_a_server_is_searched_changed_and_gone_back_to(
    on_server: HybridSearch,
) -> None:
    go_on_with(on_server)


def go_on_with(shop: HybridSearch) -> None:
    """Search an index, leave it behind, change the new one, and go back; one with other tokens takes no change."""
    generation = shop.engine.generations()[0].name
    shop.engine.refresh(generation)
    page = shop.search("Red hat", facets=["brand"], filters={"price": {"lte": 6}})
    assert ([hit.id for hit in page], page.facets["brand"]) == (["1"], {"Acme": 1})
    assert page.degraded == (
        "the words of the index are not known: an earlier version built the index; "
        "rebuild it with: hybridsearch reindex",
    )
    assert page[0].product == HAT
    assert "words.words" in page[0].signals
    assert [hit.id for hit in shop.search("BO-2", size=1)] == ["2"]
    changes, _ = shop.engine.changes.since(-1)
    assert changes == [Change("2", CAP, 2), Change("9", None, 3)]
    with pytest.raises(EngineError, match="Rebuild it with: hybridsearch reindex"):
        shop.upsert(HAT)
    assert shop.reindex().indexed == 2
    assert shop.upsert([{**CAP, "v": 1}, {**HAT, "id": "9", "v": 3}]).older == 2
    new = {**HAT, "title": "Red bonnet", "v": 2}
    assert shop.upsert(new).written == 1
    assert shop.delete({"2": 3}).written == 1
    assert shop.get(["1", "2"]) == {"1": new}
    back = shop.rollback()
    assert (back.now, back.changes) == (generation, 0)
    assert "has tokens of hybridsearch 1" in back.missing
    assert [hit.id for hit in shop.search("Red hat", size=1)] == ["1"]
    assert shop.get(["1", "2", "9"]) == {"1": HAT, "2": CAP}


def test_an_embedded_index_of_another_format_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """Fault 46."""
    home = tmp_path / ".hybridsearch" / "products"
    write_store(home, SCHEMA, number=1)
    with shop_of(configured(tmp_path, {})) as shop, pytest.raises(EngineError) as refused:
        shop.search("red hat")
    assert str(refused.value) == (
        f"'{home / GENERATION / 'store.db'}' has format 1, this version reads 2. "
        "Rebuild the index with: hybridsearch reindex"
    )
