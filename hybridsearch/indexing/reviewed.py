"""The reviews of a file of its own, by product: read once, and again when the file has changed."""

from __future__ import annotations

import sqlite3
import tempfile
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
CREATE TABLE reviews (product TEXT NOT NULL, place INTEGER NOT NULL, row BLOB NOT NULL);
CREATE TABLE state (json BLOB NOT NULL);
"""
FEW_ENOUGH = f"SELECT row FROM reviews WHERE product = ? ORDER BY place LIMIT {MOST + 1}"


@dataclass(frozen=True, slots=True)
class ReviewFile:
    """The reviews of a file, in a database beside the index.

    Attributes:
        name: Of the field under which products have them.
    """

    database: sqlite3.Connection
    name: str

    def added(self, products: Sequence[Product]) -> list[Product]:
        """Return products with the reviews that the file has of them, behind their own."""
        found = {product.id: self.of(product.id) for product in products}
        return [self.with_reviews(product, found[product.id]) for product in products]

    def of(self, product: str) -> list[Any]:
        """Return the reviews of a product, in the order of the file."""
        return [orjson.loads(row) for (row,) in self.database.execute(FEW_ENOUGH, (product,))]

    def with_reviews(self, product: Product, found: list[Any]) -> Product:
        """Return a product with reviews behind its own; a product that was read from an index has them already."""
        if not found:
            return product
        own = [] if BUYERS_SAY in product.row else listed(field(product.row, self.name))
        return replace(product, row={**product.row, self.name: [*own, *(each for each in found if each not in own)]})


@contextmanager
def review_file(settings: Settings) -> Iterator[ReviewFile | None]:
    """Yield the reviews of the file that a configuration names, for as long as the context lasts; None for none.

    Raises:
        CatalogError: The file cannot be read.
    """
    if settings.reviews.path is None or settings.fields.reviews is None:
        yield None
        return
    path = settings.resolve(settings.reviews.path)
    database = Home(settings.home).reviews
    with explained(database), closing(current(path, database, settings)) as connection:
        yield ReviewFile(connection, settings.fields.reviews.field)


def current(path: Path, database: Path, settings: Settings) -> sqlite3.Connection:
    """Return a database with the reviews that the file has now."""
    state = state_of(path, settings.reviews.product)
    if database.exists():
        known = connect(database)
        if stored(known) == state:
            return known
        known.close()
    make_folder(database.parent, database.parent)
    with tempfile.TemporaryDirectory(dir=database.parent, prefix="reviews-") as private:
        new = Path(private) / database.name
        modes.create(new)
        with closing(connect(new)) as connection:
            fill(connection, path, settings, state)
        new.replace(database)
    return connect(database)


def fill(connection: sqlite3.Connection, path: Path, settings: Settings, state: Mapping[str, Any]) -> None:
    """Read the file into an empty database; a row that is no review of a product is told of, with the first reason."""
    refused: list[str] = []
    source = open_source(Catalog(path=path), None)
    connection.executescript(TABLES)
    connection.executemany("INSERT INTO reviews VALUES (?, ?, ?)", rows(source.read(), settings, refused))
    connection.execute("CREATE INDEX by_product ON reviews (product, place)")
    connection.execute("INSERT INTO state VALUES (?)", (orjson.dumps(state),))
    connection.commit()
    if refused:
        log.warning("%d rows of %s are no reviews, the first: %s", len(refused), path.name, refused[0])


def rows(read: Iterable[Product | Reject], settings: Settings, refused: list[str]) -> Iterator[tuple[str, int, bytes]]:
    """Yield (product, place, review) for each row of a file; why the others are none goes to `refused`."""
    name = settings.reviews.product
    for place, row in enumerate(read, 1):
        try:
            if isinstance(row, Reject):
                raise ValueError(row.reason)
            product = product_id(field(row.row, name), name)
        except ValueError as error:
            refused.append(f"{row.where}: {error}")
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
    """Return the state that a database was made from; None where it is damaged."""
    try:
        found = connection.execute("SELECT json FROM state").fetchone()
        return orjson.loads(found[0]) if found else None
    except (sqlite3.DatabaseError, ValueError):
        return None


@forks.still()
def connect(path: Path) -> sqlite3.Connection:
    """Open a database, for any thread."""
    return sqlite3.connect(path, check_same_thread=False)


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
