"""A query whose rows are read page by page; on SQLite, which Python brings."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from sqlalchemy.exc import OperationalError, ProgrammingError

from hybridsearch import HybridSearch
from hybridsearch.catalog import open_source, pages
from hybridsearch.catalog.database import Database
from hybridsearch.catalog.living_database import LivingDatabase
from hybridsearch.catalog.pages import PAUSES, patiently
from hybridsearch.errors import CatalogError, ConfigError
from hybridsearch.roles import Fields
from hybridsearch.sections import Catalog
from hybridsearch.settings import Settings
from hybridsearch.values import Product
from tests.shops import settings as shop_settings

QUERY = "SELECT id, title, handle, changed FROM products WHERE title NOT LIKE '%:hidden 100 %' ORDER BY title;"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A database with 23 products, to which each statement is committed at once; a writer waits for no reader."""
    with closing(sqlite3.connect(tmp_path / "shop.db", isolation_level=None, check_same_thread=False)) as database:
        database.execute("CREATE TABLE products (id INTEGER PRIMARY KEY, title TEXT, handle TEXT, changed INTEGER)")
        for number in range(1, 24):
            write(database, number)
        yield database


@pytest.fixture(autouse=True)
def _pages_of_five(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "ROWS", 5)


def write(database: sqlite3.Connection, number: int, changed: int = 0, handle: str | None = None) -> None:
    """Write a product."""
    database.execute("REPLACE INTO products VALUES (?, ?, ?, ?)", (number, f"hat {number}", handle, changed))


def source(folder: Path, key: str | None = "id", **fields: Any) -> Any:
    """Return the database as a source that is read in pages."""
    catalog = Catalog(url="sqlite:///shop.db", query=QUERY, key=key)
    return open_source(catalog, Fields(title="title", **fields), folder=folder)


def ids(rows: Any) -> list[str | None]:
    """Return the ids of rows."""
    return [row.id for row in rows]


def numbers(*parts: range) -> list[str]:
    """Return the ids of products by their numbers."""
    return [str(number) for part in parts for number in part]


def test_rows_come_in_the_order_of_the_key_and_know_their_numbers(shop: sqlite3.Connection, tmp_path: Path) -> None:
    rows = list(source(tmp_path).read())
    assert ids(rows) == numbers(range(1, 24))
    assert [row.where for row in rows] == [f"shop.db:{number}" for number in range(1, 24)]


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 10, 11])
def test_every_row_is_read_once_wherever_the_last_page_ends(
    count: int, shop: sqlite3.Connection, tmp_path: Path
) -> None:
    shop.execute("DELETE FROM products WHERE id > ?", (count,))
    assert ids(source(tmp_path).read()) == numbers(range(1, count + 1))


def test_nothing_is_locked_between_two_pages(shop: sqlite3.Connection, tmp_path: Path) -> None:
    """A writer of SQLite without a journal of its own waits for whoever reads."""
    rows = source(tmp_path).read()
    assert next(rows).id == "1"
    shop.execute("PRAGMA busy_timeout = 0")
    write(shop, 23)
    assert len(list(rows)) == 22


def test_the_cursor_locks_until_the_last_row(shop: sqlite3.Connection, tmp_path: Path) -> None:
    rows = source(tmp_path, key=None).read()
    next(rows)
    shop.execute("PRAGMA busy_timeout = 0")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        write(shop, 23)
    rows.close()


def test_what_is_written_behind_the_last_key_is_read_and_before_it_not(
    shop: sqlite3.Connection, tmp_path: Path
) -> None:
    rows = source(tmp_path).read()
    before = [next(rows).id for _ in range(7)]  # of two pages, up to 10
    shop.execute("DELETE FROM products WHERE id IN (3, 9, 12)")
    write(shop, 0)
    write(shop, 30)
    assert ids(rows) == numbers(range(8, 12), range(13, 24), range(30, 31))
    assert before == numbers(range(1, 8))


def test_rows_of_one_key_are_on_one_page(shop: sqlite3.Connection, tmp_path: Path) -> None:
    """The fifth row would end the page in the middle of the six rows of 'b'."""
    for number in range(1, 24):
        write(shop, number, handle="a" if number <= 3 else "b" if number <= 9 else f"c{number:02}")
    rows = source(tmp_path, "handle", group="handle", codes=("variants.id",)).read()
    found = [next(rows)]
    shop.execute("UPDATE products SET handle = 'a' WHERE handle = 'b'")
    found += rows
    assert [row.id for row in found[:2]] == ["a", "b"]
    assert [len(row.row["variants"]) for row in found[:2]] == [3, 6]
    assert len(found) == 16


def test_rows_without_a_key_are_read_first_and_none_is_lost(shop: sqlite3.Connection, tmp_path: Path) -> None:
    for number in range(8, 24):
        write(shop, number, handle=f"h{number:02}")
    assert ids(source(tmp_path, "handle").read()) == numbers(range(1, 24))


def test_a_key_of_texts_is_compared_as_the_database_orders_it(shop: sqlite3.Connection, tmp_path: Path) -> None:
    shop.execute("CREATE TABLE words (id TEXT COLLATE NOCASE, title TEXT)")
    words = ["b", "A", "a", "B", "ä", "C", "c", "'", "%", ":x", "", "\u6570", "Z", "z"]
    shop.executemany("INSERT INTO words VALUES (?, 'hat')", [(word,) for word in words])
    rows = list(Database("sqlite:///shop.db", "SELECT * FROM words", "id", tmp_path, key="id").read())
    assert sorted(row.row["id"] for row in rows if isinstance(row, Product)) == sorted(set(words) - {""})
    assert len(rows) == len(words)


@pytest.mark.parametrize("key", ["shelf", "Shelf"])
def test_a_key_that_is_no_column_is_an_error(key: str, shop: sqlite3.Connection, tmp_path: Path) -> None:
    """SQLite takes a name in quotes for a text where no column is called so."""
    with pytest.raises(CatalogError, match=f"no such column: catalogue.{key}. Check .*"):
        list(source(tmp_path, key).read())


@pytest.mark.parametrize("table", [{"path": "shop.csv"}, {"index": "shop"}])
def test_a_key_is_for_a_query(table: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'key' is the column by which the rows of a 'query' are read in pages"):
        Settings.parse({"catalog": {**table, "key": "id"}, "fields": {"title": "title"}}, folder=tmp_path)


def test_a_page_is_tried_again_until_the_database_answers(
    shop: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            shop.execute("COMMIT")

    database = Database("sqlite:///shop.db?timeout=0", QUERY, "id", tmp_path, key="id", unwanted=Mock(wait=wait))
    rows = database.read()
    found = [next(rows).id]
    shop.execute("BEGIN EXCLUSIVE")
    assert found + ids(rows) == numbers(range(1, 24))
    assert waited == [1, 2, 4]


def refused(cause: Exception) -> Callable[[], Any]:
    """Return what always fails for a reason."""

    def read() -> Any:
        raise CatalogError("Cannot read the catalogue.") from cause

    return read


def test_tries_end_after_two_minutes_or_when_nobody_waits_any_more() -> None:
    away = refused(OperationalError("SELECT 1", {}, Exception("server closed the connection")))
    for unwanted, pauses in ((False, PAUSES), (True, PAUSES[:1])):
        pause = Mock(return_value=unwanted)
        with pytest.raises(CatalogError):
            patiently(away, pause)
        assert [call.args for call in pause.call_args_list] == [(seconds,) for seconds in pauses]
    assert sum(PAUSES) == 120


def test_what_is_wrong_with_a_query_is_not_tried_again() -> None:
    pause = Mock()
    with pytest.raises(CatalogError):
        patiently(refused(ProgrammingError("SELECT 1", {}, Exception("no such function"))), pause)
    pause.assert_not_called()


def living(folder: Path, **fields: Any) -> LivingDatabase:
    """Return the database as a source that tells what changed."""
    found = source(folder, version="changed", **fields)
    assert isinstance(found, LivingDatabase)
    return found


def test_what_was_written_since_comes_in_pages_too(shop: sqlite3.Connection, tmp_path: Path) -> None:
    database = living(tmp_path)
    mark = database.mark()
    assert mark is not None
    for number in range(7, 24):
        write(shop, number, changed=1)
    rows = database.since(mark)
    assert next(rows).id == "7"
    shop.execute("PRAGMA busy_timeout = 0")
    write(shop, 24, changed=1)
    assert ids(rows) == numbers(range(8, 25))


@pytest.mark.parametrize("key", [None, "id", "handle"])
def test_of_a_group_with_a_row_that_was_written_since_all_rows_are_given(
    key: str | None, shop: sqlite3.Connection, tmp_path: Path
) -> None:
    for number in range(1, 13):
        write(shop, number, handle=f"h{number // 4}")
    database = open_source(
        Catalog(url="sqlite:///shop.db", query=QUERY, key=key),
        Fields(title="title", group="handle", codes=("variants.id",), version="changed"),
        folder=tmp_path,
    )
    assert isinstance(database, LivingDatabase)
    mark = database.mark()
    assert mark is not None
    write(shop, 6, changed=1, handle="h1")
    write(shop, 20, changed=1)
    found = {row.id: row.row for row in database.since(mark) if isinstance(row, Product)}
    assert {name: [each["id"] for each in row.get("variants", [])] for name, row in found.items()} == {
        "h1": [4, 5, 6, 7],
        "20": [20],
    }
    assert sorted(database.ids(), key=str) == sorted([*(f"h{n // 4}" for n in range(1, 13)), *numbers(range(13, 24))])


def test_a_run_catches_up_with_what_was_written_before_and_behind_where_it_reads(
    shop: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = LivingDatabase.read

    def reading(self: LivingDatabase) -> Iterator[Any]:
        for place, row in enumerate(read(self), 1):
            yield row
            if place == 12:
                shop.execute("UPDATE products SET title = 'blue hat', changed = 1 WHERE id IN (2, 22)")
                write(shop, 0, changed=2)
                shop.execute("DELETE FROM products WHERE id IN (3, 23)")

    monkeypatch.setattr(LivingDatabase, "read", reading)
    table = {"url": "sqlite:///shop.db", "query": QUERY, "key": "id"}
    with HybridSearch.open(
        shop_settings(tmp_path, catalog=table, fields={"title": "title", "version": "changed"})
    ) as opened:
        opened.reindex()
        found = {hit.id: hit.product["title"] for hit in opened.search("hat", size=30)}
    assert sorted(found, key=int) == numbers(range(3), range(4, 23))
    assert [name for name, title in found.items() if title == "blue hat"] == ["2", "22"]
