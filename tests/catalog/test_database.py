"""A catalogue that a query to a database gives; on SQLite, which Python brings."""

import sqlite3
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch
from hybridsearch.catalog import open_source, sample
from hybridsearch.catalog.database import Database
from hybridsearch.errors import CatalogError, ConfigError
from hybridsearch.roles import Fields
from hybridsearch.sections import Catalog
from hybridsearch.settings import Settings, checked
from hybridsearch.values import Product, Reject
from tests.shops import runner
from tests.shops import settings as shop_settings

FIELDS = Fields(title="title")
TABLE = "CREATE TABLE products (id TEXT, title TEXT, price REAL, stock INTEGER, photo BLOB)"
Reader = Callable[[str], list[Product | Reject]]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A database with an empty table."""
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database:
        database.execute(TABLE)
        database.commit()
        yield database


@pytest.fixture
def read(tmp_path: Path, shop: sqlite3.Connection) -> Reader:
    """Return a function that reads what a query gives."""

    def read(query: str) -> list[Product | Reject]:
        shop.commit()
        return list(source(tmp_path, query).read())

    return read


def source(folder: Path, query: str = "SELECT * FROM products") -> Any:
    """Return the source that a query to the database names."""
    return open_source(Catalog(url="sqlite:///shop.db", query=query), FIELDS, folder=folder)


def fill(database: sqlite3.Connection, *rows: tuple[Any, ...]) -> None:
    """Add products: id, title, price, stock, photo."""
    database.executemany("INSERT INTO products VALUES (?, ?, ?, ?, ?)", rows)
    database.commit()


def test_rows_are_products_and_know_their_numbers(read: Reader, shop: sqlite3.Connection) -> None:
    fill(shop, ("a", "red", 19.9, 3, None), ("b", None, None, None, b"\x89PNG"))
    assert read("SELECT * FROM products ORDER BY id") == [
        Product("a", {"id": "a", "title": "red", "price": 19.9, "stock": 3}, "shop.db:1"),
        Product("b", {"id": "b", "photo": "data:application/octet-stream;base64,iVBORw=="}, "shop.db:2"),
    ]


def test_a_bad_row_is_a_reject_and_costs_no_other(read: Reader, shop: sqlite3.Connection) -> None:
    fill(shop, ("a", "red", 1, 1, None), (None, "blue", 1, 1, None), ("c", "green", float("inf"), 1, None), ("d",) * 5)
    rows = read("SELECT * FROM products")
    assert [row.id for row in rows] == ["a", None, None, "d"]
    assert [row.reason for row in rows if isinstance(row, Reject)] == [
        "'id' is missing or empty, expected an id",
        "holds inf, expected finite numbers",
    ]


def test_a_query_may_end_in_a_semicolon_and_hold_colons_and_percents(read: Reader, shop: sqlite3.Connection) -> None:
    fill(shop, ("a", "100 % wool at 12:30", 1, 1, None))
    (product,) = read("SELECT id, title AS ':name' FROM products WHERE title LIKE '%\u0020% wool at 12:30%' ;\n")
    assert isinstance(product, Product)
    assert product.row == {"id": "a", ":name": "100 % wool at 12:30"}


def test_of_columns_with_one_name_the_last_filled_one_counts(read: Reader) -> None:
    (product,) = read("SELECT 1 AS id, 'x' AS a, 'y' AS a, NULL AS a")
    assert isinstance(product, Product)
    assert product.row == {"id": 1, "a": "y"}


def test_a_table_without_rows_has_no_products(read: Reader, tmp_path: Path) -> None:
    assert read("SELECT * FROM products") == []
    assert source(tmp_path).count() == 0


def test_count_asks_the_database(shop: sqlite3.Connection, tmp_path: Path) -> None:
    fill(shop, *((str(n), "red", 1, 1, None) for n in range(50)))
    assert source(tmp_path, "SELECT id FROM products WHERE id < '3' ORDER BY id;").count() == 23  # 0, 1, 2, 10 to 29


def test_a_query_that_is_no_select_changes_nothing(read: Reader, shop: sqlite3.Connection) -> None:
    fill(shop, ("a", "red", 1, 1, None))
    with pytest.raises(CatalogError, match=r"'catalog.query' gives no rows, expected a SELECT"):
        read("DELETE FROM products")
    assert [row.id for row in read("SELECT id FROM products")] == ["a"]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT * FROM shoes", "no such table: shoes"),
        ("SELEC", 'near "SELEC": syntax error'),
    ],
)
def test_a_query_that_fails_says_what_to_check(query: str, reason: str, read: Reader) -> None:
    with pytest.raises(
        CatalogError, match=f"Cannot read the catalogue from sqlite:///shop.db: {reason}. Check 'catalog"
    ):
        read(query)


def test_a_database_that_is_missing_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"Database '.*shop.db' is missing. Correct 'catalog.url' and try again"):
        list(source(tmp_path).read())
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "shop.db").write_bytes(b"id,title\n" * 1_000)
    with pytest.raises(CatalogError, match="file is not a database"):
        list(source(tmp_path).read())


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("klingon://shop", "'catalog.url' names a database that is not known: .*klingon"),
        (
            "mysql+pymysql://db/shop",
            "'catalog.url' needs the Python package 'pymysql'. Install it with: pip install py",
        ),
        ("sqlite:/shop.db://", "Could not parse SQLAlchemy URL"),
        ("sqlite://?timeout=x", "Cannot read the catalogue from sqlite://.timeout=x: "),
        ("postgresql://db:port/shop", "Cannot read the catalogue from postgresql://db:port/shop: "),
    ],
)
def test_an_address_that_cannot_be_used_says_why(url: str, reason: str) -> None:
    with pytest.raises(CatalogError, match=reason):
        list(Database(url, "SELECT 1").read())


def test_without_sqlalchemy_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(CatalogError, match=r'Install it with: pip install "hybridsearch\[sql\]"'):
        list(source(tmp_path).read())


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://shop:s3cret@db/shop",
        "mysql://db/shop?password=s3cret",
        "mssql://shop:s3cret@[::1]:5/shop",
        "mysql://shop:?s3cret@db/shop",
    ],
)
def test_a_password_in_the_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigError, match="HYBRIDSEARCH_CATALOG_PASSWORD") as caught:
        checked(Catalog, url=url, query="SELECT 1")
    assert "s3cret" not in str(caught.value)


def test_the_password_is_that_of_the_environment_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYBRIDSEARCH_CATALOG_PASSWORD", "s3cret/word \n")
    database = Database("postgresql+psycopg://shop@db:5432/shop", "SELECT 1")
    assert database.address().password == "s3cret/word"
    assert str(CatalogError("login failed: s3cret/word")) == "login failed: …"


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"url": "sqlite:///shop.db"}, "give one of 'path'"),
        ({"query": "SELECT 1"}, "give 'url' and 'query' together"),
        ({"path": "shop.csv", "url": "sqlite:///shop.db"}, "give 'url' and 'query' together"),
        ({"path": "shop.csv", "url": "sqlite:///shop.db", "query": "SELECT 1"}, "give one of 'path'"),
        ({"url": "shop.db", "query": "SELECT 1"}, "'catalog.url' is no address of a database, expected one such as"),
        ({"url": "sqlite:///shop.db", "query": ""}, "at least 1 character"),
    ],
)
def test_a_table_that_names_no_source_or_two_is_refused(table: dict[str, str], reason: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=reason):
        Settings.parse({"catalog": table}, folder=tmp_path)


def test_memory_does_not_grow_with_the_rows(shop: sqlite3.Connection, tmp_path: Path) -> None:
    fill(shop, *((str(n), "x" * 2_000, 1, 1, None) for n in range(20_000)))
    rows = source(tmp_path).read()
    next(rows)
    tracemalloc.start()
    try:
        assert sum(1 for _ in rows) == 19_999
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_sample_needs_no_ids(shop: sqlite3.Connection, tmp_path: Path) -> None:
    fill(shop, *((str(n), "red", 1, 1, None) for n in range(50)))
    named = Catalog(url=f"sqlite:///{tmp_path}/shop.db", query="SELECT stock FROM products")
    assert len(sample(open_source(named))) == 50


def test_init_and_reindex_take_a_database(
    shop: sqlite3.Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    run = runner(tmp_path, monkeypatch, capfdbinary)
    colours = ("red", "blue", "green")
    fill(shop, *((str(n), f"{colours[n % 3]} summer dress {n}", 19.9 + n, n, None) for n in range(30)))
    code, _, err = run("init", "sqlite:///shop.db")
    assert (code, "--query 'SELECT …'" in err) == (2, True)
    assert run("init", "sqlite:///shop.db", "--query", "SELECT * FROM products WHERE price > 20")[0] == 0
    assert 'url = "sqlite:///shop.db"' in (tmp_path / "hybridsearch.toml").read_text()
    assert run("reindex", "--dry-run")[0] == 0
    code, out, _ = run("reindex")
    assert code == 0
    assert "Indexed 29 products" in out
    assert "dress 1" in run("search", "blue dress")[1]


def test_what_was_written_since_is_in_the_next_index(shop: sqlite3.Connection, tmp_path: Path) -> None:
    fill(shop, ("a", "red hat", 1, 1, None), ("b", "blue hat", 1, 1, None))
    table = {"url": "sqlite:///shop.db", "query": "SELECT id, title, price FROM products"}
    with HybridSearch.open(shop_settings(tmp_path, catalog=table)) as opened:
        assert opened.reindex().indexed == 2
        fill(shop, ("c", "green hat", 1, 1, None))
        assert opened.reindex().indexed == 3
        assert {hit.id for hit in opened.search("hat")} == {"a", "b", "c"}


def test_what_was_refused_can_be_tried_again(shop: sqlite3.Connection, tmp_path: Path) -> None:
    fill(shop, ("a", "red hat", 1, 1, None), ("b", "blue hat", "free", 1, None))
    table = {"url": "sqlite:///shop.db", "query": "SELECT id, title, price FROM products"}
    with HybridSearch.open(shop_settings(tmp_path, catalog=table)) as opened:
        report = opened.reindex()
        assert [(reject.where, reject.id) for reject in report.rejects] == [("shop.db:2", "b")]
        shop.execute("UPDATE products SET price = 5 WHERE id = 'b'")
        shop.commit()
        assert opened.retry_rejects()[0].written == 1
        assert {hit.id for hit in opened.search("hat")} == {"a", "b"}


def test_values_of_a_drivers_types_are_stored_as_json() -> None:
    from hybridsearch.catalog.base import product
    from hybridsearch.catalog.typed import typed_row

    row = {"id": "1", "price": Decimal("19.90"), "at": datetime(2025, 1, 31, tzinfo=UTC), "blob": memoryview(b"red")}
    found = product(typed_row(row.items()), "id", "shop:1")
    assert isinstance(found, Product)
    assert found.row == {"id": "1", "price": 19.9, "at": "2025-01-31T00:00:00+00:00", "blob": "red"}
