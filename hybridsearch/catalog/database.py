"""A query to a database as a catalogue, over SQLAlchemy: read with one cursor, or in pages."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridsearch import credentials
from hybridsearch.catalog.arranged.arranged import AS_READ, Arrangement
from hybridsearch.catalog.base import product
from hybridsearch.catalog.pages import in_pages
from hybridsearch.catalog.typed import typed_row
from hybridsearch.disk.paths import shown
from hybridsearch.errors import CatalogError
from hybridsearch.redaction import without_logins
from hybridsearch.sections import Secrets
from hybridsearch.values import Product, Reject, Row

if TYPE_CHECKING:
    from sqlalchemy import URL, ColumnClause, ColumnElement, Connection, CursorResult, Select, Subquery

PAGE = 500
"""Rows that are fetched at a time."""
CLOSED = " The server closed the connection: it may end sessions that wait, which 'catalog.url' can forbid it."
NEEDED = 'A catalogue in a database needs SQLAlchemy. Install it with: pip install "hybridsearch[sql]"'


@dataclass(frozen=True, slots=True)
class Database:
    """A source that reads what a query to a database gives; nothing is ever committed.

    Attributes:
        url: As SQLAlchemy takes it, without a password.
        query: Gives a row for each product.
        id_field: Name of the id's column, or of a group's; None numbers the products.
        folder: Where a relative path of SQLite starts.
        arranged: What is made of the rows.
        key_of_one: Name of the id's column for a row without a group.
        key: Name of the column in whose order the rows are read in pages; None reads them all with one cursor, which
            sees them as they were at one moment.
        unwanted: Set when nobody waits for the rows any more.
    """

    url: str
    query: str
    id_field: str | None = None
    folder: Path = Path()
    arranged: Arrangement = AS_READ
    key_of_one: str | None = None
    key: str | None = None
    unwanted: threading.Event = field(default_factory=threading.Event, compare=False)

    @property
    def name(self) -> str:
        """Name of the database."""
        return Path(self.url.partition("?")[0]).name or "database"

    def count(self) -> int | None:
        """Ask the database to count the rows; None where these are grouped, or no query may stand in another one."""
        if self.arranged.grouping:
            return None
        with self.connected() as connection:
            from sqlalchemy.exc import DBAPIError

            try:
                counted = as_it_is(connection, f"SELECT COUNT(*) FROM ({self.statement}) AS catalogue")
                return int(counted.scalar_one())
            except DBAPIError:
                return None

    def snapshot_id(self) -> dict[str, Any]:
        """Return this moment: nobody knows what was written since another one."""
        return {"modified": time.time_ns()}

    def read(self) -> Iterator[Product | Reject]:
        """Yield a product or a reject for every row."""
        yield from self.products(self.chosen(self.table()) if self.key else self.streamed(self.statement))

    def products(self, rows: Iterator[Row]) -> Iterator[Product | Reject]:
        """Yield a product or a reject for every row."""
        yield from self.arranged(
            product(row, self.id_field, f"{self.name}:{number}", number, self.key_of_one)
            for number, row in enumerate(rows, 1)
        )

    def chosen(self, table: Subquery, *conditions: ColumnElement[bool]) -> Iterator[Row]:
        """Yield the rows of the shop's query for which conditions hold."""
        from sqlalchemy import literal_column, select

        query: Select[Any] = select(literal_column("*")).select_from(table).where(*conditions)
        if self.key:
            return in_pages(query, table.c[self.key], self.connected, self.unwanted.wait)
        grouping = self.arranged.grouping
        return self.streamed(query.order_by(table.c[grouping.field]) if grouping else query)

    def streamed(self, query: str | Select[Any]) -> Iterator[Row]:
        """Yield every row that a query gives, over one cursor."""
        with (
            self.connected() as connection,
            as_it_is(connection, query) if isinstance(query, str) else connection.execute(query) as found,
        ):
            if not found.returns_rows:
                raise CatalogError("'catalog.query' gives no rows, expected a SELECT. Nothing was changed by it.")
            names = list(found.keys())
            for row in found:
                yield typed_row(zip(names, row, strict=True))

    def table(self, *names: str | None) -> Subquery:
        """Return what the shop's query gives as a table, with these columns, the key and what names a row."""
        from sqlalchemy import column, text

        named = dict.fromkeys([self.key, self.id_field, self.key_of_one, *names])
        columns: list[ColumnClause[Any]] = [column(name) for name in named if name]
        statement = self.statement.replace(":", "\\:")  # a colon would begin a parameter
        return text(statement).columns(*columns).subquery("catalogue")

    @property
    def statement(self) -> str:
        """The query without what ends it."""
        return self.query.strip().rstrip("; \t\r\n")

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """Connect to the database, for one query that nothing is put into.

        Raises:
            CatalogError: In place of all errors of SQLAlchemy and of the driver.
        """
        try:
            from sqlalchemy import create_engine, exc
            from sqlalchemy.pool import NullPool
        except ImportError as error:
            raise CatalogError(NEEDED) from error
        try:
            engine = create_engine(self.address(), poolclass=NullPool)
            with engine.connect() as connection:
                yield connection.execution_options(stream_results=True, yield_per=PAGE)
        except ImportError as error:
            needed = f"'catalog.url' needs the Python package '{error.name}'. Install it with: pip install {error.name}"
            raise CatalogError(needed) from error
        except exc.NoSuchModuleError as error:
            raise CatalogError(f"'catalog.url' names a database that is not known: {error}.") from error
        except (exc.SQLAlchemyError, ValueError, TypeError) as error:  # the latter for what an address holds
            why = " ".join(str(getattr(error, "orig", None) or error).split()).rstrip(".")
            closed = CLOSED if getattr(error, "connection_invalidated", False) else ""
            raise CatalogError(
                f"Cannot read the catalogue from {without_logins(self.url)}: {why}. Check 'catalog.url', "
                f"'catalog.query' and HYBRIDSEARCH_CATALOG_PASSWORD.{closed}"
            ) from error

    def address(self) -> URL:
        """Return the address with the password from the environment, and with a whole path.

        Raises:
            CatalogError: A file of SQLite is missing.
        """
        from sqlalchemy import make_url

        url = make_url(self.url)
        if url.get_backend_name() == "sqlite" and url.database and not url.database.startswith(("file:", ":")):
            path = self.folder / Path(url.database).expanduser()
            if not path.is_file():  # it would be made
                raise CatalogError(f"Database {shown(path)} is missing. Correct 'catalog.url' and try again.")
            url = url.set(database=str(path))
        if secret := Secrets().catalog_password:
            origin = "HYBRIDSEARCH_CATALOG_PASSWORD"
            given = credentials.password(secret.get_secret_value(), origin, username=url.username or "")
            url = url.set(password=given)
        return url


def as_it_is(connection: Connection, query: str) -> CursorResult[Any]:
    """Send a query in which a colon or a percent sign begins no parameter."""
    return connection.exec_driver_sql(query, execution_options={"no_parameters": True})
