"""A query to a database as a catalogue, over SQLAlchemy: read with one cursor, a few rows at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridsearch import credentials
from hybridsearch.catalog.arranged import AS_READ, Arrangement
from hybridsearch.catalog.base import product
from hybridsearch.catalog.typed import typed_row
from hybridsearch.disk.paths import shown
from hybridsearch.errors import CatalogError
from hybridsearch.redaction import without_logins
from hybridsearch.sections import Secrets
from hybridsearch.values import Product, Reject

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, CursorResult, Select

PAGE = 500
"""Rows that are fetched at a time."""
CLOSED = " The server closed the connection: it may end sessions that wait, which 'catalog.url' can forbid it."
NEEDED = 'A catalogue in a database needs SQLAlchemy. Install it with: pip install "hybridsearch[sql]"'


@dataclass(frozen=True, slots=True)
class Database:
    """A source that sends one query to a database, which sees it as one moment; nothing is ever committed.

    Attributes:
        url: As SQLAlchemy takes it, without a password.
        query: Gives a row for each product.
        id_field: Name of the id's column; None numbers the products.
        folder: Where a relative path of SQLite starts.
        arranged: What is made of the rows.
    """

    url: str
    query: str
    id_field: str | None = None
    folder: Path = Path()
    arranged: Arrangement = AS_READ

    @property
    def name(self) -> str:
        """Name of the database."""
        return Path(self.url.partition("?")[0]).name or "database"

    def count(self) -> int | None:
        """Ask the database to count the rows; None where it takes no query inside of another one."""
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
        yield from self.products(self.statement)

    def products(self, query: str | Select[Any]) -> Iterator[Product | Reject]:
        """Yield a product or a reject for every row that a query gives."""
        yield from self.arranged(self.rows(query))

    def rows(self, query: str | Select[Any]) -> Iterator[Product | Reject]:
        """Yield every row that a query gives."""
        with (
            self.connected() as connection,
            as_it_is(connection, query) if isinstance(query, str) else connection.execute(query) as found,
        ):
            if not found.returns_rows:
                raise CatalogError("'catalog.query' gives no rows, expected a SELECT. Nothing was changed by it.")
            names = list(found.keys())
            for number, row in enumerate(found, 1):
                columns = typed_row(zip(names, row, strict=True))
                yield product(columns, self.id_field, f"{self.name}:{number}", number)

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
