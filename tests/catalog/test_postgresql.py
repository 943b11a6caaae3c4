"""A catalogue on a real PostgreSQL, which `database` and `living_database` read."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from hybridsearch import HybridSearch
from hybridsearch.catalog.database import Database
from hybridsearch.catalog.living_database import LivingDatabase
from hybridsearch.errors import CatalogError
from hybridsearch.values import Product, Reject
from tests.servers import postgresql
from tests.servers.postgresql import PASSWORD, Server
from tests.shops import runner
from tests.shops import settings as shop_settings

QUERY = "SELECT id, title, price, changed_at FROM products ORDER BY id"
FIELDS = {"title": "title", "numbers": ["price"], "version": "changed_at"}
FILL = """
INSERT INTO products
SELECT to_char(n, 'FM00000'), 'red hat ' || n, n / 100.0, timestamptz '2025-01-01Z' + n * interval '1 s'
FROM generate_series(1, 5000) AS n
"""
TABLE = "CREATE TABLE products (id text PRIMARY KEY, title text, price numeric(9, 2), changed_at timestamptz)"


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYBRIDSEARCH_CATALOG_PASSWORD", PASSWORD)


@pytest.fixture
def table(postgres: Server) -> Iterator[Any]:
    """A connection to a database with a table of 5,000 products."""
    with postgres.connect() as connection:
        made(connection)
        yield connection
        connection.execute("DROP TABLE products")


def made(connection: Any) -> None:
    """Make and fill the table."""
    connection.execute(TABLE)
    connection.execute(FILL)


def read(server: Server, query: str, key: str | None = "id") -> list[Product | Reject]:
    """Return the rows that a query gives."""
    return list(Database(server.url, query, key).read())


def found(server: Server, expression: str) -> Any:
    """Return what is read of a value of SQL; None where it is missing."""
    (row,) = read(server, f"SELECT 'a' AS id, {expression} AS value")
    assert isinstance(row, Product)
    return row.row.get("value")


def titled(row: Product | Reject) -> Any:
    """Return the title of a row."""
    assert isinstance(row, Product)
    return row.row["title"]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("19.90::numeric", 19.9),
        ("9007199254740993::bigint", 9_007_199_254_740_993),
        ("'NaN'::numeric", None),
        ("'NaN'::float8", None),
        ("NULL::text", None),
        ("true", True),
        ("timestamptz '2025-01-31 09:30+01'", "2025-01-31T08:30:00+00:00"),
        ("timestamp '2025-01-31 09:30'", "2025-01-31T09:30:00"),
        ("date '2025-01-31'", "2025-01-31"),
        ("ARRAY['red', NULL, 'blue']", ["red", None, "blue"]),
        ("ARRAY[1.5, 2]::numeric[]", [1.5, 2]),
        ("""'{"colors": ["red"], "size": {"eu": 38}}'::jsonb""", {"colors": ["red"], "size": {"eu": 38}}),
        ("""'[1, null]'::json""", [1, None]),
        ("'9F0E2F0A-7C5E-4A0B-9D0E-1F2A3B4C5D6E'::uuid", "9f0e2f0a-7c5e-4a0b-9d0e-1f2a3b4c5d6e"),
        ("interval '1 day 2 hours'", 93_600),
        (r"'\x89504e47'::bytea", "data:application/octet-stream;base64,iVBORw=="),
        ("'100 % at 12:30'", "100 % at 12:30"),
    ],
)
def test_a_value_of_each_type_is_read_as_json_has_it(postgres: Server, expression: str, value: Any) -> None:
    assert found(postgres, expression) == value


def test_a_uuid_names_a_product(postgres: Server) -> None:
    name = "9f0e2f0a-7c5e-4a0b-9d0e-1f2a3b4c5d6e"
    assert [row.id for row in read(postgres, f"SELECT '{name}'::uuid AS id")] == [name]


def test_an_infinite_number_costs_its_row_and_no_other(postgres: Server) -> None:
    rows = read(
        postgres,
        "SELECT n AS id, CASE n WHEN 2 THEN 'infinity' ELSE 1.5 END::float8 AS v FROM (VALUES (1), (2), (3)) t(n)",
    )
    assert [row.id for row in rows] == ["1", None, "3"]


def test_a_date_that_python_does_not_know_is_an_error_that_names_it(postgres: Server) -> None:
    with pytest.raises(CatalogError, match=r"date too large \(after year 10K\): 'infinity'. Check .*'catalog.query'"):
        read(postgres, "SELECT 'a' AS id, 'infinity'::date AS until")


def test_5000_rows_come_in_their_order_and_take_no_memory(postgres: Server, table: Any) -> None:
    table.execute("UPDATE products SET title = repeat('x', 10000)")
    rows = Database(postgres.url, QUERY, "id").read()
    names = [next(rows).id]
    tracemalloc.start()
    try:
        names += [row.id for row in rows]
        assert tracemalloc.get_traced_memory()[1] < 25_000_000  # of 50 MB
    finally:
        tracemalloc.stop()
    assert names == [f"{n:05}" for n in range(1, 5001)]
    assert Database(postgres.url, QUERY, "id").count() == 5_000


def test_rows_that_are_changed_while_they_are_read_are_read_as_they_were(postgres: Server, table: Any) -> None:
    rows = Database(postgres.url, QUERY, "id").read()
    first = next(rows)
    table.execute("UPDATE products SET title = 'blue hat'")
    table.execute("DELETE FROM products WHERE id > '04000'")
    assert [titled(row) for row in (first, *rows)] == [f"red hat {n}" for n in range(1, 5001)]


def paged(server: Server, key: str = "id", query: str = QUERY) -> Database:
    """Return the products as they are read in pages."""
    return Database(server.url, query, "id", key=key)


def test_pages_hold_every_row_once_and_take_no_memory(postgres: Server, table: Any) -> None:
    table.execute("UPDATE products SET title = repeat('x', 10000)")
    tracemalloc.start()
    try:
        names = [row.id for row in paged(postgres).read()]
        assert tracemalloc.get_traced_memory()[1] < 25_000_000  # of 50 MB
    finally:
        tracemalloc.stop()
    assert names == [f"{n:05}" for n in range(1, 5001)]


@pytest.mark.parametrize(
    "key",
    [
        "n",
        "n + 9007199254740993",
        "n / 7.0",
        "to_char(n, 'FM99999')",
        "to_char(n, 'FM99999')::char(9)",
        "to_char(n, 'FM99999')::bytea",
        "md5(n::text)::uuid",
        "timestamptz '2025-01-01Z' + n * interval '1 us'",
        "date '2025-01-01' + n",
        "(n / 7)::float8",
        "(n / 7)::real",
    ],
)
def test_a_key_may_be_of_any_type_that_has_an_order(postgres: Server, key: str) -> None:
    query = f"SELECT n AS id, {key} AS key FROM generate_series(1, 1200) n"
    assert sorted(int(row.id or 0) for row in paged(postgres, "key", query).read()) == [*range(1, 1201)]


def test_a_key_that_is_no_more_than_near_what_is_given_never_goes_on_for_ever(postgres: Server) -> None:
    query = "SELECT n AS id, 0.1::real AS key FROM generate_series(1, 1200) n"
    with pytest.raises(CatalogError, match=r"'catalog.key' is 'key', of which the database finds 0.1 above itself"):
        list(paged(postgres, "key", query).read())


def test_a_read_in_pages_goes_on_behind_the_last_key_when_the_server_is_back(
    postgres: Server,  # where none can be started, this one cannot either
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with postgresql.running() as server:
        with server.connect() as connection:
            made(connection)
        database = paged(server)
        monkeypatch.setattr(database.unwanted, "wait", lambda _: server.start_again())
        rows = database.read()
        names = [next(rows).id for _ in range(1_700)]
        server.kill()
        names += [row.id for row in rows]
        assert names == [f"{n:05}" for n in range(1, 5001)]


def test_pages_wait_in_no_session(postgres: Server, table: Any) -> None:
    rows = paged(postgres).read()
    next(rows)
    mine = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    assert table.execute(mine).fetchone() == (0,)


def test_a_server_that_ends_waiting_sessions_does_not_where_the_address_says_so(postgres: Server, table: Any) -> None:
    """The cursor waits while products are encoded; docs/configuration.md has this remedy."""
    table.execute("ALTER ROLE CURRENT_USER SET idle_in_transaction_session_timeout = '200ms'")
    try:
        rows = Database(postgres.url, QUERY, "id").read()
        next(rows)
        time.sleep(1)
        with pytest.raises(CatalogError, match=r"idle-in-transaction timeout.* The server closed the connection"):
            list(rows)
        options = "options=-c%20idle_in_transaction_session_timeout%3D0%20-c%20statement_timeout%3D0&keepalives_idle=30"
        rows = Database(f"{postgres.url}?{options}", QUERY, "id").read()
        next(rows)
        time.sleep(1)
        assert len(list(rows)) == 4_999
    finally:
        table.execute("ALTER ROLE CURRENT_USER RESET idle_in_transaction_session_timeout")


def test_the_version_tells_what_was_written_since(postgres: Server, table: Any) -> None:
    database = LivingDatabase(postgres.url, QUERY, "id", version="changed_at")
    mark = database.mark()
    assert mark is not None
    assert list(database.since(mark)) == []
    table.execute("UPDATE products SET title = 'blue hat', changed_at = %s WHERE id = '00007'", [datetime.now(UTC)])
    assert [(row.id, titled(row)) for row in database.since(mark)] == [("00007", "blue hat")]
    assert len({*database.ids()}) == 5_000


def test_what_is_written_during_a_run_is_in_its_index(
    postgres: Server, table: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.execute("DELETE FROM products WHERE id > '00300'")

    def changes() -> None:
        table.execute("UPDATE products SET title = 'blue hat', changed_at = now() WHERE id = '00001'")
        table.execute("INSERT INTO products VALUES ('new', 'green hat', 5, now())")
        table.execute("DELETE FROM products WHERE id = '00002'")

    monkeypatch.setattr(LivingDatabase, "read", at_row(LivingDatabase.read, 250, changes))
    with HybridSearch.open(
        shop_settings(tmp_path, catalog={"url": postgres.url, "query": QUERY}, fields=FIELDS)
    ) as shop:
        assert shop.reindex().indexed == 300
        titles = {hit.id: hit.product["title"] for hit in shop.search("hat", size=300)}
    assert (titles["00001"], titles["new"], titles["00003"]) == ("blue hat", "green hat", "red hat 3")
    assert "00002" not in titles


def test_a_server_that_is_killed_while_it_is_read_leaves_the_live_index_as_it_was(
    postgres: Server,  # where none can be started, this one cannot either
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with postgresql.running() as server:
        with server.connect() as connection:
            made(connection)
        settings = shop_settings(tmp_path, catalog={"url": server.url, "query": QUERY}, fields=FIELDS)
        with HybridSearch.open(settings) as shop:
            assert shop.reindex().indexed == 5_000
            monkeypatch.setattr(LivingDatabase, "read", at_row(LivingDatabase.read, 2_000, server.kill))
            with pytest.raises(CatalogError, match=r"Cannot read the catalogue from postgresql\+psycopg://.*Check"):
                shop.reindex()
            assert shop.search("red hat", size=1).total == 5_000
            with pytest.raises(CatalogError, match="Connection refused"):
                shop.reindex()
            assert shop.search("red hat", size=1).total == 5_000


def test_a_wrong_password_is_an_error_that_does_not_repeat_it(
    postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYBRIDSEARCH_CATALOG_PASSWORD", "wrong-battery")
    with pytest.raises(CatalogError, match=r"password authentication failed .*HYBRIDSEARCH_CATALOG_PASSWORD") as caught:
        read(postgres, "SELECT 1 AS id")
    assert "wrong-battery" not in str(caught.value)


@pytest.mark.parametrize(
    ("query", "reason"),
    [("SELECT * FROM shoes", 'relation "shoes" does not exist'), ("DELETE FROM products", "syntax error at or near")],
)
def test_a_query_that_fails_says_why_and_changes_nothing(postgres: Server, table: Any, query: str, reason: str) -> None:
    with pytest.raises(CatalogError, match=reason):
        read(postgres, query)
    assert table.execute("SELECT count(*) FROM products").fetchone() == (5_000,)


def test_a_query_that_writes_is_refused_or_undone(postgres: Server, table: Any) -> None:
    table.execute("CREATE FUNCTION clear_out() RETURNS integer LANGUAGE sql AS 'DELETE FROM products RETURNING 1'")
    assert len(read(postgres, "SELECT clear_out() AS id")) == 1
    table.execute("DROP FUNCTION clear_out")
    assert table.execute("SELECT count(*) FROM products").fetchone() == (5_000,)


def test_init_and_reindex_take_a_database(
    postgres: Server,
    table: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    table.execute("DELETE FROM products WHERE id > '00050'")
    run = runner(tmp_path, monkeypatch, capfdbinary)
    assert run("init", postgres.url, "--query", QUERY)[0] == 0
    written = (tmp_path / "hybridsearch.toml").read_text()
    assert all(line in written for line in ('numbers = ["price"]', 'dates = ["changed_at"]', 'id = "id"'))
    code, out, _ = run("reindex")
    assert code == 0
    assert "Indexed 50 products" in out
    assert PASSWORD not in written + out


def at_row(read: Any, number: int, act: Any) -> Any:
    """Return a reader that does something behind one of its rows."""

    def reading(self: LivingDatabase) -> Iterator[Product | Reject]:
        for place, row in enumerate(read(self), 1):
            yield row
            if place == number:
                act()

    return reading


def test_the_driver_is_the_one_of_the_extra() -> None:
    assert int(psycopg.__version__.partition(".")[0]) == 3
