"""Exports with several rows for a product, as Shopify writes them: one product each, found by all its codes."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch
from hybridsearch.cli import DONE, run
from hybridsearch.errors import ConfigError
from hybridsearch.propose.together import Parent, key_of_products, parent_of_variants
from hybridsearch.settings import Settings
from tests.shops import quietly

pytestmark = pytest.mark.beside_one_server

EXPORT = """\
Handle,Title,Body,Vendor,Option1 Value,Variant SKU,Variant Price,Image Src
linen-shirt,Linen Shirt,<p>Airy linen</p>,Nordhem,White,LS-1-WH,39.00,https://cdn.example/a.jpg
linen-shirt,,,,Blue,LS-1-BL,42.00,https://cdn.example/b.jpg
linen-shirt,,,,,,,https://cdn.example/c.jpg
wool-beanie,Wool Beanie,<p>Warm wool</p>,Kaldvik,Grey,WB-1-GR,19.50,https://cdn.example/d.jpg
rain-jacket,Rain Jacket,<p>Dry</p>,Nordhem,Yellow,RJ-1-YE,129.00,https://cdn.example/e.jpg
rain-jacket,,,,Black,RJ-1-BK,129.00,https://cdn.example/f.jpg
"""


def rows(*pairs: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"handle": handle, "title": title, "sku": f"S{n}"} for n, (handle, title) in enumerate(pairs)]


def test_only_the_first_of_the_rows_of_a_product_has_a_title() -> None:
    assert key_of_products(rows(("a", "A"), ("a", ""), ("b", "B"), ("c", "C"), ("c", ""))) == "handle"


@pytest.mark.parametrize("apart", [[0, 2, 1, 4, 3], [1, 4, 0, 2, 3]])
def test_rows_of_a_product_that_stand_apart_may_have_the_title_anywhere(apart: list[int]) -> None:
    together = rows(("a", "A"), ("a", ""), ("b", "B"), ("c", "C"), ("c", ""))
    assert key_of_products([together[place] for place in apart]) == "handle"


@pytest.mark.parametrize(
    "pairs",
    [
        [("a", "A"), ("a", "A"), ("b", "B"), ("b", "B")],
        [("a", ""), ("a", "A"), ("b", "B"), ("b", "")],
        [("a", "A"), ("b", "B"), ("c", "")],
        [],
    ],
)
def test_other_rows_are_products_of_their_own(pairs: list[tuple[str, str]]) -> None:
    assert key_of_products(rows(*pairs)) is None


def test_documents_of_an_index_are_not_gathered() -> None:
    tables = {
        "catalog": {"index": "shop"},
        "engine": {"url": "http://localhost:9200"},
        "fields": {"title": "title", "group": "handle"},
    }
    with pytest.raises(ConfigError, match=r"'fields\.group' is for the rows of a file or a database"):
        Settings.parse(tables, folder=Path())


@pytest.mark.parametrize(("order", "key"), [("handle DESC, title IS NULL", None), ("sku DESC", "handle")])
def test_rows_of_a_database_are_gathered_and_sorted_there_where_they_stand_apart(
    order: str, key: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("shop").mkdir()
    with closing(sqlite3.connect("shop/shop.db")) as database:
        database.execute("CREATE TABLE variants (handle TEXT, title TEXT, sku TEXT, size TEXT)")
        hats = [("hat", "Hat for the sun", "A-1", "M"), ("hat", None, "B-2", "L")]
        coats = [("coat", "Coat of wool", "A-3", "M"), ("coat", None, "B-4", "L")]
        database.executemany("INSERT INTO variants VALUES (?, ?, ?, ?)", [*hats, *coats])
        database.commit()
    query = f"SELECT * FROM variants ORDER BY {order}"
    assert run(["init", "sqlite:///shop.db", "--query", query, "-o", "shop/hybridsearch.toml"]) == DONE
    settings = Settings.load(Path("shop/hybridsearch.toml"))
    assert (settings.fields.group, settings.fields.title, settings.catalog.key) == ("handle", "title", key)
    with HybridSearch.open(settings) as shop:
        assert shop.reindex(options=quietly()).indexed == 2
        assert [(hit.id, (hit.variant or {})["size"]) for hit in shop.search("B-2")] == [("hat", "L")]


def test_init_reads_an_export_of_variants_as_products_on_both_engines(
    tmp_path: Path, engine: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "export.csv").write_text(EXPORT)
    assert run(["init", "export.csv"]) == DONE
    settings = Settings.load()
    assert (settings.fields.group, settings.fields.id, settings.fields.title) == ("Handle", "Handle", "Title")
    assert (settings.fields.codes, settings.fields.numbers) == (("variants.Variant SKU",), ("variants.Variant Price",))
    data = settings.model_dump(exclude={"folder", "engine", "vectors"})
    with HybridSearch.open(Settings.parse({**data, "engine": engine}, folder=tmp_path)) as shop:
        report = shop.reindex(options=quietly())
        assert (report.indexed, report.duplicates, report.rejected) == (3, 0, 0)
        found = {query: [hit.id for hit in shop.search(query)] for query in ("blue linen shirt", "LS-1-BL", "RJ-1-BK")}
        assert found == {
            "blue linen shirt": ["linen-shirt"],
            "LS-1-BL": ["linen-shirt"],
            "RJ-1-BK": ["rain-jacket"],
        }
        blue = shop.search("linen shirt", filters={"variants.Variant Price": {"gte": 40}})
        assert [(hit.id, (hit.variant or {})["Variant SKU"]) for hit in blue] == [("linen-shirt", "LS-1-BL")]
        variants = [{"Handle": "tote", "Title": "Tote", "Variant SKU": "T-1"}, {"Handle": "tote", "Variant SKU": "T-2"}]
        assert shop.upsert(variants).written == 1
        assert shop.get(["tote"])["tote"]["Variant SKU"] == ["T-1", "T-2"]


def families(*pairs: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"sku": sku, "name": f"Hat {sku}", **({"Parent": parent} if parent else {})} for sku, parent in pairs]


@pytest.mark.parametrize(
    "pairs",
    [
        [("A", ""), ("A-1", "A"), ("A-2", "A"), ("B", ""), ("B-1", "B")],
        [("A", ""), ("B", ""), ("A-1", "A"), ("B-1", "B")],
        [("A", ""), *((f"A-{n}", "A") for n in range(9)), ("x-1", "x")],
    ],
)
def test_rows_that_name_products_are_variants(pairs: list[tuple[str, str]]) -> None:
    assert parent_of_variants(families(*pairs)) == Parent("Parent", "sku")


def test_rows_may_name_products_by_one_field_or_by_another() -> None:
    """As WooCommerce does it where some products have no SKU."""
    rows: list[dict[str, Any]] = [
        {"ID": "1", "SKU": "A", "name": "Hat"},
        {"ID": "2", "name": "Coat"},
        {"ID": "3", "SKU": "A-1", "name": "Hat, red", "Parent": "A"},
        {"ID": "4", "name": "Coat, red", "Parent": "id:2"},
        {"ID": "5", "name": "Coat, blue", "Parent": "id:2"},
    ]
    assert parent_of_variants(rows) == Parent("Parent", "ID", ("ID", "SKU"))


@pytest.mark.parametrize(
    "pairs",
    [
        [("A", ""), ("A-1", "A")],
        [("A", ""), ("A-1", "x"), ("A-2", "x"), ("A-3", "x")],
        [("A", "B"), ("B", "C"), ("C", "A")],
        [("A", ""), ("B", "")],
    ],
)
def test_rows_that_name_others_or_none_are_products_of_their_own(pairs: list[tuple[str, str]]) -> None:
    assert parent_of_variants(families(*pairs)) is None


def test_init_and_reindex_make_variations_one_product(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines = ["SKU,Parent,Name,Attribute 1 name,Attribute 1 value(s),Price"]
    for n in range(12):
        lines.append(f'H-{n:03},,Hat of wool number {n},Color,"red, blue",')
        lines += [f"H-{n:03}-{c},H-{n:03},Hat of wool number {n} {c},Color,{c},{n + 5}.50" for c in ("red", "blue")]
    Path("shop.csv").write_text("\n".join(lines), encoding="utf-8")
    assert run(["init", "shop.csv"]) == DONE
    settings = Settings.load()
    assert (settings.catalog.parent, settings.fields.id) == ("Parent", "SKU")
    assert settings.fields.codes == ("SKU", "variants.SKU")
    with HybridSearch.open(settings) as shop:
        assert shop.reindex(options=quietly()).indexed == 12
        (hit,) = shop.search("H-007-blue", size=1)
        assert (hit.id, len(hit.product["variants"])) == ("H-007", 2)
