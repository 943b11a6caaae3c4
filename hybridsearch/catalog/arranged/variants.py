"""Rows that name another one as their product, as WooCommerce exports variations: they become its list of variants.

They may stand anywhere, so that all rows are put into a temporary database of SQLite first, which lies in memory while
it is small, and is for nobody else to read.
"""

from __future__ import annotations

import itertools
import pickle
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

from hybridsearch.catalog.base import HEAVIEST_ROW
from hybridsearch.errors import CatalogError
from hybridsearch.inputs.rows import field, strings, weight
from hybridsearch.roles import Fields
from hybridsearch.sections import Catalog
from hybridsearch.values import Product, Reject

TABLES = """
CREATE TABLE rows (turn INTEGER PRIMARY KEY, id TEXT, parent TEXT, row BLOB);
CREATE TABLE names (name TEXT, id TEXT);
"""
RESOLVED = """
CREATE INDEX by_name ON names (name);
UPDATE rows SET parent = coalesce((SELECT names.id FROM names WHERE name = parent), parent) WHERE parent IS NOT NULL;
UPDATE rows SET parent = NULL WHERE parent = id;
"""
INDEX = "CREATE INDEX parents ON rows (parent, id)"
PRODUCTS = """
SELECT id, parent, row FROM rows
WHERE parent IS NULL OR parent NOT IN (SELECT id FROM rows WHERE parent IS NULL AND id IS NOT NULL)
ORDER BY turn
"""
"""All rows but those that name a product which names none itself."""
OF_ONE = "SELECT row FROM rows WHERE parent = ? ORDER BY turn"


@dataclass(frozen=True, slots=True)
class Children:
    """How rows name the product that they are variants of.

    Attributes:
        parent: Field in which a row names its product by its id.
        named_by: Fields by whose values it may be named besides; `id:17` names it too.
        variants: Name of the list of variants.
    """

    parent: str
    named_by: tuple[str, ...] = ()
    variants: str = "variants"

    @classmethod
    def of(cls, catalog: Catalog, fields: Fields) -> Children | None:
        """Return what a configuration says, None if each row is a product."""
        return cls(catalog.parent, catalog.named_by, fields.list_of_variants) if catalog.parent else None

    def names(self, row: Product | Reject) -> Iterator[tuple[str, str]]:
        """Yield what a row may be called by rows that name it, with its id, the surest first."""
        if row.id is None or row.row is None:
            return
        yield row.id, row.id
        for name in itertools.chain.from_iterable(strings(field(row.row, each)) for each in self.named_by):
            yield name, row.id
            yield f"id:{name}", row.id


def with_variants(rows: Iterable[Product | Reject], children: Children) -> Iterator[Product | Reject]:
    """Yield products with the rows that name them, wherever these stand.

    A row that names a product which is not there is one of its own. One that would make its product heavier than a row
    may be is a reject.
    """
    with temporary_store(TABLES) as store:
        for row in rows:
            store.execute("INSERT INTO rows (id, parent, row) VALUES (?, ?, ?)", entry(row, children.parent))
            if children.named_by:
                store.executemany("INSERT INTO names VALUES (?, ?)", children.names(row))
        if children.named_by:
            store.executescript(RESOLVED)
        store.execute(INDEX)
        for key, named, packed in store.execute(PRODUCTS):
            row = pickle.loads(packed)
            own = store.execute(OF_ONE, (key,)) if key is not None and named is None else ()
            yield from whole(row, (pickle.loads(variant) for (variant,) in own), children.variants)


@contextmanager
def temporary_store(tables: str) -> Iterator[sqlite3.Connection]:
    """Open a database that lies in memory while it is small, then in a file for nobody else; it is gone at the end.

    Args:
        tables: The statements that make its tables.

    Raises:
        CatalogError: There is no room for the rows.
    """
    try:
        # Threads may take turns with a generator that holds it.
        with closing(sqlite3.connect("", check_same_thread=False)) as store:
            store.executescript(tables)
            yield store
    except sqlite3.Error as error:
        raise CatalogError(
            f"Cannot put the rows of the catalogue into a temporary file: {error}. Make room in the folder for "
            "temporary files, or name another one in SQLITE_TMPDIR."
        ) from error


def entry(row: Product | Reject, parent: str) -> tuple[str | None, str | None, bytes]:
    """Return id, parent and all of a row."""
    if isinstance(row, Reject):
        return None, None, pickle.dumps(row)
    named = strings(field(row.row, parent))
    return row.id, named[0] if len(named) == 1 and named[0] != row.id else None, pickle.dumps(row)


def whole(row: Product | Reject, variants: Iterable[Product], name: str) -> Iterator[Product | Reject]:
    """Yield a product with its variants, and those that are too many; they follow those in its list of that name."""
    kept, rejects = that_fit(row, variants, f"variants of '{row.id}'", row.place)
    if isinstance(row, Product) and kept:
        listed = [variant.row for variant in kept]
        own = row.row.get(name) or []
        row = replace(row, row={**row.row, name: [*(own if isinstance(own, list) else [own]), *listed]})
    yield row
    yield from rejects


def that_fit(
    first: Product | Reject, others: Iterable[Product], what: str, place: int
) -> tuple[list[Product], list[Reject]]:
    """Return the rows that one product may hold in memory beside its first, and the others as rejects.

    Args:
        first: Of the product.
        others: That are part of it.
        what: They are, for sentences: `variants of '17'`.
        place: Of the rejects.
    """
    held = weight(first.row)
    kept: list[Product] = []
    rejects: list[Reject] = []
    for row in others:
        held += weight(row.row)
        if held <= HEAVIEST_ROW:
            kept.append(row)
        else:
            reason = f"the {what} take more than {HEAVIEST_ROW / 1e6:.0f} MB in memory"
            rejects.append(Reject(row.where, row.id, "read", reason, row.row, place))
    return kept, rejects
