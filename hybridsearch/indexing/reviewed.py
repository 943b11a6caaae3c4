"""The reviews of a file of its own, by product: read once, and again when the file has changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from hybridsearch import forks, redaction
from hybridsearch.catalog import open_source
from hybridsearch.catalog.base import product_id
from hybridsearch.disk import modes
from hybridsearch.disk.durable import make_folder
from hybridsearch.disk.errors import explained
from hybridsearch.disk.home import Home
from hybridsearch.errors import CatalogError
from hybridsearch.reviews.read import MOST, listed
from hybridsearch.roles import BUYERS_SAY
from hybridsearch.rows import field
from hybridsearch.sections import Catalog
from hybridsearch.settings import Settings
from hybridsearch.values import Product, Reject, Row

log = redaction.logger(__name__)

FORMAT = 1
TABLES = """
DROP TABLE IF EXISTS state;
DROP TABLE IF EXISTS reviews;
CREATE TABLE state (json BLOB NOT NULL);
CREATE TABLE reviews (product TEXT NOT NULL, place INTEGER NOT NULL, row BLOB NOT NULL);
CREATE INDEX by_product ON reviews (product, place);
"""
OF_PRODUCT = f"SELECT row FROM reviews WHERE product = ? ORDER BY place LIMIT {MOST + 1}"
PATIENCE = 600.0
"""Seconds to wait for another process that reads the file."""
REMEDY = "Remove the file: it is made again from that of the reviews."


@dataclass(slots=True)
class Refused:
    """How many rows of a file are no reviews, and why the first is none."""

    count: int = 0
    first: str = ""

    def add(self, reason: str) -> None:
        """Count a row."""
        self.first = self.first or reason
        self.count += 1


@dataclass(frozen=True, slots=True)
class ReviewFile:
    """The reviews of a file, in a database beside the index.

    Attributes:
        path: Of the database.
        name: Of the field under which products have them.
    """

    path: Path
    database: sqlite3.Connection
    name: str

    def added(self, products: Sequence[Product]) -> list[Product]:
        """Return products with the reviews that the file has of them, behind their own."""
        with explained(self.path, REMEDY):
            return [self.with_reviews(product) for product in products]

    def with_reviews(self, product: Product) -> Product:
        """Return a product with the reviews of the file; one that was indexed before has them already."""
        found = [orjson.loads(row) for (row,) in self.database.execute(OF_PRODUCT, (product.id,))]
        own = listed(field(product.row, self.name)) if found else []
        new = [each for each in found if each not in own]
        return replace(product, row={**product.row, self.name: [*own, *new]}) if new else product


@contextmanager
def review_file(settings: Settings) -> Iterator[ReviewFile | None]:
    """Yield the reviews of the file that a configuration names, for as long as the context lasts; None for none.

    Raises:
        CatalogError: The file cannot be read.
    """
    if settings.reviews.path is None or settings.fields.reviews is None:
        yield None
        return
    path = Home(settings.home).reviews
    with explained(path):
        make_folder(path.parent, path.parent)
        modes.create(path)
        connection = connect(path)
    with closing(connection):
        with explained(path, REMEDY):
            keep_up(connection, settings.resolve(settings.reviews.path), settings)
        yield ReviewFile(path, connection, settings.fields.reviews.field)


def keep_up(connection: sqlite3.Connection, path: Path, settings: Settings) -> None:
    """Read the file again if it has changed: all at once, so that a process that dies leaves what was there before.

    A row that is no review of a product is told of, with the first reason.
    """
    state = state_of(path, settings.reviews.product)
    if stored(connection) == state:
        return
    connection.execute("BEGIN IMMEDIATE")
    if stored(connection) == state:  # another process was faster
        connection.execute("ROLLBACK")
        return
    refused = Refused()
    for statement in filter(str.strip, TABLES.split(";")):
        connection.execute(statement)
    read = open_source(Catalog(path=path), None).read()
    connection.executemany("INSERT INTO reviews VALUES (?, ?, ?)", rows(read, settings, refused))
    connection.execute("INSERT INTO state VALUES (?)", (orjson.dumps(state),))
    connection.execute("COMMIT")
    if refused.count:
        log.warning("%d rows of %s are no reviews, the first: %s", refused.count, path.name, refused.first)


def rows(read: Iterable[Product | Reject], settings: Settings, refused: Refused) -> Iterator[tuple[str, int, bytes]]:
    """Yield (product, place, review) for each row of a file; why the others are none goes to `refused`."""
    name = settings.reviews.product
    for place, row in enumerate(read, 1):
        try:
            if isinstance(row, Reject):
                raise ValueError(row.reason)
            product = product_id(field(row.row, name), name)
        except ValueError as error:
            refused.add(f"{row.where}: {error}")
            continue
        yield product, place, orjson.dumps({key: value for key, value in row.row.items() if key != name})


def state_of(path: Path, product: str) -> dict[str, Any]:
    """Return what differs once the file has changed.

    Raises:
        CatalogError: There is none.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise CatalogError(
            f"The file of reviews {path} cannot be read: {error.strerror}. Correct 'reviews.path' and try again."
        ) from error
    changed = {"path": str(path), "size": stat.st_size, "changed": stat.st_mtime_ns}
    return {"format": FORMAT, **changed, "product": product}


def stored(connection: sqlite3.Connection) -> Any:
    """Return the state of the file that was read; None where none was."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'state'").fetchone():
        return None
    found = connection.execute("SELECT json FROM state").fetchone()
    return orjson.loads(found[0]) if found else None


@forks.still()
def connect(path: Path) -> sqlite3.Connection:
    """Open a database, for any thread; transactions begin and end where it is said."""
    return sqlite3.connect(path, timeout=PATIENCE, check_same_thread=False, isolation_level=None)


def flaws(product: Product, row: Row) -> Iterator[Reject]:
    """Yield what is wrong with the reviews of a product, and what looks made up among them."""
    said = row.get(BUYERS_SAY)
    if not isinstance(said, Mapping):
        return
    if unused := said.get("unused"):
        why = f"{unused} of its reviews cannot be used as they are; {said['because']}"
        yield Reject(product.where, product.id, "reviews", why)
    for each in said.get("odd", ()):
        why = f"some of its {said['reviews']} reviews count as one together: {each['reason']}"
        yield Reject(product.where, product.id, "reviews", why)
