"""Records and compiled arrays: what the versions before dates and booleans wrote is read, and stays as it was."""

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from hybridsearch.engines.embedded import EmbeddedEngine
from hybridsearch.engines.embedded.arrays.arrays import held
from hybridsearch.engines.embedded.compiled.compiling import compile_store
from hybridsearch.engines.embedded.stored.records import Record, encode
from hybridsearch.engines.embedded.stored.store import Store
from hybridsearch.roles import Fields
from hybridsearch.schema import Schema
from hybridsearch.search.facets.counts import Facet
from hybridsearch.search.filters.conditions import Range, Terms
from hybridsearch.search.plan import Plan, Sort
from hybridsearch.values import Document
from tests.engines.embedded.builders import document, fill, ids

CONTENTS = [
    b'{"text":{"title":{"en":"red"}},"codes":["c1"],"facets":{"brand":["Acme"]},"numbers":{"price":5.0},"vectors":{}}',
    b'{"text":{},"codes":[],"facets":{"brand":["Acme","Zeta"]},"numbers":{"price":9.5},"vectors":{}}',
    b'{"text":{},"codes":[],"facets":{},"numbers":{},"vectors":{}}',
]
SCHEMA = {
    "format": 2,
    "fields": {
        "id": "id",
        "title": "title",
        "text": [],
        "codes": ["sku"],
        "facets": ["brand"],
        "numbers": ["price"],
        "image": None,
        "version": None,
        "languages": ["en"],
    },
    "legs": [],
    "analysis": "",
    "since": -1,
    "before": "",
}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    with closing(EmbeddedEngine(tmp_path, "products")) as engine:
        yield engine


def write_old(folder: Path) -> None:
    """Put into an empty store what the version before wrote."""
    schema = orjson.dumps(SCHEMA)
    with closing(sqlite3.connect(folder / "store.db")) as db, db:
        db.execute("UPDATE schema SET json = ?, crc = ?", (schema, zlib.crc32(schema)))
        for number, content in enumerate(CONTENTS, 1):
            record = Record.of(number, f"p{number}", b"{}", content)
            db.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?, 0)", record)


def test_an_index_of_the_version_before_is_searched_and_goes_on(engine: EmbeddedEngine) -> None:
    generation = engine.create(Schema(Fields(title="title")))
    write_old(engine.folder / generation)
    assert engine.refresh(generation) == 3
    engine.switch(generation)
    fields = engine.schema().fields
    assert (fields.facets, fields.numbers, fields.dates, fields.booleans) == (("brand",), ("price",), (), ())
    filters = (Terms("brand", ("Acme",)), Range("price", gte=5))
    page = engine.search(Plan("browse", "", filters=filters, facets=(Facet("brand"),), sort=(Sort("price", True),)))
    assert (ids(page), page.facets) == (["p2", "p1"], {"brand": {"Acme": 2, "Zeta": 1}})
    engine.write(None, [document("p4", fields={"facets": {"brand": ("Zeta",)}, "numbers": {"price": 7.0}})])
    assert ids(engine.search(Plan("browse", "", sort=(Sort("price"),)))) == ["p1", "p4", "p2", "p3"]
    kept = engine.stored(generation, ["p1"])["p1"].fields
    assert kept == {"facets": {"brand": ("Acme",)}, "numbers": {"price": 5.0}}


def test_facets_and_numbers_are_stored_as_they_were() -> None:
    kept = {"facets": {"brand": ("Acme",)}, "numbers": {"price": 5.0}}
    assert encode(Document("p1", {}, {"title": {"en": "red"}}, ("c1",), kept), {}) == CONTENTS[0]  # type: ignore[arg-type]


def test_arrays_are_called_by_the_kind_of_field(engine: EmbeddedEngine) -> None:
    """A compiled file of the version before is used as long as nothing is written: its names must not change."""
    generation = fill(
        engine,
        document(
            "p1",
            fields={
                "facets": {"brand": ("Acme",)},
                "numbers": {"price": 5.0},
                "dates": {"released": 0},
                "booleans": {"in_stock": True},
            },
        ),
    )
    with closing(Store(engine.folder / generation)) as store:
        arrays = held(compile_store(store))
    names = {name for name in arrays if not name.startswith(("text:", "ids:", "codes:", "words:"))}
    parts = {f"facet:brand:{part}" for part in ("terms", "bounds", "starts", "docs")}
    assert names == parts | {"numbers", "order", "number:price", "date:released", "boolean:in_stock"}
    assert (arrays["date:released"].tolist(), arrays["boolean:in_stock"].tolist()) == ([0.0], [1.0])
