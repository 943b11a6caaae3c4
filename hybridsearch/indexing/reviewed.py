"""The reviews of a file of its own, by product: read once, and again when the file has changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from hybridsearch import redaction
from hybridsearch.catalog import open_source
from hybridsearch.catalog.base import product_id
from hybridsearch.disk import modes
from hybridsearch.disk.durable import make_folder
from hybridsearch.disk.errors import explained
from hybridsearch.disk.home import Home
from hybridsearch.errors import CatalogError
from hybridsearch.inputs.rows import field
from hybridsearch.reviews.read import MOST, day_of, listed
from hybridsearch.roles import BUYERS_SAY
from hybridsearch.runtime import forks
from hybridsearch.runtime.batches import batches
from hybridsearch.sections import Catalog, Reviews
from hybridsearch.settings import Settings
from hybridsearch.values import Product, Reject, Row

log = redaction.logger(__name__)

FORMAT = 2
TABLES = """
DROP TABLE IF EXISTS state;
DROP TABLE IF EXISTS refused;
DROP TABLE IF EXISTS reviews;
CREATE TABLE state (json BLOB NOT NULL);
CREATE TABLE refused (count INTEGER NOT NULL, first TEXT NOT NULL);
CREATE TABLE reviews (product TEXT NOT NULL, place INTEGER NOT NULL, day INTEGER, row BLOB NOT NULL);
CREATE INDEX by_product ON reviews (product, place);
"""
OF_PRODUCT = f"""
SELECT row FROM (
    SELECT place, row FROM reviews WHERE product = ? ORDER BY day IS NULL, day DESC, place LIMIT {MOST + 1}
) ORDER BY place
"""
"""The newest ones, in the order of the file."""
PRODUCTS = "SELECT product, count(*) FROM reviews GROUP BY product ORDER BY min(place)"
NAMED = 10
"""Products that are named of those that the catalogue does not have."""
Entry = tuple[str, int, int | None, bytes]
BATCH = 1_000
"""Products that are looked for at once."""
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
        file: Name of the file, for messages.
    """

    path: Path
    database: sqlite3.Connection
    name: str
    file: str

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

    def lost(self, absent: Callable[[Sequence[str]], Collection[str]]) -> tuple[int, list[Reject]]:
        """Return how many reviews are of products that are not there, and what is to be said of the file.

        Args:
            absent: Says which of some products are not there.
        """
        lost: dict[str, int] = {}
        with explained(self.path, REMEDY):
            refused, first = self.database.execute("SELECT count, first FROM refused").fetchone()
            for some in batches(self.database.execute(PRODUCTS), BATCH):
                gone = absent([product for product, _ in some])
                lost |= {product: count for product, count in some if product in gone}
        count = sum(lost.values())
        names = ", ".join(f"'{product[:50]}'" for product in [*lost][:NAMED]) + ", …" * (len(lost) > NAMED)
        said = [f"{refused:,} of its rows are no reviews of a product, the first: {first}"] if refused else []
        said += [f"{count:,} of its reviews are of {len(lost):,} products that are not there: {names}"] if lost else []
        return count, [Reject(self.file, None, "reviews", reason) for reason in said]


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
            keep_up(connection, settings.resolve(settings.reviews.path), settings, settings.fields.reviews)
        yield ReviewFile(path, connection, settings.fields.reviews.field, settings.reviews.path.name)


def keep_up(connection: sqlite3.Connection, path: Path, settings: Settings, layout: Reviews) -> None:
    """Read the file again if it has changed: all at once, so that a process that dies leaves what was there before.

    A row that is no review of a product is told of, with the first reason.
    """
    state = state_of(path, settings.reviews.product, layout.date)
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
    connection.executemany(
        "INSERT INTO reviews VALUES (?, ?, ?, ?)", rows(read, settings.reviews.product, layout, refused)
    )
    connection.execute("INSERT INTO refused VALUES (?, ?)", (refused.count, refused.first))
    connection.execute("INSERT INTO state VALUES (?)", (orjson.dumps(state),))
    connection.execute("COMMIT")
    if refused.count:
        log.warning("%d rows of %s are no reviews, the first: %s", refused.count, path.name, refused.first)


def rows(read: Iterable[Product | Reject], name: str, layout: Reviews, refused: Refused) -> Iterator[Entry]:
    """Yield (product, place, day, review) for each row of a file; why the others are none goes to `refused`."""
    for place, row in enumerate(read, 1):
        try:
            if isinstance(row, Reject):
                raise ValueError(row.reason)
            product = product_id(field(row.row, name), name)
        except ValueError as error:
            refused.add(f"{row.where}: {error}")
            continue
        own = {key: value for key, value in row.row.items() if key != name}
        yield product, place, day_of(own, layout), orjson.dumps(own)


def state_of(path: Path, product: str, date: str) -> dict[str, Any]:
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
    return {"format": FORMAT, **changed, "product": product, "date": date}


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
