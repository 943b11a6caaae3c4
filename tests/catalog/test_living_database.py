"""A database that is written to while a run reads it."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hybridsearch import HybridSearch
from hybridsearch.catalog import open_source
from hybridsearch.catalog.base import LivingSource
from hybridsearch.catalog.living_database import LivingDatabase
from hybridsearch.errors import CatalogError
from hybridsearch.roles import Fields
from hybridsearch.sections import Catalog
from hybridsearch.values import Product, Reject
from tests.shops import settings as shop_settings

QUERY = "SELECT id, title, changed_at FROM products WHERE title NOT LIKE '%:hidden%';"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A database with three products, to which each statement is committed at once."""
    with closing(sqlite3.connect(tmp_path / "shop.db", isolation_level=None, check_same_thread=False)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE products (id TEXT PRIMARY KEY, title TEXT, changed_at TEXT)")
        for number, name in enumerate("abc"):
            write(database, name, "red hat", f"2025-01-0{number + 1} 09:00:00")
        yield database


def write(database: sqlite3.Connection, name: str, title: str, at: str) -> None:
    """Write a product."""
    database.execute("REPLACE INTO products VALUES (?, ?, ?)", (name, title, at))


def source(folder: Path) -> LivingDatabase:
    """Return the database as a source."""
    catalog = Catalog(url="sqlite:///shop.db", query=QUERY)
    found = open_source(catalog, Fields(title="title", version="changed_at"), folder=folder)
    assert isinstance(found, LivingDatabase)
    assert isinstance(found, LivingSource)
    return found


def test_what_is_written_after_a_mark_is_given(shop: sqlite3.Connection, tmp_path: Path) -> None:
    database = source(tmp_path)
    first = database.mark()
    assert first is not None
    assert list(database.since(first)) == []
    write(shop, "b", "blue hat", "2025-01-04 09:00:00")
    write(shop, "d", "green hat", "2025-01-05 09:00:00")
    write(shop, "e", "a :hidden hat", "2025-01-06 09:00:00")
    second = database.mark()
    assert second is not None
    assert [row.id for row in database.since(first)] == ["b", "d"]
    assert list(database.since(second)) == []
    assert sorted(database.ids()) == ["a", "b", "c", "d"]


def test_after_a_mark_of_an_empty_table_all_is_new(shop: sqlite3.Connection, tmp_path: Path) -> None:
    shop.execute("DELETE FROM products")
    database = source(tmp_path)
    empty = database.mark()
    assert empty is not None
    write(shop, "a", "red hat", "2025-01-04 09:00:00")
    assert [row.id for row in database.since(empty)] == ["a"]


def test_a_version_that_is_no_column_is_an_error(shop: sqlite3.Connection, tmp_path: Path) -> None:
    database = LivingDatabase("sqlite:///shop.db", QUERY, "id", tmp_path, version="version")
    with pytest.raises(CatalogError, match=r"no such column: catalogue\.version"):
        database.mark()


def test_the_query_stands_in_others_as_it_is() -> None:
    query = r"SELECT t::text, 'a\:b', ':c' FROM p WHERE t LIKE '%d'"
    table = LivingDatabase("sqlite:///shop.db", f"{query} ;\n", version="at").table("id")
    assert str(select(table.c.id)).split() == f"SELECT catalogue.id FROM ({query}) AS catalogue".split()


def test_ids_need_a_column(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"Set 'fields.id'"):
        list(LivingDatabase("sqlite:///shop.db", QUERY, None, tmp_path, version="changed_at").ids())


def test_what_is_written_during_a_run_is_in_its_index(
    shop: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changes() -> None:
        write(shop, "a", "blue hat", "2025-01-04 09:00:00")
        write(shop, "d", "green hat", "2025-01-05 09:00:00")
        shop.execute("DELETE FROM products WHERE id = 'c'")

    monkeypatch.setattr(LivingDatabase, "read", then(LivingDatabase.read, changes))
    table = {"url": "sqlite:///shop.db", "query": QUERY}
    fields = {"title": "title", "version": "changed_at"}
    with HybridSearch.open(shop_settings(tmp_path, catalog=table, fields=fields)) as opened:
        opened.reindex()
        found = {hit.id: hit.product["title"] for hit in opened.search("hat")}
    assert found == {"a": "blue hat", "b": "red hat", "d": "green hat"}


def then(read: Any, act: Callable[[], None]) -> Any:
    """Return a reader that does something when it has read all."""

    def reading(self: LivingDatabase) -> Iterator[Product | Reject]:
        yield from read(self)
        act()

    return reading
